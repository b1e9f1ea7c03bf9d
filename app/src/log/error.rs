//! Why a request about the log fails, and what the caller is told.

use engine::port::ReadError;
use pavex::telemetry::ServerRequestId;
use pavex::{Response, error_handler};

use crate::http::failures;

/// Why a request about the log fails.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Replies to a request about the log that failed.
#[error_handler]
#[must_use]
pub fn refuse_log(#[px(error_ref)] error: &LogError, request_id: ServerRequestId) -> Response {
    let LogError::Read(error) = error;
    failures::read_failed(error).into_response(request_id)
}
