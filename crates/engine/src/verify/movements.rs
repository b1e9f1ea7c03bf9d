//! Compares which entries moved each balance without keeping them: a count and a digest per balance.
//!
//! A digest takes the numbers in their order (in the manner of FNV-1a, 128 bits, a number at a time). It
//! finds every accident. It is no proof against somebody who chooses numbers to make two digests meet.

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

/// A list of entries, by how many there are and by their digest.
#[derive(Default, PartialEq, Eq)]
pub(super) struct Seen {
    count: u64,
    digest: u128,
}

impl Seen {
    /// Returns how many entries there are.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Adds the next entry.
    pub(super) fn add(&mut self, entry: EntryNumber) {
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

    /// Takes the postings whose balances an entry touches. The balances recorded in the entry do not count.
    pub(super) fn expect<'p>(&mut self, entry: EntryNumber, postings: impl IntoIterator<Item = &'p Posting>) {
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

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use ledger::{Address, Amount, Asset};

    use super::*;

    fn key(account: &str, asset: &str) -> BalanceKey {
        let account = Address::parse(account).unwrap();
        BalanceKey { account, asset: Asset::parse(asset).unwrap() }
    }

    fn posting(source: &str, destination: &str, asset: &str) -> Posting {
        let [source, destination] = [source, destination].map(|account| key(account, asset));
        Posting::new(source.account, destination.account, source.asset, Amount::from(1)).unwrap()
    }

    fn seen(numbers: &[u64]) -> (u64, u128) {
        let mut seen = Seen::default();
        for number in numbers {
            seen.add(EntryNumber(*number));
        }
        (seen.count, seen.digest)
    }

    #[test]
    fn an_entry_moves_a_balance_once_however_many_postings_touch_it() {
        let mut history = History::default();
        let postings = [posting("a", "b", "USD/2"), posting("b", "a", "USD/2"), posting("a", "b", "EUR/2")];
        history.expect(EntryNumber(0), &postings);
        history.expect(EntryNumber(3), &postings[..1]);
        assert_eq!((history.movements(), history.accounts()), (6, 2));
        for (asset, entries) in [("USD/2", vec![0, 3]), ("EUR/2", vec![0])] {
            for account in ["a", "b"] {
                let entries = entries.iter().copied().map(EntryNumber).collect();
                history.find(&Movements { key: key(account, asset), until: None, entries });
            }
        }
        assert_eq!(history.differences().count(), 0);
    }

    #[test]
    fn differences_come_by_account_and_asset() {
        let mut history = History::default();
        for (account, asset) in [("b", "USD/2"), ("a", "USD/2"), ("c", "USD/2"), ("a", "EUR/2")] {
            history.find(&Movements { key: key(account, asset), until: None, entries: vec![EntryNumber(7)] });
        }
        let names: Vec<_> = history
            .differences()
            .map(|finding| match finding {
                Finding::MovementsDiffer { account, asset, .. } => format!("{account} {asset}"),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(names, ["a EUR/2", "a USD/2", "b USD/2", "c USD/2"]);
    }

    #[test]
    fn digests_tell_apart_whatever_is_like_each_other() {
        let choices = [0, 1, 2, 3, 9, 10, 11, 315, 1 << 16, (1 << 32) - 1, 1 << 32, u64::MAX];
        let mut lists: Vec<Vec<u64>> = vec![vec![]];
        let mut places: HashMap<(u64, u128), Vec<u64>> = HashMap::new();
        for _ in 0..=4 {
            for list in &lists {
                let other = places.insert(seen(list), list.clone());
                assert_eq!(other, None, "{list:?}");
            }
            let longer = |list: &Vec<u64>| choices.map(|number| [list.as_slice(), &[number]].concat());
            lists = lists.iter().flat_map(longer).collect();
        }
        assert_eq!(places.len(), 1 + 12 + 144 + 1728 + 20_736);
    }

    #[test]
    fn digests_of_long_lists_depend_on_every_number_and_its_place() {
        let list: Vec<u64> = (0..500).map(|n| n * n / 3 + n).collect();
        let whole = seen(&list);
        for place in 0..list.len() {
            for change in [1, 2, 1 << 20, 1 << 63] {
                let mut other = list.clone();
                other[place] ^= change;
                assert_ne!(seen(&other), whole, "{place}");
            }
            for other_place in (0..list.len()).filter(|other| *other != place) {
                let mut other = list.clone();
                other.swap(place, other_place);
                assert_ne!(seen(&other), whole, "{place} {other_place}");
            }
        }
    }
}
