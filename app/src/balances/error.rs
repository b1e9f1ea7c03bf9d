//! Why a request about sums of balances fails, and what the caller is told.

use engine::port::ReadError;
use pavex::telemetry::ServerRequestId;
use pavex::{Response, error_handler};

use crate::http::as_of::NotYet;
use crate::http::failures;
use crate::http::problem::Problem;

/// Why a request about sums of balances fails.
#[derive(Debug, thiserror::Error)]
pub enum BalanceError {
    /// The moment that is asked for has not passed.
    #[error(transparent)]
    NotYet(#[from] NotYet),
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Replies to a request about sums of balances that failed.
#[error_handler]
#[must_use]
pub fn refuse_balance(#[px(error_ref)] error: &BalanceError, request_id: ServerRequestId) -> Response {
    let problem = match error {
        BalanceError::NotYet(not_yet) => Problem::from(*not_yet),
        BalanceError::Read(error) => failures::read_failed(error),
    };
    problem.into_response(request_id)
}
