//! The log: every entry as it was recorded, in order.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::harness::Request;
use crate::history;
use crate::shown::shown;
use crate::site::{Site, TRANSACTIONS, posting};

const LOG: &str = "/v1/ledgers/main/log";

fn items(site: &Site, path: &str) -> Vec<Value> {
    site.json(path)["items"].as_array().unwrap().clone()
}

#[test]
fn an_entry_shows_all_that_was_recorded() {
    let site = Site::start();
    let body = json!({
        "postings": [posting("world", "a", "USD/2", 5)],
        "reference": "order-1",
        "effective_at": "2026-01-31T12:00:00Z",
        "metadata": { "order": "1" },
    });
    site.call(&Request::post(TRANSACTIONS).header("idempotency-key", "key-1").json(body));
    assert_snapshot!(shown(&site.get(LOG)), @r#"
    200
    content-type: application/json
    x-request-id: [id]

    {
      "items": [
        {
          "number": 0,
          "type": "transaction",
          "recorded_at": "[now]",
          "effective_at": "2026-01-31T12:00:00.000000Z",
          "idempotency_key": "key-1",
          "reference": "order-1",
          "postings": [
            {
              "source": "world",
              "destination": "a",
              "asset": "USD/2",
              "amount": "5"
            }
          ],
          "captures": null,
          "reverses": null,
          "releases": null,
          "expires_at": null,
          "account": null,
          "policy": null,
          "transaction": null,
          "metadata": {
            "order": "1"
          },
          "balances": [
            {
              "account": "a",
              "asset": "USD/2",
              "posted_in": "5",
              "posted_out": "0",
              "pending_in": "0",
              "pending_out": "0",
              "posted": "5",
              "available": "5"
            },
            {
              "account": "world",
              "asset": "USD/2",
              "posted_in": "0",
              "posted_out": "5",
              "pending_in": "0",
              "pending_out": "0",
              "posted": "-5",
              "available": "-5"
            }
          ]
        }
      ],
      "next_cursor": null
    }
    "#);
}

#[test]
fn the_log_has_every_transaction_in_the_order_of_its_recording() {
    let site = Site::start();
    let transactions = history::write(&site);
    let log = items(&site, LOG);
    assert_eq!(log.len(), transactions.len());
    for (number, (entry, transaction)) in log.iter().zip(&transactions).enumerate() {
        assert_eq!(entry["number"], number);
        assert_eq!(entry["number"], transaction["id"]);
        for member in ["recorded_at", "effective_at", "reference", "postings", "metadata", "balances"] {
            assert_eq!(entry[member], transaction[member], "{member}");
        }
    }
    let times: Vec<_> = log.iter().map(|entry| entry["recorded_at"].as_str().unwrap()).collect();
    assert!(times.is_sorted(), "{times:?}");
}

#[test]
fn reading_goes_on_after_the_last_entry_seen() {
    let site = Site::start();
    history::write(&site);
    let log = items(&site, LOG);
    for after in [0, 7, 16] {
        assert_eq!(items(&site, &format!("{LOG}?after={after}")), log[after + 1..]);
    }
    for after in ["17", "18", "18446744073709551615"] {
        assert_eq!(items(&site, &format!("{LOG}?after={after}")), [Value::Null; 0]);
    }
    let page = site.json(&format!("{LOG}?after=3&limit=5"));
    assert_eq!(page["items"], json!(log[4..9]));
    let cursor = page["next_cursor"].as_str().unwrap();
    assert_eq!(items(&site, &format!("{LOG}?after=3&limit=1000&cursor={cursor}")), log[9..]);
}

#[test]
fn what_was_refused_is_not_in_the_log() {
    let site = Site::start();
    site.pay("world", "a", "USD/2", 5);
    let poor = json!({ "postings": [posting("a", "b", "USD/2", 6)] });
    assert_eq!(site.post(TRANSACTIONS, &poor).status, 422);
    let dry = json!({ "postings": [posting("a", "b", "USD/2", 5)], "dry_run": true });
    assert_eq!(site.post(TRANSACTIONS, &dry).status, 200);
    site.pay("a", "b", "USD/2", 5);
    let numbers: Vec<_> = items(&site, LOG).iter().map(|entry| entry["number"].clone()).collect();
    assert_eq!(numbers, [0, 1], "and leaves no gap");
}
