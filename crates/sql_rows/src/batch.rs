//! The rows that a batch writes, in the order of their tables. Never writes them.

use std::collections::BTreeMap;

use engine::port::LogRecord;
use ledger::{Balance, BalanceKey, Entry, EntryBody};

use crate::failure::Failure;
use crate::movements::NewMovements;

/// What the entries of a batch add to a ledger's projections: every balance touched, by account and asset.
pub struct BatchRows<'a>(pub BTreeMap<&'a BalanceKey, MovedBalance<'a>>);

/// A balance as a batch leaves it.
pub struct MovedBalance<'a> {
    /// Its counters.
    pub balance: &'a Balance,
    /// What moved it.
    pub movements: NewMovements,
    /// Whether there certainly is a row of it, in which only what is posted and the movements change.
    pub only_posts: bool,
}

impl<'a> BatchRows<'a> {
    /// Collects the rows of entries that have to begin at the number `next` and leave no gap.
    ///
    /// # Errors
    /// [`Failure::Gap`].
    pub fn of(records: &'a [LogRecord], next: u64) -> Result<Self, Failure> {
        let mut balances: BTreeMap<&BalanceKey, MovedBalance<'a>> = BTreeMap::new();
        for (expected, LogRecord { entry, .. }) in (next..).zip(records) {
            if entry.number.0 != expected {
                return Err(Failure::Gap { expected, found: entry.number.0 });
            }
            let posted = posted_by(entry);
            for (key, balance) in &entry.balances {
                let moved = balances.entry(key).or_insert_with(|| MovedBalance {
                    balance,
                    movements: NewMovements::default(),
                    only_posts: has_posted_more_than(balance, posted),
                });
                // Of a balance that several entries touched, the last state counts.
                moved.balance = balance;
                moved.movements.add(key, entry.number);
            }
        }
        Ok(Self(balances))
    }
}

/// Returns all that an entry posts, of whatever asset: no counter grows by more with it. Nothing that is pending changes
/// with it.
fn posted_by(entry: &Entry) -> u128 {
    let EntryBody::Transaction(transaction) = &entry.body;
    let amounts = transaction.postings.as_slice().iter().map(|posting| posting.amount().get());
    amounts.fold(0, u128::saturating_add)
}

fn has_posted_more_than(balance: &Balance, amount: u128) -> bool {
    balance.posted_in.get() > amount || balance.posted_out.get() > amount
}

#[cfg(test)]
mod tests {
    use ledger::{
        Address, Amount, Asset, Book, Command, Expectations, PostTransaction, Posting, Postings, Timestamp,
        decide,
    };

    use super::*;

    /// Posts what moves from `world`, and returns the records.
    fn post(book: &mut Book, transactions: &[&[(&str, u64)]]) -> Vec<LogRecord> {
        let transactions = transactions.iter().map(|moves| {
            let postings = moves.iter().map(|(account, amount)| {
                Posting::new(
                    Address::parse("world").unwrap(),
                    Address::parse(account).unwrap(),
                    Asset::parse("USD/2").unwrap(),
                    Amount::from(*amount),
                )
                .unwrap()
            });
            let command = Command::PostTransaction(PostTransaction {
                postings: Postings::new(postings.collect()).unwrap().into(),
                reference: None,
                effective_at: None,
                metadata: ledger::Metadata::default(),
                expectations: Expectations::default(),
            });
            let entry = decide(book, &command, Timestamp::default()).unwrap();
            book.apply(&entry);
            LogRecord { entry, request: None }
        });
        transactions.collect()
    }

    fn known(records: &[LogRecord]) -> Vec<(&str, bool)> {
        let rows = BatchRows::of(records, records[0].entry.number.0).unwrap();
        rows.0.into_iter().map(|(key, moved)| (key.account.as_str(), moved.only_posts)).collect()
    }

    #[test]
    fn a_balance_has_a_row_if_it_posted_more_than_the_first_entry_of_the_batch() {
        let mut book = Book::default();
        let first = post(&mut book, &[&[("a", 5)], &[("a", 1), ("b", 0)]]);
        assert_eq!(known(&first), [("a", false), ("b", false), ("world", false)]);
        let second = post(&mut book, &[&[("a", 1), ("b", 2), ("c", 1)]]);
        assert_eq!(known(&second), [("a", true), ("b", false), ("c", false), ("world", true)]);
        // What may have come from another posting of the same entry is no proof.
        let third = post(&mut book, &[&[("a", 9), ("b", 1)], &[("c", 1)]]);
        assert_eq!(known(&third), [("a", true), ("b", false), ("c", true), ("world", true)]);
    }

    #[test]
    fn a_gap_is_found() {
        let mut book = Book::default();
        let records = post(&mut book, &[&[("a", 5)], &[("a", 1)]]);
        assert!(matches!(BatchRows::of(&records, 1), Err(Failure::Gap { expected: 1, found: 0 })));
        let after = [records[0].clone(), records[0].clone()];
        assert!(matches!(BatchRows::of(&after, 0), Err(Failure::Gap { expected: 1, found: 0 })));
    }
}
