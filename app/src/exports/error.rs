//! Why an export fails before it is sent, and what the caller is told.

use engine::port::ReadError;
use pavex::telemetry::ServerRequestId;
use pavex::{Response, error_handler};

use crate::http::failures;
use crate::http::problem::Problem;
use crate::http::stream::NoPlace;

/// Why an export fails before it is sent.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// Too many are being sent.
    #[error(transparent)]
    NoPlace(#[from] NoPlace),
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Replies to a request for an export that failed.
#[error_handler]
#[must_use]
pub fn refuse_export(#[px(error_ref)] error: &ExportError, request_id: ServerRequestId) -> Response {
    let problem = match error {
        ExportError::NoPlace(no_place) => Problem::from(*no_place),
        ExportError::Read(error) => failures::read_failed(error),
    };
    problem.into_response(request_id)
}
