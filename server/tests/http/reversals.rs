//! Reversals: what a transaction moved is moved back, in parts or whole, and never more than that.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::harness::{Reply, Request};
use crate::shown::shown;
use crate::site::{Site, TRANSACTIONS, all_at_once, posting};

fn reverse(site: &Site, transaction: u64, body: &Value) -> Reply {
    site.post(&format!("{TRANSACTIONS}/{transaction}/reversals"), body)
}

/// Reverses what has to be reversed, and returns the reversal.
fn reversed(site: &Site, transaction: u64, body: &Value) -> Value {
    let reply = reverse(site, transaction, body);
    assert_eq!(reply.status, 201, "{body}: {reply:?}");
    reply.json()
}

fn is(reply: &Reply, status: u16, code: &str) {
    assert_eq!((reply.status, &*reply.code()), (status, code), "{reply:?}");
}

/// How much of each posting of a transaction has been reversed, as it is shown and as it is listed.
fn so_far(site: &Site, transaction: u64) -> Value {
    let shown = site.json(&format!("{TRANSACTIONS}/{transaction}"));
    let listed = site.json(&format!("{TRANSACTIONS}?limit=1000"));
    let listed = listed["items"].as_array().unwrap().iter().find(|item| item["id"] == transaction);
    assert_eq!(listed, Some(&shown));
    shown["reversed"].clone()
}

fn posted(site: &Site, account: &str) -> Value {
    site.json(&format!("/v1/ledgers/main/accounts/{account}"))["balances"][0]["posted"].clone()
}

fn policy(site: &Site, account: &str, policy: &Value) {
    let path = format!("/v1/ledgers/main/accounts/{account}");
    let reply = site.call(&Request::patch(path).json(json!({ "policy": policy })));
    assert_eq!(reply.status, 200, "{reply:?}");
}

