//! The past: accounts, lists and sums as of a moment, by when entries were recorded or by when they count.

use serde_json::{Value, json};

use crate::harness::Request;
use crate::history::{self, Sums, text};
use crate::site::{Site, TRANSACTIONS, posting};

const ACCOUNTS: &str = "/v1/ledgers/main/accounts";
const BALANCES: &str = "/v1/ledgers/main/balances";

/// Everything that can be asked as of a moment, of accounts and ledgers that are there.
const QUESTIONS: [&str; 6] = [
    "/v1/ledgers/main/accounts?limit=1000&",
    "/v1/ledgers/main/accounts?prefix=users&asset=EUR/2&limit=1000&",
    "/v1/ledgers/main/accounts?metadata[tier]=gold&limit=1000&",
    "/v1/ledgers/main/accounts/world?",
    "/v1/ledgers/main/accounts/users:1?",
    "/v1/ledgers/main/balances?depth=2&limit=1000&",
];

fn items(reply: &Value) -> Vec<Value> {
    reply["items"].as_array().unwrap().clone()
}

fn change(site: &Site, account: &str, body: &Value) {
    let reply = site.call(&Request::patch(format!("{ACCOUNTS}/{account}")).json(body));
    assert_eq!(reply.status, 200, "{reply:?}");
}

/// Returns what is known as of a moment: status and body of each answer.
fn answers(site: &Site, moment: &str) -> Vec<(u16, String)> {
    let answer = |question: &&str| {
        let reply = site.get(&format!("{question}{moment}"));
        let body = reply.body.clone();
        (reply.status, if reply.status == 200 { body } else { reply.code() })
    };
    QUESTIONS.iter().map(answer).collect()
}

fn posted(site: &Site, account: &str, moment: &str) -> Option<String> {
    let reply = site.get(&format!("{ACCOUNTS}/{account}?{moment}"));
    match reply.status {
        200 => Some(text(&reply.json()["balances"][0], "posted").to_owned()),
        status => {
            assert_eq!((status, &*reply.code()), (404, "account.not_found"), "{account} {moment}");
            None
        }
    }
}

#[test]
fn lists_and_sums_are_what_had_been_recorded_by_any_moment() {
    let site = Site::start();
    let transactions = history::write(&site);
    for count in [1, 2, 5, 9, 13, transactions.len()] {
        let at = text(&transactions[count - 1], "recorded_at");
        let past = &transactions[..count];
        let expected = Sums::of(past, |account| Some(account.to_owned())).items("address");
        assert_eq!(items(&site.json(&format!("{ACCOUNTS}?limit=1000&at={at}"))), expected);
        for account in &expected {
            let path = format!("{ACCOUNTS}/{}?at={at}&clock=recorded", text(account, "address"));
            assert_eq!(site.json(&path), *account);
        }
        let expected =
            Sums::of(past, |account| Some(account.split(':').next().unwrap().to_owned())).items("account");
        assert_eq!(items(&site.json(&format!("{BALANCES}?at={at}"))), expected);
    }
}

#[test]
fn lists_and_sums_are_what_counts_by_any_moment() {
    let site = Site::start();
    let transactions = history::write(&site);
    for at in [
        "2025-12-31T23:59:59.999998Z",
        "2025-12-31T23:59:59.999999Z",
        "2026-01-31T00:00:00Z",
        "2026-02-01T00:00:00Z",
        "2026-03-01T00:00:00Z",
        "2029-12-31T23:59:59Z",
        "2030-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999Z",
    ] {
        // Times of one form have the order of their texts.
        let micros = if at.contains('.') { at.to_owned() } else { at.replace('Z', ".000000Z") };
        let counts = |transaction: &&Value| text(transaction, "effective_at") <= &*micros;
        let past: Vec<Value> = transactions.iter().filter(counts).cloned().collect();
        let expected = Sums::of(&past, |account| Some(account.to_owned())).items("address");
        assert_eq!(items(&site.json(&format!("{ACCOUNTS}?limit=1000&at={at}&clock=effective"))), expected);
        let expected =
            Sums::of(&past, |account| Some(account.split(':').next().unwrap().to_owned())).items("account");
        assert_eq!(items(&site.json(&format!("{BALANCES}?at={at}&clock=effective"))), expected);
    }
}

#[test]
fn an_answer_as_of_a_recorded_moment_never_changes_whatever_is_written_later() {
    let site = Site::start();
    let mut known = Vec::new();
    for transaction in history::write(&site) {
        let at = text(&transaction, "recorded_at").to_owned();
        known.push(format!("at={at}"));
        known.push(format!("at={at}&clock=recorded"));
    }
    change(&site, "users:1", &json!({ "metadata": { "tier": "gold" } }));
    let changed = site.json(&format!("{ACCOUNTS}/users:1/changes"));
    known.push(format!("at={}", text(&changed["items"][0], "recorded_at")));
    let known: Vec<_> = known.into_iter().map(|moment| (answers(&site, &moment), moment)).collect();
    for (n, effective_at) in
        ["2020-01-01T00:00:00Z", "2026-01-15T00:00:00Z", "2026-11-01T00:00:00Z", "2099-01-01T00:00:00Z"]
            .into_iter()
            .enumerate()
    {
        for (source, destination) in [("world", "users:1"), ("world", "brand:new"), ("users:1", "shops:7")] {
            site.transact(&json!({
                "postings": [posting(source, destination, "USD/2", 1 + n as u64)],
                "effective_at": effective_at,
            }));
        }
    }
    change(&site, "users:1", &json!({ "metadata": { "tier": null }, "policy": { "closed": true } }));
    change(&site, "world", &json!({ "metadata": { "tier": "gold" } }));
    for (before, moment) in known {
        assert_eq!(answers(&site, &moment), before, "{moment}");
    }
    assert_eq!(posted(&site, "brand:new", "at=2020-01-01T00:00:00Z&clock=effective").unwrap(), "1");
}

