//! When something fails that should not: every request is answered with what the caller can do about it,
//! nothing of the cause gets out, and the service lives on.

pub(crate) mod access;
mod factors;
mod lab;
mod schedules;
mod sessions;
mod signing_keys;
pub(crate) mod store;
mod users;

use app_base::configuration::AuthenticationMode;
use serde_json::json;

pub(crate) use self::lab::Lab;
use self::store::SECRET;
use crate::harness::{Reply, Request};
use crate::site::posting;

/// Everything that is read from a ledger.
const READS: [&str; 19] = [
    "",
    "/transactions",
    "/transactions/0",
    "/holds",
    "/holds/0",
    "/accounts",
    "/accounts/a",
    "/accounts/a/changes",
    "/accounts/a/entries",
    "/accounts/a/statement",
    "/accounts?at=2026-01-01T00:00:00Z",
    "/accounts/a?at=2026-01-01T00:00:00Z&clock=effective",
    "/balances?at=2026-01-01T00:00:00Z",
    "/balances",
    "/log",
    "/export",
    "/schedules",
    "/schedules/0",
    "/schedules/0/runs",
];

fn transaction(ledger: &str) -> Request {
    let body = json!({ "postings": [posting("world", "a", "USD/2", 5)] });
    Request::post(format!("/v1/ledgers/{ledger}/transactions")).json(body)
}

fn new_schedule(ledger: &str) -> Request {
    let transaction = json!({ "postings": [posting("world", "a", "USD/2", 5)] });
    let body = json!({ "transaction": transaction, "at": "2999-01-01T00:00:00Z" });
    Request::post(format!("/v1/ledgers/{ledger}/schedules")).json(body)
}

fn new_ledger(name: &str) -> Request {
    Request::post("/v1/ledgers").json(json!({ "name": name }))
}

fn is_opaque(reply: &Reply) {
    assert!(!reply.body.contains("/dev") && !reply.body.contains("disk"), "{reply:?}");
}

/// Reads everything of a ledger, and expects this each time.
fn each_read_is(lab: &Lab, ledger: &str, status: u16, code: &str) {
    for read in READS {
        let reply = lab.call(&Request::get(format!("/v1/ledgers/{ledger}{read}")));
        assert_eq!((reply.status, &*reply.code()), (status, code), "{ledger}{read}");
        is_opaque(&reply);
    }
}

pub(crate) fn is(reply: &Reply, status: u16, code: &str) {
    assert_eq!((reply.status, &*reply.code()), (status, code), "{reply:?}");
    is_opaque(reply);
}

fn lives_on(lab: &Lab) {
    assert_eq!(lab.call(&Request::get("/health/live")).status, 200);
    is(&lab.call(&Request::get("/v1/ledgers/other")), 404, "ledger.not_found");
    is(&lab.call(&transaction("other")), 404, "ledger.not_found");
}

#[test]
fn a_key_that_cannot_be_looked_up_is_neither_good_nor_bad() {
    let lab = Lab::start(|config| config.authentication.mode = AuthenticationMode::Required);
    let reply = lab.call(&Request::get("/v1/ledgers"));
    is(&reply, 503, "service.unavailable");
    assert_eq!(lab.call(&Request::get("/v1/ledgers").without_key()).status, 401);
}

#[test]
fn keys_and_the_audit_trail_are_unavailable_with_the_store() {
    let lab = Lab::start(|_| ());
    let key = json!({ "name": "a", "grants": [{ "role": "reader", "ledgers": "all" }] });
    for request in
        [Request::get("/v1/keys"), Request::get("/v1/keys/000000000000"), Request::get("/v1/audit")]
    {
        is(&lab.call(&request), 503, "service.unavailable");
    }
    // How far it came, the store does not say.
    for request in [Request::post("/v1/keys").json(key), Request::delete("/v1/keys/000000000000")] {
        is(&lab.call(&request), 503, "service.outcome_unknown");
    }
}

