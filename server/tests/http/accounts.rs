//! Accounts: they exist from their first posting, hold what was moved, and have a statement.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::history::{self, Sums, postings, text};
use crate::shown::shown;
use crate::site::{Site, posting};

const ACCOUNTS: &str = "/v1/ledgers/main/accounts";

fn items(site: &Site, path: &str) -> Vec<Value> {
    site.json(path)["items"].as_array().unwrap().clone()
}

#[test]
fn an_account_is_shown_with_its_balances_by_asset() {
    let site = Site::start();
    site.pay("world", "users:42:wallet", "USD/2", 300);
    site.pay("world", "users:42:wallet", "EUR/2", 5);
    site.pay("users:42:wallet", "b", "USD/2", 100);
    assert_snapshot!(shown(&site.get(&format!("{ACCOUNTS}/users:42:wallet"))), @r#"
    200
    content-type: application/json
    x-request-id: [id]

    {
      "address": "users:42:wallet",
      "policy": {
        "floor": {},
        "frozen": "none",
        "closed": false
      },
      "metadata": {},
      "version": 3,
      "balances": [
        {
          "asset": "EUR/2",
          "posted_in": "5",
          "posted_out": "0",
          "pending_in": "0",
          "pending_out": "0",
          "posted": "5",
          "available": "5"
        },
        {
          "asset": "USD/2",
          "posted_in": "300",
          "posted_out": "100",
          "pending_in": "0",
          "pending_out": "0",
          "posted": "200",
          "available": "200"
        }
      ]
    }
    "#);
}

#[test]
fn an_account_that_never_moved_is_not_found() {
    let site = Site::start();
    site.pay("world", "users:42", "USD/2", 300);
    assert_snapshot!(shown(&site.get(&format!("{ACCOUNTS}/users"))), @r#"
    404
    content-type: application/problem+json
    x-request-id: [id]

    {
      "type": "/docs/errors#account.not_found",
      "title": "No such account",
      "status": 404,
      "code": "account.not_found",
      "request_id": "[id]"
    }
    "#);
    for path in ["users/entries", "users:4", "users:42:wallet", "Users:42", "users:42:wallet/entries"] {
        let reply = site.get(&format!("{ACCOUNTS}/{path}"));
        assert_eq!((reply.status, &*reply.code()), (404, "account.not_found"), "{path}");
    }
}

#[test]
fn an_account_is_found_however_its_address_is_encoded() {
    let site = Site::start();
    site.pay("world", "users:42:wallet", "USD/2", 300);
    let plain = site.json(&format!("{ACCOUNTS}/users:42:wallet"));
    for encoded in ["users%3A42%3awallet", "%75sers:42:wallet"] {
        assert_eq!(site.json(&format!("{ACCOUNTS}/{encoded}")), plain);
    }
}

#[test]
fn the_longest_address_is_an_account_like_any_other() {
    let site = Site::start();
    let address = format!("{}:{}", "a".repeat(127), "b".repeat(127));
    site.pay("world", &address, "USD/2", 5);
    assert_eq!(site.json(&format!("{ACCOUNTS}/{address}"))["balances"][0]["posted"], "5");
    assert_eq!(items(&site, &format!("{ACCOUNTS}/{address}/entries")).len(), 1);
    assert_eq!(items(&site, &format!("{ACCOUNTS}?prefix={address}")).len(), 1);
    let deep = vec!["a"; 128].join(":");
    site.pay("world", &deep, "USD/2", 5);
    assert_eq!(items(&site, "/v1/ledgers/main/balances?depth=128&prefix=a:")[0]["account"], deep);
}

/// Adds the version of each account: the id of the last transaction with a posting of it, plus one.
fn with_versions(log: &[Value], mut accounts: Vec<Value>) -> Vec<Value> {
    for account in &mut accounts {
        let address = &account["address"];
        let touches = |posting: &Value| posting["source"] == *address || posting["destination"] == *address;
        let last = log.iter().rfind(|transaction| postings(transaction).any(touches)).expect("it moved");
        account["version"] = json!(last["id"].as_u64().unwrap() + 1);
    }
    accounts
}

#[test]
fn the_list_of_accounts_is_what_the_postings_add_up_to() {
    let site = Site::start();
    let log = history::write(&site);
    let all = with_versions(&log, Sums::of(&log, |account| Some(account.to_owned())).items("address"));
    assert_eq!(items(&site, ACCOUNTS), all);
    for account in &all {
        assert_eq!(&site.json(&format!("{ACCOUNTS}/{}", text(account, "address"))), account);
    }
}

#[test]
fn accounts_are_listed_by_the_beginning_of_their_address() {
    let site = Site::start();
    let log = history::write(&site);
    for prefix in
        ["u", "user", "users", "users:", "users:2", "users:2:", "users:2:s", "users-", "U", "w", "x"]
    {
        let wanted = Sums::of(&log, |account| account.starts_with(prefix).then(|| account.to_owned()));
        let wanted = with_versions(&log, wanted.items("address"));
        assert_eq!(items(&site, &format!("{ACCOUNTS}?prefix={prefix}")), wanted, "{prefix}");
    }
}

#[test]
fn accounts_are_listed_by_asset_with_their_balance_in_it() {
    let site = Site::start();
    let log = history::write(&site);
    for asset in ["USD/2", "EUR/2", "POINTS", "GBP/2"] {
        let wanted = Sums::of(&log, |account| Some(account.to_owned())).items("address");
        let mut wanted = with_versions(&log, wanted);
        for account in &mut wanted {
            account["balances"].as_array_mut().unwrap().retain(|balance| balance["asset"] == asset);
        }
        wanted.retain(|account| account["balances"] != json!([]));
        assert_eq!(items(&site, &format!("{ACCOUNTS}?asset={asset}")), wanted, "{asset}");
        wanted.retain(|account| text(account, "address").starts_with("users:"));
        assert_eq!(items(&site, &format!("{ACCOUNTS}?asset={asset}&prefix=users:")), wanted, "{asset}");
    }
}

/// An account's statement as the log has it, newest first by a clock.
fn statement(log: &[Value], account: &str, clock: &str) -> Vec<Value> {
    let mut balances = std::collections::BTreeMap::<String, i64>::new();
    let mut lines = Vec::new();
    for transaction in log {
        for (place, posting) in postings(transaction).enumerate() {
            let (source, destination) = (text(posting, "source"), text(posting, "destination"));
            let amount: i64 = text(posting, "amount").parse().unwrap();
            let (direction, counterparty, change) = match account {
                _ if source == account => ("debit", destination, -amount),
                _ if destination == account => ("credit", source, amount),
                _ => continue,
            };
            let balance = balances.entry(text(posting, "asset").to_owned()).or_default();
            *balance += change;
            lines.push(json!({
                "transaction": transaction["id"], "posting": place,
                "recorded_at": transaction["recorded_at"], "effective_at": transaction["effective_at"],
                "direction": direction, "counterparty": counterparty,
                "asset": posting["asset"], "amount": posting["amount"], "balance": balance.to_string(),
            }));
        }
    }
    lines.sort_by_key(|line| text(line, clock).to_owned());
    lines.reverse();
    lines
}

#[test]
fn a_line_of_a_statement_says_what_moved_and_what_there_was_after_it() {
    let site = Site::start();
    site.pay("world", "a", "USD/2", 300);
    site.transact(&json!({
        "postings": [posting("a", "b", "USD/2", 100), posting("c", "a", "USD/2", 0)],
        "effective_at": "2026-01-31T12:00:00Z",
    }));
    assert_snapshot!(shown(&site.get(&format!("{ACCOUNTS}/a/entries"))), @r#"
    200
    content-type: application/json
    x-request-id: [id]

    {
      "items": [
        {
          "transaction": 1,
          "posting": 1,
          "recorded_at": "[now]",
          "effective_at": "2026-01-31T12:00:00.000000Z",
          "direction": "credit",
          "counterparty": "c",
          "asset": "USD/2",
          "amount": "0",
          "balance": "200"
        },
        {
          "transaction": 1,
          "posting": 0,
          "recorded_at": "[now]",
          "effective_at": "2026-01-31T12:00:00.000000Z",
          "direction": "debit",
          "counterparty": "b",
          "asset": "USD/2",
          "amount": "100",
          "balance": "200"
        },
        {
          "transaction": 0,
          "posting": 0,
          "recorded_at": "[now]",
          "effective_at": "[now]",
          "direction": "credit",
          "counterparty": "world",
          "asset": "USD/2",
          "amount": "300",
          "balance": "300"
        }
      ],
      "next_cursor": null
    }
    "#);
}

#[test]
fn statements_are_what_the_log_says_on_both_clocks() {
    let site = Site::start();
    let log = history::write(&site);
    for account in ["world", "users:1", "users:2:savings", "shops:7", "user"] {
        let path = format!("{ACCOUNTS}/{account}/entries");
        for (parameter, clock) in
            [("", "recorded_at"), ("clock=recorded", "recorded_at"), ("clock=effective", "effective_at")]
        {
            let lines = statement(&log, account, clock);
            assert_eq!(items(&site, &format!("{path}?{parameter}")), lines, "{account} {parameter}");
            for asset in ["USD/2", "EUR/2", "GBP/2"] {
                let of_asset: Vec<_> = lines.iter().filter(|line| line["asset"] == asset).cloned().collect();
                assert_eq!(
                    items(&site, &format!("{path}?asset={asset}&{parameter}")),
                    of_asset,
                    "{account} {asset}"
                );
            }
            let (from, to) = ("2026-01-01T00:00:00.000000Z", "2026-02-01T00:00:00.000000Z");
            let within = |line: &&Value| (from..to).contains(&text(line, clock));
            let within: Vec<_> = lines.iter().filter(within).cloned().collect();
            assert_eq!(
                items(&site, &format!("{path}?from={from}&to={to}&{parameter}")),
                within,
                "{account} {clock}"
            );
        }
    }
}
