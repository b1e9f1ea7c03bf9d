//! What operators look at: health, version, metrics.

use insta::assert_snapshot;
use serde_json::json;

use crate::harness::Request;
use crate::shown::shown;
use crate::site::{Site, TRANSACTIONS, posting};

#[test]
fn a_service_that_runs_is_alive_and_ready() {
    let site = Site::start();
    assert_snapshot!(shown(&site.get("/health/live")), @r#"
    200
    content-type: application/json
    x-request-id: [id]

    {
      "status": "live"
    }
    "#);
    assert_snapshot!(shown(&site.get("/health/ready")), @r#"
    200
    content-type: application/json
    x-request-id: [id]

    {
      "status": "ready"
    }
    "#);
}

#[test]
fn the_version_says_what_runs() {
    let site = Site::start();
    let version = site.json("/version");
    assert_eq!(version["name"], "florin");
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(version["api_version"], "v1");
}

/// Fails unless the metrics have all these lines.
fn has_lines(site: &Site, lines: &[&str]) {
    let reply = site.get("/metrics");
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert!(reply.body.ends_with("# EOF\n"));
    for line in lines {
        assert!(reply.body.lines().any(|found| found == *line), "no {line} in\n{}", reply.body);
    }
}

#[test]
fn requests_are_counted_by_route_and_status() {
    let site = Site::start();
    for path in
        ["/v1/ledgers/main", "/v1/ledgers/main?", "/v1/ledgers/a", "/v1/ledgers/A", "/nowhere", "/elsewhere"]
    {
        site.get(path);
    }
    site.call(&Request::new("HEAD", "/v1/ledgers/main"));
    site.call(&Request::new("BREW", "/v1/ledgers/main"));
    has_lines(
        &site,
        &[
            "http_server_requests_total{method=\"GET\",route=\"/v1/ledgers/{ledger}\",status=\"200\"} 3",
            "http_server_requests_total{method=\"GET\",route=\"/v1/ledgers/{ledger}\",status=\"404\"} 1",
            "http_server_requests_total{method=\"GET\",route=\"/v1/ledgers/{ledger}\",status=\"400\"} 1",
            "http_server_requests_total{method=\"OTHER\",route=\"/v1/ledgers/{ledger}\",status=\"405\"} 1",
            "http_server_requests_total{method=\"GET\",route=\"unmatched\",status=\"404\"} 2",
            "http_server_request_duration_seconds_count{method=\"GET\",route=\"/v1/ledgers/{ledger}\"} 5",
            "http_server_active_requests 1",
        ],
    );
}

#[test]
fn commands_are_counted_by_what_came_of_them() {
    let site = Site::start();
    let post = |key: &str, amount: u64, dry_run: bool| {
        let body = json!({ "postings": [posting("world", "a", "USD/2", amount)], "dry_run": dry_run });
        site.call(&Request::post(TRANSACTIONS).header("idempotency-key", key).json(body))
    };
    post("1", 5, false);
    post("1", 5, false);
    post("1", 6, false);
    post("2", 5, true);
    post("3", 5, false);
    site.post(TRANSACTIONS, &json!({ "postings": [posting("a", "b", "USD/2", 11)] }));
    has_lines(
        &site,
        &[
            "florin_commands_total{outcome=\"recorded\"} 2",
            "florin_commands_total{outcome=\"replayed\"} 1",
            "florin_commands_total{outcome=\"refused\"} 1",
            "florin_commands_total{outcome=\"dry_run\"} 1",
            "florin_commands_total{outcome=\"rejected\"} 1",
            "florin_entries_total 2",
            "florin_lanes 1",
            "florin_lane_queue_depth 0",
            // The replay twice: its key was found in use when it was to be written.
            "florin_batch_commands_count 7",
            "florin_commit_duration_seconds_count 2",
        ],
    );
}

#[test]
fn what_was_not_http_is_counted_too() {
    let site = Site::start();
    site.connect().send("BREW\r\n\r\n").reply();
    site.connect().send("GET / HTTP/1.1\r\n\r\n").reply();
    has_lines(&site, &["florin_connection_refusals_total{reason=\"malformed\"} 2"]);
}
