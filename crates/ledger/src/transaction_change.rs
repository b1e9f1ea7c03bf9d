//! Changes of what is kept beside a transaction. What moved, when it counts, and its reference never change.

use crate::{Book, EntryNumber, Metadata, MetadataPatch, Rejection};

/// Change what is kept beside a transaction. Keys that are not given stay as they are; no money moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeTransaction {
    /// The transaction: the number of its entry.
    pub transaction: EntryNumber,
    /// What is kept beside it from now on.
    pub metadata: MetadataPatch,
}

/// A change of a transaction: all that is kept beside it, as it was afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionChange {
    /// The transaction: the number of its entry.
    pub transaction: EntryNumber,
    /// What callers keep beside it.
    pub metadata: Metadata,
}

/// Returns what is kept beside a transaction, which has to be there.
pub(crate) fn find(book: &Book, transaction: EntryNumber) -> Result<&Metadata, Rejection> {
    book.transaction_metadata(transaction).ok_or(Rejection::TransactionNotFound { transaction })
}

/// Decides on a change. The book has to hold what is kept beside the transaction: of one that is not there it holds
/// nothing.
pub(crate) fn change_transaction(
    book: &Book,
    change: &ChangeTransaction,
) -> Result<TransactionChange, Rejection> {
    let transaction = change.transaction;
    let before = find(book, transaction)?;
    let metadata =
        change.metadata.applied_to(before).ok_or(Rejection::TransactionTooLarge { transaction })?;
    Ok(TransactionChange { transaction, metadata })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Command, EntryBody, Timestamp, decide};

    fn metadata(pairs: &[(&str, &str)]) -> Metadata {
        let owned = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Metadata::new(owned.collect()).unwrap()
    }

    fn change(transaction: u64, changes: &[(&str, Option<&str>)]) -> Command {
        let owned = |(key, value): &(&str, Option<&str>)| ((*key).to_owned(), value.map(str::to_owned));
        let metadata = MetadataPatch::new(changes.iter().map(owned).collect()).unwrap();
        Command::ChangeTransaction(ChangeTransaction { transaction: EntryNumber(transaction), metadata })
    }

    fn book(kept: Option<Metadata>) -> Book {
        let mut book = Book::at(EntryNumber(5), None);
        book.load_transaction(EntryNumber(3), kept);
        book
    }

    #[test]
    fn the_entry_holds_all_that_is_kept_from_then_on() {
        let book = book(Some(metadata(&[("a", "1"), ("b", "2")])));
        let command = change(3, &[("a", None), ("c", Some("3"))]);
        let entry = decide(&book, &command, Timestamp::default()).unwrap();
        let metadata = metadata(&[("b", "2"), ("c", "3")]);
        let transaction = EntryNumber(3);
        assert_eq!(entry.body, EntryBody::TransactionChange(TransactionChange { transaction, metadata }));
        assert_eq!((entry.number, entry.balances.len()), (EntryNumber(5), 0));
        assert_eq!(entry.effective_at, entry.recorded_at);
    }

    #[test]
    fn what_is_not_there_is_not_changed() {
        let not_found = |transaction| {
            let transaction = EntryNumber(transaction);
            Err(Rejection::TransactionNotFound { transaction })
        };
        for (kept, transaction) in [(None, 3), (Some(Metadata::default()), 4)] {
            let decided = decide(&book(kept), &change(transaction, &[]), Timestamp::default());
            assert_eq!(decided, not_found(transaction));
        }
    }

    #[test]
    fn not_there_comes_before_too_large() {
        let keys: Vec<String> = (0..64).map(|n| n.to_string()).collect();
        let full: Vec<_> = keys.iter().map(|key| (&**key, "")).collect();
        let more = change(3, &[("more", Some(""))]);
        let transaction = EntryNumber(3);
        let decide_on = |kept| decide(&book(kept), &more, Timestamp::default()).map(|_| ());
        assert_eq!(decide_on(Some(metadata(&full))), Err(Rejection::TransactionTooLarge { transaction }));
        assert_eq!(decide_on(None), Err(Rejection::TransactionNotFound { transaction }));
        assert_eq!(decide_on(Some(metadata(&full[1..]))), Ok(()));
    }
}
