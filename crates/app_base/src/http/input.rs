//! The input of a request, read as a whole: path, query, headers and body, with everything that is
//! wrong with any of them in one reply.
//!
//! A handler that reads takes a [`Read`], one that writes a [`Write`]. There is one extractor for each
//! because separate ones would report one at a time. A handler never sees a request that is malformed.
//! Both have one type parameter, a pair: of two, the Pavex compiler (0.2.10) now and then takes one for the
//! other where a constructor can fail.

use bytes::Bytes;
use engine::idempotency::IdempotencyKey;
use pavex::http::header::{CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use pavex::http::{HeaderMap, StatusCode};
use pavex::request::RequestHead;
use pavex::request::body::RawIncomingBody;
use pavex::request::path::RawPathParams;
use pavex::telemetry::ServerRequestId;
use pavex::{Response, error_handler, methods};

use super::body::{BodyFault, BodyLimits, take_json};
use super::fields::{FieldErrors, Place};
use super::idempotency::read_key;
use super::json::{FromJson, Value, read_body};
use super::path::{FromPath, PathReader};
use super::problem::{Member, Problem, ProblemType};
use super::query::{FromQuery, NoQuery, read_query};
use crate::configuration::ServerConfig;

/// The input of a request that changes nothing, `Read<(P, Q)>`: the parameters of its path and those of
/// its query.
///
/// The pair is one type parameter because the Pavex compiler mixes up those of a constructor that has
/// two and may fail.
#[derive(Clone, Debug)]
pub struct Read<T>(pub T);

/// The input of a request that changes something, `Write<(P, B)>`: the parameters of its path, its
/// idempotency key and its body. It takes no query.
#[derive(Clone, Debug)]
pub struct Write<T> {
    /// The caller's name for the request.
    pub key: Option<IdempotencyKey>,
    /// The parameters of the path, and the body.
    pub input: T,
}

/// The body of a request that takes none: nothing, or an object without members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct NoBody {}

impl FromJson for NoBody {
    const MAY_BE_LEFT_OUT: bool = true;

    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        value.members(errors, |_, value, errors| {
            value.refuse(errors, "is unknown; no members are taken here");
        })?;
        Some(Self {})
    }
}

/// A path with a query.
pub trait PathAndQuery: Sized {
    /// Reads both. `None` only if it added to `errors`.
    fn read(head: &RequestHead, path: &PathReader<'_>, errors: &mut FieldErrors) -> Option<Self>;
}

impl<P: FromPath, Q: FromQuery> PathAndQuery for (P, Q) {
    fn read(head: &RequestHead, path: &PathReader<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let path = P::from_path(path, errors);
        let query = read_query(head.target.path(), head.target.query(), errors);
        Some((path?, query))
    }
}

/// A path with a body.
pub trait PathAndBody: Sized {
    /// Whether the body may be left out, which then is an object without members.
    const MAY_BE_LEFT_OUT: bool;

    /// Reads both. `None` only if it added to `errors`, or if there is no body to read.
    fn read(path: &PathReader<'_>, body: Option<&[u8]>, errors: &mut FieldErrors) -> Option<Self>;
}

impl<P: FromPath, B: FromJson> PathAndBody for (P, B) {
    const MAY_BE_LEFT_OUT: bool = B::MAY_BE_LEFT_OUT;

