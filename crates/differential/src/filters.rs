//! Lists of transactions and accounts by random filters, held against all of them, gone through one by one.

use std::fmt::Write as _;

use ledger::{Address, Amount, Asset, Entry, EntryBody, Metadata, Posting, Timestamp};
use serde_json::Value;

use crate::audit::accounts;
use crate::draw::{ACCOUNTS, Draw, REFERENCES, VALUES};
use crate::history::{History, Stop};
use crate::times;

/// How often each list is asked for.
const TIMES: usize = 4;

/// Beginnings of addresses.
const PREFIXES: [&str; 6] = ["u", "users:", "users:1", "users:1:", "world", "nobody"];

/// Which accounts are meant: one, or all under an address.
struct Pattern(String);

impl Pattern {
    fn is_of(&self, account: &Address) -> bool {
        match self.0.trim_end_matches('*').strip_suffix(':') {
            Some(above) => account.as_str().starts_with(&format!("{above}:")),
            None => account.as_str() == self.0,
        }
    }
}

/// A filter of transactions.
#[derive(Default)]
struct Filter {
    account: Option<Pattern>,
    source: Option<Pattern>,
    destination: Option<Pattern>,
    asset: Option<Asset>,
    at_least: Option<Amount>,
    at_most: Option<Amount>,
    reference: Option<String>,
    metadata: Option<(&'static str, &'static str)>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    effective: bool,
    oldest_first: bool,
}

impl Filter {
    fn time(&self, entry: &Entry) -> Timestamp {
        if self.effective { entry.effective_at } else { entry.recorded_at }
    }

    fn takes(&self, entry: &Entry, beside: &Metadata) -> bool {
        let EntryBody::Transaction(transaction) = &entry.body else { return false };
        let time = self.time(entry);
        let reference = transaction.reference.as_ref().map(|reference| reference.as_str().to_owned());
        self.from.is_none_or(|from| time >= from)
            && self.to.is_none_or(|to| time < to)
            && (self.reference.is_none() || self.reference == reference)
            && self.metadata.is_none_or(|(key, value)| beside.get(key) == Some(value))
            && transaction.postings.as_slice().iter().any(|posting| self.takes_posting(posting))
    }

    fn takes_posting(&self, posting: &Posting) -> bool {
        let (source, destination) = (posting.source(), posting.destination());
        let is_of = |pattern: &Option<Pattern>, account: &Address| {
            pattern.as_ref().is_none_or(|pattern| pattern.is_of(account))
        };
        (is_of(&self.account, source) || is_of(&self.account, destination))
            && is_of(&self.source, source)
            && is_of(&self.destination, destination)
            && self.asset.as_ref().is_none_or(|asset| asset == posting.asset())
            && self.at_least.is_none_or(|least| posting.amount() >= least)
            && self.at_most.is_none_or(|most| posting.amount() <= most)
    }

    fn query(&self) -> String {
        let mut query = format!("clock={}", if self.effective { "effective" } else { "recorded" });
        let mut add = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                write!(query, "&{name}={}", encoded(&value)).expect("a string takes everything");
            }
        };
        let pattern = |pattern: &Option<Pattern>| pattern.as_ref().map(|pattern| pattern.0.clone());
        add("account", pattern(&self.account));
        add("source", pattern(&self.source));
        add("destination", pattern(&self.destination));
        add("asset", self.asset.as_ref().map(|asset| asset.as_str().to_owned()));
        add("amount[at_least]", self.at_least.map(|least| least.get().to_string()));
        add("amount[at_most]", self.at_most.map(|most| most.get().to_string()));
        add("reference", self.reference.clone());
        if let Some((key, value)) = self.metadata {
            add(&format!("metadata[{key}]"), Some(value.to_owned()));
        }
        add("from", self.from.map(times::text));
        add("to", self.to.map(times::text));
        add("order", self.oldest_first.then(|| "asc".to_owned()));
        query
    }
}

/// Writes a text as a part of a query.
pub(crate) fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            encoded.push(byte.into());
        } else {
            write!(encoded, "%{byte:02X}").expect("a string takes everything");
        }
    }
    encoded
}

