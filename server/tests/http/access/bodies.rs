//! What a body asks for beyond its route: force, policies, and each command of a batch.

use serde_json::json;

use super::{everywhere, key, outcome, with};
use crate::harness::Request;
use crate::site::{Site, TRANSACTIONS, posting};

const ACCOUNT: &str = "/v1/ledgers/main/accounts/a";
const BATCHES: &str = "/v1/ledgers/main/batches";

#[test]
fn force_takes_a_scope_of_its_own() {
    let site = Site::start();
    site.pay("world", "a", "USD/2", 5);
    site.pay("a", "b", "USD/2", 5);
    let reversal =
        |force: bool| Request::post(format!("{TRANSACTIONS}/0/reversals")).json(json!({ "force": force }));
    let writer = key(&site, &everywhere(&["ledger:write"]));
    assert_eq!(with(&site, reversal(true), &writer), (403, "authorization.denied".to_owned()));
    assert_eq!(with(&site, reversal(false), &writer).0, 422);
    let forcing = key(&site, &everywhere(&["ledger:write", "ledger:force"]));
    assert_eq!(with(&site, reversal(true), &forcing).0, 201);
}

#[test]
fn what_an_account_allows_is_another_right_than_what_is_kept_beside_it() {
    let site = Site::start();
    let policy = json!({ "policy": { "frozen": "debits" } });
    let metadata = json!({ "metadata": { "tier": "gold" } });
    let both = json!({ "policy": { "frozen": "none" }, "metadata": { "tier": "gold" } });
    let denied = || (403, "authorization.denied".to_owned());
    let done = || (200, String::new());
    for (scopes, outcomes) in [
        (&["ledger:write"][..], [denied(), done(), denied()]),
        (&["accounts:policy"], [done(), denied(), denied()]),
        (&["ledger:write", "accounts:policy"], [done(), done(), done()]),
    ] {
        let secret = key(&site, &everywhere(scopes));
        for (body, outcome) in [&policy, &metadata, &both].into_iter().zip(outcomes) {
            assert_eq!(
                with(&site, Request::patch(ACCOUNT).json(body), &secret),
                outcome,
                "{scopes:?} {body}"
            );
        }
    }
}

#[test]
fn a_batch_with_a_command_that_is_not_allowed_does_nothing() {
    let site = Site::start();
    let writer = key(&site, &everywhere(&["ledger:write"]));
    for mode in ["atomic", "independent"] {
        let body = json!({ "mode": mode, "commands": [
            { "type": "transaction", "postings": [posting("world", "a", "USD/2", 5)] },
            { "type": "account", "account": "a", "policy": { "closed": true } },
        ] });
        let reply = site.call(&Request::post(BATCHES).json(body).key(&writer));
        assert_eq!(outcome(&reply), (403, "authorization.denied".to_owned()), "{mode}");
        assert_eq!(reply.json()["scope"], "accounts:policy");
    }
    assert_eq!(site.entries(), 0);
}

#[test]
fn a_line_that_is_not_allowed_leaves_the_others_alone() {
    let site = Site::start();
    let writer = key(&site, &everywhere(&["ledger:write"]));
    let lines = [
        json!({ "type": "transaction", "postings": [posting("world", "a", "USD/2", 5)] }),
        json!({ "type": "account", "account": "a", "policy": { "closed": true } }),
        json!({ "type": "reversal", "transaction": 0, "force": true }),
        json!({ "type": "account", "account": "a", "metadata": { "k": "v" } }),
    ];
    let text: Vec<String> = lines.iter().map(ToString::to_string).collect();
    let request = Request::post(BATCHES).header("content-type", "application/x-ndjson").body(text.join("\n"));
    let reply = site.call(&request.key(&writer));
    let statuses: Vec<u64> = reply
        .body
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["status"].as_u64().unwrap())
        .collect();
    assert_eq!(statuses, [201, 403, 403, 200]);
}
