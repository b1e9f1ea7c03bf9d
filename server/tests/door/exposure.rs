//! What is shown, and on which address.

use std::net::SocketAddr;

use crate::harness::{Client, Service, run, wait_until};
use crate::secure::Secure;

const APART: [(&str, &str); 2] = [("PX_SERVER__METRICS_IP", "127.0.0.1"), ("PX_SERVER__METRICS_PORT", "0")];

/// Finds the address of the metrics in the log.
fn address_of_metrics(service: &Service) -> SocketAddr {
    let mut found = None;
    wait_until("the address of the metrics", || {
        let logged = service.logged();
        let line = logged.lines().find(|line| line.contains("listening for metrics"));
        found = line.and_then(|line| {
            let (_, rest) = line.split_once("address=")?;
            rest.split_whitespace().next()?.parse().ok()
        });
        found.is_some()
    });
    found.expect("an address")
}

#[test]
fn metrics_on_an_address_of_their_own_are_not_on_the_main_one() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), &APART);
    let main = service.get("/metrics");
    assert_eq!((main.status, &main.json()["code"]), (404, &"route.not_found".into()));
    assert_eq!(service.get("/health/live").status, 200);

    let mut inside = Client::connect(address_of_metrics(&service)).unwrap();
    let metrics = inside.get("/metrics");
    assert_eq!(metrics.status, 200);
    let line = "florin_door_answers_total{reason=\"not_exposed\"} 1";
    assert!(metrics.body.lines().any(|found| found == line), "no {line} in\n{}", metrics.body);
    for path in ["/health/live", "/health/ready", "/version"] {
        assert_eq!(inside.get(path).status, 200, "{path}");
    }
    for path in ["/v1/ledgers", "/docs", "/openapi.json", "/metrics/", "/"] {
        let reply = inside.get(path);
        assert_eq!((reply.status, &reply.json()["code"]), (404, &"route.not_found".into()), "{path}");
    }
    drop(inside);
    assert!(service.stop().status.success());
}

#[test]
fn metrics_are_plain_http_on_their_own_address_also_where_the_service_speaks_tls() {
    let secure = Secure::start(&APART);
    let mut inside = Client::connect(address_of_metrics(&secure.service)).unwrap();
    assert!(inside.get("/metrics").body.contains("florin_tls_certificate_expiry_timestamp_seconds"));
    assert!(secure.get("/metrics").starts_with("HTTP/1.1 404 "));
}

#[test]
fn an_address_that_is_taken_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let settings = [
        ("PX_SERVER__PORT", "0"),
        ("PX_SERVER__METRICS_IP", "127.0.0.1"),
        ("PX_SERVER__METRICS_PORT", &port),
    ];
    let ended = run(folder.path(), &settings, &["serve"]);
    assert_eq!(ended.code(), Some(1), "{ended:?}");
    for part in [&format!("127.0.0.1:{port}"), "for metrics", "PX_SERVER__METRICS_PORT"] {
        assert!(ended.stderr.contains(part), "no {part} in {}", ended.stderr);
    }
}

#[test]
fn the_documentation_can_be_hidden() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), &[("PX_SERVER__DOCS", "false")]);
    for path in ["/docs", "/docs/errors", "/docs/assets/docs.css", "/openapi.json"] {
        let reply = service.get(path);
        assert_eq!((reply.status, &reply.json()["code"]), (404, &"route.not_found".into()), "{path}");
    }
    assert_eq!(service.get("/v1/ledgers").status, 200);
    assert_eq!(service.get("/metrics").status, 200);
}
