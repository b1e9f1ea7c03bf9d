//! Request ids and traces: every reply has an id, and the log has the request under it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{Reply, Request, wait_until};
use crate::site::{Site, TRANSACTIONS, posting};

const JSON_LOG: [(&str, &str); 1] = [("PX_TELEMETRY__FORMAT", "json")];

/// The lines of the log that are about one request, once there are any.
fn logged(site: &Site, reply: &Reply) -> Vec<Value> {
    let id = reply.header("x-request-id").expect("an id").to_owned();
    let lines = || -> Vec<Value> {
        let log = site.logged();
        let whole = log.split_inclusive('\n').filter(|line| line.ends_with('\n') && line.contains(&id));
        whole.map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
    };
    wait_until("a line in the log", || !lines().is_empty());
    lines()
}

#[test]
fn every_reply_has_an_id_of_its_own_whatever_it_is() {
    let site = Site::start();
    let body = json!({ "postings": [posting("world", "a", "USD/2", 5)] });
    let mut ids = BTreeSet::new();
    let mut note = |reply: &Reply, status: u16| {
        assert_eq!(reply.status, status, "{reply:?}");
        assert_eq!(reply.headers().filter(|(name, _)| name.eq_ignore_ascii_case("x-request-id")).count(), 1);
        assert!(ids.insert(reply.header("x-request-id").unwrap().to_owned()), "{reply:?}");
    };
    for _ in 0..3 {
        note(&site.get("/v1/ledgers"), 200);
        note(&site.call(&Request::post(TRANSACTIONS).json(&body)), 201);
        note(&site.get("/docs"), 200);
        note(&site.get("/metrics"), 200);
        note(&site.call(&Request::new("HEAD", "/version")), 200);
        note(&site.get("/v1/ledgers?limit=0"), 400);
        note(&site.get("/nowhere"), 404);
        note(&site.call(&Request::new("DELETE", "/v1/ledgers")), 405);
        note(&site.call(&Request::post(TRANSACTIONS).body("{}")), 415);
        let poor = json!({ "postings": [posting("a", "b", "USD/2", 500)] });
        note(&site.call(&Request::post(TRANSACTIONS).json(poor)), 422);
        note(&site.connect().send("BREW\r\n\r\n").reply(), 400);
        note(&site.connect().call(&Request::get("/").header("x", "x".repeat(20_000))), 431);
    }
}

#[test]
fn an_id_that_a_caller_makes_up_is_not_taken_over() {
    let site = Site::start();
    let reply = site.call(&Request::get("/version").header("x-request-id", "made-up"));
    assert_ne!(reply.header("x-request-id"), Some("made-up"));
}

#[test]
fn a_request_has_one_line_in_the_log_under_its_id() {
    let site = Site::start_with(&JSON_LOG);
    let reply = site.get("/v1/ledgers/main?limit=1");
    let lines = logged(&site, &reply);
    let [line] = lines.as_slice() else { panic!("{lines:#?}") };
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["http.response.status_code"], 400);
    assert_eq!(line["http.request.method"], "GET");
    assert_eq!(line["http.route"], "/v1/ledgers/{ledger}");
    assert_eq!(line["url.path"], "/v1/ledgers/main");
    assert_eq!(line["network.peer.address"], "127.0.0.1");
    assert!(line["duration_us"].is_u64() && line["timestamp"].is_string(), "{line}");
    assert!(!line.to_string().contains("limit"), "queries may hold what is nobody's business: {line}");
}

#[test]
fn the_callers_trace_goes_on() {
    let site = Site::start_with(&JSON_LOG);
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let parent = format!("00-{trace}-b7ad6b7169203331-01");
    let reply = site.call(&Request::get("/version").header("traceparent", &parent));
    let line = &logged(&site, &reply)[0];
    assert_eq!((&line["trace_id"], &line["parent_id"]), (&json!(trace), &json!("b7ad6b7169203331")));
    assert_ne!(line["span_id"], "b7ad6b7169203331");
}

#[test]
fn a_trace_that_is_malformed_counts_as_none() {
    let site = Site::start_with(&JSON_LOG);
    let trace = "0af7651916cd43dd8448eb211c80319c";
    for header in [
        format!("00-{trace}-b7ad6b7169203331"),
        format!("ff-{trace}-b7ad6b7169203331-01"),
        format!("00-{trace}-0000000000000000-01"),
        format!("00-{}-b7ad6b7169203331-01", trace.to_uppercase()),
        format!("00-{trace}-b7ad6b7169203331-01\r\ntraceparent: 00-{trace}-b7ad6b7169203331-01"),
        "x".repeat(4000),
    ] {
        let reply = site.call(&Request::get("/version").header("traceparent", &header));
        assert_eq!(reply.status, 200);
        let line = &logged(&site, &reply)[0];
        assert_ne!(line["trace_id"], trace, "{header}");
        assert_eq!(line["trace_id"].as_str().unwrap().len(), 32);
        assert_eq!(line.get("parent_id"), None, "{header}");
    }
}

#[test]
fn a_caller_cannot_write_lines_of_its_own_into_the_log() {
    let site = Site::start_with(&JSON_LOG);
    let reply = site.get("/v1/ledgers/%0A%7B%22level%22:%22ERROR%22%7D%1B%5B31m");
    let lines = logged(&site, &reply);
    assert_eq!(lines.len(), 1, "{lines:#?}");
    for line in site.logged().lines() {
        let line: Value = serde_json::from_str(line).expect("every line is one of the service's own");
        assert_ne!(line["level"], "ERROR");
    }
}
