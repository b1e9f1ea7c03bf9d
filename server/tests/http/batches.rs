//! Batches in one body: atomic and independent.

use serde_json::{Value, json};

use crate::harness::{Reply, Request};
use crate::site::{Site, posting};

pub(crate) const BATCHES: &str = "/v1/ledgers/main/batches";

pub(crate) fn pay(source: &str, destination: &str, amount: u64) -> Value {
    json!({ "type": "transaction", "postings": [posting(source, destination, "USD/2", amount)] })
}

fn batch(mode: &str, commands: &[Value]) -> Value {
    json!({ "mode": mode, "commands": commands })
}

fn submit(site: &Site, mode: &str, commands: &[Value]) -> Value {
    let reply = site.post(BATCHES, &batch(mode, commands));
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()
}

fn statuses(reply: &Value) -> Vec<u64> {
    let results = reply["results"].as_array().expect("a list of results");
    results.iter().map(|result| result["status"].as_u64().expect("a status")).collect()
}

fn codes(reply: &Value) -> Vec<&str> {
    let results = reply["results"].as_array().expect("a list of results");
    results.iter().map(|result| result["problem"]["code"].as_str().unwrap_or_default()).collect()
}

fn keyed(batch: &Value, key: &str) -> Request {
    Request::post(BATCHES).header("idempotency-key", key).json(batch)
}

/// One command of each kind, each on top of those before it.
fn all_kinds() -> Vec<Value> {
    vec![
        pay("world", "a", 100),
        json!({ "type": "hold", "postings": [posting("a", "b", "USD/2", 60)] }),
        json!({ "type": "capture", "hold": 1, "postings": [posting("a", "b", "USD/2", 20)] }),
        json!({ "type": "void", "hold": 1 }),
        json!({ "type": "reversal", "transaction": 0, "postings": [posting("a", "world", "USD/2", 30)] }),
        json!({ "type": "account", "account": "a", "metadata": { "tier": "gold" } }),
    ]
}

#[test]
fn commands_of_every_kind_get_what_they_would_have_got_alone() {
    for mode in ["atomic", "independent"] {
        let site = Site::start();
        let reply = submit(&site, mode, &all_kinds());
        assert_eq!(statuses(&reply), [201, 201, 201, 200, 201, 200], "{reply}");
        assert_eq!(reply.get("applied"), (mode == "atomic").then_some(&json!(true)));
        let body = |place: usize| &reply["results"][place]["body"];
        assert_eq!(body(0)["id"], 0);
        assert_eq!((&body(1)["id"], &body(1)["state"]), (&json!(1), &json!("open")));
        assert_eq!(body(2)["captures"]["hold"], 1);
        assert_eq!((&body(3)["id"], &body(3)["state"]), (&json!(1), &json!("voided")));
        assert_eq!(body(4)["reverses"], 0);
        assert_eq!(body(5)["metadata"]["tier"], "gold");
        assert_eq!(body(5)["balances"][0]["available"], "50");
        assert_eq!(site.entries(), 6);
        let alone = site.json("/v1/ledgers/main/transactions/2");
        assert_eq!(body(2), &alone);
    }
}

#[test]
fn an_atomic_batch_of_which_one_fails_does_nothing() {
    let site = Site::start();
    let commands = [pay("world", "a", 5), pay("a", "b", 6), pay("world", "a", 1)];
    let reply = submit(&site, "atomic", &commands);
    assert_eq!(reply["applied"], false);
    assert_eq!(statuses(&reply), [424, 422, 424]);
    assert_eq!(codes(&reply), ["batch.not_applied", "transaction.insufficient_funds", "batch.not_applied"]);
    assert_eq!(reply["results"][1]["problem"]["shortfall"], "1");
    assert_eq!(site.entries(), 0);
}

#[test]
fn independent_commands_fail_alone_and_see_those_before_them() {
    let site = Site::start();
    let commands = [pay("a", "b", 1), pay("world", "a", 5), pay("a", "b", 5), pay("a", "b", 1)];
    let reply = submit(&site, "independent", &commands);
    assert_eq!(statuses(&reply), [422, 201, 201, 422]);
    assert_eq!(reply.get("applied"), None);
    assert_eq!(site.entries(), 2);
}

#[test]
fn the_key_of_a_batch_makes_all_of_it_safe_to_send_again() {
    for mode in ["atomic", "independent"] {
        let site = Site::start();
        let batch = batch(mode, &[pay("world", "a", 5), pay("a", "b", 5), pay("world", "a", 5)]);
        let first = site.call(&keyed(&batch, "k")).json();
        assert_eq!(statuses(&first), [201; 3]);
        let mut again = site.call(&keyed(&batch, "k")).json();
        for result in again["results"].as_array_mut().unwrap() {
            assert_eq!(result.as_object_mut().unwrap().remove("replayed"), Some(json!(true)));
        }
        assert_eq!(again, first);
        assert_eq!(site.entries(), 3);
        // The key itself is another one than those that are made of it.
        let alone = json!({ "postings": [posting("world", "a", "USD/2", 5)] });
        let alone = Request::post("/v1/ledgers/main/transactions").header("idempotency-key", "k").json(alone);
        assert_eq!(site.call(&alone).header("idempotency-replayed"), None);
    }
}

