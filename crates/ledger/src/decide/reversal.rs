//! Reversals: what a transaction moved is moved back, never more than that.

use super::free_reference;
use super::postings::Moving;
use crate::{
    Amount, Book, EntryNumber, Exceeded, Origin, Posting, Rejection, Remainder, Reversal, ReverseTransaction,
    Transaction,
};

/// Finds what is left of a transaction to reverse.
pub(super) fn find(book: &Book, transaction: EntryNumber) -> Result<&Remainder, Rejection> {
    book.unreversed(transaction).ok_or(Rejection::TransactionNotFound { transaction })
}

/// Moves back what is asked for, under the same rules as every transaction but for floors, where it is forced.
pub(super) fn reverse(
    moving: &mut Moving<'_>,
    reversal: &ReverseTransaction,
) -> Result<Transaction, Rejection> {
    let ReverseTransaction { transaction, forced, .. } = *reversal;
    let mut left = find(moving.book, transaction)?.clone();
    free_reference(moving.book, reversal.reference.as_ref())?;
    let exceeds = |posting, remaining, amount| Rejection::ReversalExceedsOriginal {
        transaction,
        posting,
        remaining,
        amount,
    };
    let asked = if let Some(postings) = &reversal.postings {
        postings.clone()
    } else {
        // The first posting of it would have been the way back of the transaction's last one.
        let last = || left.postings().as_slice().last().map(Posting::amount).unwrap_or_default();
        left.rest_reversed().ok_or_else(|| exceeds(0, Amount::ZERO, last()))?.into()
    };
    let postings = asked.try_map(|(index, posting)| {
        moving.let_through(index, posting)?;
        let exceeds = |exceeded: Exceeded| exceeds(index, exceeded.left, exceeded.asked);
        let capped = left.cap(&posting.reversed()).map_err(exceeds)?;
        let posting = if forced {
            posting.with_amount(capped.at_most())
        } else {
            moving.afforded(index, &posting.with_amount(capped))?
        };
        left.take(&posting.reversed()).map_err(exceeds)?;
        moving.post(index, &posting)?;
        Ok(posting)
    })?;
    let (reference, metadata) = (reversal.reference.clone(), reversal.metadata.clone());
    let origin = Origin::Reversal(Reversal { of: transaction, forced });
    Ok(Transaction { postings, reference, metadata, origin })
}
