//! Why a request about sums of balances fails, and what the caller is told.

use engine::port::ReadError;
use pavex::telemetry::ServerRequestId;
use pavex::{Response, error_handler};

use crate::http::failures;

/// Why a request about sums of balances fails.
#[derive(Debug, thiserror::Error)]
pub enum BalanceError {
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Replies to a request about sums of balances that failed.
#[error_handler]
#[must_use]
pub fn refuse_balance(#[px(error_ref)] error: &BalanceError, request_id: ServerRequestId) -> Response {
    let BalanceError::Read(error) = error;
    failures::read_failed(error).into_response(request_id)
}
