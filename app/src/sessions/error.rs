//! Why a request about sessions fails, and what the caller is told.

use std::time::Duration;

use engine::access::WriteAccessError;
use engine::port::ReadError;
use engine::sessions::{ChangePasswordError, ChangeSessionError, SignInError};
use engine::users::{ChangeUserError, SetPasswordError};
use pavex::http::StatusCode;
use pavex::http::header::{HeaderValue, WWW_AUTHENTICATE};
use pavex::telemetry::ServerRequestId;
use pavex::{Response, error_handler};

use crate::http::failures;
use crate::http::fields::FieldErrors;
use crate::http::input::InputError;
use crate::http::principal::Caller;
use crate::http::problem::{Problem, ProblemType};
use crate::http::problem_types::INTERNAL_ERROR;
use crate::http::time::seconds_to_wait;

/// Whoever signs in is not who they say, or may not come in.
pub static SIGN_IN_REFUSED: ProblemType = ProblemType {
    status: StatusCode::UNAUTHORIZED,
    code: "sign_in.refused",
    title: "The address or the password is wrong",
    meaning: "There is no user of this address who may come in with this password. Which of it is wrong is told to \
              nobody.",
    remedy: "Correct the address or the password. Whoever administers users can say whether there is such a user, and \
             help them to another password.",
    members: &[],
};

/// The password is right, and a code is needed beside it.
pub static SECOND_FACTOR_REQUIRED: ProblemType = ProblemType {
    status: StatusCode::UNAUTHORIZED,
    code: "second_factor.required",
    title: "A code of the second factor is needed",
    meaning: "The address and the password are right, and the user has a second factor.",
    remedy: "Send the request again with `code`: six digits of the authenticator, or a recovery code.",
    members: &[],
};

/// The password is right, and the code is wrong.
pub static SECOND_FACTOR_REFUSED: ProblemType = ProblemType {
    status: StatusCode::UNAUTHORIZED,
    code: "second_factor.refused",
    title: "The code is wrong",
    meaning: "The address and the password are right. The code is not of the authenticator, not of now, or was used before. \
              It counts as a failed attempt.",
    remedy: "Wait for the next code, see to it that the clock of the authenticator is right, or use a recovery code.",
    members: &[],
};

/// Too many attempts failed.
pub static SIGN_IN_THROTTLED: ProblemType = ProblemType {
    status: StatusCode::TOO_MANY_REQUESTS,
    code: "sign_in.throttled",
    title: "Too many attempts to sign in failed",
    meaning: "Too many attempts failed of late, for this address or from this network. This one was not looked at: it does \
              not count, and it says nothing about the password.",
    remedy: "Try again after the seconds in Retry-After, which are minutes at most.",
    members: &[],
};

/// The password that was to be changed is another one.
pub static PASSWORD_WRONG: ProblemType = ProblemType {
    status: StatusCode::FORBIDDEN,
    code: "password.wrong",
    title: "The current password is wrong",
    meaning: "The password that was given as the current one is not. Nothing was changed.",
    remedy: "Correct current_password.",
    members: &[],
};

/// There is no session of the id in the path.
pub static SESSION_NOT_FOUND: ProblemType = ProblemType {
    status: StatusCode::NOT_FOUND,
    code: "session.not_found",
    title: "No such session",
    meaning: "There is no session of the id in the path that belongs to whoever asks.",
    remedy: "Correct the id: GET /v1/sessions lists your own. Old ones are not there any more.",
    members: &[],
};

