//! Ledgers: created once, shown, apart from each other.

use insta::assert_snapshot;
use serde_json::json;

use crate::harness::Request;
use crate::shown::shown;
use crate::site::{Site, posting};

const LEDGERS: &str = "/v1/ledgers";

#[test]
fn a_ledger_is_created_and_shown() {
    let site = Site::start();
    let created = site.post(LEDGERS, &json!({ "name": "loyalty", "metadata": { "team": "growth" } }));
    assert_snapshot!(shown(&created), @r#"
    201
    content-type: application/json
    location: /v1/ledgers/loyalty
    x-request-id: [id]

    {
      "name": "loyalty",
      "created_at": "[now]",
      "entries": 0,
      "metadata": {
        "team": "growth"
      }
    }
    "#);
    assert_eq!(site.json("/v1/ledgers/loyalty"), created.json());
}

#[test]
fn the_list_of_ledgers_is_in_the_order_of_their_names() {
    let site = Site::start();
    for name in ["b", "zoo", "a-1", "a_1", "0"] {
        assert_eq!(site.post(LEDGERS, &json!({ "name": name })).status, 201);
    }
    let list = site.json(LEDGERS);
    let names: Vec<_> = list["items"].as_array().unwrap().iter().map(|ledger| &ledger["name"]).collect();
    assert_eq!(names, ["0", "a-1", "a_1", "b", "main", "zoo"]);
    assert_eq!(list["next_cursor"], json!(null));
}

#[test]
fn a_list_shows_ledgers_as_they_stand() {
    let site = Site::start();
    site.pay("world", "a", "USD/2", 5);
    assert_snapshot!(shown(&site.get(LEDGERS)), @r#"
    200
    content-type: application/json
    x-request-id: [id]

    {
      "items": [
        {
          "name": "main",
          "created_at": "[now]",
          "entries": 1,
          "metadata": {}
        }
      ],
      "next_cursor": null
    }
    "#);
}

#[test]
fn names_reach_as_far_as_the_rules_do() {
    let site = Site::start();
    for name in ["a", "7", "eu-1_b", &"a".repeat(63)] {
        let created = site.post(LEDGERS, &json!({ "name": name, "metadata": null }));
        assert_eq!(created.status, 201, "{name}");
        assert_eq!(created.header("location"), Some(&*format!("/v1/ledgers/{name}")));
        assert_eq!(site.json(&format!("/v1/ledgers/{name}"))["name"], name);
    }
}

#[test]
fn a_name_in_use_is_refused() {
    let site = Site::start();
    let refused = site.post(LEDGERS, &json!({ "name": "main", "metadata": { "team": "growth" } }));
    assert_snapshot!(shown(&refused), @r#"
    409
    content-type: application/problem+json
    x-request-id: [id]

    {
      "type": "/docs/errors#ledger.exists",
      "title": "The ledger exists",
      "status": 409,
      "code": "ledger.exists",
      "request_id": "[id]"
    }
    "#);
    assert_eq!(site.json("/v1/ledgers/main")["metadata"], json!({}), "it is as it was");
}

#[test]
fn all_that_is_wrong_with_a_ledger_is_said_at_once() {
    let site = Site::start();
    let body = json!({ "name": "Main", "metadata": { "": "x", "n": 1 }, "policy": {} });
    let refused =
        site.call(&Request::post("/v1/ledgers?dry_run=true").header("idempotency-key", "a b").json(body));
    assert_snapshot!(shown(&refused), @r#"
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
          "field": "dry_run",
          "message": "is unknown; no parameters are taken here"
        },
        {
          "field": "Idempotency-Key",
          "message": "must be 1 to 255 visible ASCII characters"
        },
        {
          "field": "name",
          "message": "must be 1 to 63 of a-z, 0-9, _ and -, and begin with a letter or digit"
        },
        {
          "field": "metadata.",
          "message": "has a key that is not 1 to 64 bytes without control characters"
        },
        {
          "field": "metadata.n",
          "message": "must be a string, not a number"
        },
        {
          "field": "policy",
          "message": "is unknown; known here: name, metadata"
        }
      ]
    }
    "#);
}

#[test]
fn a_ledger_that_is_not_there_is_not_found() {
    let site = Site::start();
    let missing = site.get("/v1/ledgers/other");
    assert_snapshot!(shown(&missing), @r#"
    404
    content-type: application/problem+json
    x-request-id: [id]

    {
      "type": "/docs/errors#ledger.not_found",
      "title": "No such ledger",
      "status": 404,
      "code": "ledger.not_found",
      "request_id": "[id]"
    }
    "#);
    for path in
        ["transactions", "transactions/0", "accounts", "accounts/a", "accounts/a/entries", "balances", "log"]
    {
        let reply = site.get(&format!("/v1/ledgers/other/{path}"));
        assert_eq!((reply.status, &*reply.code()), (404, "ledger.not_found"), "{path}");
    }
    let body = json!({ "postings": [posting("world", "a", "USD/2", 5)] });
    let reply = site.post("/v1/ledgers/other/transactions", &body);
    assert_eq!((reply.status, &*reply.code()), (404, "ledger.not_found"));
}

#[test]
fn ledgers_have_nothing_in_common() {
    let site = Site::start();
    site.post(LEDGERS, &json!({ "name": "loyalty" }));
    let body = json!({ "postings": [posting("world", "a", "USD/2", 5)], "reference": "order-1" });
    for ledger in ["main", "loyalty"] {
        let path = format!("/v1/ledgers/{ledger}/transactions");
        let request = Request::post(&path).header("idempotency-key", "k").json(&body);
        let created = site.call(&request);
        assert_eq!(created.status, 201, "{created:?}");
        assert_eq!(created.header("idempotency-replayed"), None, "the key is another ledger's");
        assert_eq!(created.json()["id"], 0);
    }
    let poor = json!({ "postings": [posting("a", "b", "USD/2", 6)] });
    assert_eq!(site.post("/v1/ledgers/loyalty/transactions", &poor).code(), "transaction.insufficient_funds");
}

#[test]
fn the_same_request_creates_a_ledger_once() {
    let site = Site::start();
    let create = |name: &str, key: &str| {
        site.call(&Request::post(LEDGERS).header("idempotency-key", key).json(json!({ "name": name })))
    };
    // A rejected request leaves its key unused.
    assert_eq!(create("main", "k").code(), "ledger.exists");
    let created = create("loyalty", "k");
    assert_eq!((created.status, created.header("idempotency-replayed")), (201, None));
    site.post(
        "/v1/ledgers/loyalty/transactions",
        &json!({ "postings": [posting("world", "a", "USD/2", 5)] }),
    );

    let replayed = create("loyalty", "k");
    assert_eq!((replayed.status, replayed.header("idempotency-replayed")), (201, Some("true")));
    assert_eq!(replayed.body, created.body, "it is shown as it was when it was created");
    assert_eq!(replayed.header("location"), created.header("location"));

    assert_eq!(create("other", "k").code(), "idempotency.key_reused");
    assert_eq!(create("loyalty", "k2").code(), "ledger.exists");
    assert_eq!(create("loyalty", "k").status, 201);
}
