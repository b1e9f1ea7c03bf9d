//! Every list that the service has, in the ways that it can be asked: one row of the report each. A test holds them
//! against the description of the API.

use super::commands::{CHANNELS, FEES, RUNS, TIERS};
use super::known::Known;
use super::surroundings::DUE;

/// A way of asking a list.
pub(super) struct List {
    /// The operation's id in the description of the API.
    pub(super) operation: &'static str,
    /// What it is asked for.
    pub(super) name: &'static str,
    /// Writes the path with its filters, drawn anew. It takes a limit and a cursor, unless it is no list of pages.
    pub(super) path: fn(&mut Known) -> String,
    /// Whether it has pages, which can be followed.
    pub(super) pages: bool,
}

const LEDGER: &str = "/v1/ledgers/main";

const fn list(operation: &'static str, name: &'static str, path: fn(&mut Known) -> String) -> List {
    List { operation, name, path, pages: true }
}

fn accounts(filters: &str) -> String {
    format!("{LEDGER}/accounts?{filters}")
}

fn transactions(filters: &str) -> String {
    format!("{LEDGER}/transactions?{filters}")
}

fn entries(account: &str, filters: &str) -> String {
    format!("{LEDGER}/accounts/{account}/entries?{filters}")
}

fn balances(filters: &str) -> String {
    format!("{LEDGER}/balances?{filters}")
}

fn holds(filters: &str) -> String {
    format!("{LEDGER}/holds?{filters}")
}