/// Why a request about sessions fails.
#[derive(Debug, thiserror::Error)]
pub enum SessionFailure {
    /// Something in the request is out of its bounds.
    #[error(transparent)]
    Input(#[from] InputError),
    /// Nobody signed in.
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// The password was not changed.
    #[error(transparent)]
    Password(#[from] ChangePasswordError),
    /// The session was not started or ended, or may not have been.
    #[error(transparent)]
    Change(#[from] ChangeSessionError),
    /// Sessions were not ended, or may not have been.
    #[error(transparent)]
    Write(#[from] WriteAccessError),
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Why no idempotency key is taken.
pub(super) const HANDED_OUT_ONCE: &str = "is not taken here: a session is handed out once, and never again";

/// Returns the code under which a failed sign-in is told.
pub(super) fn code(error: &SignInError) -> &'static str {
    signed_in(error).code()
}

/// Notes for the audit trail that a current password was wrong, or not looked at.
pub(super) fn noted(caller: &Caller, error: ChangePasswordError) -> SessionFailure {
    if let ChangePasswordError::Throttled(_) | ChangePasswordError::Set(SetPasswordError::Wrong) = &error {
        caller.refused(password(&error).code());
    }
    error.into()
}

impl From<&SessionFailure> for Problem {
    fn from(failure: &SessionFailure) -> Self {
        match failure {
            SessionFailure::Input(error) => Self::from(error),
            SessionFailure::SignIn(error) => signed_in(error),
            SessionFailure::Password(error) => password(error),
            SessionFailure::Change(ChangeSessionError::Overtaken) => challenge(&SIGN_IN_REFUSED),
            SessionFailure::Change(ChangeSessionError::NotFound) => Self::of(&SESSION_NOT_FOUND),
            SessionFailure::Change(ChangeSessionError::Random(_)) => Self::of(&INTERNAL_ERROR),
            SessionFailure::Change(ChangeSessionError::Write(_)) | SessionFailure::Write(_) => {
                failures::unconfirmed()
            }
            SessionFailure::Change(ChangeSessionError::Read(error)) | SessionFailure::Read(error) => {
                failures::read_failed(error)
            }
        }
    }
}

fn signed_in(error: &SignInError) -> Problem {
    match error {
        SignInError::Throttled(wait) => throttled(*wait),
        SignInError::Refused { user: _ } => challenge(&SIGN_IN_REFUSED),
        SignInError::SecondFactorRequired => challenge(&SECOND_FACTOR_REQUIRED),
        SignInError::SecondFactorRefused { user: _ } => challenge(&SECOND_FACTOR_REFUSED),
        SignInError::Digest(error) => failures::not_digested(error),
        SignInError::Write(_) => failures::unavailable(),
        SignInError::Read(error) => failures::read_failed(error),
    }
}

fn challenge(kind: &'static ProblemType) -> Problem {
    Problem::of(kind).header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"florin\""))
}

fn password(error: &ChangePasswordError) -> Problem {
    let invalid = |message: String| {
        let mut errors = FieldErrors::default();
        errors.add("new_password", message);
        Problem::from(&InputError::Invalid(errors))
    };
    match error {
        ChangePasswordError::Throttled(wait) => throttled(*wait),
        ChangePasswordError::Set(SetPasswordError::Wrong) => Problem::of(&PASSWORD_WRONG),
        ChangePasswordError::Set(SetPasswordError::Fault(fault)) => invalid(fault.to_string()),
        ChangePasswordError::Set(SetPasswordError::Digest(error)) => failures::not_digested(error),
        ChangePasswordError::Set(SetPasswordError::Change(error)) => match error {
            ChangeUserError::Read(error) => failures::read_failed(error),
            _ => failures::unavailable(),
        },
        ChangePasswordError::Read(error) => failures::read_failed(error),
    }
}

fn throttled(wait: Duration) -> Problem {
    Problem::of(&SIGN_IN_THROTTLED).retry_after(seconds_to_wait(wait))
}

/// Replies to a request about sessions that failed.
#[error_handler]
#[must_use]
pub fn refuse_session(#[px(error_ref)] error: &SessionFailure, request_id: ServerRequestId) -> Response {
    Problem::from(error).into_response(request_id)
}

#[cfg(test)]
mod tests {
    use engine::users::DigestError;

    use super::*;

    #[test]
    fn every_failure_has_its_status_and_code() {
        let source = || "disk /dev/sda1 is full".into();
        let wait = Duration::from_millis(1_200);
        for (error, status, code) in [
            (SignInError::Refused { user: None }.into(), 401, "sign_in.refused"),
            (SignInError::SecondFactorRequired.into(), 401, "second_factor.required"),
            (SignInError::Throttled(wait).into(), 429, "sign_in.throttled"),
            (SignInError::Digest(DigestError::Overloaded).into(), 503, "service.overloaded"),
            (SignInError::Digest(DigestError::Failed(source())).into(), 500, "internal.error"),
            (SignInError::Read(ReadError::Unavailable(source())).into(), 503, "service.unavailable"),
            (ChangePasswordError::Throttled(wait).into(), 429, "sign_in.throttled"),
            (ChangePasswordError::Set(SetPasswordError::Wrong).into(), 403, "password.wrong"),
            (ChangeSessionError::Overtaken.into(), 401, "sign_in.refused"),
            (ChangeSessionError::NotFound.into(), 404, "session.not_found"),
            (ChangeSessionError::Write(WriteAccessError(source())).into(), 503, "service.outcome_unknown"),
            (WriteAccessError(source()).into(), 503, "service.outcome_unknown"),
            (SessionFailure::Read(ReadError::Unavailable(source())), 503, "service.unavailable"),
        ] {
            let problem = Problem::from(&error);
            assert_eq!((problem.status().as_u16(), problem.code()), (status, code));
            assert!(!format!("{problem:?}").contains("sda1"), "{code}");
            let response = problem.into_response(ServerRequestId::generate());
            if status == 429 {
                assert_eq!(response.headers()["retry-after"], "2");
            }
        }
    }
}
