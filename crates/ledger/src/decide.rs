//! The one place that says yes or no to a command.

mod account;
mod hold;
mod postings;
mod reversal;
#[cfg(test)]
mod tests;

use self::postings::Moving;
use crate::{
    Address, Book, ChangeTransaction, Entry, EntryBody, EntryNumber, Expectations, Metadata, MetadataPatch,
    Origin, PolicyPatch, Postings, Quantity, Reference, Rejection, ReleaseCause, Timestamp, Transaction,
    transaction_change, transaction_change::change_transaction,
};

/// What a caller wants to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Move money.
    PostTransaction(PostTransaction),
    /// Change what an account allows, and what is kept beside it.
    ChangeAccount(ChangeAccount),
    /// Change what is kept beside a transaction.
    ChangeTransaction(ChangeTransaction),
    /// Reserve money.
    CreateHold(CreateHold),
    /// Move money that is reserved.
    CaptureHold(CaptureHold),
    /// Let reserved money go.
    ReleaseHold(ReleaseHold),
    /// Move money back.
    ReverseTransaction(ReverseTransaction),
}

/// Change what an account allows, and what is kept beside it. What is not given stays as it is; no money moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeAccount {
    /// The account, which need not have moved before.
    pub account: Address,
    /// What it allows from now on. A floor that it is under already keeps it only from falling further.
    pub policy: PolicyPatch,
    /// What is kept beside it from now on.
    pub metadata: MetadataPatch,
}

/// Move money: all postings in order, or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostTransaction {
    /// What to move, in order.
    pub postings: Postings<Quantity>,
    /// The caller's own name for it.
    pub reference: Option<Reference>,
    /// When it counts; when it is recorded, where not given.
    pub effective_at: Option<Timestamp>,
    /// What the caller keeps beside it.
    pub metadata: Metadata,
    /// What has to hold once all postings are through. Nothing of it is recorded.
    pub expectations: Expectations,
}

/// Reserve money: all postings in order, or nothing. What is reserved is not available to its source any more, and not
/// yet to its destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateHold {
    /// What to reserve, in order.
    pub postings: Postings<Quantity>,
    /// When what is left of it is let go, if ever.
    pub expires_at: Option<Timestamp>,
    /// The caller's own name for it.
    pub reference: Option<Reference>,
    /// What the caller keeps beside it.
    pub metadata: Metadata,
}

/// Move money that is reserved, in whole or in part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaptureHold {
    /// The hold: the number of its entry.
    pub hold: EntryNumber,
    /// What to move of it, in order; all that is left of it, where not given. Source, destination and asset say which
    /// of the hold's postings a posting is taken from: of several alike, the first that have something left.
    pub postings: Option<Postings<Quantity>>,
    /// Whether what is left after it is let go. A hold of which nothing is left has ended in any case.
    pub is_final: bool,
    /// The caller's own name for the transaction.
    pub reference: Option<Reference>,
    /// When it counts; when it is recorded, where not given.
    pub effective_at: Option<Timestamp>,
    /// What the caller keeps beside the transaction.
    pub metadata: Metadata,
}

/// Let go what is left of a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReleaseHold {
    /// The hold: the number of its entry.
    pub hold: EntryNumber,
    /// Why.
    pub cause: ReleaseCause,
}

/// Move back what a transaction moved, in whole or in part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReverseTransaction {
    /// The transaction: the number of its entry.
    pub transaction: EntryNumber,
    /// What to move, in order, each from the destination of one of the transaction's postings to its source; all that
    /// is left of the transaction, its last posting first, where not given. Of several postings alike, the first that
    /// have something left are reversed.
    pub postings: Option<Postings<Quantity>>,
    /// Whether it may take accounts under their floors.
    pub forced: bool,
    /// The caller's own name for the reversal.
    pub reference: Option<Reference>,
    /// When it counts; when it is recorded, where not given.
    pub effective_at: Option<Timestamp>,
    /// What the caller keeps beside the reversal.
    pub metadata: Metadata,
}

impl Command {
    /// Returns the reference that the command wants for its entry.
    #[must_use]
    pub fn reference(&self) -> Option<&Reference> {
        match self {
            Self::PostTransaction(post) => post.reference.as_ref(),
            Self::CreateHold(hold) => hold.reference.as_ref(),
            Self::CaptureHold(capture) => capture.reference.as_ref(),
            Self::ReverseTransaction(reversal) => reversal.reference.as_ref(),
            Self::ChangeAccount(_) | Self::ChangeTransaction(_) | Self::ReleaseHold(_) => None,
        }
    }

