//! What a ledger has that lists can be asked for: a sample of its log, and from it what each request asks for, drawn anew.

use std::net::SocketAddr;

use anyhow::{Context, bail};
use serde::Deserialize;

use super::fill::entries;
use crate::bench::load::{Client, account};

/// So many pages of the log are looked at, evenly spread.
const PAGES: u64 = 40;

/// Entries on one of them.
const PAGE: u64 = 1000;

/// What is known of a ledger.
#[derive(Debug)]
pub(super) struct Known {
    random: fastrand::Rng,
    pub(super) entries: u64,
    accounts: u32,
    references: Vec<String>,
    orders: Vec<String>,
    /// Times at which entries were recorded.
    times: Vec<String>,
    changed_accounts: Vec<String>,
    changed_transactions: Vec<u64>,
    /// Users of whom something was put on hold, and tills for which it was.
    holders: Vec<String>,
    tills: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Page {
    items: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    #[serde(rename = "type")]
    kind: String,
    recorded_at: String,
    reference: Option<String>,
    account: Option<String>,
    transaction: Option<u64>,
    metadata: Option<Metadata>,
    postings: Vec<Posting>,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    order: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Posting {
    source: String,
    destination: String,
}

impl Known {
    /// Looks at a part of the ledger's log.
    ///
    /// # Errors
    /// The service cannot be reached, or the ledger has not yet everything that lists can be asked for.
    pub(super) fn read(address: SocketAddr, accounts: u32) -> anyhow::Result<Self> {
        let entries = entries(address)?;
        let mut known = Self {
            random: fastrand::Rng::new(),
            entries,
            accounts,
            references: Vec::new(),
            orders: Vec::new(),
            times: Vec::new(),
            changed_accounts: Vec::new(),
            changed_transactions: Vec::new(),
            holders: Vec::new(),
            tills: Vec::new(),
        };
        let mut client = Client::open(address)?;
        let step = entries / PAGES + 1;
        for after in (0..entries).step_by(usize::try_from(step.max(PAGE))?) {
            let reply = client.get(&format!("/v1/ledgers/main/log?limit={PAGE}&after={after}"))?;
            if reply.status != 200 {
                bail!("the log was answered with {}", String::from_utf8_lossy(&reply.body));
            }
            let page: Page = serde_json::from_slice(&reply.body).context("a page of the log")?;
            page.items.into_iter().for_each(|entry| known.add(entry));
        }
        let lacks_one = known.references.is_empty()
            || known.orders.is_empty()
            || known.changed_accounts.is_empty()
            || known.changed_transactions.is_empty()
            || known.holders.is_empty();
        if lacks_one {
            bail!("{entries} entries are too few: they have not everything that lists can be asked for");
        }
        Ok(known)
    }

    fn add(&mut self, entry: Entry) {
        self.times.push(entry.recorded_at);
        self.references.extend(entry.reference);
        self.orders.extend(entry.metadata.and_then(|metadata| metadata.order));
        self.changed_accounts.extend(entry.account);
        self.changed_transactions.extend(entry.transaction.filter(|_| entry.kind == "transaction_change"));
        if entry.kind == "hold" {
            for Posting { source, destination } in entry.postings {
                self.holders.push(source);
                self.tills.push(destination);
            }
        }
    }

    pub(super) fn user(&mut self) -> String {
        account(self.random.u32(..self.accounts), self.accounts)
    }

    /// The beginning of the addresses of up to a hundred users.
    pub(super) fn hundred_users(&mut self) -> String {
        let user = self.user();
        let digits = user.trim_start_matches("users:").split(':').next().unwrap_or_default().len();
        user[.."users:".len() + digits.saturating_sub(2)].to_owned()
    }

    /// The address that all tills of a shop lie under.
    pub(super) fn shop(&mut self) -> String {
        let till = self.till();
        till.rsplit_once(':').map_or_else(String::new, |(shop, _)| format!("{shop}:"))
    }

    pub(super) fn till(&mut self) -> &str {
        &self.tills[self.random.usize(..self.tills.len())]
    }

    pub(super) fn entry(&mut self) -> u64 {
        self.random.u64(..self.entries)
    }

    pub(super) fn any<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.random.usize(..of.len())]
    }

    pub(super) fn number(&mut self, below: u32) -> u32 {
        self.random.u32(..below)
    }

    pub(super) fn reference(&mut self) -> &str {
        &self.references[self.random.usize(..self.references.len())]
    }

    pub(super) fn order(&mut self) -> &str {
        &self.orders[self.random.usize(..self.orders.len())]
    }

    pub(super) fn time(&mut self) -> &str {
        &self.times[self.random.usize(..self.times.len())]
    }

    /// Two times, the earlier one first.
    pub(super) fn span(&mut self) -> (String, String) {
        let mut times = [self.time().to_owned(), self.time().to_owned()];
        // All are written alike, so that texts are in the order of time.
        times.sort();
        times.into()
    }

    pub(super) fn changed_account(&mut self) -> &str {
        &self.changed_accounts[self.random.usize(..self.changed_accounts.len())]
    }

    pub(super) fn changed_transaction(&mut self) -> u64 {
        self.changed_transactions[self.random.usize(..self.changed_transactions.len())]
    }

    pub(super) fn holder(&mut self) -> &str {
        &self.holders[self.random.usize(..self.holders.len())]
    }
}
