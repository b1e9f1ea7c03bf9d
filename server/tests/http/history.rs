//! A ledger with a history: accounts whose names begin alike, several assets, references, metadata, and
//! transactions that count long before or after they were recorded.

use serde_json::{Map, Value, json};

use crate::site::{Site, posting};

/// One transaction: when it counts (`None`: when it is recorded), its reference, its kind, its postings.
type Draft = (
    Option<&'static str>,
    Option<&'static str>,
    &'static str,
    &'static [(&'static str, &'static str, &'static str, u64)],
);

/// In the order in which they are recorded. Some count at the very same moment.
const DRAFTS: [Draft; 18] = [
    (None, None, "in", &[("world", "users:1", "USD/2", 1000)]),
    (
        None,
        Some("order-1"),
        "in",
        &[("world", "users:2:wallet", "USD/2", 500), ("world", "users:2:wallet", "EUR/2", 70)],
    ),
    (Some("2026-03-01T00:00:00Z"), None, "buy", &[("users:1", "shops:7", "USD/2", 100)]),
    (Some("2026-01-01T00:00:00Z"), Some("order-2"), "buy", &[("users:1", "shops:70", "USD/2", 30)]),
    (
        Some("2026-02-01T00:00:00Z"),
        None,
        "in",
        &[("world", "users", "USD/2", 11), ("world", "user", "USD/2", 12)],
    ),
    (Some("2026-02-01T00:00:00Z"), None, "buy", &[("users", "shops:7", "USD/2", 1)]),
    (
        Some("2026-02-01T00:00:00Z"),
        Some("order-3"),
        "buy",
        &[("user", "shops:7", "USD/2", 2), ("shops:7", "world", "USD/2", 2)],
    ),
    (None, None, "buy", &[("users:2:wallet", "shops:7", "EUR/2", 20)]),
    (Some("2030-01-01T00:00:00Z"), None, "in", &[("world", "users:2:savings", "USD/2", 9)]),
    (
        None,
        None,
        "move",
        &[("users:2:wallet", "users:2:savings", "USD/2", 50), ("users:2:savings", "users:1", "USD/2", 5)],
    ),
    (Some("2025-12-31T23:59:59.999999Z"), None, "in", &[("world", "users:1", "EUR/2", 40)]),
    (None, Some("order-4"), "buy", &[("users:1", "shops:7", "EUR/2", 1), ("users:1", "shops:7", "USD/2", 1)]),
    (None, None, "move", &[("shops:7", "shops:70", "USD/2", 10)]),
    (Some("2026-01-01T00:00:00Z"), None, "out", &[("shops:70", "world", "USD/2", 25)]),
    (None, None, "in", &[("world", "users:1", "POINTS", 0)]),
    (None, None, "in", &[("world", "users-1", "USD/2", 3), ("world", "USERS:1", "USD/2", 4)]),
    (Some("2026-02-28T23:59:59.999999Z"), Some("order-5"), "buy", &[("users-1", "shops:7", "USD/2", 3)]),
    (None, None, "out", &[("shops:7", "world", "EUR/2", 21)]),
];

/// Writes the history, and returns its transactions in the order of the log.
pub(crate) fn write(site: &Site) -> Vec<Value> {
    let transact = |(effective_at, reference, kind, postings): &Draft| {
        let postings: Vec<_> =
            postings.iter().map(|(from, to, asset, n)| posting(from, to, asset, *n)).collect();
        site.transact(&json!({
            "postings": postings,
            "reference": reference,
            "effective_at": effective_at,
            "metadata": { "kind": kind, "first letter": kind[..1] },
        }))
    };
    DRAFTS.iter().map(transact).collect()
}

pub(crate) fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value[member].as_str().unwrap_or_else(|| panic!("{member} of {value} is no text"))
}

pub(crate) fn postings(transaction: &Value) -> impl Iterator<Item = &Value> {
    transaction["postings"].as_array().expect("a list").iter()
}

/// Sums of what went in and out, by name of account or group and asset.
#[derive(Debug, Default)]
pub(crate) struct Sums(Vec<(String, String, i64, i64)>);

impl Sums {
    fn add(&mut self, account: &str, asset: &str, came_in: i64, went_out: i64) {
        match self.0.iter_mut().find(|(its, of, ..)| its == account && of == asset) {
            Some((_, _, sum_in, sum_out)) => {
                *sum_in += came_in;
                *sum_out += went_out;
            }
            None => self.0.push((account.to_owned(), asset.to_owned(), came_in, went_out)),
        }
    }

    /// Sums up transactions, over accounts that are renamed to their group, or left out.
    pub(crate) fn of(transactions: &[Value], group: impl Fn(&str) -> Option<String>) -> Self {
        let mut sums = Self::default();
        for posting in transactions.iter().flat_map(postings) {
            let (asset, amount) = (text(posting, "asset"), text(posting, "amount").parse().unwrap());
            for (account, came_in, went_out) in
                [(text(posting, "source"), 0, amount), (text(posting, "destination"), amount, 0)]
            {
                if let Some(group) = group(account) {
                    sums.add(&group, asset, came_in, went_out);
                }
            }
        }
        sums.0.sort();
        sums
    }

    /// Writes them as the items of a list, where the account is called `name`. Whoever has an `address` is an account
    /// itself, and was never changed.
    pub(crate) fn items(&self, name: &str) -> Vec<Value> {
        let mut items: Vec<Map<String, Value>> = Vec::new();
        for (account, asset, came_in, went_out) in &self.0 {
            if items.last().is_none_or(|last| last[name] != **account) {
                let mut item =
                    Map::from_iter([(name.to_owned(), json!(account)), ("balances".to_owned(), json!([]))]);
                if name == "address" {
                    let floor = if account == "world" { json!("unbounded") } else { json!({}) };
                    let policy = json!({ "floor": floor, "frozen": "none", "closed": false });
                    item.extend([("policy".to_owned(), policy), ("metadata".to_owned(), json!({}))]);
                }
                items.push(item);
            }
            let balance = json!({
                "asset": asset,
                "posted_in": came_in.to_string(), "posted_out": went_out.to_string(),
                "pending_in": "0", "pending_out": "0",
                "posted": (came_in - went_out).to_string(), "available": (came_in - went_out).to_string(),
            });
            items.last_mut().unwrap()["balances"].as_array_mut().unwrap().push(balance);
        }
        items.into_iter().map(Value::Object).collect()
    }
}
