//! Amounts: whole numbers up to the largest, as exact on the way out as on the way in.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::harness::Request;
use crate::shown::shown;
use crate::site::{Site, TRANSACTIONS};

/// The largest amount: 2^127 − 1.
const MOST: &str = "170141183460469231731687303715884105727";

fn moving(amount: &Value) -> Value {
    json!({ "postings": [{ "source": "world", "destination": "a", "asset": "USD/2", "amount": amount }] })
}

#[test]
fn amounts_come_back_as_they_were_sent_however_large() {
    for (sent, shown) in [
        (json!("0"), "0"),
        (json!(0), "0"),
        (json!("007"), "7"),
        (json!("9007199254740993"), "9007199254740993"),
        (json!(9_007_199_254_740_993_u64), "9007199254740993"),
        (json!(u64::MAX), "18446744073709551615"),
        (json!("18446744073709551616"), "18446744073709551616"),
        (json!(MOST), MOST),
    ] {
        let site = Site::start();
        let created = site.transact(&moving(&sent));
        assert_eq!(created["postings"][0]["amount"], shown, "{sent}");
        comes_back(&site, &created, shown);
    }
    // What serde_json has no number for.
    let site = Site::start();
    let body = moving(&json!("amount")).to_string().replace("\"amount\"}", &format!("{MOST}}}"));
    let created = site.call(&Request::post(TRANSACTIONS).json(body));
    assert_eq!(created.status, 201);
    comes_back(&site, &created.json(), MOST);
}

fn comes_back(site: &Site, created: &Value, amount: &str) {
    let negative = if amount == "0" { "0".to_owned() } else { format!("-{amount}") };
    assert_eq!(&site.json(&format!("{TRANSACTIONS}/0")), created);
    assert_eq!(&site.json(TRANSACTIONS)["items"][0], created);
    assert_eq!(site.json("/v1/ledgers/main/log")["items"][0]["postings"], created["postings"]);
    assert_eq!(site.json("/v1/ledgers/main/accounts/a")["balances"][0]["posted_in"], amount);
    assert_eq!(site.json("/v1/ledgers/main/accounts/world")["balances"][0]["available"], negative.as_str());
    let line = &site.json("/v1/ledgers/main/accounts/world/entries")["items"][0];
    assert_eq!((&line["amount"], &line["balance"]), (&json!(amount), &json!(negative)));
    assert_eq!(site.json("/v1/ledgers/main/balances")["items"][0]["balances"][0]["posted"], amount);
}

#[test]
fn a_counter_does_not_pass_its_bound() {
    let site = Site::start();
    site.transact(&moving(&json!(MOST)));
    let refused = site.post(TRANSACTIONS, &moving(&json!("1")));
    assert_snapshot!(shown(&refused), @r#"
    422
    content-type: application/problem+json
    x-request-id: [id]

    {
      "type": "/docs/errors#amount.overflow",
      "title": "A counter would overflow",
      "status": 422,
      "code": "amount.overflow",
      "detail": "Posting 0 would take a counter of world in USD/2 to 2^127 or beyond.",
      "request_id": "[id]",
      "posting": 0,
      "account": "world",
      "asset": "USD/2"
    }
    "#);
    // It is full for good: money that leaves makes no room for what has ever come in.
    site.transact(&json!({ "postings": [
        { "source": "a", "destination": "b", "asset": "USD/2", "amount": MOST },
    ] }));
    assert_eq!(site.post(TRANSACTIONS, &moving(&json!("1"))).code(), "amount.overflow");
    assert_eq!(site.entries(), 2);
}
