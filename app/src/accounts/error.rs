//! Why a request about accounts fails, and what the caller is told.

use engine::port::ReadError;
use pavex::http::StatusCode;
use pavex::telemetry::ServerRequestId;
use pavex::{Response, error_handler};

use crate::http::failures;
use crate::http::problem::{Problem, ProblemType};

/// The account never moved.
pub static ACCOUNT_NOT_FOUND: ProblemType = ProblemType {
    status: StatusCode::NOT_FOUND,
    code: "account.not_found",
    title: "No such account",
    meaning: "Nothing was ever moved into or out of the account: it exists from its first posting.",
    remedy: "Correct the address, or count the account as empty.",
    members: &[],
};

/// Why a request about accounts fails.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The account never moved.
    #[error("the account never moved")]
    NotFound,
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl From<&AccountError> for Problem {
    fn from(error: &AccountError) -> Self {
        match error {
            AccountError::NotFound => Self::of(&ACCOUNT_NOT_FOUND),
            AccountError::Read(error) => failures::read_failed(error),
        }
    }
}

/// Replies to a request about accounts that failed.
#[error_handler]
#[must_use]
pub fn refuse_account(#[px(error_ref)] error: &AccountError, request_id: ServerRequestId) -> Response {
    Problem::from(error).into_response(request_id)
}
