//! Why a request about holds fails, and what the caller is told.

use engine::SubmitError;
use engine::port::ReadError;
use pavex::telemetry::ServerRequestId;
use pavex::{Response, error_handler};

use crate::http::failures;
use crate::http::problem::Problem;
use crate::http::rejections::HOLD_NOT_FOUND;

/// Why a request about holds fails.
#[derive(Debug, thiserror::Error)]
pub enum HoldError {
    /// There is no such hold.
    #[error("there is no such hold")]
    NotFound,
    /// The command changed nothing, or may not have.
    #[error(transparent)]
    Submit(#[from] SubmitError),
    /// The hold was let go, and could not be read then.
    #[error("the hold was let go and cannot be read")]
    ReadBack(#[source] ReadError),
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl From<&HoldError> for Problem {
    fn from(error: &HoldError) -> Self {
        match error {
            HoldError::NotFound => Self::of(&HOLD_NOT_FOUND),
            HoldError::Submit(error) => failures::not_submitted(error),
            // It is let go, and the same key shows it; who hears this cannot know.
            HoldError::ReadBack(ReadError::Unavailable(_)) => failures::outcome_unknown(),
            HoldError::ReadBack(error) | HoldError::Read(error) => failures::read_failed(error),
        }
    }
}

/// Replies to a request about holds that failed.
#[error_handler]
#[must_use]
pub fn refuse_hold(#[px(error_ref)] error: &HoldError, request_id: ServerRequestId) -> Response {
    Problem::from(error).into_response(request_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_cannot_be_shown_what_was_let_go_is_not_told_that_nothing_was() {
        let down = || ReadError::Unavailable("the disk is gone".into());
        for (error, status, code) in [
            (HoldError::NotFound, 404, "hold.not_found"),
            (HoldError::Read(down()), 503, "service.unavailable"),
            (HoldError::ReadBack(down()), 503, "service.outcome_unknown"),
            (HoldError::ReadBack(ReadError::Corrupt("x".into())), 500, "internal.error"),
            (HoldError::Submit(SubmitError::LedgerNotFound), 404, "ledger.not_found"),
        ] {
            let problem = Problem::from(&error);
            assert_eq!((problem.status().as_u16(), problem.code()), (status, code));
            assert!(!format!("{problem:?}").contains("disk"), "{code}");
        }
    }
}
