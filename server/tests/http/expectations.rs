//! Expectations: what has to hold of balances once all postings of a transaction are through.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::harness::Request;
use crate::shown::shown;
use crate::site::{Site, TRANSACTIONS, posting};

/// Moves 3 from `a` to `b` as long as what is expected holds.
fn moving(expect: &Value) -> Value {
    json!({ "postings": [posting("a", "b", "USD/2", 3)], "expect": expect })
}

fn expecting(account: &str, figure: &str, bound: &str, units: &Value) -> Value {
    json!([{ "account": account, "asset": "USD/2", figure: { bound: units } }])
}

fn funded() -> Site {
    let site = Site::start();
    site.pay("world", "a", "USD/2", 10);
    site
}

#[test]
fn what_the_transaction_would_leave_is_held_to_every_bound() {
    let site = funded();
    let mut all_that_hold = Vec::new();
    for (account, bound, units, holds) in [
        ("a", "at_least", json!("8"), false),
        ("a", "at_least", json!("7"), true),
        ("a", "at_most", json!("6"), false),
        ("a", "at_most", json!(7), true),
        ("b", "equals", json!("0"), false),
        ("b", "equals", json!("3"), true),
        // What no posting touches.
        ("world", "at_least", json!(-9), false),
        ("world", "equals", json!("-10"), true),
        ("nobody", "at_most", json!("-1"), false),
        ("nobody", "equals", json!(0), true),
    ] {
        for figure in ["posted", "available"] {
            let expectations = expecting(account, figure, bound, &units);
            let mut body = moving(&expectations);
            if holds {
                all_that_hold.push(expectations[0].clone());
            } else {
                assert_eq!(site.post(TRANSACTIONS, &body).code(), "transaction.expectation_failed");
            }
            body["dry_run"] = json!(true);
            let tried = site.post(TRANSACTIONS, &body);
            let status = if holds { 200 } else { 422 };
            assert_eq!(tried.status, status, "{account} {figure} {bound} {units}: {tried:?}");
        }
    }
    assert_eq!(site.entries(), 1);
    site.transact(&moving(&json!(all_that_hold)));
}

#[test]
fn the_refusal_says_what_was_expected_and_what_would_be() {
    let site = funded();
    let refused = site.post(
        TRANSACTIONS,
        &moving(&json!([
            { "account": "a", "asset": "USD/2", "posted": { "at_least": 0, "at_most": "7" } },
            {
                "account": "a", "asset": "USD/2",
                "posted": { "at_least": "-5" },
                "available": { "at_least": "0", "equals": "-3" },
            },
            { "account": "b", "asset": "USD/2", "posted": { "equals": "0" } },
        ])),
    );
    assert_snapshot!(shown(&refused), @r#"
    422
    content-type: application/problem+json
    x-request-id: [id]

    {
      "type": "/docs/errors#transaction.expectation_failed",
      "title": "An expectation does not hold",
      "status": 422,
      "code": "transaction.expectation_failed",
      "detail": "Expectation 1 wants available of a in USD/2 to be -3: it would be 7.",
      "request_id": "[id]",
      "expectation": 1,
      "account": "a",
      "asset": "USD/2",
      "figure": "available",
      "bound": "equals",
      "expected": "-3",
      "actual": "7"
    }
    "#);
    assert_eq!(site.entries(), 1);
}

#[test]
fn what_is_not_well_formed_is_named() {
    let site = funded();
    let refused = site.post(
        TRANSACTIONS,
        &moving(&json!([
            { "account": "a", "asset": "USD/2" },
            { "account": "a", "asset": "USD/2", "posted": {} },
            { "account": "a b", "asset": "usd", "posted": { "at_least": "+1", "about": "5" } },
            { "account": "a", "asset": "USD/2", "version": { "equals": 1 }, "posted": { "equals": 1.5 } },
        ])),
    );
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
          "field": "expect[0]",
          "message": "must have posted, available or version"
        },
        {
          "field": "expect[1].posted",
          "message": "must have at_least, at_most or equals"
        },
        {
          "field": "expect[2].account",
          "message": "must be an address: segments of a-z, A-Z, 0-9, _ and - with colons between them"
        },
        {
          "field": "expect[2].asset",
          "message": "must be an asset such as USD/2: a code of up to 17 upper-case letters and digits, perhaps a _ with up to 16 upper-case letters, perhaps a / with a scale of up to 6 digits"
        },
        {
          "field": "expect[2].posted.at_least",
          "message": "must be a whole number of minor units: digits only, perhaps with a - before them"
        },
        {
          "field": "expect[2].posted.about",
          "message": "is unknown; known here: at_least, at_most, equals"
        },
        {
          "field": "expect[3].posted.equals",
          "message": "must be a whole number of minor units: digits only, perhaps with a - before them"
        }
      ]
    }
    "#);
    let one = &expecting("a", "posted", "at_least", &json!("0"))[0];
    let many = |count| moving(&json!(vec![one; count]));
    let refused = site.post(TRANSACTIONS, &many(101)).json();
    assert_eq!(refused["errors"][0]["field"], "expect");
    assert_eq!(site.entries(), 1);
    for body in [many(100), moving(&json!([])), moving(&json!(null))] {
        site.transact(&body);
    }
}

