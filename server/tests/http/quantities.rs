//! Amounts that depend on what there is: up to so much, or all of it.

use serde_json::{Value, json};

use crate::harness::Request;
use crate::site::{Site, TRANSACTIONS};

fn asking(source: &str, destination: &str, amount: &Value) -> Value {
    json!({ "source": source, "destination": destination, "asset": "USD/2", "amount": amount })
}

fn one(source: &str, destination: &str, amount: &Value) -> Value {
    json!({ "postings": [asking(source, destination, amount)] })
}

fn up_to(amount: u64) -> Value {
    json!({ "up_to": amount.to_string() })
}

fn moved(transaction: &Value) -> Vec<&str> {
    let postings = transaction["postings"].as_array().expect("postings");
    postings.iter().map(|posting| posting["amount"].as_str().expect("an exact amount")).collect()
}

fn posted(site: &Site, account: &str) -> String {
    let shown = site.json(&format!("/v1/ledgers/main/accounts/{account}"));
    shown["balances"][0]["posted"].as_str().expect("a figure").to_owned()
}

#[test]
fn as_much_moves_as_there_is_when_the_postings_turn_comes() {
    let site = Site::start();
    site.pay("world", "a", "USD/2", 10);
    let created = site.transact(&json!({ "postings": [
        asking("a", "b", &up_to(3)),
        asking("a", "c", &json!("all")),
        asking("a", "d", &json!("all")),
        asking("b", "c", &up_to(9)),
        asking("nobody", "c", &up_to(9)),
        asking("c", "a", &json!("all")),
    ] }));
    assert_eq!(moved(&created), ["3", "7", "0", "3", "0", "10"]);
    // The log, the list and the transaction alone show what moved, and nothing of what was asked for.
    assert_eq!(&site.json(&format!("{TRANSACTIONS}/1")), &created);
    assert_eq!(&site.json(TRANSACTIONS)["items"][0], &created);
    assert_eq!(site.json("/v1/ledgers/main/log")["items"][1]["postings"], created["postings"]);
    assert_eq!(posted(&site, "a"), "10");
    assert_eq!(
        posted(&site, "d"),
        "0",
        "an account that nothing reached was in the transaction all the same"
    );
}

#[test]
fn where_there_is_nothing_a_transaction_moves_nothing() {
    let site = Site::start();
    for (place, amount) in [json!("all"), up_to(5), up_to(0)].iter().enumerate() {
        let created = site.transact(&one("a", "b", amount));
        assert_eq!((&created["id"], moved(&created)), (&json!(place), vec!["0"]), "{amount}");
    }
}

#[test]
fn the_outside_gives_the_whole_of_up_to_and_has_no_all() {
    let site = Site::start();
    let created = site.transact(&one("world", "a", &up_to(5)));
    assert_eq!(moved(&created), ["5"]);
    let refused = site.post(
        TRANSACTIONS,
        &json!({ "postings": [
        asking("a", "world", &json!("all")),
        asking("a", "b", &json!({})),
        asking("a", "b", &json!("ALL")),
        asking("a", "b", &json!({ "up_to": "-1", "at_least": "1" })),
    ] }),
    );
    assert_eq!((refused.status, &*refused.code()), (400, "request.invalid"));
    let problem = refused.json();
    let fields: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|error| &error["field"]).collect();
    assert_eq!(
        fields,
        [
            "postings[1].amount.up_to",
            "postings[2].amount",
            "postings[3].amount.up_to",
            "postings[3].amount.at_least",
        ]
    );
    let refused = site.post(TRANSACTIONS, &one("world", "b", &json!("all")));
    assert_eq!((refused.status, &*refused.code()), (422, "account.unbounded"));
    let problem = refused.json();
    assert_eq!((&problem["account"], &problem["posting"]), (&json!("world"), &json!(0)));
    assert_eq!(site.entries(), 1);
}

#[test]
fn a_dry_run_shows_what_would_move() {
    let site = Site::start();
    site.pay("world", "a", "USD/2", 10);
    let mut body = one("a", "b", &json!("all"));
    body["dry_run"] = json!(true);
    let tried = site.post(TRANSACTIONS, &body);
    assert_eq!((tried.status, moved(&tried.json())), (200, vec!["10"]));
    site.pay("a", "c", "USD/2", 4);
    let tried = site.post(TRANSACTIONS, &body);
    assert_eq!((tried.status, moved(&tried.json())), (200, vec!["6"]), "it holds nothing back");
    assert_eq!((posted(&site, "a"), site.entries()), ("6".to_owned(), 2));
}

#[test]
fn the_same_key_gets_the_same_reply_whatever_there_is_by_then() {
    let site = Site::start();
    site.pay("world", "a", "USD/2", 10);
    let keyed = |key: &str, amount: &Value| {
        let request = Request::post(TRANSACTIONS).header("idempotency-key", key);
        site.call(&request.json(one("a", "b", amount)))
    };
    let (first_all, first_up_to) = (keyed("all", &json!("all")), keyed("up-to", &up_to(5)));
    assert_eq!((first_all.status, moved(&first_all.json())), (201, vec!["10"]));
    assert_eq!((first_up_to.status, moved(&first_up_to.json())), (201, vec!["0"]));
    site.pay("world", "a", "USD/2", 7);
    for (first, again) in [(first_all, keyed("all", &json!("all"))), (first_up_to, keyed("up-to", &up_to(5)))]
    {
        assert_eq!((again.status, &again.body), (first.status, &first.body));
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
    }
    assert_eq!(posted(&site, "a"), "7");
    // What moved is not what was asked for: that is another request, and so is another way to ask.
    for (key, amount) in
        [("all", json!("10")), ("all", up_to(10)), ("up-to", json!("0")), ("up-to", up_to(6))]
    {
        assert_eq!(keyed(key, &amount).code(), "idempotency.key_reused", "{key} {amount}");
    }
    // A number in either form is one and the same request.
    let number = json!({ "up_to": 5 });
    assert_eq!(keyed("up-to", &number).header("idempotency-replayed"), Some("true"));
}

#[test]
fn what_arrives_may_still_pass_the_bound_of_a_counter() {
    let site = Site::start();
    let most = json!("170141183460469231731687303715884105727");
    site.transact(&one("world", "full", &most));
    site.transact(&one("full", "a", &json!("5")));
    for amount in [json!("all"), up_to(5)] {
        let refused = site.post(TRANSACTIONS, &one("a", "full", &amount));
        assert_eq!((&*refused.code(), &refused.json()["account"]), ("amount.overflow", &json!("full")));
    }
    assert_eq!(
        site.post(TRANSACTIONS, &one("world", "a", &json!({ "up_to": most }))).code(),
        "amount.overflow"
    );
    assert_eq!(site.entries(), 2);
}
