//! The one place that says yes or no to a command.

use std::collections::BTreeMap;

use crate::{
    Address, Amount, Asset, Balance, BalanceKey, Book, Entry, EntryBody, EntryNumber, Floor, Metadata,
    Posting, Postings, Reference, Timestamp, Transaction,
};

/// What a caller wants to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Move money.
    PostTransaction(PostTransaction),
}

/// Move money: all postings in order, or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostTransaction {
    /// What to move, in order.
    pub postings: Postings,
    /// The caller's own name for it.
    pub reference: Option<Reference>,
    /// When it counts; when it is recorded, where not given.
    pub effective_at: Option<Timestamp>,
    /// What the caller keeps beside it.
    pub metadata: Metadata,
}

/// Why a command changes nothing.
///
/// The variants stand in the order of precedence: the reference counts before the postings, which
/// are judged one after the other, each in the order of the variants below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// An earlier entry has this reference.
    ReferenceTaken {
        /// The reference.
        reference: Reference,
        /// The entry that has it.
        entry: EntryNumber,
    },
    /// The source's available balance would fall under its floor.
    InsufficientFunds {
        /// The posting's place, from 0.
        posting: usize,
        /// The source.
        account: Address,
        /// What it lacks.
        asset: Asset,
        /// What it had when this posting's turn came, in minor units.
        available: i128,
        /// What the posting would have moved.
        amount: Amount,
        /// How much is missing.
        shortfall: Amount,
    },
    /// A counter would reach 2^127.
    AmountOverflow {
        /// The posting's place, from 0.
        posting: usize,
        /// The account whose counter it is.
        account: Address,
        /// The asset.
        asset: Asset,
    },
}

/// Decides on a command: the entry to record, or why not. Changes nothing itself; the entry takes
/// effect when it is [applied](Book::apply).
///
/// `now` is when the entry would be recorded. Where it lies before the last entry, because a clock
/// was set back or another machine's runs ahead, the last entry's time counts: the log never goes
/// back in time.
///
/// # Errors
/// The first [`Rejection`] in the order of precedence.
pub fn decide(book: &Book, command: &Command, now: Timestamp) -> Result<Entry, Rejection> {
    let Command::PostTransaction(post) = command;
    if let Some(reference) = &post.reference
        && let Some(entry) = book.reference(reference)
    {
        return Err(Rejection::ReferenceTaken { reference: reference.clone(), entry });
    }
    let mut touched = BTreeMap::new();
    for (index, posting) in post.postings.as_slice().iter().enumerate() {
        move_posting(book, &mut touched, index, posting)?;
    }
    let recorded_at = book.last_recorded_at().map_or(now, |last| last.max(now));
    Ok(Entry {
        number: book.next(),
        recorded_at,
        effective_at: post.effective_at.unwrap_or(recorded_at),
        body: EntryBody::Transaction(Transaction {
            postings: post.postings.clone(),
            reference: post.reference.clone(),
            metadata: post.metadata.clone(),
        }),
        balances: touched.into_iter().collect(),
    })
}

/// Moves one posting on the balances touched so far.
fn move_posting(
    book: &Book,
    touched: &mut BTreeMap<BalanceKey, Balance>,
    index: usize,
    posting: &Posting,
) -> Result<(), Rejection> {
    let key = |account: &Address| BalanceKey { account: account.clone(), asset: posting.asset().clone() };
    let current = |touched: &BTreeMap<BalanceKey, Balance>, key: &BalanceKey| {
        touched.get(key).copied().unwrap_or_else(|| book.balance(key))
    };
    let overflow = |account: &Address| Rejection::AmountOverflow {
        posting: index,
        account: account.clone(),
        asset: posting.asset().clone(),
    };

    let source = key(posting.source());
    let before = current(touched, &source);
    if let Floor::AtLeast(floor) = book.policy(&source.account).floor(&source.asset)
        && let Some(shortfall) = shortfall(before.available(), floor, posting.amount())
    {
        return Err(Rejection::InsufficientFunds {
            posting: index,
            account: source.account,
            asset: source.asset,
            available: before.available(),
            amount: posting.amount(),
            shortfall,
        });
    }
    let debited = before.debited(posting.amount()).ok_or_else(|| overflow(posting.source()))?;
    touched.insert(source, debited);

    let destination = key(posting.destination());
    let credited = current(touched, &destination)
        .credited(posting.amount())
        .ok_or_else(|| overflow(posting.destination()))?;
    touched.insert(destination, credited);
    Ok(())
}

/// How much is missing for an amount to leave `available` without passing the floor, if anything.
///
/// A zero amount moves nothing, so it never misses anything. More than the largest amount counts as
/// the largest amount.
fn shortfall(available: i128, floor: i128, amount: Amount) -> Option<Amount> {
    if amount == Amount::ZERO {
        return None;
    }
    let room = available.saturating_sub(floor);
    let missing = u128::try_from(amount.signed().saturating_sub(room)).ok()?;
    (missing > 0).then(|| Amount::new(missing).unwrap_or(Amount::MAX))
}
