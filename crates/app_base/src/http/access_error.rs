//! Why a request is not let through, and what whoever sent it is told.

use engine::access::AuthenticationError;
use engine::port::ReadError;
use engine::sessions::SessionError;
use identity::{Scope, UserId};
use pavex::http::StatusCode;
use pavex::http::header::{HeaderValue, WWW_AUTHENTICATE};
use pavex::telemetry::ServerRequestId;
use pavex::{Response, error_handler};
use tokens::TokenError;

use super::credentials::NotPresented;
use super::failures;
use super::principal_limit::TooMany;
use super::problem::{Member, Problem, ProblemType};
use super::rate_limit::RATE_LIMITED;

/// Why a request is not let through.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// It has no credentials.
    #[error("the request has no credentials")]
    Missing,
    /// Its credentials are not of the form that is taken.
    #[error("the credentials are malformed")]
    Malformed,
    /// Its key opens nothing.
    #[error(transparent)]
    Refused(AuthenticationError),
    /// Whoever sent it asks too often: after so many seconds they may again.
    #[error("the principal asks too often")]
    Limited(u32),
    /// Its session opens nothing, or is none; whose it was, where that is known.
    #[error("the session opens nothing")]
    SessionOver(Option<UserId>),
    /// It has a cookie, or asks for one, and a page of somebody else's may have sent it.
    #[error("the request may have come from a page of another origin")]
    CrossOrigin,
    /// Whoever sent it did not sign in.
    #[error("the request has no session")]
    NotSignedIn,
    /// Whoever sent it is not to know that there is such a ledger.
    #[error("the ledger is not for this key to see")]
    Unseen,
    /// Whoever sent it lacks a scope.
    #[error("the key lacks {0}")]
    Lacking(Scope),
}

impl From<TooMany> for AccessError {
    fn from(TooMany(seconds): TooMany) -> Self {
        Self::Limited(seconds)
    }
}

impl From<NotPresented> for AccessError {
    fn from(error: NotPresented) -> Self {
        match error {
            NotPresented::Missing => Self::Missing,
            NotPresented::Malformed => Self::Malformed,
            NotPresented::MalformedCookie => Self::SessionOver(None),
        }
    }
}

impl From<SessionError> for AccessError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Unknown => Self::SessionOver(None),
            SessionError::Over(user) => Self::SessionOver(Some(user)),
            SessionError::Read(error) => Self::Refused(AuthenticationError::Read(error)),
        }
    }
}

/// The request has no credentials.
pub static AUTHENTICATION_REQUIRED: ProblemType = ProblemType {
    status: StatusCode::UNAUTHORIZED,
    code: "authentication.required",
    title: "The request needs credentials",
    meaning: "The request says nothing of who sends it.",
    remedy: "Send an API key with it: Authorization: Bearer florin_… Whoever runs the service has one, or can make one. In a \
             browser, sign in: POST /v1/sessions.",
    members: &[],
};

/// The credentials do not do.
pub static AUTHENTICATION_INVALID: ProblemType = ProblemType {
    status: StatusCode::UNAUTHORIZED,
    code: "authentication.invalid",
    title: "The credentials are not accepted",
    meaning: "The Authorization header is malformed, or its key is mistyped, unknown, expired or revoked. Where there is a \
              cookie instead, its session is over.",
    remedy: "Compare the key with what was handed out; where it has expired or was revoked, ask for a new one. Where the \
             session is over, sign in again.",
    members: &[],
};

/// A page of somebody else's may have sent the request.
pub static CSRF_REFUSED: ProblemType = ProblemType {
    status: StatusCode::FORBIDDEN,
    code: "csrf.refused",
    title: "The request may come from another page",
    meaning: "The request has a session's cookie, or signs in, and nothing in it shows that a page of this service sent it: \
              neither Sec-Fetch-Site: same-origin nor, without that header, an Origin that is the host which is asked. \
              Nothing was done.",
    remedy: "Send it from a page of the same origin. Programs use an API key.",
    members: &[],
};

/// The request takes a session.
pub static SESSION_REQUIRED: ProblemType = ProblemType {
    status: StatusCode::FORBIDDEN,
    code: "session.required",
    title: "The request takes a session",
    meaning: "The request is about the session that it comes with, and comes with none. Nothing was done.",
    remedy: "Sign in with POST /v1/sessions, and send the cookie instead of a key.",
    members: &[],
};

/// The key lacks a scope.
pub static AUTHORIZATION_DENIED: ProblemType = ProblemType {
    status: StatusCode::FORBIDDEN,
    code: "authorization.denied",
    title: "The credentials do not allow this",
    meaning: "The key or the session is good, and lacks the scope that the request takes. Nothing was done.",
    remedy: "Use a key that has the scope, or have it granted.",
    members: &[Member { name: "scope", json_type: "string", meaning: "The scope that is lacking." }],
};

