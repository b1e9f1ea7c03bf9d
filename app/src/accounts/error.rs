//! Why a request about accounts fails, and what the caller is told.

use engine::SubmitError;
use engine::port::ReadError;
use pavex::http::StatusCode;
use pavex::telemetry::ServerRequestId;
use pavex::{Response, error_handler};

use crate::http::access_error::AccessError;
use crate::http::as_of::NotYet;
use crate::http::failures;
use crate::http::problem::{Problem, ProblemType};
use crate::http::stream::NoPlace;

/// The account never moved and was never changed.
pub static ACCOUNT_NOT_FOUND: ProblemType = ProblemType {
    status: StatusCode::NOT_FOUND,
    code: "account.not_found",
    title: "No such account",
    meaning: "Nothing was ever moved into or out of the account, and nobody gave it a policy or metadata: it exists \
              from the first of these on.",
    remedy: "Correct the address, or count the account as empty.",
    members: &[],
};

/// Why a request about accounts fails.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Whoever asks may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The account never moved and was never changed.
    #[error("the account never moved and was never changed")]
    NotFound,
    /// The command changed nothing, or may not have.
    #[error(transparent)]
    Submit(#[from] SubmitError),
    /// The account was changed, and could not be read then.
    #[error("the account was changed and cannot be read")]
    ReadBack(#[source] ReadError),
    /// Too many long replies are being sent.
    #[error(transparent)]
    NoPlace(#[from] NoPlace),
    /// The moment that is asked for has not passed.
    #[error(transparent)]
    NotYet(#[from] NotYet),
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl From<&AccountError> for Problem {
    fn from(error: &AccountError) -> Self {
        match error {
            AccountError::Access(error) => error.into(),
            AccountError::NotFound => Self::of(&ACCOUNT_NOT_FOUND),
            AccountError::NotYet(not_yet) => (*not_yet).into(),
            AccountError::NoPlace(no_place) => (*no_place).into(),
            AccountError::Submit(error) => failures::not_submitted(error),
            // It is there, and the same key shows it; who hears this cannot know.
            AccountError::ReadBack(ReadError::Unavailable(_)) => failures::outcome_unknown(),
            AccountError::ReadBack(error) | AccountError::Read(error) => failures::read_failed(error),
        }
    }
}

/// Replies to a request about accounts that failed.
#[error_handler]
#[must_use]
pub fn refuse_account(#[px(error_ref)] error: &AccountError, request_id: ServerRequestId) -> Response {
    Problem::from(error).into_response(request_id)
}