    /// Returns what the command asks to be moved or reserved, as far as it says so itself.
    #[must_use]
    pub fn postings(&self) -> &[crate::Posting<Quantity>] {
        let postings = match self {
            Self::PostTransaction(post) => Some(&post.postings),
            Self::CreateHold(hold) => Some(&hold.postings),
            Self::CaptureHold(capture) => capture.postings.as_ref(),
            Self::ReverseTransaction(reversal) => reversal.postings.as_ref(),
            Self::ChangeAccount(_) | Self::ChangeTransaction(_) | Self::ReleaseHold(_) => None,
        };
        postings.map_or(&[], Postings::as_slice)
    }

    /// Returns the hold that the command is about.
    #[must_use]
    pub fn hold(&self) -> Option<EntryNumber> {
        match self {
            Self::CaptureHold(capture) => Some(capture.hold),
            Self::ReleaseHold(release) => Some(release.hold),
            Self::PostTransaction(_)
            | Self::ChangeAccount(_)
            | Self::ChangeTransaction(_)
            | Self::CreateHold(_)
            | Self::ReverseTransaction(_) => None,
        }
    }

    /// Returns the transaction that the command reverses.
    #[must_use]
    pub fn reversed(&self) -> Option<EntryNumber> {
        match self {
            Self::ReverseTransaction(reversal) => Some(reversal.transaction),
            Self::PostTransaction(_)
            | Self::ChangeAccount(_)
            | Self::ChangeTransaction(_)
            | Self::CreateHold(_)
            | Self::CaptureHold(_)
            | Self::ReleaseHold(_) => None,
        }
    }
}

/// Says whether what a command is about is there. This is judged before anything else, also before its idempotency
/// key; [`decide`] judges it again.
///
/// # Errors
/// [`Rejection::HoldNotFound`], [`Rejection::TransactionNotFound`].
pub fn find_target(book: &Book, command: &Command) -> Result<(), Rejection> {
    if let Some(hold) = command.hold() {
        hold::find(book, hold)?;
    }
    if let Some(transaction) = command.reversed() {
        reversal::find(book, transaction)?;
    }
    if let Command::ChangeTransaction(ChangeTransaction { transaction, .. }) = command {
        transaction_change::find(book, *transaction)?;
    }
    Ok(())
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
    let recorded_at = book.last_recorded_at().map_or(now, |last| last.max(now));
    let mut moving = Moving::on(book);
    let (effective_at, body) = match command {
        Command::PostTransaction(post) => {
            free_reference(book, post.reference.as_ref())?;
            let postings = moving.all(&post.postings)?;
            moving.meets(&post.expectations)?;
            let (reference, metadata) = (post.reference.clone(), post.metadata.clone());
            let transaction = Transaction { postings, reference, metadata, origin: Origin::Posted };
            (post.effective_at, EntryBody::Transaction(transaction))
        }
        Command::ChangeAccount(change) => (None, EntryBody::Account(account::change(book, change)?)),
        Command::ChangeTransaction(change) => {
            (None, EntryBody::TransactionChange(change_transaction(book, change)?))
        }
        Command::CreateHold(create) => {
            (None, EntryBody::Hold(hold::create(&mut moving, create, recorded_at)?))
        }
        Command::CaptureHold(capture) => {
            let transaction = hold::capture(&mut moving, capture, recorded_at)?;
            (capture.effective_at, EntryBody::Transaction(transaction))
        }
        Command::ReleaseHold(release) => {
            (None, EntryBody::Release(hold::release(&mut moving, *release, recorded_at)?))
        }
        Command::ReverseTransaction(reversal) => {
            let transaction = reversal::reverse(&mut moving, reversal)?;
            (reversal.effective_at, EntryBody::Transaction(transaction))
        }
    };
    Ok(Entry {
        number: book.next(),
        recorded_at,
        effective_at: effective_at.unwrap_or(recorded_at),
        body,
        balances: moving.balances(),
    })
}

fn free_reference(book: &Book, reference: Option<&Reference>) -> Result<(), Rejection> {
    match reference.and_then(|reference| Some((reference, book.reference(reference)?))) {
        Some((reference, entry)) => Err(Rejection::ReferenceTaken { reference: reference.clone(), entry }),
        None => Ok(()),
    }
}
