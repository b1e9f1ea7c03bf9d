//! Changes of what is kept beside transactions: as it is, as it was, and what finds a transaction.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::harness::{Reply, Request};
use crate::shown::shown;
use crate::site::{Site, TRANSACTIONS, posting};

fn patch(site: &Site, transaction: u64, metadata: &Value) -> Reply {
    let body = json!({ "metadata": metadata });
    site.call(&Request::patch(format!("{TRANSACTIONS}/{transaction}")).json(&body))
}

fn change(site: &Site, transaction: u64, metadata: &Value) -> Value {
    let reply = patch(site, transaction, metadata);
    assert_eq!(reply.status, 200, "{metadata}: {reply:?}");
    reply.json()
}

fn create(site: &Site, amount: u64, metadata: &Value) {
    let postings = json!([posting("world", "users:42", "USD/2", amount)]);
    let reply = site.post(TRANSACTIONS, &json!({ "postings": postings, "metadata": metadata }));
    assert_eq!(reply.status, 201, "{reply:?}");
}

fn items(site: &Site, path: &str) -> Vec<Value> {
    site.json(path)["items"].as_array().unwrap().clone()
}

fn found(site: &Site, query: &str) -> Vec<u64> {
    let items = items(site, &format!("{TRANSACTIONS}?{query}"));
    items.iter().map(|transaction| transaction["id"].as_u64().unwrap()).collect()
}