/// Returns all of them.
#[expect(clippy::too_many_lines, reason = "it is a table")]
pub(super) fn lists() -> Vec<List> {
    vec![
        list("list_ledgers", "all", |_| "/v1/ledgers?".to_owned()),
        list("list_accounts", "all", |_| accounts("")),
        list("list_accounts", "a hundred by prefix", |known| {
            accounts(&format!("prefix={}", known.hundred_users()))
        }),
        list("list_accounts", "from anywhere on, by prefix `users:`", |_| accounts("prefix=users:")),
        list("list_accounts", "asset that most have", |_| accounts("asset=USD/2")),
        list("list_accounts", "asset that few have", |_| accounts("asset=EUR/2")),
        list("list_accounts", "asset and prefix", |known| {
            accounts(&format!("asset=EUR/2&prefix={}", known.hundred_users()))
        }),
        list("list_accounts", "metadata", |known| accounts(&format!("metadata[tier]={}", known.any(&TIERS)))),
        list("list_accounts", "all, at a recorded time", |known| accounts(&format!("at={}", known.time()))),
        list("list_accounts", "all, at an effective time", |known| {
            accounts(&format!("at={}&clock=effective", known.time()))
        }),
        list("list_accounts", "by prefix, at a recorded time", |known| {
            accounts(&format!("prefix={}&at={}", known.hundred_users(), known.time()))
        }),
        list("list_accounts", "by prefix, at an effective time", |known| {
            accounts(&format!("prefix={}&at={}&clock=effective", known.hundred_users(), known.time()))
        }),
        list("list_accounts", "metadata, at a recorded time", |known| {
            let tier = known.any(&TIERS);
            accounts(&format!("metadata[tier]={tier}&at={}", known.time()))
        }),
        list("list_transactions", "all", |_| transactions("")),
        list("list_transactions", "all, oldest first", |_| transactions("order=asc")),
        list("list_transactions", "all, by effective time", |_| transactions("clock=effective")),
        list("list_transactions", "a span of recorded time", |known| {
            let (from, to) = known.span();
            transactions(&format!("from={from}&to={to}"))
        }),
        list("list_transactions", "a span of effective time", |known| {
            let (from, to) = known.span();
            transactions(&format!("from={from}&to={to}&clock=effective"))
        }),
        list("list_transactions", "up to a recorded time", |known| {
            transactions(&format!("at={}", known.time()))
        }),
        list("list_transactions", "up to an effective time", |known| {
            transactions(&format!("at={}&clock=effective", known.time()))
        }),
        list("list_transactions", "an account", |known| transactions(&format!("account={}", known.user()))),
        list("list_transactions", "an account, by effective time", |known| {
            transactions(&format!("account={}&clock=effective", known.user()))
        }),
        list("list_transactions", "an account as source, a span of time", |known| {
            let (from, to) = known.span();
            transactions(&format!("source={}&from={from}&to={to}", known.user()))
        }),
        list("list_transactions", "a hot account", |_| transactions(&format!("account={FEES}"))),
        list("list_transactions", "a hot account, a span of recorded time", |known| {
            let (from, to) = known.span();
            transactions(&format!("account={FEES}&from={from}&to={to}"))
        }),
        list("list_transactions", "a hot account, by effective time", |known| {
            transactions(&format!("account={FEES}&at={}&clock=effective", known.time()))
        }),
        list("list_transactions", "a hot account as destination, an account as source", |known| {
            transactions(&format!("destination={FEES}&source={}", known.till()))
        }),
        list("list_transactions", "`world`", |_| transactions("source=world")),
        list("list_transactions", "accounts under an address", |known| {
            transactions(&format!("account={}", known.shop()))
        }),
        list("list_transactions", "accounts under an address, by effective time", |known| {
            transactions(&format!("account={}&clock=effective", known.shop()))
        }),
        list("list_transactions", "under an address that all users are under", |_| {
            transactions("account=users:")
        }),
        list("list_transactions", "under an address that all shops are under", |_| {
            transactions("destination=shops:*")
        }),
        list("list_transactions", "asset", |_| transactions("asset=EUR/2")),
        list("list_transactions", "reference", |known| {
            transactions(&format!("reference={}", known.reference()))
        }),
        list("list_transactions", "metadata that one has", |known| {
            transactions(&format!("metadata[order]={}", known.order()))
        }),
        list("list_transactions", "metadata that one in 5,000 has", |known| {
            transactions(&format!("metadata[run]={}", known.number(RUNS)))
        }),
        list("list_transactions", "metadata that one in 50 has", |known| {
            transactions(&format!("metadata[channel]={}", known.any(&CHANNELS)))
        }),
        list("list_transactions", "metadata, by effective time", |known| {
            transactions(&format!("metadata[run]={}&clock=effective", known.number(RUNS)))
        }),
        list("list_transactions", "two of metadata", |known| {
            let channel = known.any(&CHANNELS);
            transactions(&format!("metadata[channel]={channel}&metadata[run]={}", known.number(RUNS)))
        }),
        list("list_transactions", "a hot account and metadata", |known| {
            transactions(&format!("account={FEES}&metadata[run]={}", known.number(RUNS)))
        }),
        list("list_transactions", "amount that most reach", |_| transactions("amount[at_least]=1000")),
        list("list_transactions", "amount that one in 1,000 reaches", |_| {
            transactions("amount[at_least]=1000000&amount[at_most]=9999999")
        }),
        list("list_transactions", "amount that none has", |_| {
            transactions("amount[at_least]=1&amount[at_most]=2")
        }),
        list("list_transactions", "an account and amount", |known| {
            transactions(&format!("account={}&amount[at_least]=5000", known.user()))
        }),
        list("list_transactions", "a hot account and amount that none has", |_| {
            transactions(&format!("destination={FEES}&amount[at_least]=1000000000"))
        }),
        list("list_log", "from the beginning", |_| format!("{LEDGER}/log?")),
        list("list_log", "from anywhere on", |known| format!("{LEDGER}/log?after={}", known.entry())),
        list("list_entries", "an account", |known| entries(&known.user(), "")),
        list("list_entries", "an account, by effective time", |known| {
            entries(&known.user(), "clock=effective")
        }),
        list("list_entries", "an account and asset, a span of time", |known| {
            let (from, to) = known.span();
            entries(&known.user(), &format!("asset=USD/2&from={from}&to={to}"))
        }),
        list("list_entries", "a till", |known| entries(known.till(), "")),
        list("list_entries", "a hot account", |_| entries(FEES, "")),
        list("list_entries", "a hot account, a span of recorded time", |known| {
            let (from, to) = known.span();
            entries(FEES, &format!("from={from}&to={to}"))
        }),
        list("list_entries", "a hot account, a span of effective time", |known| {
            let (from, to) = known.span();
            entries(FEES, &format!("from={from}&to={to}&clock=effective"))
        }),
        list("list_entries", "`world`, up to a time", |known| {
            entries("world", &format!("at={}", known.time()))
        }),
        List {
            operation: "get_statement",
            name: "an account, all of it",
            path: |known| format!("{LEDGER}/accounts/{}/statement?", known.user()),
            pages: false,
        },
        list("list_balances", "all, by the first segment", |_| balances("")),
        list("list_balances", "each account", |_| balances("depth=3")),
        list("list_balances", "each user", |_| balances("prefix=users:&depth=2")),
        list("list_balances", "a hundred users together", |known| {
            balances(&format!("prefix={}", known.hundred_users()))
        }),
        list("list_balances", "each shop", |_| balances("prefix=shops:&depth=2")),
        list("list_balances", "all shops together", |_| balances("prefix=shops:")),
        list("list_balances", "a shop, at a recorded time", |known| {
            balances(&format!("prefix={}&depth=2&at={}", known.shop(), known.time()))
        }),
        list("list_balances", "a hundred users, at a recorded time", |known| {
            balances(&format!("prefix={}&at={}", known.hundred_users(), known.time()))
        }),
        list("list_balances", "a hundred users, at an effective time", |known| {
            balances(&format!("prefix={}&at={}&clock=effective", known.hundred_users(), known.time()))
        }),
        list("list_balances", "each user, at a recorded time", |known| {
            balances(&format!("prefix=users:&depth=2&at={}", known.time()))
        }),
        list("list_holds", "all", |_| holds("")),
        list("list_holds", "open", |_| holds("state=open")),
        list("list_holds", "captured", |_| holds("state=captured")),
        list("list_holds", "voided", |_| holds("state=voided")),
        list("list_holds", "expired, which none is", |_| holds("state=expired")),
        list("list_holds", "an account", |known| holds(&format!("account={}", known.holder()))),
        list("list_holds", "a till", |known| holds(&format!("account={}", known.till()))),
        list("list_holds", "a till, voided", |known| {
            holds(&format!("state=voided&account={}", known.till()))
        }),
        list("list_changes", "an account", |known| {
            format!("{LEDGER}/accounts/{}/changes?", known.changed_account())
        }),
        list("list_changes", "an account, up to a time", |known| {
            let account = known.changed_account().to_owned();
            format!("{LEDGER}/accounts/{account}/changes?at={}", known.time())
        }),
        list("list_transaction_changes", "a transaction", |known| {
            format!("{LEDGER}/transactions/{}/changes?", known.changed_transaction())
        }),
        list("list_keys", "all", |_| "/v1/keys?".to_owned()),
        list("list_users", "all", |_| "/v1/users?".to_owned()),
        list("list_users", "of a state", |_| "/v1/users?state=active".to_owned()),
        list("list_users", "of an address", |_| "/v1/users?email=user-7@example.com".to_owned()),
        list("list_audit", "all", |_| "/v1/audit?".to_owned()),
        list("list_audit", "an actor", |_| "/v1/audit?actor=operator".to_owned()),
        list("list_audit", "an action", |_| "/v1/audit?action=ledger.created".to_owned()),
        list("list_audit", "a subject", |_| "/v1/audit?subject=main".to_owned()),
        list("list_schedules", "all", |_| format!("{LEDGER}/schedules?")),
        list("list_schedules", "active", |_| format!("{LEDGER}/schedules?state=active")),
        list("list_schedules", "paused", |_| format!("{LEDGER}/schedules?state=paused")),
        list("list_schedules", "completed", |_| format!("{LEDGER}/schedules?state=completed")),
        list("list_runs", "a schedule", |known| format!("{LEDGER}/schedules/{}/runs?", known.number(DUE))),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::Value;

    use super::lists;

    /// The operations whose reply is a part of a list, by the description of the API.
    fn described() -> HashSet<String> {
        let description: Value =
            serde_json::from_str(include_str!("../../../../docs/openapi.json")).expect("JSON");
        let paths = description["paths"].as_object().expect("paths").values();
        let gets = paths.filter_map(|path| path.get("get"));
        let is_list = |get: &&Value| {
            let schema = &get["responses"]["200"]["content"]["application/json"]["schema"]["$ref"];
            schema.as_str().is_some_and(|schema| schema.ends_with("Page"))
        };
        gets.filter(is_list).map(|get| get["operationId"].as_str().expect("an id").to_owned()).collect()
    }

    #[test]
    fn every_list_of_the_service_is_asked() {
        let asked: HashSet<_> =
            lists().into_iter().filter(|list| list.pages).map(|list| list.operation.to_owned()).collect();
        let mut described = described();
        // A user's own sessions, at most a hundred: who comes with a key has none.
        assert!(described.remove("list_sessions"));
        assert_eq!(asked, described);
    }

    #[test]
    fn every_way_of_asking_has_a_name_of_its_own() {
        let names: HashSet<_> = lists().into_iter().map(|list| (list.operation, list.name)).collect();
        assert_eq!(names.len(), lists().len());
    }

    #[test]
    fn every_filter_of_every_list_is_asked_for() {
        let asked = include_str!("lists.rs");
        let description: Value =
            serde_json::from_str(include_str!("../../../../docs/openapi.json")).expect("JSON");
        let operations = described();
        let paths = description["paths"].as_object().expect("paths").values();
        for get in paths.filter_map(|path| path.get("get")) {
            let id = get["operationId"].as_str().expect("an id");
            if !operations.contains(id) {
                continue;
            }
            let parameters = get["parameters"].as_array().expect("parameters");
            for parameter in parameters.iter().filter(|parameter| parameter["in"] == "query") {
                let name = parameter["name"].as_str().expect("a name");
                let is_filter = !["limit", "cursor"].contains(&name);
                let written = [format!("{name}="), format!("{name}[")];
                assert!(!is_filter || written.iter().any(|text| asked.contains(text)), "{id} {name}");
            }
        }
    }
}