#[test]
fn expectations_are_part_of_the_request_and_not_of_the_transaction() {
    let site = funded();
    let keyed = |expect: &Value| {
        site.call(&Request::post(TRANSACTIONS).header("idempotency-key", "k").json(moving(expect)))
    };
    let wrong = expecting("a", "posted", "equals", &json!("9"));
    assert_eq!(keyed(&wrong).code(), "transaction.expectation_failed");
    let right = expecting("a", "posted", "equals", &json!("7"));
    let first = keyed(&right);
    assert_eq!(first.status, 201, "a request that failed leaves its key: {first:?}");
    assert!(first.json().get("expect").is_none());
    site.pay("world", "a", "USD/2", 1);
    let again = keyed(&right);
    assert_eq!((again.status, &again.body), (201, &first.body), "it is not judged again");
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    for other in [wrong, json!([]), expecting("a", "available", "equals", &json!("7"))] {
        assert_eq!(keyed(&other).code(), "idempotency.key_reused", "{other}");
    }
    assert_eq!(site.entries(), 3);
}

#[test]
fn all_that_there_is_may_be_held_to_an_expectation() {
    let site = funded();
    let sweep = |at_least: &str| {
        json!({
            "postings": [{ "source": "a", "destination": "b", "asset": "USD/2", "amount": "all" }],
            "expect": [{ "account": "b", "asset": "USD/2", "posted": { "at_least": at_least } }],
        })
    };
    assert_eq!(site.post(TRANSACTIONS, &sweep("11")).json()["actual"], "10");
    let created = site.transact(&sweep("10"));
    assert_eq!(created["postings"][0]["amount"], "10");
}

/// The version of an account, as it is shown and as it is listed.
fn version(site: &Site, account: &str) -> u64 {
    let shown = site.json(&format!("/v1/ledgers/main/accounts/{account}"));
    for query in [format!("prefix={account}"), format!("prefix={account}&asset=USD/2")] {
        let listed = site.json(&format!("/v1/ledgers/main/accounts?{query}"));
        assert_eq!(listed["items"][0]["version"], shown["version"], "{query}");
    }
    shown["version"].as_u64().unwrap()
}

#[test]
fn a_version_grows_with_whatever_touches_the_account() {
    let site = Site::start();
    site.pay("world", "a", "USD/2", 10);
    assert_eq!(version(&site, "a"), 1);
    site.pay("world", "b", "USD/2", 10);
    assert_eq!((version(&site, "a"), version(&site, "b"), version(&site, "world")), (1, 2, 2));
    let hold = json!({ "postings": [posting("a", "b", "USD/2", 3)] });
    assert_eq!(site.post("/v1/ledgers/main/holds", &hold).status, 201);
    assert_eq!((version(&site, "a"), version(&site, "b")), (3, 3));
    let change = json!({ "metadata": { "tier": "gold" } });
    let changed = site.call(&Request::patch("/v1/ledgers/main/accounts/a").json(change));
    assert_eq!((&changed.json()["version"], version(&site, "a")), (&json!(4), 4));
    assert_eq!(site.call(&Request::post("/v1/ledgers/main/holds/2/void")).status, 200);
    assert_eq!((version(&site, "a"), version(&site, "b")), (5, 5));
    // In whichever asset it is.
    site.pay("world", "a", "EUR/2", 1);
    assert_eq!(version(&site, "a"), 6);
}

#[test]
fn a_transaction_may_expect_that_nothing_touched_an_account_since_it_was_read() {
    let site = funded();
    let read = version(&site, "a");
    let expecting = |version: Value| moving(&json!([{ "account": "a", "version": { "equals": version } }]));
    site.transact(&expecting(json!(read)));
    let refused = site.post(TRANSACTIONS, &expecting(json!(read)));
    assert_snapshot!(shown(&refused), @r#"
    422
    content-type: application/problem+json
    x-request-id: [id]

    {
      "type": "/docs/errors#transaction.expectation_failed",
      "title": "An expectation does not hold",
      "status": 422,
      "code": "transaction.expectation_failed",
      "detail": "Expectation 0 wants version of a to be 1: it is 2.",
      "request_id": "[id]",
      "expectation": 0,
      "account": "a",
      "figure": "version",
      "bound": "equals",
      "expected": "1",
      "actual": "2"
    }
    "#);
    site.transact(&expecting(json!(version(&site, "a").to_string())));
    let new = json!([{ "account": "nobody", "version": { "equals": 0 } }]);
    site.transact(&moving(&new));
}
