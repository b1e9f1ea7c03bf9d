//! Changes of accounts: what they allow, what is kept beside them, and how that was before.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::harness::{Reply, Request};
use crate::shown::shown;
use crate::site::{Site, TRANSACTIONS, posting};

const ACCOUNTS: &str = "/v1/ledgers/main/accounts";

fn patch(site: &Site, account: &str, body: &Value) -> Reply {
    site.call(&Request::patch(format!("{ACCOUNTS}/{account}")).json(body))
}

/// Changes what has to change, and returns the account.
fn change(site: &Site, account: &str, body: &Value) -> Value {
    let reply = patch(site, account, body);
    assert_eq!(reply.status, 200, "{body}: {reply:?}");
    reply.json()
}

fn transfer(site: &Site, source: &str, destination: &str, amount: u64) -> Reply {
    site.post(TRANSACTIONS, &json!({ "postings": [posting(source, destination, "USD/2", amount)] }))
}

fn items(site: &Site, path: &str) -> Vec<Value> {
    site.json(path)["items"].as_array().unwrap().clone()
}

#[test]
fn an_account_is_answered_as_it_stands_then() {
    let site = Site::start();
    site.pay("world", "users:42", "USD/2", 300);
    let body = json!({
        "policy": { "floor": { "USD/2": "-5000", "EUR/2": 7 }, "frozen": "credits" },
        "metadata": { "tier": "gold", "note": "x" },
    });
    change(&site, "users:42", &body);
    let body = json!({ "policy": { "floor": { "EUR/2": null } }, "metadata": { "note": null } });
    assert_snapshot!(shown(&patch(&site, "users:42", &body)), @r#"
    200
    content-type: application/json
    x-request-id: [id]

    {
      "address": "users:42",
      "policy": {
        "floor": {
          "USD/2": "-5000"
        },
        "frozen": "credits",
        "closed": false
      },
      "metadata": {
        "tier": "gold"
      },
      "version": 3,
      "balances": [
        {
          "asset": "USD/2",
          "posted_in": "300",
          "posted_out": "0",
          "pending_in": "0",
          "pending_out": "0",
          "posted": "300",
          "available": "300"
        }
      ]
    }
    "#);
    let shown = site.json(&format!("{ACCOUNTS}/users:42"));
    assert_eq!(
        shown["policy"],
        json!({ "floor": { "USD/2": "-5000" }, "frozen": "credits", "closed": false })
    );
    assert_eq!(shown["metadata"], json!({ "tier": "gold" }));
    assert_eq!(items(&site, &format!("{ACCOUNTS}?prefix=users"))[0], shown);
}

#[test]
fn an_account_that_never_moved_is_there_once_it_was_changed() {
    let site = Site::start();
    assert_eq!(site.get(&format!("{ACCOUNTS}/quiet")).status, 404);
    let quiet = change(&site, "quiet", &json!({ "metadata": { "tier": "gold" } }));
    assert_eq!(quiet["balances"], json!([]));
    assert_eq!(site.json(&format!("{ACCOUNTS}/quiet")), quiet);
    assert_eq!(items(&site, ACCOUNTS), std::slice::from_ref(&quiet));
    assert_eq!(items(&site, &format!("{ACCOUNTS}?metadata[tier]=gold")), [quiet]);
    assert_eq!(items(&site, &format!("{ACCOUNTS}?metadata[tier]=lead")), [Value::Null; 0]);
    assert_eq!(items(&site, &format!("{ACCOUNTS}?asset=USD/2")), [Value::Null; 0]);
    assert_eq!(items(&site, "/v1/ledgers/main/balances"), [Value::Null; 0]);
    assert_eq!(items(&site, &format!("{ACCOUNTS}/quiet/entries")), [Value::Null; 0]);
    assert_eq!(site.get(&format!("{ACCOUNTS}/quie/entries")).code(), "account.not_found");
    assert_eq!(site.get(&format!("{ACCOUNTS}/quie/changes")).code(), "account.not_found");
}

#[test]
fn closed_and_frozen_accounts_refuse_postings_and_say_why() {
    let site = Site::start();
    site.pay("world", "a", "USD/2", 10);
    change(&site, "a", &json!({ "policy": { "frozen": "debits" } }));
    assert_snapshot!(shown(&transfer(&site, "a", "b", 1)), @r#"
    422
    content-type: application/problem+json
    x-request-id: [id]

    {
      "type": "/docs/errors#account.frozen",
      "title": "The account is frozen",
      "status": 422,
      "code": "account.frozen",
      "detail": "Posting 0 touches a, which is frozen for debits.",
      "request_id": "[id]",
      "posting": 0,
      "account": "a",
      "side": "debit"
    }
    "#);
    assert_eq!(transfer(&site, "world", "a", 1).status, 201);
    change(&site, "a", &json!({ "policy": { "frozen": "all" } }));
    let refused = transfer(&site, "world", "a", 0);
    assert_eq!((&*refused.code(), &refused.json()["side"]), ("account.frozen", &json!("credit")));
    // It may be closed with money in it, which is there again when it is opened.
    let closed = change(&site, "a", &json!({ "policy": { "frozen": "none", "closed": true } }));
    assert_eq!(closed["balances"][0]["posted"], "11");
    for (source, destination) in [("a", "b"), ("world", "a")] {
        let refused = transfer(&site, source, destination, 0);
        let code = refused.code();
        assert_eq!((&*code, &refused.json()["account"]), ("account.closed", &json!("a")));
    }
    change(&site, "a", &json!({ "policy": { "closed": false } }));
    assert_eq!(transfer(&site, "a", "b", 11).status, 201);
}

#[test]
fn a_floor_is_a_credit_limit_a_reserve_or_none_at_all() {
    let site = Site::start();
    change(&site, "credit", &json!({ "policy": { "floor": { "USD/2": "-50" } } }));
    assert_eq!(transfer(&site, "credit", "b", 50).status, 201);
    let refused = transfer(&site, "credit", "b", 1);
    assert_eq!(
        (&*refused.code(), &refused.json()["available"]),
        ("transaction.insufficient_funds", &json!("-50"))
    );
    // Raised above what is there, it takes nothing away: it keeps the account from falling further.
    let raised = change(&site, "credit", &json!({ "policy": { "floor": { "USD/2": "10" } } }));
    assert_eq!(raised["balances"][0]["available"], "-50");
    assert_eq!(transfer(&site, "b", "credit", 49).status, 201);
    assert_eq!(transfer(&site, "credit", "b", 1).json()["shortfall"], "12");
    let unbounded = change(&site, "credit", &json!({ "policy": { "floor": "unbounded" } }));
    assert_eq!(unbounded["policy"]["floor"], "unbounded");
    assert_eq!(transfer(&site, "credit", "b", 1_000_000).status, 201);
    let mut all = posting("credit", "b", "USD/2", 0);
    all["amount"] = json!("all");
    assert_eq!(site.post(TRANSACTIONS, &json!({ "postings": [all] })).code(), "account.unbounded");
    // The outside is an account like any other.
    change(&site, "world", &json!({ "policy": { "floor": {} } }));
    assert_eq!(transfer(&site, "world", "b", 1).code(), "transaction.insufficient_funds");
}

#[test]
fn a_replay_shows_the_account_as_it_was_then() {
    let site = Site::start();
    site.pay("world", "a", "USD/2", 10);
    site.pay("world", "a", "EUR/2", 3);
    let request = || {
        let body = json!({ "policy": { "floor": { "USD/2": "-5" } }, "metadata": { "tier": "gold" } });
        Request::patch(format!("{ACCOUNTS}/a")).header("idempotency-key", "k").json(body)
    };
    let first = site.call(&request());
    site.pay("a", "b", "USD/2", 15);
    site.pay("world", "a", "GBP/2", 1);
    change(&site, "a", &json!({ "policy": { "closed": true }, "metadata": { "tier": null } }));
    let entries = site.entries();
    let site = site.restarted();
    let again = site.call(&request());
    assert_eq!((again.status, again.json()), (200, first.json()));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(first.header("idempotency-replayed"), None);
    assert_eq!(site.entries(), entries);
    let other = Request::patch(format!("{ACCOUNTS}/a")).header("idempotency-key", "k");
    let other = site.call(&other.json(json!({ "policy": { "closed": false } })));
    assert_eq!(other.code(), "idempotency.key_reused");
    let transaction = json!({ "postings": [posting("world", "b", "USD/2", 1)] });
    let other = site.call(&Request::post(TRANSACTIONS).header("idempotency-key", "k").json(transaction));
    assert_eq!(other.code(), "idempotency.key_reused");
}

#[test]
fn a_reply_and_its_replay_show_what_was_held_then() {
    let site = Site::start();
    site.pay("world", "a", "USD/2", 10);
    let hold = json!({ "postings": [posting("a", "b", "USD/2", 7)] });
    assert_eq!(site.post("/v1/ledgers/main/holds", &hold).status, 201);
    let request = Request::patch(format!("{ACCOUNTS}/a"))
        .header("idempotency-key", "k")
        .json(json!({ "metadata": { "a": "1" } }));
    let first = site.call(&request);
    assert_eq!((first.status, first.json()), (200, site.json(&format!("{ACCOUNTS}/a"))));
    assert_eq!(first.json()["balances"][0]["pending_out"], "7");
    assert_eq!(site.call(&Request::post("/v1/ledgers/main/holds/1/void")).status, 200);
    let again = site.call(&request);
    assert_eq!((again.status, &again.body), (200, &first.body));
    let after = change(&site, "a", &json!({ "metadata": { "a": "2" } }));
    assert_eq!(after["balances"][0]["pending_out"], "0");
}

#[test]
fn changes_are_listed_newest_first_and_are_entries_of_the_log() {
    let site = Site::start();
    site.pay("world", "a", "USD/2", 10);
    change(&site, "a", &json!({ "metadata": { "tier": "gold" } }));
    change(&site, "b", &json!({ "policy": { "closed": true } }));
    change(&site, "a", &json!({ "policy": { "frozen": "debits" }, "metadata": { "tier": "lead" } }));
    let changes = items(&site, &format!("{ACCOUNTS}/a/changes"));
    let numbers: Vec<_> = changes.iter().map(|change| change["entry"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [3, 1]);
    assert_eq!(
        (&changes[0]["policy"]["frozen"], &changes[1]["policy"]["frozen"]),
        (&json!("debits"), &json!("none"))
    );
    assert_eq!(
        (&changes[0]["metadata"]["tier"], &changes[1]["metadata"]["tier"]),
        (&json!("lead"), &json!("gold"))
    );
    let page = site.json(&format!("{ACCOUNTS}/a/changes?limit=1"));
    let cursor = page["next_cursor"].as_str().unwrap();
    assert_eq!(page["items"], json!(changes[..1]));
    assert_eq!(items(&site, &format!("{ACCOUNTS}/a/changes?limit=1&cursor={cursor}")), changes[1..]);
    assert_eq!(items(&site, &format!("{ACCOUNTS}/world/changes")), [Value::Null; 0]);

    let log = items(&site, "/v1/ledgers/main/log");
    let kinds: Vec<_> = log.iter().map(|entry| entry["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["transaction", "account", "account", "account"]);
    assert_eq!((&log[3]["account"], &log[3]["policy"]), (&json!("a"), &changes[0]["policy"]));
    assert_eq!(
        (&log[3]["metadata"], &log[3]["recorded_at"]),
        (&changes[0]["metadata"], &changes[0]["recorded_at"])
    );
    assert_eq!((&log[3]["postings"], &log[3]["balances"]), (&json!([]), &json!([])));
    // They are no transactions.
    assert_eq!(site.get(&format!("{TRANSACTIONS}/3")).code(), "transaction.not_found");
    assert_eq!(items(&site, TRANSACTIONS).len(), 1);
}

#[test]
fn what_is_wrong_with_a_change_is_named() {
    let site = Site::start();
    for (body, fields) in [
        (json!({}), &["body"][..]),
        (json!({ "policy": {}, "metadata": { "a": 1 } }), &["policy", "metadata.a"]),
        (
            json!({ "policy": { "frozen": "x", "closed": 1, "floor": { "usd": "y" } } }),
            &["policy.closed", "policy.floor.usd", "policy.frozen"],
        ),
        (json!({ "balance": "5" }), &["balance"]),
    ] {
        let reply = patch(&site, "a", &body);
        assert_eq!((reply.status, &*reply.code()), (400, "request.invalid"), "{body}");
        let problem = reply.json();
        let mut found: Vec<_> = problem["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| error["field"].as_str().unwrap())
            .collect();
        found.sort_unstable();
        found.dedup();
        let mut fields = fields.to_vec();
        fields.sort_unstable();
        assert_eq!(found, fields, "{body}");
    }
    let reply = patch(&site, "a::b", &json!({ "policy": { "closed": true } }));
    assert_eq!((reply.status, &*reply.code()), (400, "request.invalid"));
    let other = Request::patch("/v1/ledgers/other/accounts/a").json(json!({ "policy": { "closed": true } }));
    assert_eq!(site.call(&other).code(), "ledger.not_found");
    assert_eq!(site.entries(), 0);
}

#[test]
fn an_account_keeps_up_to_64_keys_and_floors() {
    let site = Site::start();
    let full =
        |name: &str| (0..64).map(|n| (format!("{name}{n}"), json!("1"))).collect::<serde_json::Map<_, _>>();
    change(&site, "a", &json!({ "metadata": full("k"), "policy": { "floor": full("A") } }));
    let refused = patch(&site, "a", &json!({ "metadata": { "more": "" } }));
    assert_eq!((refused.status, &*refused.code()), (422, "account.too_large"));
    assert_eq!(refused.json()["part"], "metadata");
    let refused = patch(&site, "a", &json!({ "policy": { "floor": { "USD/2": 1 } } }));
    assert_eq!((&*refused.code(), &refused.json()["part"]), ("account.too_large", &json!("floor")));
    let swapped =
        json!({ "metadata": { "k0": null, "more": "" }, "policy": { "floor": { "A0": null, "USD/2": 1 } } });
    assert_eq!(change(&site, "a", &swapped)["metadata"].as_object().unwrap().len(), 64);
    assert_eq!(site.entries(), 2);
}