impl Draw {
    pub(crate) fn a_prefix(&mut self) -> &'static str {
        PREFIXES[self.random.usize(..PREFIXES.len())]
    }

    /// Draws what is kept beside something.
    pub(crate) fn a_pair(&mut self) -> (&'static str, &'static str) {
        (["k", "k", "l"][self.random.usize(..3)], VALUES[self.random.usize(..VALUES.len())])
    }

    /// Draws a moment: one of those that are said to count, or near one at which something was recorded.
    pub(crate) fn a_time(&mut self, log: &[Entry]) -> Timestamp {
        if log.is_empty() || self.chance(20) {
            return times::EFFECTIVE[self.random.usize(..times::EFFECTIVE.len())];
        }
        times::later(log[self.random.usize(..log.len())].recorded_at, self.random.i64(-1..=1))
    }

    fn pattern(&mut self, per_hundred: u32) -> Option<Pattern> {
        self.chance(per_hundred).then(|| {
            Pattern(match self.random.u32(..3) {
                0 => ["users:", "users:*", "users:1:", "fees:*"][self.random.usize(..4)].to_owned(),
                _ => ACCOUNTS[self.random.usize(..ACCOUNTS.len())].to_owned(),
            })
        })
    }

    fn filter(&mut self, log: &[Entry]) -> Filter {
        let mut filter = Filter {
            account: self.pattern(40),
            source: self.pattern(20),
            destination: self.pattern(20),
            asset: self.chance(30).then(|| self.an_asset()),
            at_least: self.chance(20).then(|| self.an_amount()),
            at_most: self.chance(20).then(|| self.an_amount()),
            reference: self.chance(5).then(|| format!("r{}", self.random.u32(..REFERENCES))),
            metadata: self.chance(20).then(|| self.a_pair()),
            from: self.chance(25).then(|| self.a_time(log)),
            to: self.chance(25).then(|| self.a_time(log)),
            effective: self.chance(50),
            oldest_first: self.chance(50),
        };
        // What ends before it begins, and what is at least more than it is at most, is malformed.
        if filter.from > filter.to && filter.to.is_some() {
            (filter.from, filter.to) = (filter.to, filter.from);
        }
        if filter.at_least > filter.at_most && filter.at_most.is_some() {
            (filter.at_least, filter.at_most) = (filter.at_most, filter.at_least);
        }
        filter
    }
}

impl History<'_> {
    /// Asks for lists by random filters, and compares. Takes every transaction as it is now, oldest first.
    pub(crate) fn audit_filters(&mut self, transactions: &[Value]) -> Result<(), Stop> {
        for _ in 0..TIMES {
            let filter = self.draw.filter(&self.log);
            let entries = self.log.iter().filter(|entry| entry.body.transaction().is_some());
            let all = entries.zip(transactions);
            let mut found: Vec<_> =
                all.filter(|(entry, _)| filter.takes(entry, &self.model.beside(entry.number))).collect();
            found.sort_by_key(|(entry, _)| (filter.time(entry), entry.number));
            if !filter.oldest_first {
                found.reverse();
            }
            let found: Vec<Value> = found.into_iter().map(|(_, view)| view.clone()).collect();
            self.list(&format!("/transactions?{}", filter.query()), &found)?;
        }
        let all = accounts(&self.model, &|account| Some(self.model.version(account)));
        for _ in 0..TIMES {
            let (query, chosen) = self.draw.accounts_query();
            self.list(&format!("/accounts?{query}"), &chosen.of(all.clone()))?;
        }
        Ok(())
    }
}

/// A filter of accounts.
pub(crate) struct Chosen {
    prefix: Option<&'static str>,
    asset: Option<Asset>,
    metadata: Option<(&'static str, &'static str)>,
}

impl Chosen {
    /// Returns those of some accounts that are chosen, as they are to be shown.
    pub(crate) fn of(&self, accounts: Vec<Value>) -> Vec<Value> {
        let mut chosen = Vec::new();
        for mut account in accounts {
            let address = account["address"].as_str().unwrap_or_default();
            let begins = self.prefix.is_none_or(|prefix| address.starts_with(prefix));
            let has = self.metadata.is_none_or(|(key, value)| account["metadata"][key] == value);
            let mut moved = true;
            if let (Some(asset), Some(balances)) = (&self.asset, account["balances"].as_array_mut()) {
                balances.retain(|balance| balance["asset"] == asset.as_str());
                moved = !balances.is_empty();
            }
            if begins && has && moved {
                chosen.push(account);
            }
        }
        chosen
    }
}

impl Draw {
    /// Draws which accounts to ask for, and how.
    pub(crate) fn accounts_query(&mut self) -> (String, Chosen) {
        let prefix = self.chance(50).then(|| self.a_prefix());
        let asset = self.chance(40).then(|| self.an_asset());
        let metadata = self.chance(30).then(|| self.a_pair());
        let mut query = Vec::new();
        query.extend(prefix.map(|prefix| format!("prefix={prefix}")));
        query.extend(asset.as_ref().map(|asset| format!("asset={}", encoded(asset.as_str()))));
        query.extend(metadata.map(|(key, value)| format!("metadata[{key}]={}", encoded(value))));
        (query.join("&"), Chosen { prefix, asset, metadata })
    }
}
