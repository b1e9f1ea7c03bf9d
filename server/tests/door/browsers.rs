//! What browsers are told: who may ask from another origin, what pages may do, and replies that are compressed.

use std::io::Read as _;

use flate2::read::GzDecoder;
use serde_json::json;

use crate::harness::{Reply, Request, Service};
use crate::secure::Secure;

const LEDGER: &str = "/v1/ledgers/main";

#[test]
fn a_page_of_an_origin_that_may_gets_through_and_others_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), &[("PX_CORS__ORIGINS", "[\"https://console.example\"]")]);
    let preflight = |origin: &str| {
        let asks = Request::new("OPTIONS", format!("{LEDGER}/transactions"))
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization, idempotency-key");
        service.connect().call(&asks)
    };
    let told = preflight("https://console.example");
    assert_eq!(
        (told.status, told.header("access-control-allow-origin")),
        (204, Some("https://console.example"))
    );
    assert!(told.header("access-control-allow-methods").unwrap().contains("POST"));
    assert!(told.header("access-control-allow-headers").unwrap().contains("idempotency-key"));
    assert_eq!(told.header("access-control-max-age"), Some("7200"));
    let other = preflight("https://console.example.evil");
    assert_eq!((other.status, other.header("access-control-allow-origin")), (204, None));

    let reply = service.connect().call(&Request::get(LEDGER).header("origin", "https://console.example"));
    assert_eq!((reply.status, reply.header("vary")), (200, Some("origin")));
    assert_eq!(reply.header("access-control-allow-origin"), Some("https://console.example"));
    assert!(reply.header("access-control-expose-headers").unwrap().contains("x-request-id"));
    // A problem can be read as well.
    let absent = Request::get("/v1/ledgers/none").header("origin", "https://console.example");
    let reply = service.connect().call(&absent);
    assert_eq!(
        (reply.status, reply.header("access-control-allow-origin")),
        (404, Some("https://console.example"))
    );
    let metrics = service.get("/metrics").body;
    assert!(metrics.contains("florin_door_answers_total{reason=\"preflight\"} 2\n"), "{metrics}");
    assert!(!metrics.contains("method=\"OPTIONS\""), "no route saw them");
}

#[test]
fn unless_it_is_configured_no_other_origin_gets_through() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), &[]);
    let asks = Request::new("OPTIONS", LEDGER)
        .header("origin", "https://console.example")
        .header("access-control-request-method", "GET");
    let reply = service.connect().call(&asks);
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (405, None));
}

/// Expects what every reply has.
fn is_careful(reply: &Reply) {
    assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{reply:?}");
    assert_eq!(reply.header("referrer-policy"), Some("no-referrer"), "{reply:?}");
    assert!(reply.header("cache-control").is_some(), "{reply:?}");
    let is_page = reply.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
    assert_eq!(reply.header("content-security-policy").is_some(), is_page, "{reply:?}");
    assert_eq!(reply.header("strict-transport-security"), None, "this is not TLS");
}

#[test]
fn every_reply_tells_browsers_to_be_careful() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), &[]);
    let posting = json!({ "source": "world", "destination": "a", "asset": "USD/2", "amount": "5" });
    let body = json!({ "postings": [posting] }).to_string();
    assert_eq!(service.post("/v1/ledgers/main/transactions", &body).status, 201);
    for (path, status, kept) in [
        (LEDGER, 200, "no-store"),
        ("/v1/ledgers/none", 404, "no-store"),
        ("/nowhere", 404, "no-store"),
        ("/v1/ledgers?limit=x", 400, "no-store"),
        ("/v1/ledgers/main/accounts/a/statement?format=html", 200, "no-store"),
        ("/v1/ledgers/main/export?format=csv", 200, "no-store"),
        ("/health/ready", 200, "no-store"),
        ("/metrics", 200, "no-store"),
        ("/openapi.json", 200, "no-cache"),
        ("/docs", 200, "no-cache"),
        ("/docs/errors", 200, "no-cache"),
    ] {
        let reply = service.get(path);
        assert_eq!((reply.status, reply.header("cache-control")), (status, Some(kept)), "{path}");
        is_careful(&reply);
    }
    is_careful(&service.connect().send("nonsense\r\n\r\n").reply());
}

#[test]
fn over_tls_browsers_are_told_to_stay_there() {
    let secure = Secure::start(&[]);
    let reply = secure.get(LEDGER);
    assert!(
        reply.contains("\r\nstrict-transport-security: max-age=63072000; includeSubDomains\r\n"),
        "{reply}"
    );
}

