//! Batches as lines: one command a line in, one result a line out.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::batches::{BATCHES, pay};
use crate::harness::{Client, Request};
use crate::site::Site;

fn lines(commands: &[Value]) -> String {
    commands.iter().flat_map(|command| [command.to_string(), "\n".to_owned()]).collect()
}

fn request(body: impl Into<Vec<u8>>) -> Request {
    Request::post(BATCHES).header("content-type", "application/x-ndjson").body(body)
}

fn results(body: &str) -> Vec<Value> {
    body.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

/// Sends lines and reads what came of them.
fn exchange(site: &Site, request: &Request) -> Vec<Value> {
    let reply = site.call(request);
    assert_eq!(
        (reply.status, reply.header("content-type")),
        (200, Some("application/x-ndjson")),
        "{reply:?}"
    );
    results(&reply.body)
}

/// Begins a stream in chunks, and sends lines in the first one.
fn begin(site: &Site, body: &str) -> Client {
    let mut client = site.connect();
    client.send(&format!(
        "POST {BATCHES} HTTP/1.1\r\nhost: h\r\ncontent-type: application/x-ndjson\r\n\
         transfer-encoding: chunked\r\n\r\n{}",
        chunk(body)
    ));
    client
}

fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

#[test]
fn each_line_gets_a_line_in_order_and_a_bad_one_stops_nothing() {
    let site = Site::start();
    let body = format!(
        "{}\n\n  \r\n{{\"type\":\"transaction\"}}\nnonsense\n{}\r\n{}",
        pay("world", "a", 5),
        pay("a", "b", 6),
        pay("a", "b", 5)
    );
    let results = exchange(&site, &request(body));
    let seen: Vec<_> = results.iter().map(|it| (it["line"].as_u64(), it["status"].as_u64())).collect();
    let wanted = [(1, 201), (4, 400), (5, 400), (6, 422), (7, 201)];
    assert_eq!(seen, wanted.map(|(line, status)| (Some(line), Some(status))));
    assert_eq!(results[1]["problem"]["errors"][0]["field"], "postings");
    assert_eq!(results[2]["problem"]["errors"][0]["field"], "body");
    assert_eq!(site.entries(), 2);
    assert_eq!(exchange(&site, &request("")), Vec::<Value>::new());
}

#[test]
fn the_reply_comes_while_lines_still_come() {
    let site = Site::start();
    let mut client = begin(&site, &lines(&[pay("world", "a", 5)]));
    assert!(client.has_something_within(crate::harness::LONG), "the first result is there");
    assert_eq!(site.entries(), 1);
    client.send(&chunk(&lines(&[pay("a", "b", 5)]))).send("0\r\n\r\n");
    let reply = client.reply();
    assert_eq!(results(&reply.body).len(), 2);
    assert_eq!(site.entries(), 2);
}

#[test]
fn many_lines_go_through_a_small_queue_in_order() {
    const LINES: u64 = 20_000;
    let site = Site::start_with(&[("PX_ENGINE__QUEUE_MAX", "1000")]);
    let body = lines(&vec![pay("world", "a", 1); 20_000]);
    let mut client = site.connect();
    let reply = client.exchange(request(body).bytes()).expect("a whole reply");
    let results = results(&reply.body);
    assert_eq!(results.len() as u64, LINES);
    for (number, result) in (0..).zip(&results) {
        assert_eq!((&result["line"], &result["status"]), (&json!(number + 1), &json!(201)), "{result}");
        assert_eq!(result["body"]["id"], number);
    }
    assert_eq!(site.entries(), LINES);
}

#[test]
fn lines_are_safe_to_send_again_also_from_the_middle() {
    let site = Site::start();
    let commands = [pay("world", "a", 1), pay("world", "a", 2), pay("world", "a", 3)];
    let keyed = |path: &str, body: String| {
        let request = Request::post(path).header("idempotency-key", "k");
        request.header("content-type", "application/x-ndjson").body(body)
    };
    exchange(&site, &keyed(BATCHES, lines(&commands)));
    for (path, body, first) in [
        (BATCHES.to_owned(), lines(&commands), 1),
        (format!("{BATCHES}?first_line=2"), lines(&commands[1..]), 2),
    ] {
        let again = exchange(&site, &keyed(&path, body));
        assert_eq!(again[0]["line"], first);
        assert!(again.iter().all(|result| result["replayed"] == true), "{again:?}");
    }
    assert_eq!(site.entries(), 3);
    // The same key twice in one stream is as if sent one after the other.
    let mut command = pay("world", "a", 9);
    command["idempotency_key"] = json!("same");
    let twice = exchange(&site, &request(lines(&[command.clone(), command])));
    assert_eq!((twice[0].get("replayed"), &twice[1]["replayed"]), (None, &json!(true)));
}

#[test]
fn a_line_that_is_too_long_is_refused_and_the_next_one_taken() {
    let site = Site::start_with(&[("PX_SERVER__BODY_MAX_BYTES", "2000")]);
    let long = format!("{{\"type\": \"{}\"}}\n", "x".repeat(5000));
    let body = format!("{long}{}{}", lines(&[pay("world", "a", 1)]), "y".repeat(3000));
    let results = exchange(&site, &request(body));
    let seen: Vec<_> = results.iter().map(|it| it["status"].as_u64().unwrap()).collect();
    assert_eq!(seen, [413, 201, 413]);
    assert_eq!(results[0]["problem"]["max_bytes"], 2000);
}

#[test]
fn a_client_that_sends_nothing_more_is_told_where_it_stopped() {
    let site = Site::start_with(&[("PX_SERVER__REQUEST_TIMEOUT_MS", "2000")]);
    let started = Instant::now();
    let mut stalled = begin(&site, &format!("{}{{\"type\"", lines(&[pay("world", "a", 5)])));
    let reply = stalled.reply();
    let results = results(&reply.body);
    assert_eq!((&results[0]["line"], &results[0]["status"]), (&json!(1), &json!(201)));
    assert_eq!((&results[1]["next_line"], &results[1]["status"]), (&json!(2), &json!(408)), "{results:?}");
    assert_eq!(results[1]["problem"]["code"], "request.body_timeout");
    assert!(started.elapsed() < Duration::from_secs(20));
    // One that goes on sending is not cut off, however long it takes.
    let mut slow = begin(&site, &lines(&[pay("world", "a", 5)]));
    let began = Instant::now();
    let mut sent = 1;
    while began.elapsed() < Duration::from_secs(5) {
        slow.send(&chunk(&lines(&[pay("world", "a", 5)])));
        sent += 1;
        assert_eq!(site.get("/health/live").status, 200);
    }
    let reply = slow.send("0\r\n\r\n").reply();
    assert_eq!(self::results(&reply.body).len(), sent);
}

#[test]
fn what_was_put_in_goes_on_without_the_client() {
    let site = Site::start();
    let mut client = begin(&site, &lines(&[pay("world", "a", 5), pay("world", "a", 5)]));
    assert!(client.has_something_within(crate::harness::LONG));
    drop(client);
    crate::harness::wait_until("both entries", || site.entries() == 2);
}

#[test]
fn what_is_wrong_with_the_request_itself_is_a_problem() {
    let site = Site::start();
    let ndjson = |path: &str| Request::post(path).header("content-type", "application/x-ndjson").body("");
    for (request, status, code) in [
        (ndjson("/v1/ledgers/none/batches"), 404, "ledger.not_found"),
        (ndjson(&format!("{BATCHES}?first_line=0")), 400, "request.invalid"),
        (ndjson(BATCHES).header("content-encoding", "gzip"), 415, "request.unsupported_media_type"),
        (Request::post(format!("{BATCHES}?first_line=2")).json(json!({})), 400, "request.invalid"),
    ] {
        let reply = site.call(&request);
        assert_eq!((reply.status, reply.code().as_str()), (status, code), "{reply:?}");
    }
}