    fn read(path: &PathReader<'_>, body: Option<&[u8]>, errors: &mut FieldErrors) -> Option<Self> {
        let path = P::from_path(path, errors);
        let body = body.and_then(|bytes| read_body(bytes, errors));
        Some((path?, body?))
    }
}

#[methods]
impl<T> Read<T> {
    /// Reads path and query.
    ///
    /// # Errors
    /// [`InputError::Invalid`].
    #[request_scoped(id = "READ_EXTRACT")]
    pub fn extract(head: &RequestHead, parameters: &RawPathParams<'_, '_>) -> Result<Self, InputError>
    where
        T: PathAndQuery,
    {
        let mut errors = FieldErrors::default();
        match T::read(head, &PathReader::new(parameters), &mut errors) {
            Some(input) if errors.is_empty() => Ok(Self(input)),
            _ => Err(InputError::Invalid(errors)),
        }
    }
}

#[methods]
impl<T> Write<T> {
    /// Reads path, idempotency key and body.
    ///
    /// # Errors
    /// As [`InputError`] lists; [`InputError::Invalid`] comes last.
    #[request_scoped(id = "WRITE_EXTRACT")]
    pub async fn extract(
        head: &RequestHead,
        parameters: &RawPathParams<'_, '_>,
        body: RawIncomingBody,
        server: &ServerConfig,
    ) -> Result<Self, InputError>
    where
        T: PathAndBody,
    {
        // Half of what the whole request may take, so that a slow client is told that it is slow.
        let limits = BodyLimits { max_bytes: server.body_max_bytes, timeout: server.request_timeout() / 2 };
        let mut errors = FieldErrors::default();
        let left_out = T::MAY_BE_LEFT_OUT && announces_no_body(&head.headers);
        let taken = if left_out {
            Ok(Bytes::from_static(b"{}"))
        } else {
            take_json(&head.headers, body, limits).await
        };
        let body = match taken {
            Ok(bytes) if T::MAY_BE_LEFT_OUT && bytes.is_empty() => Some(Bytes::from_static(b"{}")),
            Ok(bytes) => Some(bytes),
            Err(BodyFault::Broken(_)) => {
                errors.add(Place::Body, "ended before it was complete");
                None
            }
            Err(BodyFault::UnsupportedMediaType(detail)) => {
                return Err(InputError::UnsupportedMediaType(detail));
            }
            Err(BodyFault::TooLarge(max_bytes)) => return Err(InputError::BodyTooLarge { max_bytes }),
            Err(BodyFault::TimedOut) => return Err(InputError::BodyTimeout),
        };
        let NoQuery {} = read_query(head.target.path(), head.target.query(), &mut errors);
        let key = read_key(&head.headers, &mut errors);
        match T::read(&PathReader::new(parameters), body.as_deref(), &mut errors) {
            Some(input) if errors.is_empty() => Ok(Self { key, input }),
            _ => Err(InputError::Invalid(errors)),
        }
    }
}

/// Says whether a request comes without a body, as far as its headers tell. Many clients name a type all the same.
fn announces_no_body(headers: &HeaderMap) -> bool {
    match headers.get(CONTENT_LENGTH) {
        Some(length) => length == "0",
        None => !headers.contains_key(CONTENT_TYPE) && !headers.contains_key(TRANSFER_ENCODING),
    }
}

/// Why a request could not be read.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// The body is not of a kind that is taken.
    #[error("the body is not of a kind that is taken")]
    UnsupportedMediaType(&'static str),
    /// The body is larger than allowed.
    #[error("the body is larger than {max_bytes} bytes")]
    BodyTooLarge {
        /// The most bytes that a body may have.
        max_bytes: usize,
    },
    /// The body was not complete in time.
    #[error("the body was not complete in time")]
    BodyTimeout,
    /// Something is malformed or out of its bounds.
    #[error("the request is malformed in {} places", .0.as_slice().len())]
    Invalid(FieldErrors),
}

/// Something in the request is malformed or out of its bounds.
pub static REQUEST_INVALID: ProblemType = ProblemType {
    status: StatusCode::BAD_REQUEST,
    code: "request.invalid",
    title: "The request is malformed",
    meaning: "A path, a parameter, a header or the body is malformed, unknown or out of its bounds. Nothing was \
              done.",
    remedy: "Correct every field listed in errors, then send the request again.",
    members: &[Member {
        name: "errors",
        json_type: "array",
        meaning: "Everything that is wrong, at most 100 of it: objects of a field (a path into the body such as \
                  postings[0].amount, a parameter, a header, or body) and a message to be read after it.",
    }],
};

/// The body has a media type, charset or coding that is not taken.
pub static UNSUPPORTED_MEDIA_TYPE: ProblemType = ProblemType {
    status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
    code: "request.unsupported_media_type",
    title: "The body is not of a kind that is taken",
    meaning: "Bodies are JSON in UTF-8, neither compressed nor in any other form, and their Content-Type says so.",
    remedy: "Send the body as it is, with Content-Type: application/json.",
    members: &[],
};

/// The body is larger than allowed.
pub static BODY_TOO_LARGE: ProblemType = ProblemType {
    status: StatusCode::PAYLOAD_TOO_LARGE,
    code: "request.too_large",
    title: "The body is too large",
    meaning: "The body has more bytes than the service takes. Nothing was done.",
    remedy: "Send less in one request.",
    members: &[Member {
        name: "max_bytes",
        json_type: "integer",
        meaning: "The most bytes that a body may have.",
    }],
};

/// The body was not complete in time.
pub static BODY_TIMEOUT: ProblemType = ProblemType {
    status: StatusCode::REQUEST_TIMEOUT,
    code: "request.body_timeout",
    title: "The body came too slowly",
    meaning: "The body was not complete within the time that the service waits for it. Nothing was done.",
    remedy: "Send the request again, all of its body at once.",
    members: &[],
};

impl From<&InputError> for Problem {
    fn from(error: &InputError) -> Self {
        match error {
            InputError::UnsupportedMediaType(detail) => Self::of(&UNSUPPORTED_MEDIA_TYPE).detail(*detail),
            InputError::BodyTooLarge { max_bytes } => Self::of(&BODY_TOO_LARGE).with("max_bytes", max_bytes),
            InputError::BodyTimeout => Self::of(&BODY_TIMEOUT),
            InputError::Invalid(errors) => {
                let problem = Self::of(&REQUEST_INVALID).with("errors", errors.as_slice());
                if errors.left_out() {
                    problem.detail("There are more errors than are listed.")
                } else {
                    problem
                }
            }
        }
    }
}

/// Replies to a request that could not be read.
#[error_handler]
#[must_use]
pub fn refuse_input(#[px(error_ref)] error: &InputError, request_id: ServerRequestId) -> Response {
    Problem::from(error).into_response(request_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_has_its_status_and_code() {
        let invalid = || {
            let mut errors = FieldErrors::default();
            errors.add("limit", "must be a whole number");
            InputError::Invalid(errors)
        };
        for (error, status, code) in [
            (InputError::UnsupportedMediaType("Not this."), 415, "request.unsupported_media_type"),
            (InputError::BodyTooLarge { max_bytes: 7 }, 413, "request.too_large"),
            (InputError::BodyTimeout, 408, "request.body_timeout"),
            (invalid(), 400, "request.invalid"),
        ] {
            let problem = Problem::from(&error);
            assert_eq!((problem.status().as_u16(), problem.code()), (status, code));
        }
    }

    #[test]
    fn errors_that_are_left_out_are_mentioned() {
        let problem = |count| {
            let mut errors = FieldErrors::default();
            (0..count).for_each(|n| errors.add(n, "is wrong"));
            format!("{:?}", Problem::from(&InputError::Invalid(errors)))
        };
        assert!(!problem(100).contains("There are more errors"));
        assert!(problem(101).contains("There are more errors"));
    }
}
