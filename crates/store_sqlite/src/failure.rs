//! What became of a commit that failed.

use engine::port::CommitError;
use sqlx::error::DatabaseError;

// A primary result code, https://www.sqlite.org/rescode.html. The low byte of an extended one.
const SQLITE_IOERR: i32 = 10;

fn primary_code(error: &dyn DatabaseError) -> Option<i32> {
    error.code()?.parse::<i32>().ok().map(|code| code & 0xff)
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
}
