//! Groups as they were. Where they have few accounts, one portion of accounts tells of many groups, and none of them is
//! gone back for by itself.

use std::collections::BTreeMap;

use async_trait::async_trait;
use engine::query::{BalanceSum, scan_max};
use ledger::{Asset, Balance, BalanceKey};

use super::Past;
use super::pages::{ACCOUNTS_AT_ONCE, Among};
use crate::accounts::first_behind;
use crate::failure::Failure;
use crate::groups::{Group, GroupReads};

/// How many accounts the first portion has at least: the next ones have twice as many each.
const PORTION_MIN: usize = 16;

/// A group has an account to look at, and a balance of it; each of these takes no less than an entry of a list.
const LOOKS_AN_ITEM: usize = 2;

/// Groups as they were. All that there is a group of by now is there to be looked at.
pub(super) struct Groups<'r> {
    past: Past<'r>,
    /// No group reaches further than this.
    end: String,
    known: Portion,
    /// How many accounts the next portion has.
    next: usize,
    /// After so many looks, a page ends ahead of the next group of which nothing is known yet.
    enough: usize,
}

/// All balances, as they were, of accounts from one address on and before another.
#[derive(Default)]
struct Portion {
    from: String,
    before: String,
    balances: Vec<(BalanceKey, Balance)>,
}

impl Portion {
    fn covers(&self, address: &str) -> bool {
        self.from.as_str() <= address && address < self.before.as_str()
    }

    /// Returns the balances from one address on and before another, as far as they are known.
    fn between(&self, from: &str, before: &str) -> &[(BalanceKey, Balance)] {
        let place = |address: &str| self.balances.partition_point(|(key, _)| key.account.as_str() < address);
        &self.balances[place(from)..place(before)]
    }
}

impl<'r> Groups<'r> {
    pub(super) fn new(past: Past<'r>, end: String, limit: usize) -> Self {
        let enough = scan_max(LOOKS_AN_ITEM.saturating_mul(limit));
        let next = limit.clamp(PORTION_MIN, ACCOUNTS_AT_ONCE);
        Self { past, end, known: Portion::default(), next, enough }
    }

    /// Goes back for accounts from an address on, unless it is known already.
    async fn know(&mut self, from: &str) -> Result<(), Failure> {
        if self.known.covers(from) {
            return Ok(());
        }
        let addresses = self.past.next_addresses(Among::All, from, &self.end, self.next).await?;
        let found = self.past.balances(&addresses, None).await?;
        self.past.look(found.accounts)?;
        let before = match (addresses.get(found.accounts), addresses.last()) {
            (Some(unknown), _) => unknown.as_str().to_owned(),
            (None, Some(last)) if addresses.len() == self.next => first_behind("", last.as_str()),
            (None, _) => self.end.clone(),
        };
        self.known = Portion { from: from.to_owned(), before, balances: found.all.into_iter().collect() };
        self.next = self.next.saturating_mul(2).min(ACCOUNTS_AT_ONCE);
        Ok(())
    }
}

#[async_trait]
impl GroupReads for Groups<'_> {
    async fn first_address(&mut self, from: &str, before: &str) -> Result<Option<String>, Failure> {
        if !self.known.covers(from) {
            return self.past.reads.first_address(from, before).await;
        }
        let found = self.known.between(from, before).first().map(|(key, _)| key.account.as_str().to_owned());
        if found.is_some() || self.known.before.as_str() >= before {
            return Ok(found);
        }
        let unknown = self.known.before.clone();
        self.past.reads.first_address(&unknown, before).await
    }

    async fn first_parent(
        &mut self,
        names: &[&str],
        from: &str,
        before: &str,
    ) -> Result<Option<String>, Failure> {
        self.past.reads.first_parent(names, from, before).await
    }

    async fn sum(&mut self, group: &Group) -> Result<Vec<(String, BalanceSum)>, Failure> {
        let own_end = first_behind("", &group.own);
        let own = if group.own.is_empty() { ("", "") } else { (group.own.as_str(), own_end.as_str()) };
        let mut sums = BTreeMap::<Asset, BalanceSum>::new();
        for (from, before) in [own, (group.from.as_str(), group.before.as_str())] {
            let mut from = from.to_owned();
            while from.as_str() < before {
                self.know(&from).await?;
                for (key, balance) in self.known.between(&from, before) {
                    sums.entry(key.asset.clone()).or_default().add(balance);
                }
                from.clone_from(&self.known.before);
            }
        }
        Ok(sums.into_iter().map(|(asset, sum)| (asset.as_str().to_owned(), sum)).collect())
    }

    fn is_enough(&self, group: &str) -> bool {
        self.past.is_enough() || (self.past.looks >= self.enough && !self.known.covers(group))
    }
}
