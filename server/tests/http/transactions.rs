//! Transactions: money moves as the postings say, in their order, or not at all.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::harness::Request;
use crate::shown::shown;
use crate::site::{Site, TRANSACTIONS, posting};

#[test]
fn a_transaction_is_created_and_shown() {
    let site = Site::start();
    let body = json!({
        "postings": [
            { "source": "world", "destination": "users:42:wallet", "asset": "USD/2", "amount": "1250" },
            { "source": "users:42:wallet", "destination": "shops:7", "asset": "USD/2", "amount": 1000 },
        ],
        "reference": "order-1001",
        "effective_at": "2026-01-31T12:00:00Z",
        "metadata": { "order": "1001", "note": "Grüße" },
        "dry_run": false,
    });
    let created = site.post(TRANSACTIONS, &body);
    assert_snapshot!(shown(&created), @r#"
    201
    content-type: application/json
    location: /v1/ledgers/main/transactions/0
    x-request-id: [id]

    {
      "id": 0,
      "ledger": "main",
      "postings": [
        {
          "source": "world",
          "destination": "users:42:wallet",
          "asset": "USD/2",
          "amount": "1250"
        },
        {
          "source": "users:42:wallet",
          "destination": "shops:7",
          "asset": "USD/2",
          "amount": "1000"
        }
      ],
      "reference": "order-1001",
      "metadata": {
        "note": "Grüße",
        "order": "1001"
      },
      "effective_at": "2026-01-31T12:00:00.000000Z",
      "recorded_at": "[now]",
      "reverses": null,
      "reversed": [
        "0",
        "0"
      ],
      "balances": [
        {
          "account": "shops:7",
          "asset": "USD/2",
          "posted_in": "1000",
          "posted_out": "0",
          "pending_in": "0",
          "pending_out": "0",
          "posted": "1000",
          "available": "1000"
        },
        {
          "account": "users:42:wallet",
          "asset": "USD/2",
          "posted_in": "1250",
          "posted_out": "1000",
          "pending_in": "0",
          "pending_out": "0",
          "posted": "250",
          "available": "250"
        },
        {
          "account": "world",
          "asset": "USD/2",
          "posted_in": "0",
          "posted_out": "1250",
          "pending_in": "0",
          "pending_out": "0",
          "posted": "-1250",
          "available": "-1250"
        }
      ]
    }
    "#);
    let path = created.header("location").unwrap();
    let got = site.get(path);
    assert_eq!((got.status, &got.body), (200, &created.body));
}

#[test]
fn the_smallest_transaction_says_no_more_than_its_posting() {
    let site = Site::start();
    let created = site.post(TRANSACTIONS, &json!({ "postings": [posting("world", "a", "POINTS", 0)] }));
    assert_snapshot!(shown(&created), @r#"
    201
    content-type: application/json
    location: /v1/ledgers/main/transactions/0
    x-request-id: [id]

    {
      "id": 0,
      "ledger": "main",
      "postings": [
        {
          "source": "world",
          "destination": "a",
          "asset": "POINTS",
          "amount": "0"
        }
      ],
      "reference": null,
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
          "asset": "POINTS",
          "posted_in": "0",
          "posted_out": "0",
          "pending_in": "0",
          "pending_out": "0",
          "posted": "0",
          "available": "0"
        },
        {
          "account": "world",
          "asset": "POINTS",
          "posted_in": "0",
          "posted_out": "0",
          "pending_in": "0",
          "pending_out": "0",
          "posted": "0",
          "available": "0"
        }
      ]
    }
    "#);
}

#[test]
fn a_member_of_null_is_one_that_is_left_out() {
    let site = Site::start();
    let mut body = json!({ "postings": [posting("world", "a", "USD/2", 5)] });
    let plain = site.transact(&body);
    for member in ["reference", "effective_at", "metadata", "dry_run"] {
        body[member] = json!(null);
    }
    let nulls = site.transact(&body);
    for member in ["reference", "metadata", "reverses", "reversed", "postings"] {
        assert_eq!(plain[member], nulls[member], "{member}");
    }
}