#[test]
fn a_part_is_moved_back_and_counted() {
    let site = Site::start();
    site.pay("world", "a", "USD/2", 10);
    let part = json!({
        "postings": [posting("a", "world", "USD/2", 3)],
        "reference": "return-1",
        "effective_at": "2026-01-31T12:00:00Z",
        "metadata": { "reason": "returned" },
    });
    let reply = reverse(&site, 0, &part);
    assert_snapshot!(shown(&reply), @r#"
    201
    content-type: application/json
    location: /v1/ledgers/main/transactions/1
    x-request-id: [id]

    {
      "id": 1,
      "ledger": "main",
      "postings": [
        {
          "source": "a",
          "destination": "world",
          "asset": "USD/2",
          "amount": "3"
        }
      ],
      "reference": "return-1",
      "metadata": {
        "reason": "returned"
      },
      "effective_at": "2026-01-31T12:00:00.000000Z",
      "recorded_at": "[now]",
      "reverses": 0,
      "reversed": [
        "0"
      ],
      "balances": [
        {
          "account": "a",
          "asset": "USD/2",
          "posted_in": "10",
          "posted_out": "3",
          "pending_in": "0",
          "pending_out": "0",
          "posted": "7",
          "available": "7"
        },
        {
          "account": "world",
          "asset": "USD/2",
          "posted_in": "3",
          "posted_out": "10",
          "pending_in": "0",
          "pending_out": "0",
          "posted": "-7",
          "available": "-7"
        }
      ]
    }
    "#);
    assert_eq!(site.json(&format!("{TRANSACTIONS}/1")), reply.json());
    assert_eq!((so_far(&site, 0), so_far(&site, 1)), (json!(["3"]), json!(["0"])));
    let rest = reversed(&site, 0, &json!({}));
    assert_eq!(
        (&rest["reverses"], &rest["postings"]),
        (&json!(0), &json!([posting("a", "world", "USD/2", 7)]))
    );
    assert_eq!((so_far(&site, 0), posted(&site, "a")), (json!(["10"]), json!("0")));
}

#[test]
fn the_whole_is_moved_back_from_its_last_posting_on() {
    let site = Site::start();
    site.transact(
        &json!({ "postings": [posting("world", "a", "USD/2", 10), posting("a", "b", "USD/2", 4)] }),
    );
    let whole = reversed(&site, 0, &json!({}));
    assert_eq!(whole["postings"], json!([posting("b", "a", "USD/2", 4), posting("a", "world", "USD/2", 10)]));
    assert_eq!(whole.get("forced"), None);
    assert_eq!(so_far(&site, 0), json!(["10", "4"]));
}

#[test]
fn of_postings_alike_the_first_are_reversed_first() {
    let site = Site::start();
    let postings = [("a", 5), ("b", 9), ("a", 7)].map(|(to, amount)| posting("world", to, "USD/2", amount));
    site.transact(&json!({ "postings": postings }));
    reversed(&site, 0, &json!({ "postings": [posting("a", "world", "USD/2", 6)] }));
    assert_eq!(so_far(&site, 0), json!(["5", "0", "1"]));
}

#[test]
fn amounts_may_say_up_to_and_all() {
    let site = Site::start();
    site.pay("world", "a", "USD/2", 10);
    site.pay("a", "b", "USD/2", 4);
    let back = |amount: Value| {
        let mut posting = posting("a", "world", "USD/2", 0);
        posting["amount"] = amount;
        json!({ "postings": [posting] })
    };
    assert_eq!(reversed(&site, 0, &back(json!({ "up_to": 5 })))["postings"][0]["amount"], "5");
    // As far as the account's limit allows.
    assert_eq!(reversed(&site, 0, &back(json!("all")))["postings"][0]["amount"], "1");
    assert_eq!(so_far(&site, 0), json!(["6"]));
    site.pay("world", "a", "USD/2", 100);
    // As far as the transaction went.
    assert_eq!(reversed(&site, 0, &back(json!("all")))["postings"][0]["amount"], "4");
}

#[test]
fn money_that_is_spent_is_moved_back_only_by_force() {
    let site = Site::start();
    site.pay("world", "a", "USD/2", 10);
    site.pay("a", "b", "USD/2", 8);
    is(&reverse(&site, 0, &json!({})), 422, "transaction.insufficient_funds");
    let forced = reverse(&site, 0, &json!({ "force": true }));
    assert_snapshot!(shown(&forced), @r#"
    201
    content-type: application/json
    location: /v1/ledgers/main/transactions/2
    x-request-id: [id]

    {
      "id": 2,
      "ledger": "main",
      "postings": [
        {
          "source": "a",
          "destination": "world",
          "asset": "USD/2",
          "amount": "10"
        }
      ],
      "reference": null,
      "metadata": {},
      "effective_at": "[now]",
      "recorded_at": "[now]",
      "reverses": 0,
      "forced": true,
      "reversed": [
        "0"
      ],
      "balances": [
        {
          "account": "a",
          "asset": "USD/2",
          "posted_in": "10",
          "posted_out": "18",
          "pending_in": "0",
          "pending_out": "0",
          "posted": "-8",
          "available": "-8"
        },
        {
          "account": "world",
          "asset": "USD/2",
          "posted_in": "10",
          "posted_out": "10",
          "pending_in": "0",
          "pending_out": "0",
          "posted": "0",
          "available": "0"
        }
      ]
    }
    "#);
    assert_eq!(posted(&site, "a"), "-8");
    assert_eq!(site.json(&format!("{TRANSACTIONS}/2"))["forced"], true);
    let log = site.json("/v1/ledgers/main/log?after=1");
    assert_eq!(log["items"][0]["reverses"], json!({ "transaction": 0, "forced": true }));
    // It is no way around a freeze.
    site.pay("world", "c", "USD/2", 1);
    policy(&site, "c", &json!({ "frozen": "debits" }));
    is(&reverse(&site, 3, &json!({ "force": true })), 422, "account.frozen");
}

#[test]
fn captures_and_reversals_are_transactions_and_can_be_reversed() {
    let site = Site::start();
    site.pay("world", "a", "USD/2", 10);
    let hold = json!({ "postings": [posting("a", "b", "USD/2", 10)] });
    assert_eq!(site.post("/v1/ledgers/main/holds", &hold).status, 201);
    let part = json!({ "postings": [posting("a", "b", "USD/2", 6)] });
    assert_eq!(site.post("/v1/ledgers/main/holds/1/captures", &part).status, 201);
    // What is reversed is not reserved again.
    reversed(&site, 2, &json!({ "postings": [posting("b", "a", "USD/2", 5)] }));
    assert_eq!(site.json("/v1/ledgers/main/holds/1")["remaining"], json!(["4"]));
    reversed(&site, 3, &json!({}));
    assert_eq!((so_far(&site, 2), so_far(&site, 3)), (json!(["5"]), json!(["5"])));
    assert_eq!(posted(&site, "b"), "6");
    // A hold is no transaction.
    is(&reverse(&site, 1, &json!({})), 404, "transaction.not_found");
}

#[test]
fn no_more_is_moved_back_than_had_moved() {
    let site = Site::start();
    site.pay("world", "a", "USD/2", 10);
    site.pay("world", "a", "USD/2", 100);
    let twice = json!({ "postings": [posting("a", "world", "USD/2", 6), posting("a", "world", "USD/2", 5)] });
    assert_snapshot!(shown(&reverse(&site, 0, &twice)), @r#"
    422
    content-type: application/problem+json
    x-request-id: [id]

    {
      "type": "/docs/errors#reversal.exceeds_original",
      "title": "More than is left of the transaction",
      "status": 422,
      "code": "reversal.exceeds_original",
      "detail": "Posting 1 moves back 5, and 4 of it is left of transaction 0.",
      "request_id": "[id]",
      "transaction": 0,
      "posting": 1,
      "remaining": "4",
      "amount": "5"
    }
    "#);
    for back in
        [posting("world", "a", "USD/2", 1), posting("a", "b", "USD/2", 1), posting("a", "world", "EUR/2", 1)]
    {
        is(
            &reverse(&site, 0, &json!({ "postings": [back], "force": true })),
            422,
            "reversal.exceeds_original",
        );
    }
    assert_eq!((site.entries(), so_far(&site, 0)), (2, json!(["0"])));
    reversed(&site, 0, &json!({}));
    let nothing_left = reverse(&site, 0, &json!({}));
    is(&nothing_left, 422, "reversal.exceeds_original");
    assert_eq!(
        (&nothing_left.json()["posting"], &nothing_left.json()["remaining"]),
        (&json!(0), &json!("0"))
    );
}

#[test]
fn a_reversal_is_refused_as_every_transaction() {
    let site = Site::start();
    site.pay("world", "a", "USD/2", 10);
    is(&reverse(&site, 7, &json!({})), 404, "transaction.not_found");
    is(&site.post("/v1/ledgers/other/transactions/0/reversals", &json!({})), 404, "ledger.not_found");
    for (path, body) in [
        ("x/reversals", json!({})),
        ("0/reversals", json!({ "postings": [], "force": 1 })),
        ("0/reversals", json!({ "forced": true })),
    ] {
        is(&site.post(&format!("{TRANSACTIONS}/{path}"), &body), 400, "request.invalid");
    }
    policy(&site, "a", &json!({ "closed": true }));
    is(&reverse(&site, 0, &json!({})), 422, "account.closed");
    policy(&site, "a", &json!({ "closed": false, "frozen": "debits" }));
    is(&reverse(&site, 0, &json!({})), 422, "account.frozen");
    policy(&site, "a", &json!({ "frozen": "none" }));
    site.transact(&json!({ "postings": [posting("world", "b", "USD/2", 1)], "reference": "r" }));
    is(&reverse(&site, 0, &json!({ "reference": "r" })), 409, "transaction.reference_taken");
    assert_eq!(site.json(&format!("{TRANSACTIONS}?reference=r"))["items"].as_array().unwrap().len(), 1);
    let mut all = posting("a", "world", "USD/2", 0);
    all["amount"] = json!("all");
    policy(&site, "a", &json!({ "floor": "unbounded" }));
    assert_eq!(reversed(&site, 0, &json!({ "postings": [all] }))["postings"][0]["amount"], "10");
}

#[test]
fn of_any_faults_together_the_first_is_told() {
    let site = Site::start();
    site.pay("world", "a", "USD/2", 10);
    site.transact(&json!({ "postings": [posting("world", "b", "USD/2", 1)] }));
    let taken = json!({ "postings": [posting("a", "b", "USD/2", 8)], "reference": "taken" });
    let used = Request::post(TRANSACTIONS).header("idempotency-key", "used").json(taken);
    assert_eq!(site.call(&used).status, 201);
    let reasons = [
        (400, "request.invalid"),
        (404, "transaction.not_found"),
        (422, "idempotency.key_reused"),
        (409, "transaction.reference_taken"),
        (422, "reversal.exceeds_original"),
        (422, "transaction.insufficient_funds"),
    ];
    let entries = site.entries();
    for choice in 1..1_u32 << reasons.len() {
        let has = |reason: usize| choice & (1 << reason) != 0;
        let first = posting("a", "world", "USD/2", if has(4) { 11 } else { 1 });
        let second = posting("a", "world", "USD/2", if has(5) { 9 } else { 1 });
        let mut body = json!({ "postings": [first, second] });
        body["reference"] = if has(3) { json!("taken") } else { json!(null) };
        if has(0) {
            body["expect"] = json!([]);
        }
        let request = Request::post(format!("{TRANSACTIONS}/{}/reversals", if has(1) { 99 } else { 0 }));
        let request = if has(2) { request.header("idempotency-key", "used") } else { request };
        let (status, code) = reasons[choice.trailing_zeros() as usize];
        is(&site.call(&request.json(body)), status, code);
    }
    assert_eq!(site.entries(), entries);
}

#[test]
fn a_reversal_that_is_sent_again_gets_the_same_reply() {
    let site = Site::start();
    let pay = json!({ "postings": [posting("world", "a", "USD/2", 10)] });
    let pay = Request::post(TRANSACTIONS).header("idempotency-key", "pay").json(pay);
    let paid = site.call(&pay);
    let request =
        Request::post(format!("{TRANSACTIONS}/0/reversals")).header("idempotency-key", "k").json("{}");
    let first = site.call(&request);
    assert_eq!((first.status, first.header("location")), (201, Some("/v1/ledgers/main/transactions/1")));
    reversed(&site, 1, &json!({}));
    let site = site.restarted();
    for (request, first) in [(&pay, &paid), (&request, &first)] {
        let again = site.call(request);
        assert_eq!(
            (again.status, &again.body),
            (first.status, &first.body),
            "though it has been reversed since"
        );
        assert_eq!(again.header("location"), first.header("location"));
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
    }
    assert_eq!(site.entries(), 3);
}

#[test]
fn a_dry_run_moves_nothing_back() {
    let site = Site::start();
    site.pay("world", "a", "USD/2", 10);
    let tried = reverse(&site, 0, &json!({ "dry_run": true }));
    assert_eq!((tried.status, &tried.json()["id"], tried.header("location")), (200, &json!(null), None));
    assert_eq!(tried.json()["postings"], json!([posting("a", "world", "USD/2", 10)]));
    assert_eq!((site.entries(), so_far(&site, 0)), (1, json!(["0"])));
}

#[test]
fn what_moved_is_moved_back_once_however_many_want_it() {
    let site = Site::start();
    site.pay("world", "a", "USD/2", 10);
    site.pay("world", "a", "USD/2", 100);
    let part = json!({ "postings": [posting("a", "world", "USD/2", 3)] });
    let request = Request::post(format!("{TRANSACTIONS}/0/reversals")).json(part);
    let replies = all_at_once(&site, vec![request; 30]);
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 3, "{replies:#?}");
    let refused = replies.iter().filter(|reply| reply.status == 422);
    assert!(refused.clone().all(|reply| reply.code() == "reversal.exceeds_original"), "{replies:#?}");
    assert_eq!((refused.count(), so_far(&site, 0), posted(&site, "a")), (27, json!(["9"]), json!("101")));
}
