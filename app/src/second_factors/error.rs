//! Why a request about second factors fails, and what the caller is told.

use std::time::Duration;

use engine::port::ReadError;
use engine::second_factors::{OwnFactorError, SecondFactorError};
use identity::Scope;
use pavex::http::StatusCode;
use pavex::telemetry::ServerRequestId;
use pavex::{Response, error_handler};

use crate::http::failures;
use crate::http::input::InputError;
use crate::http::principal::Caller;
use crate::http::problem::{Member, Problem, ProblemType};
use crate::http::problem_types::INTERNAL_ERROR;
use crate::http::time::seconds_to_wait;

/// There is one already.
pub static SECOND_FACTOR_EXISTS: ProblemType = ProblemType {
    status: StatusCode::CONFLICT,
    code: "second_factor.exists",
    title: "There is a second factor already",
    meaning: "The user has a second factor that counts. Nothing was changed.",
    remedy: "Take it away first, with DELETE /v1/principal/totp.",
    members: &[],
};

/// There is none.
pub static SECOND_FACTOR_NOT_FOUND: ProblemType = ProblemType {
    status: StatusCode::NOT_FOUND,
    code: "second_factor.not_found",
    title: "No such second factor",
    meaning: "The user has no second factor, none that waits to be confirmed, or is not there.",
    remedy: "POST /v1/principal/totp begins one.",
    members: &[],
};

/// What was to show whose it is, does not.
pub static SECOND_FACTOR_WRONG: ProblemType = ProblemType {
    status: StatusCode::FORBIDDEN,
    code: "second_factor.wrong",
    title: "The code or the password is wrong",
    meaning: "The code is not of the authenticator, not of now, or was used before; or the password is another one. Nothing \
              was changed.",
    remedy: "Wait for the next code, see to it that the clock of the authenticator is right, or correct the password.",
    members: &[],
};

/// Too many attempts failed.
pub static SECOND_FACTOR_THROTTLED: ProblemType = ProblemType {
    status: StatusCode::TOO_MANY_REQUESTS,
    code: "second_factor.throttled",
    title: "Too many attempts failed",
    meaning: "Too many passwords or codes were wrong of late. This one was not looked at.",
    remedy: "Try again after the seconds in Retry-After, which are minutes at most.",
    members: &[],
};

/// The user has more than whoever asks.
pub static SECOND_FACTOR_EXCEEDS_CALLER: ProblemType = ProblemType {
    status: StatusCode::FORBIDDEN,
    code: "second_factor.exceeds_caller",
    title: "The user has more than whoever asks",
    meaning: "The user has a scope that whoever asks does not have for all of the same ledgers. Nothing was done.",
    remedy: "Have it done by somebody who has all that the user has.",
    members: &[Member { name: "scope", json_type: "string", meaning: "The scope that is lacking." }],
};

/// It is the second factor of whoever asks.
pub static SECOND_FACTOR_OWN: ProblemType = ProblemType {
    status: StatusCode::CONFLICT,
    code: "second_factor.own",
    title: "The second factor is of whoever asks",
    meaning: "This takes the second factor of others away. Nothing was done.",
    remedy: "Take your own away with DELETE /v1/principal/totp, which asks for a password or a code.",
    members: &[],
};

/// Why a request about second factors fails.
#[derive(Debug, thiserror::Error)]
pub enum SecondFactorFailure {
    /// Something in the request is out of its bounds.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The user has a scope that whoever asks lacks.
    #[error("the user has {0}, which whoever asks lacks")]
    Exceeding(Scope),
    /// Whoever asks wants their own taken away in the way that is for others.
    #[error("nobody takes their own second factor away without a password or a code")]
    IsOwn,
    /// It did not come or go.
    #[error(transparent)]
    Factor(#[from] SecondFactorError),
    /// Whoever asks did not show that it is they, or it did not come or go.
    #[error(transparent)]
    Own(#[from] OwnFactorError),
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Why no idempotency key is taken.
pub(super) const SHOWN_ONCE: &str = "is not taken here: a secret is shown once, and never again";

impl From<&SecondFactorFailure> for Problem {
    fn from(failure: &SecondFactorFailure) -> Self {
        match failure {
            SecondFactorFailure::Input(error) => Self::from(error),
            SecondFactorFailure::Exceeding(scope) => {
                Self::of(&SECOND_FACTOR_EXCEEDS_CALLER).with("scope", scope.name())
            }
            SecondFactorFailure::IsOwn => Self::of(&SECOND_FACTOR_OWN),
            SecondFactorFailure::Factor(error) | SecondFactorFailure::Own(OwnFactorError::Factor(error)) => {
                factor(error)
            }
            SecondFactorFailure::Own(OwnFactorError::Throttled(wait)) => throttled(*wait),
            SecondFactorFailure::Own(OwnFactorError::Digest(error)) => failures::not_digested(error),
            SecondFactorFailure::Read(error) => failures::read_failed(error),
        }
    }
}

/// Notes for the audit trail that a code or a password was wrong, or not looked at.
pub(super) fn noted<E: Into<SecondFactorFailure>>(caller: &Caller, error: E) -> SecondFactorFailure {
    let failure = error.into();
    match &failure {
        SecondFactorFailure::Factor(SecondFactorError::Wrong)
        | SecondFactorFailure::Own(
            OwnFactorError::Throttled(_) | OwnFactorError::Factor(SecondFactorError::Wrong),
        ) => caller.refused(Problem::from(&failure).code()),
        _ => {}
    }
    failure
}

fn factor(error: &SecondFactorError) -> Problem {
    match error {
        SecondFactorError::Exists => Problem::of(&SECOND_FACTOR_EXISTS),
        SecondFactorError::NotFound => Problem::of(&SECOND_FACTOR_NOT_FOUND),
        SecondFactorError::Wrong => Problem::of(&SECOND_FACTOR_WRONG),
        SecondFactorError::Random(_) => Problem::of(&INTERNAL_ERROR),
        SecondFactorError::Write(_) => failures::unconfirmed(),
        SecondFactorError::Read(error) => failures::read_failed(error),
    }
}

fn throttled(wait: Duration) -> Problem {
    Problem::of(&SECOND_FACTOR_THROTTLED).retry_after(seconds_to_wait(wait))
}

/// Replies to a request about second factors that failed.
#[error_handler]
#[must_use]
pub fn refuse_second_factor(
    #[px(error_ref)] error: &SecondFactorFailure,
    request_id: ServerRequestId,
) -> Response {
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
            (SecondFactorError::Exists.into(), 409, "second_factor.exists"),
            (SecondFactorError::NotFound.into(), 404, "second_factor.not_found"),
            (SecondFactorError::Wrong.into(), 403, "second_factor.wrong"),
            (SecondFactorError::Write(WriteAccessError(source())).into(), 503, "service.outcome_unknown"),
            (OwnFactorError::Throttled(Duration::from_secs(1)).into(), 429, "second_factor.throttled"),
            (SecondFactorFailure::Exceeding(Scope::KeysAdmin), 403, "second_factor.exceeds_caller"),
            (SecondFactorFailure::IsOwn, 409, "second_factor.own"),
            (ReadError::Corrupt(source()).into(), 500, "internal.error"),
        ] {
            let problem = Problem::from(&error);
            assert_eq!((problem.status().as_u16(), problem.code()), (status, code));
            assert!(!format!("{problem:?}").contains("sda1"), "{code}");
        }
    }
}
