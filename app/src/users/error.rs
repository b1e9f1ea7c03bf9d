//! Why a request about users fails, and what the caller is told.

use engine::port::ReadError;
use engine::users::ChangeUserError;
use pavex::http::StatusCode;
use pavex::telemetry::ServerRequestId;
use pavex::{Response, error_handler};

use crate::http::failures;
use crate::http::input::InputError;
use crate::http::problem::{Member, Problem, ProblemType};
use crate::http::problem_types::INTERNAL_ERROR;

/// There is no user of the id in the path.
pub static USER_NOT_FOUND: ProblemType = ProblemType {
    status: StatusCode::NOT_FOUND,
    code: "user.not_found",
    title: "No such user",
    meaning: "There is no user of the id in the path.",
    remedy: "Correct the id: `GET /v1/users?email=…` tells whose address is whose.",
    members: &[],
};

/// Somebody has the address.
pub static USER_EMAIL_TAKEN: ProblemType = ProblemType {
    status: StatusCode::CONFLICT,
    code: "user.email_taken",
    title: "The address is in use",
    meaning: "There is a user of this address already, in this case or another. Nothing was done.",
    remedy: "Change the user who has it, or choose another address.",
    members: &[],
};

/// The user has, or would have, more than whoever asks.
pub static USER_EXCEEDS_CREATOR: ProblemType = ProblemType {
    status: StatusCode::FORBIDDEN,
    code: "user.exceeds_creator",
    title: "The user would have more than whoever asks",
    meaning: "The user that was asked for would have a scope that whoever asks does not have for all of the same \
              ledgers. Nothing was done.",
    remedy: "Leave the scope out, or have it done by somebody who has it.",
    members: &[Member { name: "scope", json_type: "string", meaning: "The scope that is lacking." }],
};

/// The user has more than whoever asks.
pub static USER_EXCEEDS_CALLER: ProblemType = ProblemType {
    status: StatusCode::FORBIDDEN,
    code: "user.exceeds_caller",
    title: "The user has more than whoever asks",
    meaning: "The user has a scope that whoever asks does not have for all of the same ledgers, so that changing them \
              could give it away. Nothing was done.",
    remedy: "Have it done by somebody who has all that the user has.",
    members: &[Member { name: "scope", json_type: "string", meaning: "The scope that is lacking." }],
};

/// Whoever asks would lock themselves out.
pub static USER_OWN_ACCESS: ProblemType = ProblemType {
    status: StatusCode::CONFLICT,
    code: "user.own_access",
    title: "Nobody locks themselves out",
    meaning: "The user is the one who asks, and would be disabled or lose `users:admin`. Nothing was done.",
    remedy: "Have it done by somebody else who may change users, so that there is one left who may.",
    members: &[],
};

/// Why a request about users fails.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    /// Something in the request is out of its bounds.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The user was not created or changed, or may not have been.
    #[error(transparent)]
    Change(#[from] ChangeUserError),
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl UserError {
    /// There is no such user.
    pub const NOT_FOUND: Self = Self::Change(ChangeUserError::NotFound);
}

impl From<&UserError> for Problem {
    fn from(error: &UserError) -> Self {
        match error {
            UserError::Input(error) => Self::from(error),
            UserError::Change(error) => match error {
                ChangeUserError::NotFound => Self::of(&USER_NOT_FOUND),
                ChangeUserError::Exceeding(scope) => {
                    Self::of(&USER_EXCEEDS_CALLER).with("scope", scope.name())
                }
                ChangeUserError::Lacking(scope) => {
                    Self::of(&USER_EXCEEDS_CREATOR).with("scope", scope.name())
                }
                ChangeUserError::OwnAccess => Self::of(&USER_OWN_ACCESS),
                ChangeUserError::EmailTaken => Self::of(&USER_EMAIL_TAKEN),
                ChangeUserError::Random(_) => Self::of(&INTERNAL_ERROR),
                ChangeUserError::Write(_) => failures::unconfirmed(),
                ChangeUserError::Read(error) => failures::read_failed(error),
            },
            UserError::Read(error) => failures::read_failed(error),
        }
    }
}

/// Replies to a request about users that failed.
#[error_handler]
#[must_use]
pub fn refuse_user(#[px(error_ref)] error: &UserError, request_id: ServerRequestId) -> Response {
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
            (UserError::NOT_FOUND, 404, "user.not_found"),
            (ChangeUserError::Exceeding(Scope::KeysAdmin).into(), 403, "user.exceeds_caller"),
            (ChangeUserError::Lacking(Scope::LedgerRead).into(), 403, "user.exceeds_creator"),
            (ChangeUserError::OwnAccess.into(), 409, "user.own_access"),
            (ChangeUserError::EmailTaken.into(), 409, "user.email_taken"),
            (ChangeUserError::Write(WriteAccessError(source())).into(), 503, "service.outcome_unknown"),
            (ChangeUserError::Read(ReadError::Corrupt(source())).into(), 500, "internal.error"),
            (ReadError::Unavailable(source()).into(), 503, "service.unavailable"),
        ] {
            let problem = Problem::from(&error);
            assert_eq!((problem.status().as_u16(), problem.code()), (status, code));
            assert!(!format!("{problem:?}").contains("sda1"), "{code}");
        }
    }
}
