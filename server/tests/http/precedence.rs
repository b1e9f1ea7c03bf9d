//! Which refusal wins when several apply: malformed, not found, key reused, reference taken, then the
//! postings in order, then the expectations in order.

use serde_json::{Value, json};

use crate::harness::{Reply, Request};
use crate::site::{Site, TRANSACTIONS, posting};

/// Something that is wrong with a request, the first that is looked at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Wrong {
    Malformed,
    NotFound,
    KeyReused,
    ReferenceTaken,
    FirstPosting,
    SecondPosting,
    FirstExpectation,
    SecondExpectation,
}

const ALL: [Wrong; 8] = [
    Wrong::Malformed,
    Wrong::NotFound,
    Wrong::KeyReused,
    Wrong::ReferenceTaken,
    Wrong::FirstPosting,
    Wrong::SecondPosting,
    Wrong::FirstExpectation,
    Wrong::SecondExpectation,
];

/// A request with these faults and no others.
fn request(faults: &[Wrong]) -> Request {
    let has = |fault| faults.contains(&fault);
    let mut body = json!({ "postings": [
        posting(if has(Wrong::FirstPosting) { "poor:1" } else { "world" }, "a", "USD/2", 1),
        posting(if has(Wrong::SecondPosting) { "poor:2" } else { "world" }, "a", "USD/2", 1),
    ] });
    let expectation = |fault| {
        // Together with what was there before, `a` would have 3.
        let most = if has(fault) { "2" } else { "3" };
        json!({ "account": "a", "asset": "USD/2", "posted": { "at_most": most } })
    };
    body["expect"] = json!([expectation(Wrong::FirstExpectation), expectation(Wrong::SecondExpectation)]);
    body["reference"] = if has(Wrong::ReferenceTaken) { json!("taken") } else { json!(null) };
    if has(Wrong::Malformed) {
        body["unknown"] = json!(1);
    }
    let path = if has(Wrong::NotFound) { "/v1/ledgers/other/transactions" } else { TRANSACTIONS };
    let request = Request::post(path);
    let request = if has(Wrong::KeyReused) { request.header("idempotency-key", "used") } else { request };
    request.json(body)
}

fn is_refused_for(fault: Wrong, reply: &Reply) {
    let (status, code, place): (_, _, Option<u64>) = match fault {
        Wrong::Malformed => (400, "request.invalid", None),
        Wrong::NotFound => (404, "ledger.not_found", None),
        Wrong::KeyReused => (422, "idempotency.key_reused", None),
        Wrong::ReferenceTaken => (409, "transaction.reference_taken", None),
        Wrong::FirstPosting => (422, "transaction.insufficient_funds", Some(0)),
        Wrong::SecondPosting => (422, "transaction.insufficient_funds", Some(1)),
        Wrong::FirstExpectation => (422, "transaction.expectation_failed", Some(0)),
        Wrong::SecondExpectation => (422, "transaction.expectation_failed", Some(1)),
    };
    assert_eq!((reply.status, &*reply.code()), (status, code), "{fault:?} {reply:?}");
    let problem = reply.json();
    let told = problem.get("posting").or_else(|| problem.get("expectation")).and_then(Value::as_u64);
    assert_eq!(told, place, "{fault:?} {reply:?}");
}

#[test]
fn of_any_faults_together_the_first_is_told() {
    let site = Site::start();
    let taken = json!({ "postings": [posting("world", "a", "USD/2", 1)], "reference": "taken" });
    let used = Request::post(TRANSACTIONS).header("idempotency-key", "used").json(taken);
    assert_eq!(site.call(&used).status, 201);
    for choice in 1..1_u32 << ALL.len() {
        let faults: Vec<_> = ALL.into_iter().filter(|fault| choice & (1 << *fault as u32) != 0).collect();
        let reply = site.call(&request(&faults));
        is_refused_for(faults[0], &reply);
    }
    assert_eq!(site.entries(), 1);
    assert_eq!(site.call(&request(&[])).status, 201, "without a fault it goes through");
}

#[test]
fn in_one_posting_the_funds_are_looked_at_before_the_bounds() {
    let site = Site::start();
    let most = "170141183460469231731687303715884105727";
    site.transact(&json!({ "postings": [
        { "source": "world", "destination": "full", "asset": "USD/2", "amount": most },
    ] }));
    let poor_to_full = json!({ "postings": [posting("poor", "full", "USD/2", 1)] });
    assert_eq!(site.post(TRANSACTIONS, &poor_to_full).code(), "transaction.insufficient_funds");
    let overflow_first = json!({ "postings": [
        { "source": "full", "destination": "b", "asset": "USD/2", "amount": "0" },
        { "source": "world", "destination": "full", "asset": "USD/2", "amount": "1" },
        { "source": "poor", "destination": "b", "asset": "USD/2", "amount": "1" },
    ] });
    let refused = site.post(TRANSACTIONS, &overflow_first);
    assert_eq!((&*refused.code(), &refused.json()["posting"]), ("amount.overflow", &json!(1)));
}

#[test]
fn the_kind_of_a_body_is_looked_at_before_the_body() {
    let site = Site::start();
    let text = Request::post("/v1/ledgers/MAIN/transactions").header("content-type", "text/plain").body("{");
    assert_eq!(site.call(&text).status, 415);
    let mut large = vec![b' '; 3 << 20];
    large.push(b'{');
    let reply =
        site.connect().exchange(Request::post("/v1/ledgers/MAIN/transactions").json("").body(large).bytes());
    assert_eq!(reply.unwrap().status, 413);
}
