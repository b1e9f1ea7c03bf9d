//! What can go wrong beneath the store, and which of the port's errors it is. Never shows SQLite's own
//! texts to anyone but operators.

use engine::port::{BeginError, CommitError, CreateLedgerError, ReadError};
use sqlx::error::DatabaseError;

/// Something stored that Florin cannot have written.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {problem}")]
pub(crate) struct Corruption {
    /// Where it stands.
    pub(crate) place: String,
    /// What is wrong with it.
    pub(crate) problem: String,
}

impl Corruption {
    pub(crate) fn new(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { place: place.into(), problem: problem.into() }
    }
}

/// Why an operation failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("there is no such ledger")]
    LedgerNotFound,
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Corrupt(#[from] Corruption),
    #[error("the head of the ledger is not where the batch began")]
    HeadMoved,
    #[error("entry {found} does not follow entry {expected} of the log")]
    Gap { expected: u64, found: u64 },
}

// Primary result codes, https://www.sqlite.org/rescode.html. The low byte of an extended one.
const SQLITE_IOERR: i32 = 10;
const SQLITE_CORRUPT: i32 = 11;
const SQLITE_NOTADB: i32 = 26;

fn primary_code(error: &dyn DatabaseError) -> Option<i32> {
    error.code()?.parse::<i32>().ok().map(|code| code & 0xff)
}

impl Failure {
    fn is_corruption(&self) -> bool {
        match self {
            Self::Corrupt(_) => true,
            Self::Database(error) => match error {
                sqlx::Error::Database(error) => {
                    matches!(primary_code(error.as_ref()), Some(SQLITE_CORRUPT | SQLITE_NOTADB))
                }
                sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => true,
                _ => false,
            },
            Self::LedgerNotFound | Self::HeadMoved | Self::Gap { .. } => false,
        }
    }
}

/// Says what became of a commit that failed.
///
/// SQLite rolls back whatever it could not commit, with one exception: where flushing the write-ahead
/// log failed, its last frames may be on disk or not, and should the machine lose power now, whoever
/// opens the file next takes them over if they are.
pub(crate) fn commit_failed(error: sqlx::Error) -> CommitError {
    let unknown = match &error {
        sqlx::Error::Database(error) => primary_code(error.as_ref()) == Some(SQLITE_IOERR),
        sqlx::Error::WorkerCrashed | sqlx::Error::Io(_) => true,
        _ => false,
    };
    if unknown { CommitError::OutcomeUnknown(error.into()) } else { CommitError::RolledBack(error.into()) }
}

impl From<Failure> for ReadError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::LedgerNotFound => Self::LedgerNotFound,
            _ if failure.is_corruption() => Self::Corrupt(failure.into()),
            _ => Self::Unavailable(failure.into()),
        }
    }
}

impl From<Failure> for BeginError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::LedgerNotFound => Self::LedgerNotFound,
            _ => Self::Unavailable(failure.into()),
        }
    }
}

impl From<Failure> for CreateLedgerError {
    fn from(failure: Failure) -> Self {
        Self::Unavailable(failure.into())
    }
}
