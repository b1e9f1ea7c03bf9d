//! Replies, as far as callers can tell one from another.

use engine::{CreateLedgerError, CreatedLedger, Engine, Outcome, SubmitError, Submitted};
use ledger::{EntryBody, Origin, Rejection, ReleaseCause};

use crate::commands::Asked;

/// What a caller hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// A ledger was created, now or before.
    Created(CreatedLedger),
    /// The name is another ledger's.
    NameTaken,
    /// A command was carried out, now or before, or would be.
    Submitted(Submitted),
    /// The ledger says no.
    Rejected(Rejection),
    /// There is no such ledger.
    LedgerNotFound,
    /// The key was used for another request.
    KeyReused,
    /// The service could not say: asking again with the same key may help.
    AskAgain(String),
}

impl Reply {
    /// Asks an engine.
    pub(crate) async fn of(engine: &Engine, asked: Asked) -> Self {
        match asked {
            Asked::CreateLedger { name, metadata, key } => {
                match engine.create_ledger(name, metadata, key).await {
                    Ok(created) => Self::Created(created),
                    Err(CreateLedgerError::NameTaken) => Self::NameTaken,
                    Err(CreateLedgerError::KeyReused) => Self::KeyReused,
                    Err(error @ CreateLedgerError::Unavailable(_)) => Self::AskAgain(format!("{error:?}")),
                }
            }
            Asked::Submit { ledger, submission } => match engine.submit(&ledger, submission).await {
                Ok(submitted) => Self::Submitted(submitted),
                Err(SubmitError::Rejected(rejection)) => Self::Rejected(rejection),
                Err(SubmitError::LedgerNotFound) => Self::LedgerNotFound,
                Err(SubmitError::KeyReused) => Self::KeyReused,
                Err(
                    error @ (SubmitError::KeyInProgress
                    | SubmitError::NotApplied
                    | SubmitError::Overloaded
                    | SubmitError::ShuttingDown
                    | SubmitError::Unavailable(_)
                    | SubmitError::OutcomeUnknown(_)),
                ) => Self::AskAgain(format!("{error:?}")),
            },
        }
    }

    /// Names what kind of reply it is.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Created(created) if created.replayed => "ledger created before",
            Self::Created(_) => "ledger created",
            Self::NameTaken => "name taken",
            Self::Submitted(submitted) => match submitted.outcome {
                Outcome::Recorded => recorded(&submitted.entry.body),
                Outcome::Replayed => "replayed",
                Outcome::DryRun => "dry run",
            },
            Self::Rejected(rejection) => match rejection {
                Rejection::ReferenceTaken { .. } => "reference taken",
                Rejection::HoldNotFound { .. } => "hold not found",
                Rejection::TransactionNotFound { .. } => "transaction not found",
                Rejection::HoldExpiryPassed { .. } => "hold expiry passed",
                Rejection::HoldNotOpen { .. } => "hold not open",
                Rejection::HoldNotDue { .. } => "hold not due",
                Rejection::HoldExceedsRemaining { .. } => "hold exceeds remaining",
                Rejection::ReversalExceedsOriginal { .. } => "reversal exceeds original",
                Rejection::AccountClosed { .. } => "account closed",
                Rejection::AccountFrozen { .. } => "account frozen",
                Rejection::AccountUnbounded { .. } => "account unbounded",
                Rejection::AccountTooLarge { .. } => "account too large",
                Rejection::TransactionTooLarge { .. } => "transaction too large",
                Rejection::InsufficientFunds { .. } => "insufficient funds",
                Rejection::AmountOverflow { .. } => "amount overflow",
                Rejection::ExpectationFailed { .. } => "expectation failed",
            },
            Self::LedgerNotFound => "ledger not found",
            Self::KeyReused => "key reused",
            Self::AskAgain(_) => "ask again",
        }
    }
}

/// Names what was recorded.
fn recorded(body: &EntryBody) -> &'static str {
    match body {
        EntryBody::Transaction(transaction) => match &transaction.origin {
            Origin::Posted => "transaction recorded",
            Origin::Capture(capture) if capture.closes => "last capture recorded",
            Origin::Capture(_) => "capture recorded",
            Origin::Reversal(reversal) if reversal.forced => "forced reversal recorded",
            Origin::Reversal(_) => "reversal recorded",
        },
        EntryBody::Account(_) => "account change recorded",
        EntryBody::TransactionChange(_) => "transaction change recorded",
        EntryBody::Hold(_) => "hold recorded",
        EntryBody::Release(release) => match release.cause {
            ReleaseCause::Voided => "void recorded",
            ReleaseCause::Expired => "expiry recorded",
        },
    }
}