impl From<&AccessError> for Problem {
    fn from(error: &AccessError) -> Self {
        let invalid = |detail: &'static str| {
            let challenge = "Bearer realm=\"florin\", error=\"invalid_token\"";
            Self::of(&AUTHENTICATION_INVALID)
                .detail(detail)
                .header(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
        };
        match error {
            AccessError::Missing => Self::of(&AUTHENTICATION_REQUIRED)
                .header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"florin\"")),
            AccessError::Malformed => invalid(
                "The header must be Authorization: Bearer florin_…, with the whole key as it was handed out, or with a token.",
            ),
            AccessError::Refused(AuthenticationError::Unknown) => invalid("There is no such key."),
            AccessError::Refused(AuthenticationError::Expired(_)) => invalid("The key has expired."),
            AccessError::Refused(AuthenticationError::Revoked(_)) => invalid("The key was revoked."),
            AccessError::Refused(AuthenticationError::Token(error)) => invalid(match error {
                TokenError::Malformed => "The token is malformed, or does not say what every token has to.",
                TokenError::Kind => "The token is of a kind that is not taken.",
                TokenError::Algorithm => "The token is signed in a way that is not taken.",
                TokenError::UnknownKey => "The token is signed with a key that is not known.",
                TokenError::Signature => "The token's signature is wrong.",
                TokenError::Issuer => "The token is from an issuer that is not trusted.",
                TokenError::Audience => "The token is for another audience.",
                TokenError::Expired => "The token has expired.",
                TokenError::NotYet => "The token is not valid yet.",
                TokenError::GrantsNothing => "The token is good, and nothing in it leads to a right here.",
            }),
            AccessError::Refused(AuthenticationError::Read(error)) => match error {
                ReadError::Corrupt(_) => failures::read_failed(error),
                _ => failures::unavailable(),
            },
            AccessError::Limited(seconds) => Self::of(&RATE_LIMITED).retry_after(*seconds),
            AccessError::SessionOver(_) => invalid("The session is over, or there is none like it."),
            AccessError::CrossOrigin => Self::of(&CSRF_REFUSED).detail(
                "It needs Sec-Fetch-Site: same-origin or, without that header, an Origin that is this host.",
            ),
            AccessError::NotSignedIn => Self::of(&SESSION_REQUIRED),
            AccessError::Unseen => failures::ledger_not_found(),
            AccessError::Lacking(scope) => Self::of(&AUTHORIZATION_DENIED)
                .detail(format!("This takes the scope {scope}, which whoever asks does not have here."))
                .with("scope", scope.name()),
        }
    }
}

/// Replies to a request that is not let through.
#[error_handler]
#[must_use]
pub fn refuse_access(#[px(error_ref)] error: &AccessError, request_id: ServerRequestId) -> Response {
    Problem::from(error).into_response(request_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_has_its_status_and_code_and_says_how_to_come_in() {
        let source = || "disk /dev/sda1 is full".into();
        let key = || identity::KeyId::from_random([1; 9]);
        for (error, status, code, challenge) in [
            (AccessError::Missing, 401, "authentication.required", true),
            (AccessError::Malformed, 401, "authentication.invalid", true),
            (AccessError::Refused(AuthenticationError::Unknown), 401, "authentication.invalid", true),
            (AccessError::Refused(AuthenticationError::Expired(key())), 401, "authentication.invalid", true),
            (AccessError::Refused(AuthenticationError::Revoked(key())), 401, "authentication.invalid", true),
            (
                AccessError::Refused(AuthenticationError::Token(TokenError::Expired)),
                401,
                "authentication.invalid",
                true,
            ),
            (
                AccessError::Refused(AuthenticationError::Read(ReadError::Unavailable(source()))),
                503,
                "service.unavailable",
                false,
            ),
            (
                AccessError::Refused(AuthenticationError::Read(ReadError::Corrupt(source()))),
                500,
                "internal.error",
                false,
            ),
            (AccessError::Limited(1), 429, "request.rate_limited", false),
            (AccessError::SessionOver(None), 401, "authentication.invalid", true),
            (AccessError::CrossOrigin, 403, "csrf.refused", false),
            (AccessError::NotSignedIn, 403, "session.required", false),
            (AccessError::Unseen, 404, "ledger.not_found", false),
            (AccessError::Lacking(Scope::LedgerWrite), 403, "authorization.denied", false),
        ] {
            let problem = Problem::from(&error);
            assert_eq!((problem.status().as_u16(), problem.code()), (status, code));
            assert!(!format!("{problem:?}").contains("sda1"), "{code}");
            let response = problem.into_response(ServerRequestId::generate());
            assert_eq!(response.headers().contains_key(WWW_AUTHENTICATE), challenge, "{code}");
        }
    }
}
