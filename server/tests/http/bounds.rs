//! The bounds that the configuration sets: who goes beyond is told so, and nobody else notices.

use insta::assert_snapshot;
use serde_json::json;

use crate::harness::{Client, Request};
use crate::shown::shown;
use crate::site::{Site, TRANSACTIONS, call, posting};

/// A transaction as text.
fn body() -> String {
    json!({ "postings": [posting("world", "a", "USD/2", 5)] }).to_string()
}

/// Begins a request whose body is still to come, and waits until a handler asks for it.
fn begin(site: &Site) -> Client {
    let mut client = site.connect();
    client.send(&format!(
        "POST {TRANSACTIONS} HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\n\
         expect: 100-continue\r\ncontent-length: {}\r\n\r\n",
        body().len()
    ));
    assert_eq!(client.reply().status, 100);
    client
}

#[test]
fn one_request_more_than_there_is_room_for_is_turned_away_and_told_when_to_come_back() {
    let site = Site::start_with(&[("PX_SERVER__REQUESTS_IN_FLIGHT_MAX", "1")]);
    let mut running = begin(&site);
    let refused = site.get("/v1/ledgers");
    assert_snapshot!(shown(&refused), @r#"
    503
    content-type: application/problem+json
    retry-after: 1
    x-request-id: [id]

    {
      "type": "/docs/errors#service.overloaded",
      "title": "The service is overloaded",
      "status": 503,
      "code": "service.overloaded",
      "request_id": "[id]"
    }
    "#);
    let again = site.call(&Request::post(TRANSACTIONS).json(body()));
    assert_eq!((again.status, again.header("retry-after")), (503, Some("1")));
    for path in ["/health/live", "/health/ready", "/metrics"] {
        assert_eq!(site.get(path).status, 200, "{path} has to answer most of all when there is no room");
    }
    assert_eq!(running.send(&body()).reply().status, 201);
    assert_eq!(site.entries(), 1, "there is room again, and what was turned away left nothing");
}

const EXPORT: &str = "/v1/ledgers/main/export";

#[test]
fn one_long_reply_more_than_there_is_room_for_is_turned_away_and_others_are_not() {
    let site = Site::start_with(&[("PX_SERVER__STREAMS_MAX", "1")]);
    // More than sockets take in when nobody reads.
    let metadata: serde_json::Map<_, _> = (0..64).map(|n| (n.to_string(), "x".repeat(1000).into())).collect();
    for _ in 0..300 {
        site.transact(&json!({ "postings": [posting("world", "a", "USD/2", 5)], "metadata": metadata }));
    }
    let mut slow = site.connect();
    slow.try_send(&Request::get(EXPORT).bytes()).unwrap();
    assert!(slow.has_something_within(crate::harness::LONG));
    let refused = site.get(EXPORT);
    assert_eq!((refused.status, &*refused.code()), (503, "service.overloaded"));
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(site.get("/v1/ledgers/main").status, 200);
    assert_eq!(slow.reply().body.lines().count(), 301, "it is read to its end, and gives its place back");
    crate::harness::wait_until("room", || site.get(EXPORT).status == 200);
    // So does one that goes away in the middle.
    let mut gone = site.connect();
    gone.try_send(&Request::get(EXPORT).bytes()).unwrap();
    assert!(gone.has_something_within(crate::harness::LONG));
    drop(gone);
    crate::harness::wait_until("room", || site.get(EXPORT).status == 200);
}

#[test]
fn what_could_break_off_unseen_is_not_begun() {
    let site = Site::start();
    site.pay("world", "a", "USD/2", 5);
    for path in [EXPORT, "/v1/ledgers/main/accounts/a/statement?format=csv"] {
        let mut client = site.connect();
        let refused = client.send(&format!("GET {path} HTTP/1.0\r\nhost: h\r\n\r\n")).reply();
        assert_eq!((refused.status, &*refused.code()), (426, "request.http_version_too_old"), "{refused:?}");
        assert_eq!(refused.header("upgrade"), Some("HTTP/1.1"));
        crate::contract::check(&Request::get(path), &refused);
        assert_eq!(site.get(path).status, 200);
    }
}

#[test]
fn whoever_goes_away_gives_its_place_back() {
    let site = Site::start_with(&[("PX_SERVER__REQUESTS_IN_FLIGHT_MAX", "1")]);
    for _ in 0..5 {
        drop(begin(&site));
        crate::harness::wait_until("its place", || site.get("/v1/ledgers").status == 200);
    }
}

#[test]
fn a_body_that_does_not_come_is_told_so_in_time() {
    let site = Site::start_with(&[("PX_SERVER__REQUEST_TIMEOUT_MS", "1000")]);
    let reply = begin(&site).reply();
    assert_snapshot!(shown(&reply), @r#"
    408
    content-type: application/problem+json
    x-request-id: [id]

    {
      "type": "/docs/errors#request.body_timeout",
      "title": "The body came too slowly",
      "status": 408,
      "code": "request.body_timeout",
      "request_id": "[id]"
    }
    "#);
    assert_eq!(site.entries(), 0);
}

#[test]
fn a_body_may_have_as_many_bytes_as_the_configuration_says() {
    let site = Site::start_with(&[("PX_SERVER__BODY_MAX_BYTES", "1024")]);
    let padded = |length: usize| format!("{}{}", " ".repeat(length - body().len()), body());
    let post = |length| Request::post(TRANSACTIONS).json(padded(length));
    assert_eq!(site.call(&post(1024)).status, 201);
    let refused = call(&mut site.connect(), &post(1025));
    assert_snapshot!(shown(&refused), @r#"
    413
    content-type: application/problem+json
    x-request-id: [id]

    {
      "type": "/docs/errors#request.too_large",
      "title": "The body is too large",
      "status": 413,
      "code": "request.too_large",
      "request_id": "[id]",
      "max_bytes": 1024
    }
    "#);
    let chunked = format!(
        "POST {TRANSACTIONS} HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\n\
         transfer-encoding: chunked\r\n\r\n401\r\n{}\r\n0\r\n\r\n",
        padded(1025)
    );
    assert_eq!(site.connect().send(&chunked).reply().code(), "request.too_large");
    assert_eq!(site.entries(), 1);
}

#[test]
fn a_head_may_have_as_many_headers_and_bytes_as_the_configuration_says() {
    let site = Site::start_with(&[("PX_SERVER__HEADERS_MAX", "10"), ("PX_SERVER__HEADER_MAX_BYTES", "8192")]);
    let headers =
        |count: usize| (0..count).fold(Request::get("/v1/ledgers"), |it, n| it.header(&format!("x-{n}"), n));
    let long = |length: usize| Request::get("/v1/ledgers").header("x", "x".repeat(length));
    // Three more are the host, who asks, and what every request here carries.
    for good in [headers(7), long(7800)] {
        assert_eq!(site.connect().call(&good).status, 200);
    }
    for bad in [headers(9), long(8192)] {
        let reply = site.connect().call(&bad);
        assert_eq!((reply.status, &*reply.code()), (431, "request.head_too_large"));
    }
}

#[test]
fn where_heads_may_be_large_a_path_may_still_be_too_long() {
    let site = Site::start_with(&[("PX_SERVER__HEADER_MAX_BYTES", "1048576")]);
    let reply = site.connect().call(&Request::get(format!("/v1/ledgers/{}", "a".repeat(100_000))));
    assert_eq!((reply.status, &*reply.code()), (414, "request.uri_too_long"));
}
