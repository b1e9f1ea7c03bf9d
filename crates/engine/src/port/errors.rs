//! Why a store did not do as it was asked: an error per operation, with what the database said for operators' eyes only.

use std::sync::Arc;

use crate::submission::SharedSource;

/// An error of the database beneath a store, for operators' eyes only.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why a batch could not start.
#[derive(Debug, thiserror::Error)]
pub enum BeginError {
    /// There is no such ledger.
    #[error("there is no such ledger")]
    LedgerNotFound,
    /// The database did not answer as it should; trying again later may help.
    #[error("the store is unavailable")]
    Unavailable(#[source] Source),
}

/// Why a batch was not committed.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Nothing of it was written.
    #[error("the batch was rolled back")]
    RolledBack(#[source] Source),
    /// The commit was sent and no answer came: it holds, or it does not.
    #[error("the outcome of the commit is unknown")]
    OutcomeUnknown(#[source] Source),
}

/// Why what goes with an entry was not written.
#[derive(Debug, thiserror::Error)]
pub enum AccompanyError {
    /// The companion says no. Nothing of what it wrote stays, and the batch can go on.
    #[error("the companion refused")]
    Refused,
    /// It, or the database, failed: the batch is of no more use.
    #[error("the companion failed")]
    Failed(#[source] Source),
}

/// Why a ledger could not be created.
#[derive(Debug, thiserror::Error)]
pub enum CreateLedgerError {
    /// The database did not answer as it should; trying again with the same key is safe.
    #[error("the store is unavailable")]
    Unavailable(#[source] Source),
}

/// Why a read failed.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is no such ledger.
    #[error("there is no such ledger")]
    LedgerNotFound,
    /// The database did not answer as it should; trying again later may help.
    #[error("the store is unavailable")]
    Unavailable(#[source] Source),
    /// What is stored cannot be what Florin wrote.
    #[error("the store holds something unreadable")]
    Corrupt(#[source] Source),
    /// To go back as far would take more than [`LOOKS_MAX`](crate::query::LOOKS_MAX).
    #[error("an answer as of that moment takes too much to look at")]
    TooMuchToLookAt,
}

impl ReadError {
    /// Returns what makes the same error as often as it is needed, for reads that went together.
    pub(crate) fn share(self) -> impl Fn() -> Self {
        type Makes = fn(Source) -> ReadError;
        let (makes, source): (Makes, Source) = match self {
            Self::LedgerNotFound => (|_| Self::LedgerNotFound, "".into()),
            Self::TooMuchToLookAt => (|_| Self::TooMuchToLookAt, "".into()),
            Self::Unavailable(source) => (Self::Unavailable, source),
            Self::Corrupt(source) => (Self::Corrupt, source),
        };
        let source = SharedSource(Arc::from(source));
        move || makes(Box::new(source.clone()))
    }
}
