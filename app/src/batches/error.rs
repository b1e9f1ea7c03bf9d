//! Why a batch fails as a whole, and what the caller is told.

use engine::SubmitError;
use engine::port::ReadError;
use pavex::telemetry::ServerRequestId;
use pavex::{Response, error_handler};

use crate::http::access_error::AccessError;
use crate::http::failures;
use crate::http::fields::FieldErrors;
use crate::http::input::InputError;
use crate::http::problem::Problem;
use crate::http::stream::NoPlace;

/// Why a batch fails as a whole.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// Whoever asks may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// It can never be taken.
    #[error(transparent)]
    Input(#[from] InputError),
    /// None of its commands happened, or all may have: for the same reason.
    #[error(transparent)]
    Submit(#[from] SubmitError),
    /// Too many streams are open.
    #[error(transparent)]
    NoPlace(#[from] NoPlace),
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl BatchError {
    /// It weighs more than a queue has room for, and so would never be taken.
    pub(super) fn too_heavy(weight: usize, max: usize) -> Self {
        let mut errors = FieldErrors::default();
        errors.add(
            "commands",
            format!(
                "have {weight} postings together, and an atomic batch may have {max}: a command counts as 1 at least, \
                 and one on an earlier hold or transaction as 32"
            ),
        );
        Self::Input(InputError::Invalid(errors))
    }
}

impl From<&BatchError> for Problem {
    fn from(error: &BatchError) -> Self {
        match error {
            BatchError::Access(error) => error.into(),
            BatchError::Input(error) => Self::from(error),
            BatchError::Submit(error) => failures::not_submitted(error),
            BatchError::NoPlace(no_place) => (*no_place).into(),
            BatchError::Read(error) => failures::read_failed(error),
        }
    }
}

/// Replies to a batch that failed as a whole.
#[error_handler]
#[must_use]
pub fn refuse_batch(#[px(error_ref)] error: &BatchError, request_id: ServerRequestId) -> Response {
    Problem::from(error).into_response(request_id)
}