/// Starts a service with more transactions than fit into a short reply.
fn busy(folder: &tempfile::TempDir, settings: &[(&str, &str)]) -> Service {
    let service = Service::start(folder.path(), settings);
    let posting = json!({ "source": "world", "destination": "a:b:c", "asset": "USD/2", "amount": "5" });
    let command = json!({ "type": "transaction", "postings": [posting] });
    let body = json!({ "mode": "atomic", "commands": vec![command; 100] }).to_string();
    assert_eq!(service.post("/v1/ledgers/main/batches", &body).status, 200);
    service
}

fn unpacked(reply: &Reply) -> Vec<u8> {
    let mut text = Vec::new();
    GzDecoder::new(&*reply.bytes).read_to_end(&mut text).expect("gzip");
    text
}

#[test]
fn large_reads_are_compressed_for_who_takes_it() {
    let folder = tempfile::tempdir().unwrap();
    let service = busy(&folder, &[]);
    for path in [
        "/v1/ledgers/main/transactions?limit=100&order=asc",
        "/v1/ledgers/main/export?format=ndjson",
        "/v1/ledgers/main/export?format=csv",
        "/v1/ledgers/main/accounts/a:b:c/statement?format=html",
        "/openapi.json",
        "/docs/errors",
    ] {
        let plain = service.get(path);
        assert_eq!((plain.status, plain.header("content-encoding")), (200, None), "{path}");
        assert_eq!(plain.header("vary"), Some("accept-encoding"), "{path}");
        let packed = service.connect().call(&Request::get(path).header("accept-encoding", "br, gzip"));
        assert_eq!((packed.status, packed.header("content-encoding")), (200, Some("gzip")), "{path}");
        assert_eq!(packed.header("vary"), Some("accept-encoding"), "{path}");
        assert!(packed.bytes.len() * 2 < plain.bytes.len(), "{path}: {}", packed.bytes.len());
        let text = unpacked(&packed);
        // An export says when it was made.
        assert_eq!(text.len(), plain.bytes.len(), "{path}");
    }
}

#[test]
fn what_is_short_written_or_a_problem_is_not_compressed() {
    let folder = tempfile::tempdir().unwrap();
    let service = busy(&folder, &[]);
    let posting = json!({ "source": "world", "destination": "a", "asset": "USD/2", "amount": "5" });
    let command = json!({ "type": "transaction", "postings": [posting] });
    let batch = json!({ "mode": "atomic", "commands": vec![command; 100] });
    for request in [
        Request::get(LEDGER),
        Request::get("/v1/ledgers/none"),
        Request::get("/metrics"),
        Request::get("/docs/assets/docs.js"),
        Request::post("/v1/ledgers/main/batches").json(batch),
    ] {
        let path = request.path.clone();
        let reply = service.connect().call(&request.header("accept-encoding", "gzip"));
        assert_eq!(reply.header("content-encoding"), None, "{path}");
    }
}

#[test]
fn a_compressed_document_is_known_by_its_tag() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), &[]);
    let asks = || Request::get("/openapi.json").header("accept-encoding", "gzip");
    let tag = service.connect().call(&asks()).header("etag").unwrap().to_owned();
    assert!(tag.starts_with("W/\""), "{tag}");
    let known = service.connect().call(&asks().header("if-none-match", tag));
    assert_eq!((known.status, known.bytes.len()), (304, 0));
}

#[test]
fn a_head_is_that_of_the_compressed_reply() {
    let folder = tempfile::tempdir().unwrap();
    let service = busy(&folder, &[]);
    let asks =
        Request::new("HEAD", "/v1/ledgers/main/transactions?limit=100").header("accept-encoding", "gzip");
    let reply = service.connect().call(&asks);
    assert_eq!((reply.status, reply.header("content-encoding")), (200, Some("gzip")));
    assert_eq!(reply.header("content-length"), None, "nobody knows how long it would be");
}

#[test]
fn compression_can_be_switched_off() {
    let folder = tempfile::tempdir().unwrap();
    let service = busy(&folder, &[("PX_SERVER__COMPRESSION", "false")]);
    let asks = Request::get("/v1/ledgers/main/transactions?limit=100").header("accept-encoding", "gzip");
    let reply = service.connect().call(&asks);
    assert_eq!((reply.status, reply.header("content-encoding"), reply.header("vary")), (200, None, None));
}
