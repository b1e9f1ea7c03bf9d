//! Many clients at once: every request is decided as if it had come alone.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{Reply, Request};
use crate::site::{Site, TRANSACTIONS, all_at_once, posting};

fn transaction(body: &Value) -> Request {
    Request::post(TRANSACTIONS).json(body)
}

fn of_status(replies: &[Reply], status: u16) -> Vec<&Reply> {
    replies.iter().filter(|reply| reply.status == status).collect()
}

#[test]
fn money_is_spent_once_however_many_want_it() {
    let site = Site::start();
    site.pay("world", "a", "USD/2", 10);
    let spend = transaction(&json!({ "postings": [posting("a", "b", "USD/2", 1)] }));
    let replies = all_at_once(&site, vec![spend; 30]);
    assert_eq!(of_status(&replies, 201).len(), 10, "{replies:#?}");
    let refused = of_status(&replies, 422);
    assert_eq!(refused.len(), 20);
    assert!(refused.iter().all(|reply| reply.code() == "transaction.insufficient_funds"));
    assert_eq!(site.json("/v1/ledgers/main/accounts/b")["balances"][0]["posted"], "10");
    assert_eq!(site.entries(), 11);
}

#[test]
fn a_reference_goes_to_one_of_those_who_want_it() {
    let site = Site::start();
    let body = json!({ "postings": [posting("world", "a", "USD/2", 1)], "reference": "order-1" });
    let replies = all_at_once(&site, vec![transaction(&body); 16]);
    let created = of_status(&replies, 201);
    assert_eq!((created.len(), of_status(&replies, 409).len()), (1, 15), "{replies:#?}");
    for refused in of_status(&replies, 409) {
        assert_eq!(refused.json()["transaction"], created[0].json()["id"], "{refused:?}");
    }
}

#[test]
fn ids_have_neither_gaps_nor_doubles_and_show_what_was_there_at_their_turn() {
    let site = Site::start();
    let requests = (1..=40).map(|amount| json!({ "postings": [posting("world", "a", "USD/2", amount)] }));
    let replies = all_at_once(&site, requests.map(|body| transaction(&body)).collect());
    let mut transactions: Vec<Value> = replies.iter().map(Reply::json).collect();
    transactions.sort_by_key(|transaction| transaction["id"].as_u64());
    let mut balance = 0;
    for (id, transaction) in transactions.iter().enumerate() {
        assert_eq!(transaction["id"], id);
        balance += transaction["postings"][0]["amount"].as_str().unwrap().parse::<u64>().unwrap();
        assert_eq!(transaction["balances"][0]["posted"], balance.to_string());
    }
    let log = site.json("/v1/ledgers/main/log");
    let recorded: Vec<_> = log["items"].as_array().unwrap().iter().map(|entry| &entry["postings"]).collect();
    assert_eq!(recorded, transactions.iter().map(|it| &it["postings"]).collect::<Vec<_>>());
}

#[test]
fn what_was_acknowledged_is_there_for_everybody_at_once() {
    let site = Site::start();
    let mut others = site.connect();
    for id in 0..30 {
        site.pay("world", "a", "USD/2", 1);
        assert_eq!(others.get(&format!("{TRANSACTIONS}/{id}")).status, 200);
        assert_eq!(others.get("/v1/ledgers/main").json()["entries"], id + 1);
        let account = others.get("/v1/ledgers/main/accounts/a").json();
        assert_eq!(account["balances"][0]["posted"], (id + 1).to_string());
    }
}

#[test]
fn a_ledger_is_created_once_however_many_want_it() {
    let site = Site::start();
    let create = |name: &str| Request::post("/v1/ledgers").json(json!({ "name": name }));
    let replies = all_at_once(&site, vec![create("plain"); 12]);
    assert_eq!((of_status(&replies, 201).len(), of_status(&replies, 409).len()), (1, 11), "{replies:#?}");

    let replies = all_at_once(&site, vec![create("keyed").header("idempotency-key", "k"); 12]);
    assert_eq!(of_status(&replies, 201).len(), 12, "{replies:#?}");
    let first = replies.iter().filter(|reply| reply.header("idempotency-replayed").is_none());
    assert_eq!(first.count(), 1);
    let bodies: BTreeSet<_> = replies.iter().map(|reply| &reply.body).collect();
    assert_eq!(bodies.len(), 1);

    let requests = (0..12).map(|n| create(&format!("other-{n}")).header("idempotency-key", "k2")).collect();
    let replies = all_at_once(&site, requests);
    assert_eq!((of_status(&replies, 201).len(), of_status(&replies, 422).len()), (1, 11), "{replies:#?}");
    assert_eq!(site.json("/v1/ledgers")["items"].as_array().unwrap().len(), 4);
}

#[test]
fn ledgers_do_not_wait_for_each_other() {
    let site = Site::start();
    let names: Vec<_> = (0..8).map(|n| format!("ledger-{n}")).collect();
    for name in &names {
        assert_eq!(site.post("/v1/ledgers", &json!({ "name": name })).status, 201);
    }
    let body = json!({ "postings": [posting("world", "a", "USD/2", 1)] });
    let requests = names.iter().flat_map(|name| {
        let request = Request::post(format!("/v1/ledgers/{name}/transactions")).json(&body);
        vec![request; 5]
    });
    let replies = all_at_once(&site, requests.collect());
    assert_eq!(of_status(&replies, 201).len(), 40, "{replies:#?}");
    for name in &names {
        assert_eq!(site.json(&format!("/v1/ledgers/{name}"))["entries"], 5);
    }
}
