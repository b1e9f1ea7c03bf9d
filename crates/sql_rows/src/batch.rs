//! The rows that a batch writes, in the order of their tables. Never writes them.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use engine::pair::MetadataPair;
use engine::port::LogRecord;
use engine::shifted::ShiftedMovement;
use ledger::{AccountChange, Address, Balance, BalanceKey, EntryBody, EntryNumber, Metadata, SumChanges};

use crate::failure::Failure;
use crate::movements::NewMovements;

/// What the entries of a batch add to a ledger's projections.
pub struct BatchRows<'a> {
    /// Every balance touched, by account and asset.
    pub balances: BTreeMap<&'a BalanceKey, MovedBalance<'a>>,
    /// What the kept sums of these change by.
    pub sums: SumChanges<'a>,
}

/// A balance as a batch leaves it.
pub struct MovedBalance<'a> {
    /// Its counters.
    pub balance: &'a Balance,
    /// What moved it.
    pub movements: NewMovements,
}

impl<'a> BatchRows<'a> {
    /// Collects the rows of entries that have to begin at the number `next` and leave no gap.
    ///
    /// # Errors
    /// [`Failure::Gap`].
    pub fn of(records: &'a [LogRecord], next: u64) -> Result<Self, Failure> {
        let mut balances: BTreeMap<&BalanceKey, MovedBalance<'a>> = BTreeMap::new();
        let mut sums = SumChanges::default();
        for (expected, LogRecord { entry, .. }) in (next..).zip(records) {
            if entry.number.0 != expected {
                return Err(Failure::Gap { expected, found: entry.number.0 });
            }
            for (key, balance) in &entry.balances {
                let moved = balances
                    .entry(key)
                    .or_insert_with(|| MovedBalance { balance, movements: NewMovements::default() });
                // Of a balance that several entries touched, the last state counts.
                moved.balance = balance;
                moved.movements.add(key, entry.number);
            }
            sums.add(entry);
        }
        Ok(Self { balances, sums })
    }
}

/// What the entries of a batch change of accounts.
#[derive(Default)]
pub struct ChangedAccounts<'a> {
    /// How the last entry leaves each account, by address.
    pub accounts: BTreeMap<&'a Address, &'a AccountChange>,
    /// Each change with its entry.
    pub changes: Vec<(&'a Address, EntryNumber)>,
}

impl<'a> ChangedAccounts<'a> {
    /// Collects the changes.
    #[must_use]
    pub fn of(records: &'a [LogRecord]) -> Self {
        let mut changed = Self::default();
        for LogRecord { entry, .. } in records {
            if let EntryBody::Account(change) = &entry.body {
                changed.accounts.insert(&change.account, change);
                changed.changes.push((&change.account, entry.number));
            }
        }
        changed
    }

    /// Says whether no account is changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

/// Returns what the transactions of a batch are found by, as they are recorded: a row for each pair of a key and its
/// value.
#[must_use]
pub fn recorded_pairs(records: &[LogRecord]) -> Vec<(MetadataPair, EntryNumber)> {
    let mut rows = Vec::new();
    for LogRecord { entry, .. } in records {
        if let EntryBody::Transaction(transaction) = &entry.body
            && !transaction.metadata.is_empty()
        {
            let pairs = MetadataPair::all_of(&transaction.metadata);
            rows.extend(pairs.into_iter().map(|pair| (pair, entry.number)));
        }
    }
    rows
}

/// Returns what the entries of a batch moved that count at another time than they were recorded at.
#[must_use]
pub fn shifted_movements(records: &[LogRecord]) -> Vec<ShiftedMovement> {
    records.iter().flat_map(|record| ShiftedMovement::all_of(&record.entry)).collect()
}

/// What the entries of a batch change of what is kept beside transactions.
#[derive(Default)]
pub struct ChangedTransactions<'a> {
    /// How the last entry leaves each transaction, by number.
    pub transactions: BTreeMap<EntryNumber, &'a Metadata>,
    /// Each change: the transaction, and the entry.
    pub changes: Vec<(EntryNumber, EntryNumber)>,
}

impl<'a> ChangedTransactions<'a> {
    /// Collects the changes.
    #[must_use]
    pub fn of(records: &'a [LogRecord]) -> Self {
        let mut changed = Self::default();
        for LogRecord { entry, .. } in records {
            if let EntryBody::TransactionChange(change) = &entry.body {
                changed.transactions.insert(change.transaction, &change.metadata);
                changed.changes.push((change.transaction, entry.number));
            }
        }
        changed
    }

    /// Says whether no transaction is changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

/// Rows of an index by metadata that go, and rows that come, as metadata changes. None is among both.
pub struct ChangedPairs<T> {
    /// Those that go.
    pub gone: Vec<(MetadataPair, T)>,
    /// Those that come.
    pub new: Vec<(MetadataPair, T)>,
}

impl<T: Clone + Eq + Hash> ChangedPairs<T> {
    /// Compares what was kept beside things, nothing where none is named, with what is from now on.
    pub fn between<'a>(
        before: impl IntoIterator<Item = (T, Metadata)>,
        after: impl IntoIterator<Item = (&'a T, &'a Metadata)>,
    ) -> Self
    where
        T: 'a,
    {
        let before: HashMap<T, Metadata> = before.into_iter().collect();
        let (mut gone, mut new) = (Vec::new(), Vec::new());
        for (of, after) in after {
            let before = before.get(of).map(MetadataPair::all_of).unwrap_or_default();
            let after = MetadataPair::all_of(after);
            let only_in = |pairs: &[MetadataPair], but: &[MetadataPair]| -> Vec<(MetadataPair, T)> {
                let pairs = pairs.iter().filter(|pair| but.binary_search(pair).is_err());
                pairs.map(|pair| (*pair, of.clone())).collect()
            };
            gone.extend(only_in(&before, &after));
            new.extend(only_in(&after, &before));
        }
        Self { gone, new }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(pairs: &[(&str, &str)]) -> Metadata {
        let owned = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Metadata::new(owned.collect()).unwrap()
    }

    #[test]
    fn pairs_that_stay_neither_go_nor_come() {
        let before = [(7, metadata(&[("a", "1"), ("b", "1")]))];
        let after = [(7, metadata(&[("a", "2"), ("b", "1"), ("c", "")])), (8, metadata(&[]))];
        let changed = ChangedPairs::between(before, after.iter().map(|(of, metadata)| (of, metadata)));
        let gone = [(MetadataPair::of("a", "1"), 7)];
        let mut new = [(MetadataPair::of("a", "2"), 7), (MetadataPair::of("c", ""), 7)];
        new.sort();
        assert_eq!((&changed.gone[..], &changed.new[..]), (&gone[..], &new[..]));
    }

    #[test]
    fn all_of_what_nothing_was_kept_beside_comes() {
        let after = [(8, metadata(&[("a", "1")]))];
        let changed = ChangedPairs::between([], after.iter().map(|(of, metadata)| (of, metadata)));
        assert_eq!((changed.gone.len(), &changed.new[..]), (0, &[(MetadataPair::of("a", "1"), 8)][..]));
    }
}
