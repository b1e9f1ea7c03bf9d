//! Idempotency keys: the same request happens once, however often and however many at a time it is sent.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::harness::{Reply, Request};
use crate::shown::shown;
use crate::site::{Site, TRANSACTIONS, all_at_once, posting};

fn body(amount: u64) -> Value {
    json!({ "postings": [posting("world", "a", "USD/2", amount)] })
}

fn keyed(key: &str, body: &Value) -> Request {
    Request::post(TRANSACTIONS).header("idempotency-key", key).json(body)
}

/// The reply is the one that was given before, marked as such.
fn is_replay_of(first: &Reply, replay: &Reply) {
    assert_eq!((replay.status, &replay.body), (first.status, &first.body));
    assert_eq!(replay.header("location"), first.header("location"));
    assert_eq!(replay.header("content-type"), first.header("content-type"));
    assert_eq!(first.header("idempotency-replayed"), None);
    assert_eq!(replay.header("idempotency-replayed"), Some("true"));
    assert_ne!(
        replay.header("x-request-id"),
        first.header("x-request-id"),
        "it is another request all the same"
    );
}

#[test]
fn the_same_request_again_gets_the_same_reply_and_has_no_effect() {
    let site = Site::start();
    let first = site.call(&keyed("k", &body(5)));
    site.pay("a", "b", "USD/2", 3);
    for _ in 0..3 {
        is_replay_of(&first, &site.call(&keyed("k", &body(5))));
    }
    assert_eq!(site.entries(), 2);
    let replay = site.call(&keyed("k", &body(5)));
    assert_snapshot!(shown(&replay), @r#"
    201
    content-type: application/json
    idempotency-replayed: true
    location: /v1/ledgers/main/transactions/0
    x-request-id: [id]

    {
      "id": 0,
      "ledger": "main",
      "postings": [
        {
          "source": "world",
          "destination": "a",
          "asset": "USD/2",
          "amount": "5"
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
    "#);
}

#[test]
fn without_a_key_the_same_request_is_another_one() {
    let site = Site::start();
    site.transact(&body(5));
    assert_eq!(site.transact(&body(5))["id"], 1);
}

#[test]
fn another_request_under_the_same_key_is_refused() {
    let site = Site::start();
    site.call(&keyed("k", &body(5)));
    let refused = site.call(&keyed("k", &body(6)));
    assert_snapshot!(shown(&refused), @r#"
    422
    content-type: application/problem+json
    x-request-id: [id]

    {
      "type": "/docs/errors#idempotency.key_reused",
      "title": "The idempotency key was used for another request",
      "status": 422,
      "code": "idempotency.key_reused",
      "request_id": "[id]"
    }
    "#);
    let first = body(5);
    for (member, value) in [
        ("postings", json!([posting("world", "b", "USD/2", 5)])),
        ("postings", json!([posting("world", "a", "USD/3", 5)])),
        ("postings", json!([posting("world", "a", "USD/2", 5), posting("world", "a", "USD/2", 0)])),
        ("reference", json!("order-1")),
        ("metadata", json!({ "a": "b" })),
        ("effective_at", json!("2026-01-31T12:00:00Z")),
        ("dry_run", json!(true)),
    ] {
        let mut other = first.clone();
        other[member] = value;
        assert_eq!(site.call(&keyed("k", &other)).code(), "idempotency.key_reused", "{other}");
    }
    assert_eq!(site.entries(), 1);
}

#[test]
fn the_same_request_in_other_words_is_the_same() {
    let site = Site::start();
    let first = site.call(&keyed(
        "k",
        &json!({
            "postings": [posting("world", "a", "USD/2", 1250)],
            "effective_at": "2026-01-31T12:00:00Z",
            "metadata": { "a": "1", "b": "2" },
        }),
    ));
    let words = r#" {"dry_run": false, "reference": null,
        "metadata": {"b": "2", "\u0061": "1"}, "effective_at": "2026-01-31T14:00:00.000+02:00",
        "postings": [{"amount": 01250, "asset": "USD\/2", "destination": "a", "source": "world"}] } "#;
    let again =
        Request::post(TRANSACTIONS).header("Idempotency-KEY", "k").json(words.replace("01250", "1250"));
    is_replay_of(&first, &site.call(&again));
}

#[test]
fn a_refused_request_leaves_its_key_unused() {
    let site = Site::start();
    let poor = json!({ "postings": [posting("a", "b", "USD/2", 5)] });
    for refused in [
        keyed("k", &poor),
        Request::post("/v1/ledgers/other/transactions").header("idempotency-key", "k").json(body(5)),
        keyed("k", &json!({ "postings": [] })),
        keyed("k", &body(5)).header("content-type", "text/plain"),
    ] {
        assert!(site.call(&refused).status >= 400);
    }
    site.pay("world", "a", "USD/2", 5);
    let decided_anew = site.call(&keyed("k", &poor));
    assert_eq!((decided_anew.status, decided_anew.header("idempotency-replayed")), (201, None));
    is_replay_of(&decided_anew, &site.call(&keyed("k", &poor)));
    assert_eq!(site.entries(), 2);
}

#[test]
fn keys_of_all_visible_characters_and_lengths_are_told_apart() {
    let site = Site::start();
    let visible: String = ('!'..='~').collect();
    let keys =
        ["k", "K", "0", "-", &visible, &"k".repeat(255), &format!("{}l", "k".repeat(254)), "k,k", "\"k\""];
    for (id, key) in keys.iter().enumerate() {
        let created = site.call(&keyed(key, &body(5)));
        assert_eq!((created.status, &created.json()["id"]), (201, &json!(id)), "{key}");
    }
    for (id, key) in keys.iter().enumerate() {
        let replayed = site.call(&keyed(key, &body(5)));
        assert_eq!(
            (replayed.header("idempotency-replayed"), &replayed.json()["id"]),
            (Some("true"), &json!(id))
        );
    }
}

#[test]
fn keys_outlive_the_service() {
    let site = Site::start();
    let first = site.call(&keyed("k", &body(5)));
    let site = site.restarted();
    is_replay_of(&first, &site.call(&keyed("k", &body(5))));
    assert_eq!(site.call(&keyed("k", &body(6))).code(), "idempotency.key_reused");
    assert_eq!(site.entries(), 1);
}

#[test]
fn a_key_is_kept_with_its_entry_in_the_log() {
    let site = Site::start();
    site.call(&keyed("k", &body(5)));
    site.transact(&body(6));
    site.call(&keyed("k", &body(5)));
    let log = site.json("/v1/ledgers/main/log");
    let keys: Vec<_> =
        log["items"].as_array().unwrap().iter().map(|entry| &entry["idempotency_key"]).collect();
    assert_eq!(keys, [&json!("k"), &json!(null)]);
}

#[test]
fn requests_that_come_at_once_under_one_key_have_one_effect() {
    let site = Site::start();
    let request = keyed("k", &body(5));
    let replies = all_at_once(&site, vec![request.clone(); 16]);
    let of_status = |status| replies.iter().filter(move |reply| reply.status == status);
    let first: Vec<_> =
        of_status(201).filter(|reply| reply.header("idempotency-replayed").is_none()).collect();
    assert_eq!(first.len(), 1, "{replies:#?}");
    assert_eq!(of_status(201).count() + of_status(409).count(), 16, "{replies:#?}");
    assert!(of_status(201).all(|reply| reply.body == first[0].body));
    for refused in of_status(409) {
        assert_eq!((&*refused.code(), refused.header("retry-after")), ("idempotency.in_progress", Some("1")));
    }
    assert_eq!(site.entries(), 1);
    is_replay_of(first[0], &site.call(&request));
}

#[test]
fn different_requests_that_come_at_once_under_one_key_have_one_effect() {
    let site = Site::start();
    let replies = all_at_once(&site, (1..=16).map(|amount| keyed("k", &body(amount))).collect());
    let created = replies.iter().filter(|reply| reply.status == 201).count();
    let refused = replies.iter().filter(|reply| {
        matches!(
            (reply.status, &*reply.code()),
            (409, "idempotency.in_progress") | (422, "idempotency.key_reused")
        )
    });
    assert_eq!((created, refused.count()), (1, 15), "{replies:#?}");
    assert_eq!(site.entries(), 1);
}