#[test]
fn what_is_not_there_is_not_found() {
    let site = Site::start();
    site.pay("world", "a", "USD/2", 5);
    assert_snapshot!(shown(&site.get("/v1/ledgers/main/transactions/1")), @r#"
    404
    content-type: application/problem+json
    x-request-id: [id]

    {
      "type": "/docs/errors#transaction.not_found",
      "title": "No such transaction",
      "status": 404,
      "code": "transaction.not_found",
      "request_id": "[id]"
    }
    "#);
}

#[test]
fn a_transaction_shows_the_balances_right_after_it_for_good() {
    let site = Site::start();
    let first = site.pay("world", "a", "USD/2", 5);
    site.pay("world", "a", "USD/2", 7);
    site.pay("a", "b", "USD/2", 12);
    assert_eq!(site.json("/v1/ledgers/main/transactions/0"), first);
}

#[test]
fn money_that_is_not_there_does_not_move() {
    let site = Site::start();
    site.pay("world", "users:42:wallet", "USD/2", 300);
    let postings = [posting("world", "b", "USD/2", 1), posting("users:42:wallet", "b", "USD/2", 1250)];
    let refused = site.post(TRANSACTIONS, &json!({ "postings": postings }));
    assert_snapshot!(shown(&refused), @r#"
    422
    content-type: application/problem+json
    x-request-id: [id]

    {
      "type": "/docs/errors#transaction.insufficient_funds",
      "title": "Insufficient funds",
      "status": 422,
      "code": "transaction.insufficient_funds",
      "detail": "Posting 1 takes 1250 of USD/2 from users:42:wallet, which has 300 available: 950 is missing.",
      "request_id": "[id]",
      "posting": 1,
      "account": "users:42:wallet",
      "asset": "USD/2",
      "available": "300",
      "amount": "1250",
      "shortfall": "950"
    }
    "#);
    assert_eq!(site.entries(), 1);
    assert_eq!(site.get("/v1/ledgers/main/accounts/b").status, 404, "nothing of it happened");
}

#[test]
fn money_in_one_asset_does_not_pay_in_another() {
    let site = Site::start();
    site.pay("world", "a", "USD/2", 300);
    for asset in ["USD", "USD/3", "EUR/2", "USD_TEST/2"] {
        let refused = site.post(TRANSACTIONS, &json!({ "postings": [posting("a", "b", asset, 1)] }));
        assert_eq!(refused.code(), "transaction.insufficient_funds", "{asset}");
        assert_eq!(refused.json()["available"], "0");
    }
}

#[test]
fn postings_take_effect_in_their_order() {
    let site = Site::start();
    let into = posting("world", "a", "USD/2", 5);
    let on = posting("a", "b", "USD/2", 5);
    let refused = site.post(TRANSACTIONS, &json!({ "postings": [on, into] }));
    assert_eq!(refused.code(), "transaction.insufficient_funds");
    let created = site.transact(&json!({ "postings": [into, on] }));
    let balances: Vec<_> = created["balances"]
        .as_array()
        .unwrap()
        .iter()
        .map(|balance| {
            format!("{} {}", balance["account"].as_str().unwrap(), balance["posted"].as_str().unwrap())
        })
        .collect();
    assert_eq!(balances, ["a 0", "b 5", "world -5"]);
}

#[test]
fn a_thousand_postings_are_one_transaction() {
    let site = Site::start();
    let postings: Vec<_> = (0..1000).map(|n| posting("world", &format!("users:{n}"), "USD/2", n)).collect();
    let created = site.transact(&json!({ "postings": postings }));
    assert_eq!(created["postings"], json!(postings));
    assert_eq!(created["balances"].as_array().unwrap().len(), 1001);
    assert_eq!(site.entries(), 1);
    assert_eq!(site.json(&format!("{TRANSACTIONS}/0")), created);
}

#[test]
fn a_reference_is_taken_once() {
    let site = Site::start();
    site.pay("world", "a", "USD/2", 5);
    let body = json!({ "postings": [posting("world", "a", "USD/2", 5)], "reference": "Bestellung Nº 1" });
    assert_eq!(site.transact(&body)["id"], 1);
    let refused = site.post(TRANSACTIONS, &body);
    assert_snapshot!(shown(&refused), @r#"
    409
    content-type: application/problem+json
    x-request-id: [id]

    {
      "type": "/docs/errors#transaction.reference_taken",
      "title": "The reference is taken",
      "status": 409,
      "code": "transaction.reference_taken",
      "detail": "Entry 1 has this reference.",
      "request_id": "[id]",
      "reference": "Bestellung Nº 1",
      "transaction": 1
    }
    "#);
    assert_eq!(site.entries(), 2);
}

#[test]
fn times_of_any_offset_are_kept_as_their_moment() {
    let site = Site::start();
    for (sent, kept) in [
        ("2026-01-31T12:00:00+02:00", "2026-01-31T10:00:00.000000Z"),
        ("2026-01-31T12:00:00.000001Z", "2026-01-31T12:00:00.000001Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
    ] {
        let created = site.transact(&json!({
            "postings": [posting("world", "a", "USD/2", 5)], "effective_at": sent,
        }));
        assert_eq!(created["effective_at"], kept);
        assert_eq!(site.json(&format!("{TRANSACTIONS}/{}", created["id"]))["effective_at"], kept);
    }
}

#[test]
fn metadata_comes_back_as_it_was_sent() {
    let site = Site::start();
    let mut metadata: serde_json::Map<_, _> = (0..61).map(|n| (format!("k{n:02}"), json!("v"))).collect();
    metadata.insert("long".into(), json!("ä".repeat(512)));
    metadata.insert("k".repeat(64), json!(""));
    metadata.insert("Zeichen \" \\ 😀".into(), json!("'; DROP TABLE entries; -- \r\n\t\u{7f}"));
    let metadata = Value::Object(metadata);
    let body = json!({ "postings": [posting("world", "a", "USD/2", 5)], "metadata": metadata });
    let created = site.transact(&body);
    assert_eq!(created["metadata"], metadata);
    assert_eq!(site.json(TRANSACTIONS)["items"][0]["metadata"], metadata);
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let site = Site::start();
    let body = json!({
        "postings": [
            { "source": "world", "destination": "world", "asset": "USD/2", "amount": "1" },
            { "source": "a b", "asset": "usd", "amount": 1.5, "memo": "x" },
            7,
        ],
        "reference": "",
        "effective_at": "yesterday",
        "metadata": { "a": 1, "b": "\0" },
        "dry_run": "no",
        "expect": [{ "account": "a", "asset": "USD/2", "posted": {} }],
    });
    let request =
        Request::post("/v1/ledgers/MAIN/transactions?force=1").header("idempotency-key", "a b").json(body);
    assert_snapshot!(shown(&site.call(&request)), @r#"
    400
    content-type: application/problem+json
    x-request-id: [id]

    {
      "type": "/docs/errors#request.invalid",
      "title": "The request is malformed",
      "status": 400,
      "code": "request.invalid",
      "request_id": "[id]",
      "errors": [
        {
          "field": "force",
          "message": "is unknown; no parameters are taken here"
        },
        {
          "field": "Idempotency-Key",
          "message": "must be 1 to 255 visible ASCII characters"
        },
        {
          "field": "ledger",
          "message": "must be 1 to 63 of a-z, 0-9, _ and -, and begin with a letter or digit"
        },
        {
          "field": "postings[0].destination",
          "message": "must be another account than the source"
        },
        {
          "field": "postings[1].source",
          "message": "must be an address: segments of a-z, A-Z, 0-9, _ and - with colons between them"
        },
        {
          "field": "postings[1].asset",
          "message": "must be an asset such as USD/2: a code of up to 17 upper-case letters and digits, perhaps a _ with up to 16 upper-case letters, perhaps a / with a scale of up to 6 digits"
        },
        {
          "field": "postings[1].amount",
          "message": "must be a whole number of minor units: digits only, no sign, fraction or exponent"
        },
        {
          "field": "postings[1].memo",
          "message": "is unknown; known here: source, destination, asset, amount"
        },
        {
          "field": "postings[1].destination",
          "message": "is required"
        },
        {
          "field": "postings[2]",
          "message": "must be an object, not a number"
        },
        {
          "field": "reference",
          "message": "is empty; leave it out or make it 1 to 255 bytes"
        },
        {
          "field": "effective_at",
          "message": "must be an RFC 3339 time such as 2026-01-31T12:00:00Z"
        },
        {
          "field": "metadata.a",
          "message": "must be a string, not a number"
        },
        {
          "field": "metadata.b",
          "message": "must be at most 1024 bytes without NUL"
        },
        {
          "field": "dry_run",
          "message": "must be true or false, not a string"
        },
        {
          "field": "expect[0].posted",
          "message": "must have at_least, at_most or equals"
        }
      ]
    }
    "#);
}
