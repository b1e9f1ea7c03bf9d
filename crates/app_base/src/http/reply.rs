//! Replies that went well: 200, 201 and 202, as JSON. What went wrong is a [`Problem`](super::problem).

use std::io;

use bytes::Bytes;
use http_body_util::Full;
use pavex::http::StatusCode;
use pavex::http::header::{CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LOCATION};
use pavex::{IntoResponse, Response};
use serde::Serialize;

use super::tag::tag;

/// Says that the reply is the one that the same request got before.
pub const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// 200 with a body.
#[derive(Clone, Debug)]
pub struct Reply<T>(pub T);

impl<T: Serialize> IntoResponse for Reply<T> {
    fn into_response(self) -> Response {
        json(StatusCode::OK, &self.0)
    }
}

/// 200 with what was asked for, and the tag by which a client asks for it again only if it changed.
#[derive(Clone, Debug)]
pub struct Tagged<T>(pub T);

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let bytes = written(&self.0);
        let tag = tag(&bytes);
        let mut response = of(StatusCode::OK, bytes);
        response.headers_mut().insert(ETAG, tag);
        response
    }
}

/// 202: it is taken, and what comes of it is not told.
#[derive(Clone, Debug)]
pub struct Accepted<T>(pub T);

impl<T: Serialize> IntoResponse for Accepted<T> {
    fn into_response(self) -> Response {
        json(StatusCode::ACCEPTED, &self.0)
    }
}

/// The reply to a request that creates something: 201 with its location, or 200 where it was only
/// tried out.
#[derive(Clone, Debug)]
pub struct Created<T> {
    body: T,
    location: Option<HeaderValue>,
    replayed: bool,
}

impl<T> Created<T> {
    /// It is there now, at `location`.
    ///
    /// # Panics
    /// When the location holds anything but visible ASCII, which no path of this service does.
    #[must_use]
    pub fn at(location: &str, body: T) -> Self {
        let location = HeaderValue::from_str(location).expect("paths are visible ASCII");
        Self { body, location: Some(location), replayed: false }
    }

    /// It is not there; the body is what would have been.
    #[must_use]
    pub fn dry_run(body: T) -> Self {
        Self { body, location: None, replayed: false }
    }

    /// Returns the status, the body, and whether it was there already.
    #[must_use]
    pub fn into_parts(self) -> (StatusCode, T, bool) {
        let status = if self.location.is_some() { StatusCode::CREATED } else { StatusCode::OK };
        (status, self.body, self.replayed)
    }

    /// Says whether it was there already because the same request had created it before.
    #[must_use]
    pub fn replayed(self, replayed: bool) -> Self {
        Self { replayed, ..self }
    }
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        let status = if self.location.is_some() { StatusCode::CREATED } else { StatusCode::OK };
        let mut response = json(status, &self.body);
        let headers = response.headers_mut();
        if let Some(location) = self.location {
            headers.insert(LOCATION, location);
        }
        if self.replayed {
            headers.insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}

/// The reply to a request that changes something that is there: 200 with it as it stands now.
#[derive(Clone, Debug)]
pub struct Changed<T> {
    body: T,
    replayed: bool,
}

impl<T> Changed<T> {
    /// It is so, now or because the same request had changed it before.
    #[must_use]
    pub fn new(body: T, replayed: bool) -> Self {
        Self { body, replayed }
    }
}

impl<T: Serialize> IntoResponse for Changed<T> {
    fn into_response(self) -> Response {
        let mut response = json(StatusCode::OK, &self.body);
        if self.replayed {
            response.headers_mut().insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}

fn json(status: StatusCode, body: &impl Serialize) -> Response {
    of(status, written(body))
}

fn written(body: &impl Serialize) -> Vec<u8> {
    // A transaction of one posting fits, so that the common replies are written in one go.
    let mut bytes = Bytewise(Vec::with_capacity(768));
    // Views are made of texts, numbers and lists, which always have a JSON form.
    serde_json::to_writer(&mut bytes, body).expect("a view can be written as JSON");
    bytes.0
}

fn of(status: StatusCode, json: Vec<u8>) -> Response {
    let mut response = Response::new(status).set_raw_body(Full::new(Bytes::from(json)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Takes the many short pieces that JSON is written in, most of them a byte or a few: a list of bytes alone would have
/// each of them copied by a call, which is two fifths of what a reply takes to write.
struct Bytewise(Vec<u8>);

#[expect(clippy::inline_always, reason = "where code is built for size, a hint is not enough")]
impl io::Write for Bytewise {
    #[inline(always)]
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.write_all(piece).map(|()| piece.len())
    }

    #[inline(always)]
    fn write_all(&mut self, piece: &[u8]) -> io::Result<()> {
        match piece {
            [byte] => self.0.push(*byte),
            _ => self.0.extend_from_slice(piece),
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn creations_are_201_with_their_location() {
        let response = Created::at("/v1/things/7", 7).replayed(true).into_response();
        assert_eq!(response.status(), StatusCode::CREATED);
        assert_eq!(response.headers()["location"], "/v1/things/7");
        assert_eq!(response.headers()["idempotency-replayed"], "true");
        assert_eq!(response.headers()["content-type"], "application/json");
    }

    #[test]
    fn dry_runs_are_200_without_a_location() {
        let response = Created::dry_run(7).into_response();
        assert_eq!(response.status(), StatusCode::OK);
        assert!(!response.headers().contains_key("location"));
        assert!(!response.headers().contains_key("idempotency-replayed"));
    }

    #[test]
    fn what_is_read_has_the_tag_of_its_bytes() {
        let response = Tagged("words").into_response();
        assert_eq!((response.status(), &response.headers()[ETAG]), (StatusCode::OK, &tag(b"\"words\"")));
    }

    #[test]
    fn changes_are_200_and_say_whether_they_were_made_before() {
        for replayed in [true, false] {
            let response = Changed::new(7, replayed).into_response();
            assert_eq!(response.status(), StatusCode::OK);
            assert_eq!(response.headers().contains_key("idempotency-replayed"), replayed);
        }
    }
}
