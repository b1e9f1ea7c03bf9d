//! Why the audit trail cannot be read, and what the caller is told.

use engine::access::WriteAccessError;
use engine::port::ReadError;
use pavex::telemetry::ServerRequestId;
use pavex::{Response, error_handler};

use crate::http::failures;
use crate::http::problem::Problem;

/// Why the audit trail cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// What was noted could not be written first.
    #[error(transparent)]
    Write(#[from] WriteAccessError),
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl From<&AuditError> for Problem {
    fn from(error: &AuditError) -> Self {
        match error {
            AuditError::Write(_) => failures::unavailable(),
            AuditError::Read(error) => failures::read_failed(error),
        }
    }
}

/// Replies to a request for the audit trail that failed.
#[error_handler]
#[must_use]
pub fn refuse_audit(#[px(error_ref)] error: &AuditError, request_id: ServerRequestId) -> Response {
    Problem::from(error).into_response(request_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_has_its_status_and_code() {
        let source = || "disk /dev/sda1 is full".into();
        for error in [WriteAccessError(source()).into(), AuditError::from(ReadError::Unavailable(source()))] {
            let problem = Problem::from(&error);
            assert_eq!((problem.status().as_u16(), problem.code()), (503, "service.unavailable"));
            assert!(!format!("{problem:?}").contains("sda1"));
        }
    }
}
