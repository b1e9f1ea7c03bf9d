//! Rate limits: who asks too often is told when to come again, and who asks through a proxy is told from the proxy.

use crate::harness::{Reply, Request, Service, wait_until};

/// Lets an address ask twice at once, then hardly ever.
const FEW: [(&str, &str); 2] =
    [("PX_LIMITS__REQUESTS_PER_SECOND_PER_ADDRESS", "1"), ("PX_LIMITS__BURST_PER_ADDRESS", "2")];

const PATH: &str = "/v1/ledgers/main";

/// Asks as often as it goes, and returns how often that was and what came then.
fn until_refused(mut ask: impl FnMut() -> Reply) -> (usize, Reply) {
    for count in 0..1000 {
        let reply = ask();
        if reply.status == 429 {
            return (count, reply);
        }
        assert_eq!(reply.status, 200, "{reply:?}");
    }
    panic!("never refused");
}

#[test]
fn who_asks_too_often_is_told_when_to_come_again() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), &FEW);
    let first = service.get(PATH);
    assert_eq!(first.header("ratelimit-policy"), Some("\"address\";q=2;w=2"));
    assert_eq!(first.header("ratelimit"), Some("\"address\";r=1;t=1"));
    let (count, refused) = until_refused(|| service.get(PATH));
    assert!(count >= 1, "{count}");
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(refused.header("content-type"), Some("application/problem+json"));
    assert_eq!(refused.header("ratelimit"), Some("\"address\";r=0;t=2"));
    let problem = refused.json();
    assert_eq!(problem["code"], "request.rate_limited");
    assert_eq!(problem["request_id"].as_str(), refused.header("x-request-id"));
    assert_eq!(refused.header("x-content-type-options"), Some("nosniff"));

    // Nobody is kept from asking how the service is, and it says what it did.
    for _ in 0..20 {
        assert_eq!(service.get("/health/live").status, 200);
    }
    let metrics = service.get("/metrics").body;
    let line = "florin_door_answers_total{reason=\"rate_limited\"} 1";
    assert!(metrics.lines().any(|found| found == line), "no {line} in\n{metrics}");
}

#[test]
fn what_was_turned_away_had_no_effect() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), &FEW);
    let (count, _) = until_refused(|| {
        let ledger = format!("{{\"name\":\"l{}\"}}", fastrand::u64(..));
        let mut reply = service.post("/v1/ledgers", &ledger);
        if reply.status == 201 {
            reply.status = 200;
        }
        reply
    });
    let metrics = service.get("/metrics").body;
    let line =
        format!("http_server_requests_total{{method=\"POST\",route=\"/v1/ledgers\",status=\"201\"}} {count}");
    assert!(metrics.lines().any(|found| found == line), "no {line} in\n{metrics}");
    assert!(!metrics.contains("status=\"429\""), "no route saw it");
}

#[test]
fn unless_it_is_configured_nobody_is_limited_and_nothing_is_said_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), &[]);
    let mut client = service.connect();
    for _ in 0..300 {
        let reply = client.get(PATH);
        assert_eq!((reply.status, reply.header("ratelimit")), (200, None));
    }
}

#[test]
fn a_trusted_proxy_is_believed_and_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let from = |service: &Service, client: &str| {
        service.connect().call(&Request::get(PATH).header("x-forwarded-for", client))
    };
    let service = Service::start(
        folder.path(),
        &[&FEW[..], &[("PX_SERVER__TRUSTED_PROXIES", "[127.0.0.0/8]")]].concat(),
    );
    until_refused(|| from(&service, "192.0.2.1"));
    assert_eq!(from(&service, "192.0.2.2").status, 200, "another client of the same proxy");
    let lied = from(&service, "198.51.100.1, 192.0.2.1");
    assert_eq!(lied.status, 429, "what the client itself wrote counts for nothing");
    wait_until("the client in the log", || service.logged().contains("192.0.2.2"));
    drop(service);

    let service = Service::start(folder.path(), &FEW);
    let mut number = 0;
    until_refused(|| {
        number += 1;
        from(&service, &format!("192.0.2.{number}"))
    });
}