#[test]
fn an_account_is_not_found_before_it_had_moved_or_was_changed() {
    let site = Site::start();
    let first = site.pay("world", "a", "USD/2", 5);
    let backdated = site.transact(&json!({
        "postings": [posting("world", "b", "USD/2", 7)], "effective_at": "2026-01-01T00:00:00Z",
    }));
    change(&site, "quiet", &json!({ "metadata": { "tier": "gold" } }));
    let now = site.pay("world", "a", "USD/2", 1);
    let [first, backdated, now] =
        [&first, &backdated, &now].map(|it| format!("at={}", text(it, "recorded_at")));
    assert_eq!(posted(&site, "a", "at=2026-01-01T00:00:00Z"), None);
    assert_eq!(posted(&site, "a", &first).unwrap(), "5");
    assert_eq!(posted(&site, "a", &now).unwrap(), "6");
    assert_eq!(posted(&site, "b", &first), None);
    assert_eq!(posted(&site, "b", &backdated).unwrap(), "7");
    assert_eq!(posted(&site, "b", "at=2025-12-31T23:59:59.999999Z&clock=effective"), None);
    assert_eq!(posted(&site, "b", "at=2026-01-01T00:00:00Z&clock=effective").unwrap(), "7");
    assert_eq!(site.get(&format!("{ACCOUNTS}/quiet?{backdated}")).status, 404);
    let quiet = site.json(&format!("{ACCOUNTS}/quiet?{now}&clock=effective"));
    assert_eq!((&quiet["metadata"]["tier"], &quiet["balances"]), (&json!("gold"), &json!([])));
}

#[test]
fn pages_of_the_past_lead_on() {
    let site = Site::start();
    let transactions = history::write(&site);
    site.pay("world", "users:0:later", "USD/2", 1);
    let at = text(&transactions[9], "recorded_at");
    for list in [ACCOUNTS, BALANCES] {
        let all = items(&site.json(&format!("{list}?at={at}&limit=1000")));
        let mut found = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = site.json(&format!("{list}?at={at}&limit=1{cursor}"));
            found.extend(items(&page));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(found, all, "{list}");
    }
}

#[test]
fn what_will_have_been_recorded_is_not_told_and_what_will_count_is() {
    let site = Site::start();
    site.pay("world", "a", "USD/2", 5);
    site.transact(&json!({
        "postings": [posting("world", "a", "USD/2", 7)], "effective_at": "2099-01-01T00:00:00Z",
    }));
    for path in ["", "/a", "/a/entries", "/a/changes", "/a/statement"].map(|rest| format!("{ACCOUNTS}{rest}"))
    {
        let reply = site.get(&format!("{path}?at=2099-01-01T00:00:00Z"));
        assert_eq!((reply.status, &*reply.code()), (400, "request.invalid"), "{path}");
        assert_eq!(reply.json()["errors"][0]["field"], "at", "{path}");
    }
    for path in [BALANCES, TRANSACTIONS] {
        let reply = site.get(&format!("{path}?at=2099-01-01T00:00:00Z&clock=recorded"));
        assert_eq!((reply.status, &*reply.code()), (400, "request.invalid"), "{path}");
    }
    let moment = |at: &str| format!("at={at}&clock=effective");
    assert_eq!(posted(&site, "a", &moment("2098-12-31T23:59:59Z")).unwrap(), "5");
    assert_eq!(posted(&site, "a", &moment("2099-01-01T00:00:00Z")).unwrap(), "12");
}

#[test]
fn lists_of_what_happened_end_with_a_moment_that_is_part_of_them() {
    let site = Site::start();
    let transactions = history::write(&site);
    change(&site, "users:1", &json!({ "metadata": { "tier": "gold" } }));
    site.pay("world", "users:1", "USD/2", 1);
    for (number, transaction) in transactions.iter().enumerate() {
        let at = text(transaction, "recorded_at");
        let listed = items(&site.json(&format!("{TRANSACTIONS}?order=asc&limit=1000&at={at}")));
        assert_eq!(listed.len(), number + 1);
        assert_eq!(items(&site.json(&format!("{ACCOUNTS}/users:1/changes?at={at}"))), [json!(null); 0]);
    }
    let at = "2026-02-01T00:00:00Z";
    let count =
        |query: &str| items(&site.json(&format!("{ACCOUNTS}/shops:7/entries?clock=effective&{query}"))).len();
    assert_eq!((count(&format!("at={at}")), count(&format!("to={at}"))), (3, 0));
    let statement = site.json(&format!("{ACCOUNTS}/shops:7/statement?clock=effective&at={at}"));
    let account = site.json(&format!("{ACCOUNTS}/shops:7?clock=effective&at={at}"));
    assert_eq!(text(&account["balances"][0], "posted"), "1");
    assert!(statement.to_string().contains("\"1\""), "{statement}");
    let changes = site.json(&format!("{ACCOUNTS}/users:1/changes"));
    let at = text(&changes["items"][0], "recorded_at");
    assert_eq!(site.json(&format!("{ACCOUNTS}/users:1/changes?at={at}")), changes);
}
