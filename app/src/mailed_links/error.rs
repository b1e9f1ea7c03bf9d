//! Why a request about mailed links fails, and what the caller is told.

use engine::mailed_links::FollowLinkError;
use engine::port::ReadError;
use engine::users::ChangeUserError;
use pavex::http::StatusCode;
use pavex::telemetry::ServerRequestId;
use pavex::{Response, error_handler};

use crate::http::failures;
use crate::http::fields::FieldErrors;
use crate::http::input::InputError;
use crate::http::problem::{Problem, ProblemType};
use crate::http::problem_types::INTERNAL_ERROR;
use crate::http::visitor::Visitor;
use crate::mailer::MailLinkError;

/// The link opens nothing.
pub static LINK_SPENT: ProblemType = ProblemType {
    status: StatusCode::GONE,
    code: "link.spent",
    title: "The link does not work, or not any more",
    meaning: "There is no such link: it was used, its time is over, another was mailed after it, or its user has another \
              address by now or may not come in.",
    remedy: "Ask for another link.",
    members: &[],
};

/// No mails are sent.
pub static MAIL_OFF: ProblemType = ProblemType {
    status: StatusCode::CONFLICT,
    code: "mail.off",
    title: "This service sends no mails",
    meaning: "The service is configured without a way to send mails.",
    remedy: "Ask whoever runs it: they can set a password with `server admin set-password`, and switch mails on \
             (`PX_MAIL__TRANSPORT`).",
    members: &[],
};

/// The user whose address is to be verified is not there.
pub static LINK_USER_NOT_FOUND: ProblemType = ProblemType {
    status: StatusCode::NOT_FOUND,
    code: "link.user_not_found",
    title: "No such user",
    meaning: "There is no user of the id in the path who may come in.",
    remedy: "Correct the id: `GET /v1/users` lists them.",
    members: &[],
};

/// Why a request about mailed links fails.
#[derive(Debug, thiserror::Error)]
pub enum LinkFailure {
    /// Something in the request is out of its bounds.
    #[error(transparent)]
    Input(#[from] InputError),
    /// There is no user to mail one to.
    #[error("there is no such user")]
    NoUser,
    /// It was not mailed.
    #[error(transparent)]
    Mail(#[from] MailLinkError),
    /// It opened nothing.
    #[error(transparent)]
    Follow(#[from] FollowLinkError),
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Why no idempotency key is taken.
pub(super) const WORKS_ONCE: &str = "is not taken here: a link works once, and a mail can be asked for again";

/// Notes for the audit trail that somebody came with a link that does not work.
pub(super) fn noted(visitor: &Visitor, error: FollowLinkError) -> LinkFailure {
    if let FollowLinkError::Spent = error {
        visitor.refused(LINK_SPENT.code, None);
    }
    error.into()
}

impl From<&LinkFailure> for Problem {
    fn from(error: &LinkFailure) -> Self {
        match error {
            LinkFailure::Input(error) => Self::from(error),
            LinkFailure::NoUser => Self::of(&LINK_USER_NOT_FOUND),
            LinkFailure::Mail(MailLinkError::Off) => Self::of(&MAIL_OFF),
            LinkFailure::Mail(MailLinkError::Full(_)) => failures::overloaded(),
            LinkFailure::Follow(FollowLinkError::Digest(error)) => failures::not_digested(error),
            LinkFailure::Mail(MailLinkError::Issue(error)) => match error {
                engine::mailed_links::IssueLinkError::Random(_) => Self::of(&INTERNAL_ERROR),
                engine::mailed_links::IssueLinkError::Write(_) => failures::unavailable(),
            },
            LinkFailure::Follow(FollowLinkError::Spent) => Self::of(&LINK_SPENT),
            LinkFailure::Follow(FollowLinkError::Fault(fault)) => {
                let mut errors = FieldErrors::default();
                errors.add("new_password", fault.to_string());
                Self::from(&InputError::Invalid(errors))
            }
            LinkFailure::Follow(FollowLinkError::Change(error)) => match error {
                ChangeUserError::Read(error) => failures::read_failed(error),
                _ => failures::unconfirmed(),
            },
            LinkFailure::Follow(FollowLinkError::Write(_)) => failures::unconfirmed(),
            LinkFailure::Follow(FollowLinkError::Read(error))
            | LinkFailure::Mail(MailLinkError::Read(error))
            | LinkFailure::Read(error) => failures::read_failed(error),
        }
    }
}

/// Replies to a request about mailed links that failed.
#[error_handler]
#[must_use]
pub fn refuse_link(#[px(error_ref)] error: &LinkFailure, request_id: ServerRequestId) -> Response {
    Problem::from(error).into_response(request_id)
}

#[cfg(test)]
mod tests {
    use engine::access::WriteAccessError;
    use mail::OutboxFull;

    use super::*;

    #[test]
    fn every_failure_has_its_status_and_code() {
        let source = || "disk /dev/sda1 is full".into();
        for (error, status, code) in [
            (LinkFailure::NoUser, 404, "link.user_not_found"),
            (MailLinkError::Off.into(), 409, "mail.off"),
            (MailLinkError::from(OutboxFull).into(), 503, "service.overloaded"),
            (FollowLinkError::Spent.into(), 410, "link.spent"),
            (FollowLinkError::Write(WriteAccessError(source())).into(), 503, "service.outcome_unknown"),
            (ReadError::Unavailable(source()).into(), 503, "service.unavailable"),
        ] {
            let problem = Problem::from(&error);
            assert_eq!((problem.status().as_u16(), problem.code()), (status, code));
            assert!(!format!("{problem:?}").contains("sda1"), "{code}");
        }
    }
}