#[test]
fn a_principal_that_asks_too_often_is_told_when_to_come_again_wherever_it_comes_from() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [
        ("PX_LIMITS__REQUESTS_PER_SECOND_PER_PRINCIPAL", "1"),
        ("PX_LIMITS__BURST_PER_PRINCIPAL", "3"),
        ("PX_SERVER__TRUSTED_PROXIES", "[127.0.0.0/8]"),
    ];
    let service = Service::start(folder.path(), &settings);
    let created = service.post("/v1/keys", r#"{"name":"other","grants":[{"role":"admin","ledgers":"all"}]}"#);
    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(created.header("ratelimit-policy"), Some("\"principal\";q=3;w=3"));
    let other = created.json()["secret"].as_str().expect("a key").to_owned();
    let mut number = 0;
    let (_, refused) = until_refused(|| {
        number += 1;
        let from = format!("192.0.2.{number}");
        service.connect().call(&Request::get(PATH).header("x-forwarded-for", &from))
    });
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(refused.header("ratelimit"), Some("\"principal\";r=0;t=3"));
    assert_eq!(refused.json()["code"], "request.rate_limited");
    assert_eq!(service.connect().call(&Request::get(PATH).key(&other)).status, 200, "another principal");
    // Whoever does not say who they are has nothing of it, and costs nobody anything.
    for _ in 0..5 {
        let reply = service.connect().call(&Request::get(PATH).without_key());
        assert_eq!((reply.status, reply.header("ratelimit")), (401, None));
    }
    assert_eq!(service.get("/health/live").status, 200);
}

#[test]
fn both_limits_are_told_of_and_what_a_principal_is_refused_for_has_no_effect() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [
        ("PX_LIMITS__REQUESTS_PER_SECOND_PER_ADDRESS", "1000"),
        ("PX_LIMITS__REQUESTS_PER_SECOND_PER_PRINCIPAL", "1"),
        ("PX_LIMITS__BURST_PER_PRINCIPAL", "2"),
    ];
    let service = Service::start(folder.path(), &settings);
    let reply = service.get(PATH);
    let told: Vec<_> =
        reply.headers().filter(|(name, _)| *name == "ratelimit-policy").map(|(_, text)| text).collect();
    assert_eq!(told, ["\"address\";q=200;w=1", "\"principal\";q=2;w=2"]);
    let (count, _) = until_refused(|| {
        let ledger = format!("{{\"name\":\"l{}\"}}", fastrand::u64(..));
        let mut reply = service.post("/v1/ledgers", &ledger);
        if reply.status == 201 {
            reply.status = 200;
        }
        reply
    });
    let metrics = service.get("/metrics").body;
    let line =
        format!("http_server_requests_total{{method=\"POST\",route=\"/v1/ledgers\",status=\"201\"}} {count}");
    assert!(count == 0 || metrics.lines().any(|found| found == line), "no {line} in\n{metrics}");
}

#[test]
fn values_that_make_no_sense_are_refused_with_their_keys() {
    let folder = tempfile::tempdir().unwrap();
    for (variable, value, part) in [
        ("PX_SERVER__TRUSTED_PROXIES", "[10.0.0.0/40]", "server.trusted_proxies"),
        ("PX_SERVER__TRUSTED_PROXIES", "[proxy.example]", "\"proxy.example\" is neither"),
        ("PX_SERVER__FORWARDED_HEADER", "x-real-ip", "server.forwarded_header"),
        ("PX_LIMITS__BURST_PER_ADDRESS", "0", "limits.burst_per_address"),
        ("PX_LIMITS__BURST_PER_PRINCIPAL", "0", "limits.burst_per_principal"),
        ("PX_CORS__ORIGINS", "[console.example]", "\"console.example\" is no origin"),
        ("PX_SERVER__METRICS_IP", "somewhere", "server.metrics_ip"),
    ] {
        let ended = crate::harness::run(folder.path(), &[(variable, value)], &["serve"]);
        assert_eq!(ended.code(), Some(1), "{ended:?}");
        assert!(ended.stderr.contains(part), "no {part} in {}", ended.stderr);
    }
}

#[test]
fn the_configuration_in_effect_shows_all_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [&FEW[..], &[("PX_SERVER__TRUSTED_PROXIES", "[10.0.0.0/8]")]].concat();
    let shown = crate::harness::run(folder.path(), &settings, &["config"]).stdout;
    for part in [
        "  requests_per_second_per_address: 1 ",
        "  trusted_proxies: [\"10.0.0.0/8\"] ",
        "  forwarded_header: x-forwarded-for ",
        "  metrics_ip: null ",
        "  origins: [] ",
        "  tls_certificate: \"\" ",
    ] {
        assert!(shown.contains(part), "no {part:?} in\n{shown}");
    }
}