#[test]
fn a_panic_is_an_internal_error_and_the_service_lives_on() {
    // One at a time: who panics gives its place back.
    let lab = Lab::start(|config| config.server.requests_in_flight_max = 1);
    each_read_is(&lab, "panics", 500, "internal.error");
    // Whoever waits for a lane that is gone cannot know.
    is(&lab.call(&transaction("panics")), 503, "service.outcome_unknown");
    is(&lab.call(&transaction("panics")), 503, "service.outcome_unknown");
    is(&lab.call(&new_schedule("panics")), 500, "internal.error");
    is(&lab.call(&new_ledger("panics")), 503, "service.outcome_unknown");
    lives_on(&lab);
}

#[test]
fn a_panic_does_not_even_end_its_connection() {
    let lab = Lab::start(|_| {});
    let mut client = lab.connect();
    for _ in 0..3 {
        assert_eq!(client.get("/v1/ledgers/panics").status, 500);
        assert_eq!(client.get("/health/live").status, 200);
    }
}

#[test]
fn a_panic_leaves_its_key_free() {
    let lab = Lab::start(|_| {});
    for _ in 0..2 {
        is(&lab.call(&transaction("panics").header("idempotency-key", "k")), 503, "service.outcome_unknown");
    }
}

#[test]
fn what_takes_too_long_is_answered_in_time() {
    let lab = Lab::start(|config| {
        config.server.request_timeout_ms = 200;
        config.server.requests_in_flight_max = 1;
    });
    each_read_is(&lab, "never", 504, "request.timeout");
    is(&lab.call(&transaction("never")), 504, "request.timeout");
    is(&lab.call(&new_ledger("never")), 504, "request.timeout");
    is(&lab.call(&new_schedule("never")), 504, "request.timeout");
    lives_on(&lab);
}

#[test]
fn a_store_that_does_not_answer_is_unavailable() {
    let lab = Lab::start(|_| {});
    each_read_is(&lab, "unavailable", 503, "service.unavailable");
    is(&lab.call(&Request::get("/v1/ledgers")), 503, "service.unavailable");
    is(&lab.call(&transaction("unavailable")), 503, "service.unavailable");
    is(&lab.call(&transaction("rolled-back")), 503, "service.unavailable");
    lives_on(&lab);
}

#[test]
fn what_cannot_be_read_is_an_internal_error() {
    let lab = Lab::start(|_| {});
    each_read_is(&lab, "corrupt", 500, "internal.error");
    lives_on(&lab);
}

#[test]
fn what_takes_too_much_to_look_at_is_refused() {
    let lab = Lab::start(|_| {});
    for path in ["/accounts", "/accounts/a", "/balances"] {
        let path = format!("/v1/ledgers/long-ago{path}?at=2026-01-01T00:00:00Z");
        is(&lab.call(&Request::get(path)), 422, "as_of.too_much");
    }
    lives_on(&lab);
}

/// What fails in the middle of a reply that is being sent already.
const LATER: [&str; 4] = ["later-panics", "later-unavailable", "later-nothing", "later-gap"];

#[test]
fn an_export_that_fails_in_the_middle_breaks_off_and_leaves_room_for_the_next() {
    let lab = Lab::start(|config| config.server.streams_max = 1);
    for ledger in LATER {
        for format in ["ndjson", "csv", "hledger", "ledger", "beancount"] {
            let mut client = lab.connect();
            let request = Request::get(format!("/v1/ledgers/{ledger}/export?format={format}"));
            let error = client.try_call(&request).expect_err("the last chunk is missing");
            assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof, "{ledger} {format}: {error}");
            assert!(client.has_ended(), "nothing comes after it");
        }
    }
    lives_on(&lab);
}

#[test]
fn an_export_that_comes_to_a_standstill_breaks_off_in_time() {
    let lab = Lab::start(|config| {
        config.server.request_timeout_ms = 200;
        config.server.streams_max = 1;
    });
    for _ in 0..2 {
        let request = Request::get("/v1/ledgers/later-never/export");
        let error = lab.connect().try_call(&request).expect_err("the last chunk is missing");
        assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof, "{error}");
    }
    lives_on(&lab);
}

