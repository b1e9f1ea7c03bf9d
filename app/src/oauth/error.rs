//! Why no token is given, in the form that RFC 6749 (5.2) has for it; and what is wrong with the service itself, as
//! everywhere.

use engine::access::AuthenticationError;
use engine::port::ReadError;
use engine::tokens::{IssueError, SigningKeyError};
use identity::{Actor, KeyId, KeyText};
use pavex::http::StatusCode;
use pavex::http::header::{HeaderName, HeaderValue, WWW_AUTHENTICATE};
use pavex::telemetry::ServerRequestId;
use pavex::{Response, error_handler};

use super::TokenErrorView;
use super::create_token::json;
use crate::http::failures;
use crate::http::input::InputError;
use crate::http::problem::{Problem, ProblemType};
use crate::http::problem_types::INTERNAL_ERROR;

/// The service has no address by which it could describe itself.
pub static ISSUER_NOT_CONFIGURED: ProblemType = ProblemType {
    status: StatusCode::NOT_FOUND,
    code: "issuer.not_configured",
    title: "The service was not told its address",
    meaning: "The description of where tokens come from has addresses in it, and none is configured.",
    remedy: "Tokens are to be had at /oauth/token all the same. Whoever runs the service can set authentication.issuer.",
    members: &[],
};

/// Why no token is given.
#[derive(Debug, thiserror::Error)]
pub enum OAuthError {
    /// The request is malformed.
    #[error("the request for a token is malformed: {0}")]
    Request(&'static str),
    /// Another grant was asked for.
    #[error("the grant is none that is given")]
    GrantType,
    /// It is not clear who asks, or they may not: this key, where its secret was right.
    #[error("the client is not known")]
    Client(Option<KeyId>),
    /// A scope is none, or this key does not have it.
    #[error("the client does not have what was asked for")]
    Scope(KeyId),
    /// The body could not be taken.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// There is no key to sign with.
    #[error(transparent)]
    Signing(SigningKeyError),
    /// The service was not told its address.
    #[error("no issuer is configured")]
    NoIssuer,
}

impl OAuthError {
    /// Returns its name in RFC 6749, with its meaning; `None` where it is about the service.
    #[must_use]
    pub fn told(&self) -> Option<TokenErrorView> {
        let (error, error_description) = match self {
            Self::Request(what) => ("invalid_request", *what),
            Self::GrantType => ("unsupported_grant_type", "The grant_type has to be client_credentials."),
            Self::Client(_) => (
                "invalid_client",
                "Send the id and the text of an API key, by HTTP Basic or as client_id and client_secret. The key has to \
                 be good: neither mistyped nor unknown, expired or revoked.",
            ),
            Self::Scope(_) => {
                ("invalid_scope", "A scope is none that there is, or the key does not have it.")
            }
            Self::Input(_) | Self::Read(_) | Self::Signing(_) | Self::NoIssuer => return None,
        };
        Some(TokenErrorView { error, error_description })
    }

    /// Says whose attempt it was.
    pub(super) fn actor(&self) -> Actor {
        match self {
            Self::Client(Some(key)) | Self::Scope(key) => Actor::Key(key.clone()),
            _ => Actor::Unknown,
        }
    }

    /// Takes over why a key is given no token.
    pub(super) fn of(key: &KeyText, error: IssueError) -> Self {
        match error {
            IssueError::Refused(AuthenticationError::Read(error)) => Self::Read(error),
            IssueError::Refused(AuthenticationError::Expired(key) | AuthenticationError::Revoked(key)) => {
                Self::Client(Some(key))
            }
            IssueError::Refused(_) => Self::Client(None),
            IssueError::Scope => Self::Scope(key.id()),
            IssueError::Signing(error) => Self::Signing(error),
        }
    }
}

impl From<&OAuthError> for Problem {
    fn from(error: &OAuthError) -> Self {
        match error {
            OAuthError::Input(error) => Self::from(error),
            OAuthError::Read(error) | OAuthError::Signing(SigningKeyError::Read(error)) => {
                failures::read_failed(error)
            }
            OAuthError::Signing(SigningKeyError::Write(_) | SigningKeyError::Contended) => {
                failures::unavailable()
            }
            OAuthError::NoIssuer => Self::of(&ISSUER_NOT_CONFIGURED),
            _ => Self::of(&INTERNAL_ERROR),
        }
    }
}

/// Replies where no token is given.
#[error_handler]
#[must_use]
pub fn refuse_token(#[px(error_ref)] error: &OAuthError, request_id: ServerRequestId) -> Response {
    let Some(told) = error.told() else { return Problem::from(error).into_response(request_id) };
    let is_client = matches!(error, OAuthError::Client(_));
    let mut response =
        json(if is_client { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST }, &told);
    if is_client {
        let challenge: (HeaderName, _) =
            (WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"florin\", charset=\"UTF-8\""));
        response.headers_mut().insert(challenge.0, challenge.1);
    }
    response
}

#[cfg(test)]
mod tests {
    use engine::access::WriteAccessError;

    use super::*;

    #[test]
    fn every_failure_has_its_status_and_name() {
        let source = || "disk /dev/sda1 is full".into();
        let key = KeyText::from_random([1; 9], &[2; 32]);
        let issue = |error| OAuthError::of(&key, error);
        for (error, status, name) in [
            (OAuthError::Request("Twice."), 400, Some("invalid_request")),
            (OAuthError::GrantType, 400, Some("unsupported_grant_type")),
            (OAuthError::Client(None), 401, Some("invalid_client")),
            (issue(IssueError::Refused(AuthenticationError::Revoked(key.id()))), 401, Some("invalid_client")),
            (issue(IssueError::Scope), 400, Some("invalid_scope")),
            (OAuthError::Input(InputError::BodyTimeout), 408, None),
            (ReadError::Unavailable(source()).into(), 503, None),
            (
                issue(IssueError::Refused(AuthenticationError::Read(ReadError::Unavailable(source())))),
                503,
                None,
            ),
            (OAuthError::Signing(SigningKeyError::Write(WriteAccessError(source()))), 503, None),
            (OAuthError::Signing(SigningKeyError::Sealed("a".to_owned())), 500, None),
            (OAuthError::NoIssuer, 404, None),
        ] {
            assert_eq!(error.told().map(|told| told.error), name, "{error}");
            let response = refuse_token(&error, ServerRequestId::generate());
            assert_eq!(response.status(), status, "{error}");
            assert_eq!(response.headers().contains_key(WWW_AUTHENTICATE), status == 401, "{error}");
        }
    }
}
