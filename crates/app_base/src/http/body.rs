//! Takes the bytes of a request's body: of the right kind, not too many, not too slowly.
//!
//! It never looks into them.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use pavex::http::HeaderMap;
use pavex::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};

/// What a body may take up.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimits {
    /// The most bytes.
    pub max_bytes: usize,
    /// The longest time from the head of the request to the last byte.
    pub timeout: Duration,
}

/// Why a body was not taken.
#[derive(Debug, thiserror::Error)]
pub enum BodyFault {
    /// It is not plain JSON in UTF-8, going by its headers.
    #[error("the body is not of a kind that is taken")]
    UnsupportedMediaType(&'static str),
    /// It has more bytes than the limit.
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    /// It was not complete in time.
    #[error("the body was not complete in time")]
    TimedOut,
    /// The connection broke, or the client stopped before the end that it had announced.
    #[error("the body ended early")]
    Broken(#[source] Box<dyn Error + Send + Sync>),
}

/// Takes a JSON body.
///
/// # Errors
/// As [`BodyFault`] lists, in that order.
pub async fn take_json<B>(headers: &HeaderMap, body: B, limits: BodyLimits) -> Result<Bytes, BodyFault>
where
    B: BodyExt<Data = Bytes>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    check_content_type(headers)?;
    check_not_encoded(headers)?;
    take(headers, body, limits).await
}

/// Takes a body, whatever is in it.
///
/// # Errors
/// As [`BodyFault`] lists, in that order, but for the first.
pub async fn take<B>(headers: &HeaderMap, body: B, limits: BodyLimits) -> Result<Bytes, BodyFault>
where
    B: BodyExt<Data = Bytes>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limits.max_bytes as u64) {
        return Err(BodyFault::TooLarge(limits.max_bytes));
    }
    let read = Limited::new(body, limits.max_bytes).collect();
    match tokio::time::timeout(limits.timeout, read).await {
        Err(_) => Err(BodyFault::TimedOut),
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(BodyFault::TooLarge(limits.max_bytes)),
        Ok(Err(error)) => Err(BodyFault::Broken(error)),
    }
}

fn check_content_type(headers: &HeaderMap) -> Result<(), BodyFault> {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(BodyFault::UnsupportedMediaType("There must be one Content-Type, application/json."));
    };
    let mut parts = value.to_str().unwrap_or_default().split(';').map(str::trim);
    if !parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json")) {
        return Err(BodyFault::UnsupportedMediaType("The Content-Type must be application/json."));
    }
    let foreign_charset = parts.filter_map(|parameter| parameter.split_once('=')).any(|(name, value)| {
        name.eq_ignore_ascii_case("charset") && !value.trim_matches('"').eq_ignore_ascii_case("utf-8")
    });
    if foreign_charset {
        return Err(BodyFault::UnsupportedMediaType("JSON is taken in UTF-8 only."));
    }
    Ok(())
}

/// Says whether a body is of this media type, going by its headers.
#[must_use]
pub fn is_of_type(headers: &HeaderMap, media_type: &str) -> bool {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let kind = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    kind.trim().eq_ignore_ascii_case(media_type)
}

/// Refuses a body that is compressed or in any other form than its own.
///
/// # Errors
/// [`BodyFault::UnsupportedMediaType`].
pub fn check_not_encoded(headers: &HeaderMap) -> Result<(), BodyFault> {
    if headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity"))
    {
        Ok(())
    } else {
        Err(BodyFault::UnsupportedMediaType("A body with a Content-Encoding is not taken."))
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::stream;
    use http_body_util::{Full, StreamBody};
    use pavex::http::header::{HeaderName, HeaderValue};

    use super::*;

    const LIMITS: BodyLimits = BodyLimits { max_bytes: 8, timeout: Duration::from_mins(1) };

    fn headers(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    async fn take(headers: HeaderMap, body: &'static str) -> Result<Bytes, BodyFault> {
        take_json(&headers, Full::from(body), LIMITS).await
    }

    #[tokio::test]
    async fn json_in_utf_8_is_taken() {
        for kind in
            ["application/json", "Application/JSON; charset=utf-8", "application/json;charset=\"UTF-8\"; x=y"]
        {
            assert_eq!(take(headers(&[(CONTENT_TYPE, kind)]), "{}").await.unwrap(), "{}", "{kind}");
        }
        let plain = headers(&[(CONTENT_TYPE, "application/json"), (CONTENT_ENCODING, "identity")]);
        assert_eq!(take(plain, "12345678").await.unwrap(), "12345678");
    }

    #[tokio::test]
    async fn other_kinds_are_refused_before_they_are_read() {
        for pairs in [
            &[][..],
            &[(CONTENT_TYPE, "text/plain")],
            &[(CONTENT_TYPE, "application/jsonp")],
            &[(CONTENT_TYPE, "application/json, text/plain")],
            &[(CONTENT_TYPE, "application/json; charset=utf-16")],
            &[(CONTENT_TYPE, "application/json"), (CONTENT_ENCODING, "gzip")],
        ] {
            let outcome = take(headers(pairs), "123456789").await;
            assert!(matches!(outcome, Err(BodyFault::UnsupportedMediaType(_))), "{pairs:?}");
        }
        let mut twice = headers(&[(CONTENT_TYPE, "application/json")]);
        twice.append(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        assert!(matches!(take(twice, "{}").await, Err(BodyFault::UnsupportedMediaType(_))));
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_refused_announced_or_not() {
        let plain = headers(&[(CONTENT_TYPE, "application/json")]);
        assert!(matches!(take(plain, "123456789").await, Err(BodyFault::TooLarge(8))));
        let announced = headers(&[(CONTENT_TYPE, "application/json"), (CONTENT_LENGTH, "9")]);
        assert!(matches!(take(announced, "").await, Err(BodyFault::TooLarge(8))));
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_times_out() {
        let never = StreamBody::new(stream::pending::<Result<_, Infallible>>());
        let limits = BodyLimits { timeout: Duration::from_millis(1), ..LIMITS };
        let outcome = take_json(&headers(&[(CONTENT_TYPE, "application/json")]), never, limits).await;
        assert!(matches!(outcome, Err(BodyFault::TimedOut)));
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_told_apart() {
        let broken = StreamBody::new(stream::iter([Err(std::io::Error::other("gone"))]));
        let outcome = take_json(&headers(&[(CONTENT_TYPE, "application/json")]), broken, LIMITS).await;
        assert!(matches!(outcome, Err(BodyFault::Broken(_))));
    }
}
