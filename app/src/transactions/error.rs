//! Why a request about transactions fails, and what the caller is told.

use engine::SubmitError;
use engine::port::ReadError;
use pavex::telemetry::ServerRequestId;
use pavex::{Response, error_handler};

use crate::http::access_error::AccessError;
use crate::http::as_of::NotYet;
use crate::http::failures;
use crate::http::problem::Problem;
use crate::http::rejections::TRANSACTION_NOT_FOUND;

/// Why a request about transactions fails.
#[derive(Debug, thiserror::Error)]
pub enum TransactionError {
    /// Whoever asks may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// There is no such transaction.
    #[error("there is no such transaction")]
    NotFound,
    /// The command changed nothing, or may not have.
    #[error(transparent)]
    Submit(#[from] SubmitError),
    /// The moment that is asked for has not passed.
    #[error(transparent)]
    NotYet(#[from] NotYet),
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl From<&TransactionError> for Problem {
    fn from(error: &TransactionError) -> Self {
        match error {
            TransactionError::Access(error) => error.into(),
            TransactionError::NotFound => Self::of(&TRANSACTION_NOT_FOUND),
            TransactionError::Submit(error) => failures::not_submitted(error),
            TransactionError::NotYet(not_yet) => (*not_yet).into(),
            TransactionError::Read(error) => failures::read_failed(error),
        }
    }
}

/// Replies to a request about transactions that failed.
#[error_handler]
#[must_use]
pub fn refuse_transaction(
    #[px(error_ref)] error: &TransactionError,
    request_id: ServerRequestId,
) -> Response {
    Problem::from(error).into_response(request_id)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use engine::SharedSource;

    use super::*;

    fn problem(error: impl Into<TransactionError>) -> Problem {
        Problem::from(&error.into())
    }

    #[test]
    fn every_failure_has_its_status_and_code() {
        let source = || SharedSource(Arc::new(std::io::Error::other("disk /dev/sda1 is full")));
        for (error, status, code) in [
            (SubmitError::LedgerNotFound, 404, "ledger.not_found"),
            (SubmitError::KeyReused, 422, "idempotency.key_reused"),
            (SubmitError::KeyInProgress, 409, "idempotency.in_progress"),
            (SubmitError::Overloaded, 503, "service.overloaded"),
            (SubmitError::ShuttingDown, 503, "service.shutting_down"),
            (SubmitError::Unavailable(source()), 503, "service.unavailable"),
            (SubmitError::OutcomeUnknown(source()), 503, "service.outcome_unknown"),
        ] {
            let problem = problem(error);
            assert_eq!((problem.status().as_u16(), problem.code()), (status, code));
            assert!(!format!("{problem:?}").contains("sda1"), "{code}");
        }
        assert_eq!(problem(TransactionError::NotFound).code(), "transaction.not_found");
        assert_eq!(problem(NotYet).code(), "request.invalid");
        assert_eq!(problem(ReadError::LedgerNotFound).code(), "ledger.not_found");
    }

    #[test]
    fn what_the_store_said_goes_to_the_log() {
        let source = SharedSource(Arc::new(std::io::Error::other("the disk is full")));
        let error = TransactionError::from(SubmitError::Unavailable(source));
        let mut causes = std::iter::successors(std::error::Error::source(&error), |error| error.source());
        assert!(causes.any(|cause| cause.to_string() == "the disk is full"));
    }
}
