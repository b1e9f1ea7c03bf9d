//! Dry runs: what would happen, and nothing does.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::harness::Request;
use crate::shown::shown;
use crate::site::{Site, TRANSACTIONS, posting};

fn dry(mut body: Value) -> Value {
    body["dry_run"] = json!(true);
    body
}

#[test]
fn a_dry_run_shows_what_would_be_and_leaves_nothing_behind() {
    let site = Site::start();
    site.pay("world", "a", "USD/2", 5);
    let body = json!({ "postings": [posting("a", "b", "USD/2", 3)], "reference": "order-1" });
    let shown_only = site.post(TRANSACTIONS, &dry(body.clone()));
    assert_snapshot!(shown(&shown_only), @r#"
    200
    content-type: application/json
    x-request-id: [id]

    {
      "id": null,
      "ledger": "main",
      "postings": [
        {
          "source": "a",
          "destination": "b",
          "asset": "USD/2",
          "amount": "3"
        }
      ],
      "reference": "order-1",
      "metadata": {},
      "effective_at": "[now]",
      "recorded_at": "[now]",
      "reverses": null,
      "reversed": [
        "0"
      ],
      "balances": [
        {
          "account": "a",
          "asset": "USD/2",
          "posted_in": "5",
          "posted_out": "3",
          "pending_in": "0",
          "pending_out": "0",
          "posted": "2",
          "available": "2"
        },
        {
          "account": "b",
          "asset": "USD/2",
          "posted_in": "3",
          "posted_out": "0",
          "pending_in": "0",
          "pending_out": "0",
          "posted": "3",
          "available": "3"
        }
      ]
    }
    "#);

    assert_eq!(site.entries(), 1);
    assert_eq!(site.get("/v1/ledgers/main/accounts/b").status, 404);
    assert_eq!(site.json("/v1/ledgers/main/accounts/a")["balances"][0]["posted"], "5");
    assert_eq!(site.json(TRANSACTIONS)["items"].as_array().unwrap().len(), 1);

    let mut real = site.transact(&body);
    let mut tried = shown_only.json();
    assert_eq!(real["id"], 1, "and the reference was still free");
    for transaction in [&mut real, &mut tried] {
        for member in ["id", "recorded_at", "effective_at"] {
            transaction[member] = json!(null);
        }
    }
    assert_eq!(tried, real);
}

#[test]
fn a_dry_run_is_refused_for_the_same_reasons() {
    let site = Site::start();
    site.transact(&json!({ "postings": [posting("world", "a", "USD/2", 5)], "reference": "order-1" }));
    for body in [
        json!({ "postings": [posting("a", "b", "USD/2", 6)] }),
        json!({ "postings": [posting("a", "b", "USD/2", 1)], "reference": "order-1" }),
        json!({ "postings": [] }),
        json!({ "postings": [posting("a", "b", "USD/2", 1)], "reference": "" }),
    ] {
        let (mut real, mut tried) =
            (site.post(TRANSACTIONS, &body).json(), site.post(TRANSACTIONS, &dry(body)).json());
        for problem in [&mut real, &mut tried] {
            problem["request_id"] = json!(null);
        }
        assert_eq!(real, tried);
    }
    let missing =
        site.post("/v1/ledgers/other/transactions", &dry(json!({ "postings": [posting("a", "b", "X", 1)] })));
    assert_eq!(missing.code(), "ledger.not_found");
}

#[test]
fn a_dry_run_does_not_use_its_key() {
    let site = Site::start();
    let body = json!({ "postings": [posting("world", "a", "USD/2", 5)] });
    let keyed =
        |body: &Value| site.call(&Request::post(TRANSACTIONS).header("idempotency-key", "k").json(body));
    for _ in 0..2 {
        let tried = keyed(&dry(body.clone()));
        assert_eq!((tried.status, tried.header("idempotency-replayed")), (200, None));
    }
    let real = keyed(&body);
    assert_eq!((real.status, real.header("idempotency-replayed")), (201, None));
    assert_eq!(keyed(&dry(body)).code(), "idempotency.key_reused", "it is another request than the real one");
}
