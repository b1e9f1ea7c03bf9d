//! What can go wrong beneath a store, and which of the port's errors it is. Never shows a database's own texts
//! to anyone but operators.

use engine::port::{BeginError, CreateLedgerError, ReadError, Source};

/// Something stored that Florin cannot have written.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct Corruption {
    /// Where it stands.
    pub place: String,
    /// What is wrong with it.
    pub problem: String,
}

impl Corruption {
    /// Says where something is wrong, and what.
    pub fn new(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { place: place.into(), problem: problem.into() }
    }
}

/// Why an operation failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// There is no such ledger.
    #[error("there is no such ledger")]
    LedgerNotFound,
    /// The database reports an error, or does not answer.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// No connection to the database could be had.
    #[error("there is no connection to the database")]
    Disconnected(#[source] Source),
    /// What is stored cannot be.
    #[error(transparent)]
    Corrupt(#[from] Corruption),
    /// An answer as of a moment takes more than may be looked at.
    #[error("an answer as of that moment takes too much to look at")]
    TooMuchToLookAt,
    /// Somebody else wrote although the batch had the head.
    #[error("the head of the ledger is not where the batch began")]
    HeadMoved,
    /// The entries of a batch do not follow the log.
    #[error("entry {found} does not follow entry {expected} of the log")]
    Gap {
        /// The number that comes next.
        expected: u64,
        /// The number that came.
        found: u64,
    },
}

/// Codes of a database that found itself damaged. SQLite: CORRUPT and NOTADB, the low byte of what it reports
/// (<https://www.sqlite.org/rescode.html>). PostgreSQL: `data_corrupted` and `index_corrupted`.
fn reports_damage(code: &str) -> bool {
    match code.parse::<i32>() {
        Ok(number) if code.len() < 5 => matches!(number & 0xff, 11 | 26),
        _ => matches!(code, "XX001" | "XX002"),
    }
}

impl Failure {
    fn is_corruption(&self) -> bool {
        match self {
            Self::Corrupt(_) => true,
            Self::Database(error) => match error {
                sqlx::Error::Database(error) => error.code().is_some_and(|code| reports_damage(&code)),
                sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => true,
                _ => false,
            },
            Self::LedgerNotFound
            | Self::Disconnected(_)
            | Self::TooMuchToLookAt
            | Self::HeadMoved
            | Self::Gap { .. } => false,
        }
    }
}

impl From<Failure> for ReadError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::LedgerNotFound => Self::LedgerNotFound,
            Failure::TooMuchToLookAt => Self::TooMuchToLookAt,
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
    use super::*;

    #[test]
    fn damage_is_told_from_all_else_by_its_code() {
        for code in ["11", "267", "26", "XX001", "XX002"] {
            assert!(reports_damage(code), "{code}");
        }
        for code in ["1", "5", "10", "14", "17", "XX000", "57P01", "00011", "23505", "40001"] {
            assert!(!reports_damage(code), "{code}");
        }
    }

    #[test]
    fn what_cannot_be_is_corrupt_and_what_does_not_answer_unavailable() {
        let corrupt = [
            Failure::Corrupt(Corruption::new("entry 1", "its body")),
            Failure::Database(sqlx::Error::Decode("no number".into())),
        ];
        for failure in corrupt {
            assert!(matches!(ReadError::from(failure), ReadError::Corrupt(_)));
        }
        for error in [sqlx::Error::PoolClosed, sqlx::Error::PoolTimedOut, sqlx::Error::WorkerCrashed] {
            assert!(matches!(ReadError::from(Failure::Database(error)), ReadError::Unavailable(_)));
        }
        assert!(matches!(ReadError::from(Failure::LedgerNotFound), ReadError::LedgerNotFound));
    }
}
