//! Clients that send too slowly, stop half-way, or send more than one request at a time.

use std::time::Duration;

use crate::harness::{Client, Request, with_key};
use crate::site::{Site, TRANSACTIONS};

use super::GOOD;

/// How long a slow client waits between two pieces.
const DRIP: Duration = Duration::from_millis(20);

fn transaction(length: usize) -> String {
    format!(
        "POST {TRANSACTIONS} HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    )
}

/// Sends a piece again and again until there is an answer.
fn drip(client: &mut Client, piece: &str) {
    while !client.has_something_within(DRIP) {
        // The service may have said its last already.
        let _ = client.try_send(piece.as_bytes());
    }
}

#[test]
fn a_head_that_never_ends_is_cut_off_in_time() {
    let site = Site::start_with(&[("PX_SERVER__HEADER_READ_TIMEOUT_MS", "200")]);
    for (start, piece) in [
        ("GET /v1/ledgers HTTP/1.1\r\nhost: h\r\n", "a: b\r\n"),
        ("GET /", "a"),
        ("GET / HTTP/1.1\r\na: ", "b"),
    ] {
        let mut client = site.connect();
        drip(client.send(start), piece);
        let reply = client.reply();
        assert_eq!((reply.status, &*reply.code()), (408, "request.head_timeout"), "{start}");
        assert!(client.has_ended());
    }
}

#[test]
fn a_head_that_never_ends_is_cut_off_at_its_limit_however_fast_it_comes() {
    let site = Site::start();
    let lines = "a: b\r\n".repeat(200_000);
    let reply = site.connect().exchange(format!("GET /v1/ledgers HTTP/1.1\r\nhost: h\r\n{lines}").into());
    let reply = reply.expect("an answer before the end");
    assert_eq!((reply.status, &*reply.code()), (431, "request.head_too_large"));
}

#[test]
fn a_body_that_never_ends_is_cut_off_in_time() {
    let site = Site::start_with(&[("PX_SERVER__REQUEST_TIMEOUT_MS", "1000")]);
    let chunked = format!(
        "POST {TRANSACTIONS} HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    for (head, piece) in [(transaction(1_000_000), " "), (chunked, "1\r\n \r\n")] {
        let mut client = site.connect();
        drip(client.send(&head), piece);
        let reply = client.reply();
        assert_eq!((reply.status, &*reply.code()), (408, "request.body_timeout"), "{head}");
    }
    assert_eq!(site.entries(), 0);
}

#[test]
fn a_truncated_body_is_refused_and_changes_nothing() {
    let site = Site::start();
    for length in [0, 1, GOOD.len() - 1] {
        let mut client = site.connect();
        client.send(&transaction(GOOD.len())).send(&GOOD[..length]).finish();
        let reply = client.reply();
        assert_eq!((reply.status, &*reply.code()), (400, "request.invalid"));
        assert_eq!(reply.json()["errors"][0]["field"], "body");
    }
    let chunked = "host: h\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    let mut client = site.connect();
    // All of the body is there; that it is all is not.
    client.send(&format!("POST {TRANSACTIONS} HTTP/1.1\r\n{chunked}{:x}\r\n{GOOD}\r\n", GOOD.len())).finish();
    let reply = client.reply();
    assert_eq!((reply.status, &*reply.code()), (400, "request.invalid"));
    assert_eq!(site.entries(), 0);
}

#[test]
fn garbage_behind_a_good_request_is_refused_after_its_reply() {
    let site = Site::start();
    let good = format!("{}{GOOD}", transaction(GOOD.len()));
    for (garbage, status, code) in [
        ("BREW\r\n\r\n", 400, "request.malformed"),
        ("\u{16}\u{3}\u{1}\r\n\r\n", 400, "request.malformed"),
        ("GET /v1/ledgers HTTP/1.1\r\n\r\n", 400, "request.malformed"),
        ("GET /v2 HTTP/1.1\r\nhost: h\r\n\r\n", 404, "route.not_found"),
    ] {
        let before = site.entries();
        let mut client = site.connect();
        client.send(&format!("{good}{garbage}"));
        assert_eq!(client.reply().status, 201);
        let reply = client.reply();
        assert_eq!((reply.status, &*reply.code()), (status, code), "{garbage}");
        assert!(client.finish().has_ended());
        assert_eq!(site.entries(), before + 1);
    }
}

#[test]
fn requests_sent_at_once_are_answered_in_order() {
    let site = Site::start();
    let good = format!("{}{GOOD}", transaction(GOOD.len()));
    let mut client = site.connect();
    let good = with_key(good.as_bytes()).into_owned();
    client.try_send(&good.repeat(20)).expect("it takes bytes");
    for number in 0..20 {
        assert_eq!(client.reply().json()["id"], number);
    }
}

/// A body that two servers could take for different lengths hides no second request (RFC 9112, 11.2).
#[test]
fn a_request_with_two_ways_to_tell_its_length_smuggles_nothing_in() {
    let site = Site::start();
    let inner = format!("{}{GOOD}", transaction(GOOD.len()));
    for headers in [
        "content-length: 5\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 5\r\n",
        "transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n",
        "transfer-encoding: xchunked\r\ncontent-length: 5\r\n",
        "transfer-encoding : chunked\r\ncontent-length: 5\r\n",
    ] {
        let outer = format!(
            "POST {TRANSACTIONS} HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\n{headers}\r\n0\r\n\r\n{inner}"
        );
        let mut client = site.connect();
        client.send(&outer).finish();
        let reply = client.reply();
        assert_eq!(reply.status, 400, "{headers} {reply:?}");
        assert!(client.has_ended(), "{headers}");
    }
    assert_eq!(site.entries(), 0);
}

#[test]
fn a_body_that_nobody_asked_for_is_not_taken_for_a_request() {
    let site = Site::start();
    let inner = format!("{}{GOOD}", transaction(GOOD.len()));
    let mut client = site.connect();
    client
        .send(&format!("GET /version HTTP/1.1\r\nhost: h\r\ncontent-length: {}\r\n\r\n{inner}", inner.len()));
    assert_eq!(client.reply().status, 200);
    // Either the connection is good for another request, or it has ended.
    if let Ok(reply) = client.try_call(&Request::get("/health/live")) {
        assert_eq!(reply.json()["status"], "live");
    }
    assert_eq!(site.entries(), 0);
}

#[test]
fn clients_that_vanish_in_the_middle_leave_the_service_well() {
    let site = Site::start();
    let good = format!("{}{GOOD}", transaction(GOOD.len()));
    for cut in (1..good.len()).step_by(7) {
        let mut client = site.connect();
        client.send(&good[..cut]);
        drop(client);
    }
    assert_eq!(site.entries(), 0);
    let whole = site.connect().call(&Request::post(TRANSACTIONS).json(GOOD));
    assert_eq!(whole.status, 201);
}
