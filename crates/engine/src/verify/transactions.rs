//! Compares what is kept beside transactions, the list of its changes, and what transactions are found by, with what
//! follows from the log. Of metadata and of lists it keeps digests alone, and nothing of transactions beside which
//! nothing was ever kept.

use std::collections::{HashMap, HashSet};

use ledger::{EntryNumber, Metadata, TransactionChange};

use super::Finding;
use super::accounts::digest;
use super::finding::TransactionFault;
use super::movements::Seen;
use crate::pair::MetadataPair;

/// Pairs that something is found by, in any order: how many there are, and their sum.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct PairSum {
    count: u64,
    sum: i64,
}

impl PairSum {
    pub(super) fn of(metadata: &Metadata) -> Self {
        let mut sum = Self::default();
        for pair in MetadataPair::all_of(metadata) {
            sum.add(pair);
        }
        sum
    }

    pub(super) fn add(&mut self, pair: MetadataPair) {
        self.count += 1;
        self.sum = self.sum.wrapping_add(pair.0);
    }
}

/// Transactions with metadata, and all that were ever changed, as far as they have been seen from both sides.
#[derive(Default)]
pub(super) struct Transactions {
    /// What each is found by: by the log, and in the projection.
    pairs: HashMap<EntryNumber, (PairSum, PairSum)>,
    changed: HashMap<EntryNumber, BothSides>,
    /// Entries that are no transactions, by number.
    others: Vec<EntryNumber>,
    /// The first entry that is taken from the log.
    from: EntryNumber,
    /// Those ahead of it that are known to be transactions.
    earlier: HashSet<EntryNumber>,
}

#[derive(Default)]
struct BothSides {
    /// The changes that follow from the log.
    expected: Seen,
    /// The changes that the projection has.
    found: Seen,
    /// Of the metadata that follows from the log.
    metadata: [u8; 16],
    /// Whether the projection has it.
    is_kept: bool,
}

impl Transactions {
    /// Goes on behind a part of the log, of which these are known to be transactions.
    pub(super) fn after(from: EntryNumber, known: impl Iterator<Item = EntryNumber>) -> Self {
        Self { from, earlier: known.filter(|number| *number < from).collect(), ..Self::default() }
    }

    /// Returns how many transactions the log changes.
    pub(super) fn len(&self) -> u64 {
        self.changed.len() as u64
    }

    /// Takes a transaction from the log.
    pub(super) fn expect(&mut self, number: EntryNumber, metadata: &Metadata) {
        if !metadata.is_empty() {
            self.pairs.entry(number).or_default().0 = PairSum::of(metadata);
        }
    }

    /// Takes an entry from the log that is no transaction.
    pub(super) fn expect_other(&mut self, number: EntryNumber) {
        self.others.push(number);
    }

    /// Takes a change from the log. Says whether there is such a transaction ahead of it.
    pub(super) fn expect_change(&mut self, entry: EntryNumber, change: &TransactionChange) -> bool {
        let TransactionChange { transaction, metadata } = change;
        let changed = self.changed.entry(*transaction).or_default();
        changed.expected.add(entry);
        changed.metadata = digest(metadata);
        self.pairs.entry(*transaction).or_default().0 = PairSum::of(metadata);
        if *transaction < self.from {
            return self.earlier.contains(transaction);
        }
        *transaction < entry && self.others.binary_search(transaction).is_err()
    }

    /// Takes a changed transaction of the projection, and says what of it does not follow from the log.
    pub(super) fn find(&mut self, transaction: EntryNumber, metadata: &Metadata) -> Option<Finding> {
        let fault = |fault| Some(Finding::TransactionDiffers { transaction, fault });
        let Some(expected) =
            self.changed.get_mut(&transaction).filter(|changed| changed.expected.count() > 0)
        else {
            return fault(TransactionFault::Unexpected);
        };
        expected.is_kept = true;
        if expected.metadata == digest(metadata) { None } else { fault(TransactionFault::Metadata) }
    }

    /// Takes a change that the projection lists.
    pub(super) fn find_change(&mut self, transaction: EntryNumber, entry: EntryNumber) {
        self.changed.entry(transaction).or_default().found.add(entry);
    }

    /// Takes what the projection finds a transaction by.
    pub(super) fn find_by(&mut self, pair: MetadataPair, transaction: EntryNumber) {
        self.pairs.entry(transaction).or_default().1.add(pair);
    }

    /// Returns what is missing in the projection, and what differs, by number.
    pub(super) fn differences(self) -> Vec<Finding> {
        let mut faults: Vec<(EntryNumber, TransactionFault)> = Vec::new();
        for (transaction, sides) in self.changed {
            if !sides.is_kept && sides.expected.count() > 0 {
                faults.push((transaction, TransactionFault::Missing));
            }
            if sides.expected != sides.found {
                faults.push((transaction, TransactionFault::Changes));
            }
        }
        let differing = self.pairs.into_iter().filter(|(_, (expected, found))| expected != found);
        faults.extend(differing.map(|(transaction, _)| (transaction, TransactionFault::Index)));
        faults.sort_unstable();
        faults
            .into_iter()
            .map(|(transaction, fault)| Finding::TransactionDiffers { transaction, fault })
            .collect()
    }
}