#[test]
fn a_change_is_answered_with_all_that_is_kept_from_then_on() {
    let site = Site::start();
    create(&site, 300, &json!({ "order": "1001", "note": "x" }));
    let reply = patch(&site, 0, &json!({ "note": null, "invoice": "77" }));
    assert_snapshot!(shown(&reply), @r#"
    200
    content-type: application/json
    x-request-id: [id]

    {
      "entry": 1,
      "recorded_at": "[now]",
      "transaction": 0,
      "metadata": {
        "invoice": "77",
        "order": "1001"
      }
    }
    "#);
    let shown = site.json(&format!("{TRANSACTIONS}/0"));
    assert_eq!(shown["metadata"], json!({ "invoice": "77", "order": "1001" }));
    assert_eq!(items(&site, TRANSACTIONS), [shown]);
    // An empty change is one as well.
    assert_eq!(change(&site, 0, &json!({}))["entry"], 2);
}

#[test]
fn the_log_and_exports_show_what_was_recorded() {
    let site = Site::start();
    create(&site, 300, &json!({ "order": "1001" }));
    change(&site, 0, &json!({ "order": "1002" }));
    let log = items(&site, "/v1/ledgers/main/log");
    let kinds: Vec<_> = log.iter().map(|entry| (&entry["type"], &entry["transaction"])).collect();
    assert_eq!(kinds, [(&json!("transaction"), &Value::Null), (&json!("transaction_change"), &json!(0))]);
    let kept: Vec<_> = log.iter().map(|entry| &entry["metadata"]["order"]).collect();
    assert_eq!(kept, ["1001", "1002"]);
    assert_eq!((&log[1]["postings"], &log[1]["balances"]), (&json!([]), &json!([])));
    let export = site.get("/v1/ledgers/main/export");
    let lines: Vec<Value> = String::from_utf8(export.bytes.clone())
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!((&lines[1]["type"], &lines[1]["metadata"]["order"]), (&json!("transaction"), &json!("1001")));
    assert_eq!(lines[1].get("transaction"), None);
    assert_eq!((&lines[2]["type"], &lines[2]["transaction"]), (&json!("transaction_change"), &json!(0)));
    assert_eq!(lines[2]["metadata"]["order"], "1002");
    let csv = String::from_utf8(site.get("/v1/ledgers/main/export?format=csv").bytes.clone()).unwrap();
    assert!(csv.contains("1001") && !csv.contains("1002"), "{csv}");
}

#[test]
fn transactions_are_found_by_what_is_kept_now() {
    let site = Site::start();
    create(&site, 1, &json!({ "kind": "order", "order": "1" }));
    create(&site, 2, &json!({ "kind": "order", "order": "2" }));
    create(&site, 3, &json!({}));
    assert_eq!(found(&site, "metadata[kind]=order"), [1, 0]);
    change(&site, 0, &json!({ "kind": "refund" }));
    change(&site, 2, &json!({ "kind": "order" }));
    assert_eq!(found(&site, "metadata[kind]=order"), [2, 1]);
    assert_eq!(found(&site, "metadata[kind]=refund"), [0]);
    assert_eq!(found(&site, "metadata[kind]=order&metadata[order]=2"), [1]);
    assert_eq!(found(&site, "metadata[kind]=refund&metadata[order]=2"), [0; 0]);
    assert_eq!(found(&site, "metadata[kind]=order&account=users:&order=asc"), [1, 2]);
    assert_eq!(found(&site, "metadata[kind]=order&amount[at_least]=3"), [2]);
}

#[test]
fn amounts_are_bounded_for_the_posting_of_the_other_filters() {
    let site = Site::start();
    for amount in [5, 10, 15] {
        create(&site, amount, &json!({}));
    }
    assert_eq!(found(&site, "amount[at_least]=10"), [2, 1]);
    assert_eq!(found(&site, "amount[at_most]=10&order=asc"), [0, 1]);
    assert_eq!(found(&site, "amount[at_least]=6&amount[at_most]=14&destination=users:42"), [1]);
    assert_eq!(found(&site, "amount[at_least]=6&source=users:42"), [0; 0]);
    for (query, field) in [
        ("amount=5", "amount"),
        ("amount[equals]=5", "amount[equals]"),
        ("amount[at_least]=-5", "amount[at_least]"),
        ("amount[at_least]=2&amount[at_most]=1", "amount[at_most]"),
    ] {
        let reply = site.get(&format!("{TRANSACTIONS}?{query}"));
        assert_eq!((reply.status, &*reply.code()), (400, "request.invalid"), "{query}");
        assert_eq!(reply.json()["errors"][0]["field"], field, "{query}");
    }
}

#[test]
fn changes_are_listed_newest_first() {
    let site = Site::start();
    create(&site, 1, &json!({ "order": "1" }));
    create(&site, 1, &json!({}));
    for order in ["2", "3", "4"] {
        change(&site, 0, &json!({ "order": order }));
    }
    let path = format!("{TRANSACTIONS}/0/changes");
    let changes = items(&site, &path);
    let kept: Vec<_> =
        changes.iter().map(|change| (&change["entry"], &change["metadata"]["order"])).collect();
    assert_eq!(kept, [(&json!(4), &json!("4")), (&json!(3), &json!("3")), (&json!(2), &json!("2"))]);
    let page = site.json(&format!("{path}?limit=2"));
    assert_eq!(page["items"], json!(changes[..2]));
    let cursor = page["next_cursor"].as_str().unwrap();
    assert_eq!(items(&site, &format!("{path}?limit=2&cursor={cursor}")), changes[2..]);
    assert_eq!(items(&site, &format!("{TRANSACTIONS}/1/changes")), [Value::Null; 0]);
    for number in [2, 5, 99] {
        let reply = site.get(&format!("{TRANSACTIONS}/{number}/changes"));
        assert_eq!((reply.status, &*reply.code()), (404, "transaction.not_found"), "{number}");
    }
}

#[test]
fn a_change_is_rejected_in_the_order_of_precedence() {
    let site = Site::start();
    create(&site, 1, &json!({}));
    let with_key = |transaction: u64, metadata: &Value| {
        let body = json!({ "metadata": metadata });
        let path = format!("{TRANSACTIONS}/{transaction}");
        site.call(&Request::patch(path).header("idempotency-key", "k").json(&body))
    };
    let full: serde_json::Map<_, _> = (0..64).map(|n| (format!("k{n}"), json!(""))).collect();
    let first = with_key(0, &full.clone().into());
    let again = with_key(0, &full.into());
    assert_eq!((again.status, &again.bytes), (200, &first.bytes));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    // Malformed, not found, key reused, too large.
    let codes = |reply: &Reply| (reply.status, reply.code());
    assert_eq!(codes(&with_key(99, &json!(5))), (400, "request.invalid".to_owned()));
    assert_eq!(codes(&with_key(99, &json!({ "a": "" }))), (404, "transaction.not_found".to_owned()));
    assert_eq!(codes(&with_key(1, &json!({ "a": "" }))), (404, "transaction.not_found".to_owned()));
    assert_eq!(codes(&with_key(0, &json!({ "a": "" }))), (422, "idempotency.key_reused".to_owned()));
    let large = patch(&site, 0, &json!({ "a": "" }));
    assert_eq!((&large.json()["transaction"], &large.json()["max"]), (&json!(0), &json!(64)));
    assert_eq!(codes(&large), (422, "transaction.too_large".to_owned()));
    let elsewhere = Request::patch("/v1/ledgers/none/transactions/0").json(json!({ "metadata": {} }));
    assert_eq!(site.call(&elsewhere).code(), "ledger.not_found");
    assert_eq!(site.json("/v1/ledgers/main")["entries"], 2);
}
