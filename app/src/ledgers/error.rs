//! Why a request about ledgers fails, and what the caller is told.

use engine::CreateLedgerError;
use engine::port::ReadError;
use pavex::http::StatusCode;
use pavex::telemetry::ServerRequestId;
use pavex::{Response, error_handler};

use crate::http::failures;
use crate::http::problem::{Problem, ProblemType};

/// The name of the ledger to create is in use.
pub static LEDGER_EXISTS: ProblemType = ProblemType {
    status: StatusCode::CONFLICT,
    code: "ledger.exists",
    title: "The ledger exists",
    meaning: "There is a ledger of this name already. Nothing was done.",
    remedy: "Use it, or choose another name.",
    members: &[],
};

/// Why a request about ledgers fails.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The ledger was not created.
    #[error(transparent)]
    Create(#[from] CreateLedgerError),
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl From<&LedgerError> for Problem {
    fn from(error: &LedgerError) -> Self {
        match error {
            LedgerError::Create(CreateLedgerError::NameTaken) => Self::of(&LEDGER_EXISTS),
            LedgerError::Create(CreateLedgerError::KeyReused) => failures::key_reused(),
            // The store does not say whether it came as far as writing, so that nobody may rely on either.
            LedgerError::Create(CreateLedgerError::Unavailable(_)) => failures::outcome_unknown(),
            LedgerError::Read(error) => failures::read_failed(error),
        }
    }
}

/// Replies to a request about ledgers that failed.
#[error_handler]
#[must_use]
pub fn refuse_ledger(#[px(error_ref)] error: &LedgerError, request_id: ServerRequestId) -> Response {
    Problem::from(error).into_response(request_id)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use engine::SharedSource;

    use super::*;

    #[test]
    fn every_failure_has_its_status_and_code() {
        let source = SharedSource(Arc::new(std::io::Error::other("disk /dev/sda1 is full")));
        for (error, status, code) in [
            (LedgerError::from(CreateLedgerError::NameTaken), 409, "ledger.exists"),
            (CreateLedgerError::KeyReused.into(), 422, "idempotency.key_reused"),
            (CreateLedgerError::Unavailable(source).into(), 503, "service.outcome_unknown"),
            (ReadError::LedgerNotFound.into(), 404, "ledger.not_found"),
        ] {
            let problem = Problem::from(&error);
            assert_eq!((problem.status().as_u16(), problem.code()), (status, code));
            assert!(!format!("{problem:?}").contains("sda1"), "{code}");
        }
    }
}
