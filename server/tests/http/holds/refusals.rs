//! Why holds are not made, captured or voided, and which reason is told first.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{HOLDS, capture, funded, hold, reserve, void};
use crate::harness::{Reply, Request};
use crate::shown::shown;
use crate::site::{Site, TRANSACTIONS, posting};

const MOST: &str = "170141183460469231731687303715884105727";

fn is(reply: &Reply, status: u16, code: &str) {
    assert_eq!((reply.status, &*reply.code()), (status, code), "{reply:?}");
}

fn policy(site: &Site, account: &str, policy: &Value) {
    let path = format!("/v1/ledgers/main/accounts/{account}");
    let reply = site.call(&Request::patch(path).json(json!({ "policy": policy })));
    assert_eq!(reply.status, 200, "{reply:?}");
}

fn of(source: &str, destination: &str, amount: &Value) -> Value {
    let mut posting = posting(source, destination, "USD/2", 0);
    posting["amount"] = amount.clone();
    json!({ "postings": [posting] })
}

#[test]
fn a_hold_is_refused_as_if_it_moved() {
    let site = funded(10);
    reserve(&site, 6);
    assert_snapshot!(shown(&site.post(HOLDS, &of("a", "b", &json!(5)))), @r#"
    422
    content-type: application/problem+json
    x-request-id: [id]

    {
      "type": "/docs/errors#transaction.insufficient_funds",
      "title": "Insufficient funds",
      "status": 422,
      "code": "transaction.insufficient_funds",
      "detail": "Posting 0 takes 5 of USD/2 from a, which has 4 available: 1 is missing.",
      "request_id": "[id]",
      "posting": 0,
      "account": "a",
      "asset": "USD/2",
      "available": "4",
      "amount": "5",
      "shortfall": "1"
    }
    "#);
    policy(&site, "icy", &json!({ "frozen": "credits" }));
    policy(&site, "shut", &json!({ "closed": true }));
    is(&site.post(HOLDS, &of("a", "icy", &json!(0))), 422, "account.frozen");
    is(&site.post(HOLDS, &of("a", "shut", &json!(0))), 422, "account.closed");
    is(&site.post(HOLDS, &of("world", "b", &json!("all"))), 422, "account.unbounded");
    // With what moved already, and with what is held already.
    is(&site.post(HOLDS, &of("world", "c", &json!(MOST))), 422, "amount.overflow");
    policy(&site, "mint", &json!({ "floor": "unbounded" }));
    hold(&site, &of("mint", "c", &json!(MOST)));
    is(&site.post(HOLDS, &of("mint", "d", &json!(1))), 422, "amount.overflow");
    is(&site.post("/v1/ledgers/other/holds", &of("a", "b", &json!(1))), 404, "ledger.not_found");
    let mut taken = of("a", "b", &json!(1));
    taken["reference"] = json!("r");
    hold(&site, &taken);
    is(&site.post(HOLDS, &taken), 409, "transaction.reference_taken");
    is(&site.post(TRANSACTIONS, &taken), 409, "transaction.reference_taken");
}

#[test]
fn a_hold_that_would_have_expired_is_not_made() {
    let site = funded(10);
    let mut body = of("a", "b", &json!(1));
    body["expires_at"] = json!("2020-01-01T00:00:00Z");
    assert_snapshot!(shown(&site.post(HOLDS, &body)), @r#"
    422
    content-type: application/problem+json
    x-request-id: [id]

    {
      "type": "/docs/errors#hold.expiry_passed",
      "title": "The hold would have expired already",
      "status": 422,
      "code": "hold.expiry_passed",
      "detail": "The hold would have expired before it is recorded.",
      "request_id": "[id]",
      "expires_at": "2020-01-01T00:00:00.000000Z"
    }
    "#);
    assert_eq!(site.entries(), 1);
}

#[test]
fn what_is_wrong_with_a_request_is_named() {
    let site = funded(10);
    let id = reserve(&site, 5);
    for (path, body) in [
        (HOLDS.to_owned(), json!({ "postings": [], "expires_at": "soon", "effective_at": null })),
        (format!("{HOLDS}/x/captures"), json!({})),
        (format!("{HOLDS}/-1/captures"), json!({})),
        (format!("{HOLDS}/{id}/captures"), json!({ "postings": [], "final": 1 })),
        (format!("{HOLDS}/{id}/void"), json!({ "final": true })),
        (format!("{HOLDS}/1e3/void"), json!({})),
    ] {
        is(&site.post(&path, &body), 400, "request.invalid");
    }
    is(&site.get(&format!("{HOLDS}/first")), 400, "request.invalid");
    assert_eq!(site.entries(), 2);
}

#[test]
fn only_a_hold_can_be_captured_and_voided() {
    let site = funded(10);
    let missing = capture(&site, 7, &json!({}));
    assert_snapshot!(shown(&missing), @r#"
    404
    content-type: application/problem+json
    x-request-id: [id]

    {
      "type": "/docs/errors#hold.not_found",
      "title": "No such hold",
      "status": 404,
      "code": "hold.not_found",
      "request_id": "[id]"
    }
    "#);
    // A transaction has a number as well, and is no hold.
    for id in [0, 1, u64::MAX] {
        is(&capture(&site, id, &json!({})), 404, "hold.not_found");
        is(&void(&site, id), 404, "hold.not_found");
        is(&site.get(&format!("{HOLDS}/{id}")), 404, "hold.not_found");
    }
    is(&site.post("/v1/ledgers/other/holds/0/captures", &json!({})), 404, "ledger.not_found");
    is(&site.call(&Request::post("/v1/ledgers/other/holds/0/void")), 404, "ledger.not_found");
}

#[test]
fn a_hold_that_has_ended_stays_so() {
    let site = funded(10);
    let captured = reserve(&site, 5);
    assert_eq!(capture(&site, captured, &json!({})).status, 201);
    let voided = reserve(&site, 5);
    assert_eq!(void(&site, voided).status, 200);
    assert_snapshot!(shown(&capture(&site, voided, &json!({}))), @r#"
    422
    content-type: application/problem+json
    x-request-id: [id]

    {
      "type": "/docs/errors#hold.not_open",
      "title": "The hold is not open",
      "status": 422,
      "code": "hold.not_open",
      "detail": "Hold 3 is voided.",
      "request_id": "[id]",
      "hold": 3,
      "state": "voided"
    }
    "#);
    for (id, state) in [(captured, "captured"), (voided, "voided")] {
        for refused in [capture(&site, id, &json!({})), void(&site, id)] {
            is(&refused, 422, "hold.not_open");
            assert_eq!((&refused.json()["hold"], &refused.json()["state"]), (&json!(id), &json!(state)));
        }
    }
}

#[test]
fn no_more_is_captured_than_is_left() {
    let site = funded(10);
    let id = reserve(&site, 5);
    let twice = json!({ "postings": [posting("a", "b", "USD/2", 3), posting("a", "b", "USD/2", 3)] });
    assert_snapshot!(shown(&capture(&site, id, &twice)), @r#"
    422
    content-type: application/problem+json
    x-request-id: [id]

    {
      "type": "/docs/errors#hold.exceeds_remaining",
      "title": "More than is left of the hold",
      "status": 422,
      "code": "hold.exceeds_remaining",
      "detail": "Posting 1 captures 3, and 2 of it is left of hold 1.",
      "request_id": "[id]",
      "hold": 1,
      "posting": 1,
      "remaining": "2",
      "amount": "3"
    }
    "#);
    is(
        &capture(&site, id, &json!({ "postings": [posting("a", "c", "USD/2", 1)] })),
        422,
        "hold.exceeds_remaining",
    );
    is(
        &capture(&site, id, &json!({ "postings": [posting("a", "b", "EUR/2", 1)] })),
        422,
        "hold.exceeds_remaining",
    );
    assert_eq!(site.entries(), 2, "all of a capture, or nothing");
}

#[test]
fn a_capture_is_judged_by_freezes_and_not_by_funds() {
    let site = funded(10);
    let id = reserve(&site, 5);
    policy(&site, "b", &json!({ "frozen": "credits" }));
    is(&capture(&site, id, &json!({})), 422, "account.frozen");
    policy(&site, "b", &json!({ "frozen": "none", "closed": true }));
    is(&capture(&site, id, &json!({})), 422, "account.closed");
    policy(&site, "b", &json!({ "closed": false }));
    policy(&site, "a", &json!({ "floor": { "USD/2": "1000" } }));
    assert_eq!(capture(&site, id, &json!({})).status, 201, "it had reserved what it needs");

    policy(&site, "a", &json!({ "floor": { "USD/2": null } }));
    let id = reserve(&site, 5);
    policy(&site, "a", &json!({ "closed": true }));
    assert_eq!(void(&site, id).status, 200, "nothing moves, so no account can be against it");
}

/// Something that is wrong with a capture, the first that is looked at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Wrong {
    Malformed,
    NotFound,
    KeyReused,
    ReferenceTaken,
    NotOpen,
    FirstPosting,
    SecondPosting,
}

const ALL: [Wrong; 7] = [
    Wrong::Malformed,
    Wrong::NotFound,
    Wrong::KeyReused,
    Wrong::ReferenceTaken,
    Wrong::NotOpen,
    Wrong::FirstPosting,
    Wrong::SecondPosting,
];

#[test]
fn of_any_faults_of_a_capture_together_the_first_is_told() {
    let site = funded(100);
    let ended = reserve(&site, 10);
    assert_eq!(void(&site, ended).status, 200);
    let open = reserve(&site, 10);
    let mut taken = json!({ "postings": [posting("world", "c", "USD/2", 1)] });
    taken["reference"] = json!("taken");
    let used = Request::post(TRANSACTIONS).header("idempotency-key", "used").json(taken);
    assert_eq!(site.call(&used).status, 201);
    let request = |faults: &[Wrong]| {
        let has = |fault| faults.contains(&fault);
        let id = if has(Wrong::NotFound) {
            0
        } else if has(Wrong::NotOpen) {
            ended
        } else {
            open
        };
        let amount = |fault| if has(fault) { 11 } else { 1 };
        let mut body = json!({ "postings": [
            posting("a", "b", "USD/2", amount(Wrong::FirstPosting)),
            posting("a", "b", "USD/2", amount(Wrong::SecondPosting)),
        ] });
        body["reference"] = if has(Wrong::ReferenceTaken) { json!("taken") } else { json!(null) };
        if has(Wrong::Malformed) {
            body["unknown"] = json!(1);
        }
        let request = Request::post(format!("{HOLDS}/{id}/captures"));
        let request = if has(Wrong::KeyReused) { request.header("idempotency-key", "used") } else { request };
        request.json(body)
    };
    let entries = site.entries();
    for choice in 1..1_u32 << ALL.len() {
        let faults: Vec<_> = ALL.into_iter().filter(|fault| choice & (1 << *fault as u32) != 0).collect();
        let (status, code, place) = match faults[0] {
            Wrong::Malformed => (400, "request.invalid", None),
            Wrong::NotFound => (404, "hold.not_found", None),
            Wrong::KeyReused => (422, "idempotency.key_reused", None),
            Wrong::ReferenceTaken => (409, "transaction.reference_taken", None),
            Wrong::NotOpen => (422, "hold.not_open", None),
            Wrong::FirstPosting => (422, "hold.exceeds_remaining", Some(0)),
            Wrong::SecondPosting => (422, "hold.exceeds_remaining", Some(1)),
        };
        let reply = site.call(&request(&faults));
        assert_eq!((reply.status, &*reply.code()), (status, code), "{faults:?} {reply:?}");
        assert_eq!(reply.json().get("posting").and_then(Value::as_u64), place, "{faults:?} {reply:?}");
    }
    assert_eq!(site.entries(), entries);
    assert_eq!(site.call(&request(&[])).status, 201, "without a fault it goes through");
}

#[test]
fn of_any_faults_of_a_hold_together_the_first_is_told() {
    let site = funded(10);
    let mut taken = of("a", "b", &json!(1));
    taken["reference"] = json!("taken");
    assert_eq!(site.call(&Request::post(HOLDS).header("idempotency-key", "used").json(&taken)).status, 201);
    let reasons = [
        (400, "request.invalid"),
        (404, "ledger.not_found"),
        (422, "idempotency.key_reused"),
        (409, "transaction.reference_taken"),
        (422, "hold.expiry_passed"),
        (422, "transaction.insufficient_funds"),
    ];
    for choice in 1..1_u32 << reasons.len() {
        let has = |reason: usize| choice & (1 << reason) != 0;
        let mut body = of("a", "b", &json!(if has(5) { 10 } else { 0 }));
        if has(4) {
            body["expires_at"] = json!("2020-01-01T00:00:00Z");
        }
        if has(3) {
            body["reference"] = json!("taken");
        }
        if has(0) {
            body["final"] = json!(true);
        }
        let request = Request::post(if has(1) { "/v1/ledgers/other/holds" } else { HOLDS });
        let request = if has(2) { request.header("idempotency-key", "used") } else { request };
        let (status, code) = reasons[choice.trailing_zeros() as usize];
        is(&site.call(&request.json(body)), status, code);
    }
    assert_eq!(site.entries(), 2);
}

#[test]
fn a_key_that_was_used_for_another_hold_is_told() {
    let site = funded(10);
    let [one, other] = [reserve(&site, 3), reserve(&site, 3)];
    let keyed = |path: String, key: &str| Request::post(path).header("idempotency-key", key);
    assert_eq!(site.call(&keyed(format!("{HOLDS}/{one}/void"), "v")).status, 200);
    is(&site.call(&keyed(format!("{HOLDS}/{other}/void"), "v")), 422, "idempotency.key_reused");
    is(&site.call(&keyed(format!("{HOLDS}/99/void"), "v")), 404, "hold.not_found");
    let replayed = site.call(&keyed(format!("{HOLDS}/{one}/void"), "v"));
    assert_eq!((replayed.status, replayed.header("idempotency-replayed")), (200, Some("true")));
}
