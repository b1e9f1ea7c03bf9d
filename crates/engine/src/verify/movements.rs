//! Compares which entries moved each balance without keeping them: a count and a digest per balance.
//!
//! A digest takes the numbers in their order (in the manner of FNV-1a, 128 bits, a number at a time). It finds every accident. It is
//! no proof against somebody who chooses numbers to make two digests meet.

use std::collections::{HashMap, HashSet};

use ledger::{BalanceKey, EntryNumber, Posting};

use super::Finding;
use crate::port::Movements;

/// Every balance's movements, as far as they have been seen from both sides.
#[derive(Default)]
pub(super) struct History {
    balances: HashMap<BalanceKey, BothSides>,
    movements: u64,
}

#[derive(Default)]
struct BothSides {
    /// What follows from the log.
    expected: Seen,
    /// The last entry that follows from the log.
    last_expected: Option<EntryNumber>,
    /// What the projection has.
    found: Seen,
}

#[derive(Default, PartialEq, Eq)]
struct Seen {
    count: u64,
    digest: u128,
}

impl Seen {
    fn add(&mut self, entry: EntryNumber) {
        /// The prime of FNV-1a for 128 bits.
        const PRIME: u128 = (1 << 88) + 0x13b;
        self.count += 1;
        self.digest = (self.digest ^ u128::from(entry.0)).wrapping_add(1).wrapping_mul(PRIME);
    }
}

impl History {
    /// Returns how many accounts the log names.
    pub(super) fn accounts(&self) -> u64 {
        let named = self.balances.keys().map(|key| &key.account);
        named.collect::<HashSet<_>>().len() as u64
    }

    /// Returns how many movements follow from the log.
    pub(super) fn movements(&self) -> u64 {
        self.movements
    }

    /// Takes an entry's postings. The balances recorded in the entry do not count.
    pub(super) fn expect(&mut self, entry: EntryNumber, postings: &[Posting]) {
        for posting in postings {
            for account in [posting.source(), posting.destination()] {
                let key = BalanceKey { account: account.clone(), asset: posting.asset().clone() };
                let balance = self.balances.entry(key).or_default();
                if balance.last_expected.replace(entry) != Some(entry) {
                    balance.expected.add(entry);
                    self.movements += 1;
                }
            }
        }
    }

    /// Takes a list of the projection.
    pub(super) fn find(&mut self, list: &Movements) {
        if list.entries.is_empty() {
            return;
        }
        let balance = self.balances.entry(list.key.clone()).or_default();
        for entry in &list.entries {
            balance.found.add(*entry);
        }
    }

    /// Returns a finding for every balance whose two sides differ, by account and asset.
    pub(super) fn differences(self) -> impl Iterator<Item = Finding> {
        let mut different: Vec<_> =
            self.balances.into_iter().filter(|(_, balance)| balance.expected != balance.found).collect();
        different.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        different.into_iter().map(|(key, balance)| Finding::MovementsDiffer {
            account: key.account,
            asset: key.asset,
            expected_movements: balance.expected.count,
            found_movements: balance.found.count,
        })
    }
}
