//! Why a request about keys fails, and what the caller is told.

use engine::access::ChangeKeyError;
use engine::port::ReadError;
use pavex::http::StatusCode;
use pavex::telemetry::ServerRequestId;
use pavex::{Response, error_handler};

use crate::http::failures;
use crate::http::input::InputError;
use crate::http::problem::{Member, Problem, ProblemType};
use crate::http::problem_types::INTERNAL_ERROR;

/// There is no key of the id in the path.
pub static KEY_NOT_FOUND: ProblemType = ProblemType {
    status: StatusCode::NOT_FOUND,
    code: "key.not_found",
    title: "No such API key",
    meaning: "There is no API key of the id in the path.",
    remedy: "Correct the id: it is the part of the key's text between the underscores.",
    members: &[],
};

/// The key would have more than its creator.
pub static KEY_EXCEEDS_CREATOR: ProblemType = ProblemType {
    status: StatusCode::FORBIDDEN,
    code: "key.exceeds_creator",
    title: "The key would have more than its creator",
    meaning: "The key that was asked for would have a scope that the one that asks does not have for all of the same \
              ledgers. Nothing was done.",
    remedy: "Leave the scope out, or ask with a key that has it.",
    members: &[Member { name: "scope", json_type: "string", meaning: "The scope that its creator lacks." }],
};

/// Why a request about keys fails.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Something in the request is out of its bounds.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The key was not created or revoked, or may not have been.
    #[error(transparent)]
    Change(#[from] ChangeKeyError),
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl KeyError {
    /// There is no such key.
    pub const NOT_FOUND: Self = Self::Change(ChangeKeyError::NotFound);
}

impl From<&KeyError> for Problem {
    fn from(error: &KeyError) -> Self {
        match error {
            KeyError::Input(error) => Self::from(error),
            KeyError::Change(ChangeKeyError::Lacking(scope)) => {
                Self::of(&KEY_EXCEEDS_CREATOR).with("scope", scope.name())
            }
            KeyError::Change(ChangeKeyError::NotFound) => Self::of(&KEY_NOT_FOUND),
            KeyError::Change(ChangeKeyError::Random(_)) => Self::of(&INTERNAL_ERROR),
            KeyError::Change(ChangeKeyError::Write(_)) => failures::unconfirmed(),
            KeyError::Change(ChangeKeyError::Read(error)) | KeyError::Read(error) => {
                failures::read_failed(error)
            }
        }
    }
}

/// Replies to a request about keys that failed.
#[error_handler]
#[must_use]
pub fn refuse_key(#[px(error_ref)] error: &KeyError, request_id: ServerRequestId) -> Response {
    Problem::from(error).into_response(request_id)
}

#[cfg(test)]
mod tests {
    use engine::access::WriteAccessError;
    use identity::Scope;

    use super::*;

    #[test]
    fn every_failure_has_its_status_and_code() {
        let source = || "disk /dev/sda1 is full".into();
        for (error, status, code) in [
            (KeyError::NOT_FOUND, 404, "key.not_found"),
            (ChangeKeyError::Lacking(Scope::LedgerRead).into(), 403, "key.exceeds_creator"),
            (ChangeKeyError::Write(WriteAccessError(source())).into(), 503, "service.outcome_unknown"),
            (ReadError::Unavailable(source()).into(), 503, "service.unavailable"),
        ] {
            let problem = Problem::from(&error);
            assert_eq!((problem.status().as_u16(), problem.code()), (status, code));
            assert!(!format!("{problem:?}").contains("sda1"), "{code}");
        }
    }
}
