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

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::error::Error;
    use std::fmt;

    use sqlx::error::ErrorKind;

    use super::*;

    /// What SQLite reports, with nothing but its code.
    #[derive(Debug)]
    struct Reported(i32);

    impl fmt::Display for Reported {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "(code: {})", self.0)
        }
    }

    impl Error for Reported {}

    impl DatabaseError for Reported {
        fn message(&self) -> &'static str {
            ""
        }

        fn code(&self) -> Option<Cow<'_, str>> {
            Some(self.0.to_string().into())
        }

        fn kind(&self) -> ErrorKind {
            ErrorKind::Other
        }

        fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
            self
        }

        fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
            self
        }

        fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
            self
        }
    }

    fn reported(code: i32) -> sqlx::Error {
        sqlx::Error::Database(Box::new(Reported(code)))
    }

    #[test]
    fn only_a_failed_flush_or_a_lost_thread_leaves_a_commit_in_doubt() {
        // Busy, full, out of memory, a constraint, read-only.
        for code in [5, 517, 13, 7, 19, 2067, 8] {
            assert!(matches!(commit_failed(reported(code)), CommitError::RolledBack(_)), "{code}");
        }
        assert!(matches!(commit_failed(sqlx::Error::PoolClosed), CommitError::RolledBack(_)));
        // An I/O error of any kind: write, fsync.
        for code in [10, 778, 1034] {
            assert!(matches!(commit_failed(reported(code)), CommitError::OutcomeUnknown(_)), "{code}");
        }
        assert!(matches!(commit_failed(sqlx::Error::WorkerCrashed), CommitError::OutcomeUnknown(_)));
    }

    #[test]
    fn a_damaged_file_is_corrupt_and_a_busy_or_broken_one_unavailable() {
        let read = |error: sqlx::Error| ReadError::from(Failure::from(error));
        for code in [11, 267, 26] {
            assert!(matches!(read(reported(code)), ReadError::Corrupt(_)), "{code}");
        }
        for code in [1, 5, 10, 14, 17] {
            assert!(matches!(read(reported(code)), ReadError::Unavailable(_)), "{code}");
        }
        for error in [sqlx::Error::PoolClosed, sqlx::Error::PoolTimedOut, sqlx::Error::WorkerCrashed] {
            assert!(matches!(read(error), ReadError::Unavailable(_)));
        }
    }
}
