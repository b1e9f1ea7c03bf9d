//! Why a request about gadgets fails, and what the caller is told.

use engine::port::ReadError;
use engine::widgets::WidgetError;
use pavex::http::StatusCode;
use pavex::telemetry::ServerRequestId;
use pavex::{Response, error_handler};

use crate::http::failures;
use crate::http::problem::{Problem, ProblemType};
use crate::http::problem_types::INTERNAL_ERROR;

/// There is no gadget of the id in the path.
pub static WIDGET_NOT_FOUND: ProblemType = ProblemType {
    status: StatusCode::NOT_FOUND,
    code: "widget.not_found",
    title: "No such gadget",
    meaning: "The ledger has no gadget of the id in the path.",
    remedy: "Correct the id. A gadget that was just created is there at once.",
    members: &[],
};

/// Why a request about gadgets fails.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// It was not created, or may not have been; or there is no such gadget.
    #[error(transparent)]
    Widget(#[from] WidgetError),
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl From<&RequestError> for Problem {
    fn from(error: &RequestError) -> Self {
        let error = match error {
            RequestError::Widget(error) => error,
            RequestError::Read(error) => return failures::read_failed(error),
        };
        match error {
            WidgetError::LedgerNotFound => failures::ledger_not_found(),
            WidgetError::NotFound => Self::of(&WIDGET_NOT_FOUND),
            WidgetError::KeyReused => failures::key_reused(),
            WidgetError::Random(_) => Self::of(&INTERNAL_ERROR),
            WidgetError::Write(_) => failures::outcome_unknown(),
            WidgetError::Read(error) => failures::read_failed(error),
        }
    }
}

/// Replies to a request about gadgets that failed.
#[error_handler]
#[must_use]
pub fn refuse_widget_request(#[px(error_ref)] error: &RequestError, request_id: ServerRequestId) -> Response {
    Problem::from(error).into_response(request_id)
}

#[cfg(test)]
mod tests {
    use engine::access::WriteAccessError;

    use super::*;

    #[test]
    fn every_failure_has_its_status_and_code() {
        let source = || "disk /dev/sda1 is full".into();
        for (error, status, code) in [
            (WidgetError::LedgerNotFound, 404, "ledger.not_found"),
            (WidgetError::NotFound, 404, "widget.not_found"),
            (WidgetError::KeyReused, 422, "idempotency.key_reused"),
            (WidgetError::Write(WriteAccessError(source())), 503, "service.outcome_unknown"),
            (WidgetError::Read(ReadError::Corrupt(source())), 500, "internal.error"),
        ] {
            let problem = Problem::from(&RequestError::Widget(error));
            assert_eq!((problem.status().as_u16(), problem.code()), (status, code));
            assert!(!format!("{problem:?}").contains("sda1"), "{code}");
        }
        let problem = Problem::from(&RequestError::Read(ReadError::LedgerNotFound));
        assert_eq!(problem.code(), "ledger.not_found");
    }
}