#[test]
fn a_commit_without_an_answer_is_told_as_such() {
    let lab = Lab::start(|_| {});
    is(&lab.call(&transaction("cut-off")), 503, "service.outcome_unknown");
    is(&lab.call(&new_ledger("cut-off")), 503, "service.outcome_unknown");
    is(&lab.call(&new_schedule("cut-off")), 503, "service.outcome_unknown");
    lives_on(&lab);
}

#[test]
fn a_ledger_that_has_as_many_schedules_as_it_may_takes_no_more() {
    let lab = Lab::start(|_| {});
    let refused = lab.call(&new_schedule("full"));
    is(&refused, 422, "schedule.too_many");
    assert_eq!(refused.json()["max"], 10_000);
}

#[test]
fn a_service_whose_store_is_gone_is_alive_and_not_ready() {
    let lab = Lab::start(|_| {});
    assert_eq!(lab.call(&Request::get("/health/live")).status, 200);
    is(&lab.call(&Request::get("/health/ready")), 503, "service.not_ready");
}

#[test]
fn a_key_whose_request_still_runs_is_in_progress() {
    let lab = Lab::start(|_| {});
    let request = transaction("never").header("idempotency-key", "k");
    let mut first = lab.connect();
    first.try_send(&request.bytes()).unwrap();
    lab.wait_for_batches(1);
    let refused = lab.call(&request);
    is(&refused, 409, "idempotency.in_progress");
    assert_eq!(refused.header("retry-after"), Some("1"));
    // Another body does not matter: which of them comes first is still open.
    let body = json!({ "postings": [posting("world", "b", "USD/2", 5)] });
    let other = Request::post("/v1/ledgers/never/transactions").header("idempotency-key", "k").json(body);
    is(&lab.call(&other), 409, "idempotency.in_progress");
}

#[test]
fn a_client_that_goes_away_does_not_stop_its_command() {
    let lab = Lab::start(|_| {});
    let request = transaction("never").header("idempotency-key", "k");
    let mut first = lab.connect();
    first.try_send(&request.bytes()).unwrap();
    lab.wait_for_batches(1);
    drop(first);
    is(&lab.call(&request), 409, "idempotency.in_progress");
}

#[test]
fn a_full_queue_is_overload_for_its_own_ledger_only() {
    let lab = Lab::start(|config| config.engine.queue_max = 1000);
    let postings = vec![posting("world", "a", "USD/2", 5); 1000];
    let full = Request::post("/v1/ledgers/never/transactions").json(json!({ "postings": postings }));
    let mut first = lab.connect();
    first.try_send(&full.bytes()).unwrap();
    lab.wait_for_batches(1);
    let refused = lab.call(&transaction("never"));
    is(&refused, 503, "service.overloaded");
    assert_eq!(refused.header("retry-after"), Some("1"));
    lives_on(&lab);
}

#[test]
fn an_engine_that_drains_takes_nothing_new() {
    let lab = Lab::start(|_| {});
    lab.drain();
    is(&lab.call(&transaction("other")), 503, "service.shutting_down");
    is(&lab.call(&Request::get("/v1/ledgers/other")), 404, "ledger.not_found");
}

#[test]
fn failures_are_counted_by_their_status() {
    let lab = Lab::start(|_| {});
    for ledger in ["panics", "unavailable", "unavailable"] {
        lab.call(&Request::get(format!("/v1/ledgers/{ledger}")));
    }
    let metrics = lab.call(&Request::get("/metrics")).body;
    for (status, count) in [(500, 1), (503, 2)] {
        let route = "method=\"GET\",route=\"/v1/ledgers/{ledger}\"";
        let line = format!("http_server_requests_total{{{route},status=\"{status}\"}} {count}");
        assert!(metrics.lines().any(|found| found == line), "no {line} in\n{metrics}");
    }
    assert!(!metrics.contains(SECRET));
}