#[test]
fn another_command_in_its_place_is_refused() {
    let site = Site::start();
    site.call(&keyed(&batch("atomic", &[pay("world", "a", 5), pay("world", "b", 5)]), "k"));
    let other =
        site.call(&keyed(&batch("atomic", &[pay("world", "a", 5), pay("world", "b", 6)]), "k")).json();
    assert_eq!(codes(&other), ["", "idempotency.key_reused"], "what was recorded before is replayed");
    assert_eq!((&other["applied"], &other["results"][0]["replayed"]), (&json!(false), &json!(true)));
    assert_eq!(site.entries(), 2);
}

#[test]
fn commands_with_keys_of_their_own_keep_them() {
    let site = Site::start();
    let mut keyed_pay = pay("world", "a", 5);
    keyed_pay["idempotency_key"] = json!("own");
    let commands = [keyed_pay.clone(), pay("world", "a", 1)];
    site.call(&keyed(&batch("independent", &commands), "k"));
    keyed_pay.as_object_mut().unwrap().remove("type");
    keyed_pay.as_object_mut().unwrap().remove("idempotency_key");
    let alone =
        Request::post("/v1/ledgers/main/transactions").header("idempotency-key", "own").json(&keyed_pay);
    assert_eq!(site.call(&alone).header("idempotency-replayed"), Some("true"));
    assert_eq!(site.entries(), 2);
}

#[test]
fn the_same_key_twice_in_a_batch_happens_once() {
    for mode in ["atomic", "independent"] {
        let site = Site::start();
        let mut command = pay("world", "a", 5);
        command["idempotency_key"] = json!("same");
        let reply = submit(&site, mode, &[command.clone(), command.clone()]);
        assert_eq!(statuses(&reply), [201; 2]);
        assert_eq!(reply["results"][1]["replayed"], true, "{reply}");
        assert_eq!(reply["results"][0]["body"], reply["results"][1]["body"]);
        assert_eq!(site.entries(), 1);
    }
}

#[test]
fn keys_that_the_service_makes_cannot_be_chosen() {
    let site = Site::start();
    let body = json!({ "postings": [posting("world", "a", "USD/2", 5)] });
    let reply = site.call(
        &Request::post("/v1/ledgers/main/transactions")
            .header("idempotency-key", "florin:batch:x:0")
            .json(body),
    );
    assert_eq!((reply.status, reply.code().as_str()), (400, "request.invalid"));
    assert_eq!(reply.json()["errors"][0]["field"], "Idempotency-Key");
}

#[test]
fn all_that_is_wrong_with_any_command_is_said_at_once() {
    let site = Site::start();
    let mut dry = pay("world", "a", 1);
    dry["dry_run"] = json!(true);
    let mut negative = pay("world", "a", 1);
    negative["postings"][0]["amount"] = json!("-1");
    let reply = site.post(
        BATCHES,
        &json!({ "mode": "both", "commands": [pay("world", "a", 1), negative, dry, { "type": "void" }], "x": 1 }),
    );
    assert_eq!(reply.status, 400);
    let errors = reply.json()["errors"].as_array().unwrap().clone();
    let fields: Vec<_> = errors.iter().map(|error| error["field"].as_str().unwrap()).collect();
    let wanted = ["mode", "commands[1].postings[0].amount", "commands[2].dry_run", "commands[3].hold", "x"];
    assert_eq!(fields, wanted);
    assert_eq!(site.entries(), 0);
}

#[test]
fn a_thousand_commands_are_taken_and_one_more_is_not() {
    let site = Site::start();
    let thousand = vec![pay("world", "a", 1); 1000];
    for mode in ["atomic", "independent"] {
        assert_eq!(statuses(&submit(&site, mode, &thousand)), [201; 1000]);
    }
    let reply = site.post(BATCHES, &batch("atomic", &vec![pay("world", "a", 1); 1001]));
    assert_eq!((reply.status, &reply.json()["errors"][0]["field"]), (400, &json!("commands")));
    assert_eq!(site.entries(), 2000);
}

#[test]
fn an_atomic_batch_that_no_queue_has_room_for_is_refused_for_good() {
    let site = Site::start_with(&[("PX_ENGINE__QUEUE_MAX", "1000")]);
    let voids = vec![json!({ "type": "void", "hold": 0 }); 32];
    let reply = site.post(BATCHES, &batch("atomic", &voids));
    assert_eq!((reply.status, &reply.json()["errors"][0]["field"]), (400, &json!("commands")), "{reply:?}");
    // Each for itself, they take turns.
    assert_eq!(statuses(&submit(&site, "independent", &voids)), [404; 32]);
    let wide = vec![pay("world", "a", 1); 1000];
    assert_eq!(statuses(&submit(&site, "independent", &wide)), [201; 1000]);
}

#[test]
fn a_ledger_that_is_not_there_fails_an_atomic_batch_as_a_whole() {
    let site = Site::start();
    let path = "/v1/ledgers/none/batches";
    let reply: Reply = site.post(path, &batch("atomic", &[pay("world", "a", 1)]));
    assert_eq!((reply.status, reply.code().as_str()), (404, "ledger.not_found"));
    let reply = site.post(path, &batch("independent", &[pay("world", "a", 1)])).json();
    assert_eq!(codes(&reply), ["ledger.not_found"]);
}
