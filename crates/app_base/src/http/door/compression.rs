//! Compresses replies (gzip) where that is safe and worth it, piece by piece as they are sent.
//!
//! Safe: the length of a compressed reply tells something of what is in it. Where a secret and a text of an attacker's
//! choice stand in one reply, lengths give the secret away (BREACH). So only what is on a list is compressed: replies to
//! reads of ledgers, and documents that are the same for everybody; never problems, which repeat what was sent, never
//! replies that set a cookie, never what has to do with users, keys or sessions. A new route is not compressed until
//! somebody puts it here.
//!
//! Worth it: text of some length. What fits into a few packets is not faster for being smaller.

use std::io::Write as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use flate2::Compression as Level;
use flate2::write::GzEncoder;
use http::Request;
use http_body::{Body, Frame};
use pavex::Response;
use pavex::http::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderValue, SET_COOKIE, VARY,
};
use pavex::http::{HeaderMap, Method, StatusCode};
use pavex::response::ResponseBody;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The shortest body that is worth it.
const BODY_MIN_BYTES: u64 = 8 * 1024;

/// How much is compressed before others have their turn: some milliseconds' work at the most.
const TURN_BYTES: usize = 64 * 1024;

/// Replies that are compressed at one time, some 300 KB of memory each. One more is sent as it is.
const PLACES: usize = 64;

/// Compression, where it is on.
#[derive(Clone, Debug)]
pub(super) struct Compression {
    places: Arc<Semaphore>,
}

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// Its reply is not compressed, whatever the client takes.
    Never,
    /// The client does not take it.
    Plain,
    /// The client takes gzip.
    Gzip,
}

impl Wish {
    pub(super) fn of<B>(compression: Option<&Compression>, request: &Request<B>) -> Self {
        let reads = *request.method() == Method::GET || *request.method() == Method::HEAD;
        if compression.is_none() || !reads || !is_safe(request.uri().path()) {
            Self::Never
        } else if takes_gzip(request.headers()) {
            Self::Gzip
        } else {
            Self::Plain
        }
    }
}

impl Compression {
    pub(super) fn new() -> Self {
        Self { places: Arc::new(Semaphore::new(PLACES)) }
    }

    /// Has a reply compressed, where it is one that is worth it and there is a place.
    pub(super) fn grant(&self, wish: Wish, mut response: Response) -> Response {
        // What is left out might have been compressed, which is said of it as of what is sent (RFC 9110, 15.4.5).
        let is_known = response.status() == StatusCode::NOT_MODIFIED;
        if wish == Wish::Never || !(is_known || is_worth_it(&response)) {
            return response;
        }
        let headers = response.headers_mut();
        headers.append(VARY, HeaderValue::from_static("accept-encoding"));
        if is_known || wish == Wish::Plain {
            return response;
        }
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else { return response };
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        headers.remove(CONTENT_LENGTH);
        weaken(headers);
        let body = std::mem::take(response.body_mut());
        response.set_raw_body(Gzip::new(body, place))
    }
}

/// Paths whose replies may be compressed.
fn is_safe(path: &str) -> bool {
    path.starts_with("/v1/ledgers/")
        || path == "/v1/ledgers"
        || path == "/openapi.json"
        || path == "/docs"
        || path.starts_with("/docs/")
}

/// Tells whether a client takes gzip (RFC 9110, 12.5.3): by its name or by `*`, with a quality that is not 0.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let mut by_star = false;
    for line in headers.get_all(ACCEPT_ENCODING) {
        let Ok(line) = line.to_str() else { return false };
        for coding in line.split(',') {
            let (name, parameters) = coding.split_once(';').unwrap_or((coding, ""));
            let quality = parameters.trim().strip_prefix("q=").map_or(Ok(1.0), |q| q.trim().parse::<f32>());
            let taken = quality.is_ok_and(|quality| quality > 0.0);
            match name.trim() {
                "gzip" | "x-gzip" => return taken,
                "*" => by_star = taken,
                _ => {}
            }
        }
    }
    by_star
}

fn is_worth_it(response: &Response) -> bool {
    let headers = response.headers();
    let size = response.body().size_hint();
    response.status() == StatusCode::OK
        && size.exact().is_none_or(|bytes| bytes >= BODY_MIN_BYTES)
        && !headers.contains_key(CONTENT_ENCODING)
        && !headers.contains_key(SET_COOKIE)
        && headers.get(CONTENT_TYPE).is_some_and(is_text)
}

fn is_text(media_type: &HeaderValue) -> bool {
    let media_type = media_type.as_bytes();
    let bare = media_type.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    bare.starts_with(b"text/")
        || bare == b"application/json"
        || bare == b"application/x-ndjson"
        || bare == b"application/javascript"
}

/// Says that the tag stands for the same in another form (RFC 9110, 8.8.3.3).
fn weaken(headers: &mut HeaderMap) {
    if let Some(tag) = headers.get(ETAG)
        && !tag.as_bytes().starts_with(b"W/")
        && let Ok(weak) = HeaderValue::from_bytes(&[b"W/", tag.as_bytes()].concat())
    {
        headers.insert(ETAG, weak);
    }
}

/// A body that is compressed as it is read. Holds one piece of it, and sends on what came of each at once.
struct Gzip {
    body: ResponseBody,
    /// `None` once the end was sent.
    encoder: Option<GzEncoder<Vec<u8>>>,
    /// What of the last piece is still to be compressed.
    rest: Bytes,
    _place: OwnedSemaphorePermit,
}

impl Gzip {
    fn new(body: ResponseBody, place: OwnedSemaphorePermit) -> Self {
        // Most of what there is to gain, at a fraction of the time.
        Self {
            body,
            encoder: Some(GzEncoder::new(Vec::new(), Level::new(3))),
            rest: Bytes::new(),
            _place: place,
        }
    }
}

impl Body for Gzip {
    type Data = Bytes;
    type Error = pavex::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        while let Some(encoder) = &mut this.encoder {
            if this.rest.is_empty() {
                match ready!(Pin::new(&mut this.body).poll_frame(cx)) {
                    Some(Ok(frame)) => match frame.into_data() {
                        Ok(data) => this.rest = data,
                        Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                    },
                    // It breaks off, as it would have without this.
                    Some(Err(error)) => {
                        this.encoder = None;
                        return Poll::Ready(Some(Err(error)));
                    }
                    None => {
                        let last = this.encoder.take().map(GzEncoder::finish);
                        let last = last.and_then(Result::ok).expect(INFALLIBLE);
                        return Poll::Ready(Some(Ok(Frame::data(last.into()))));
                    }
                }
                continue;
            }
            let turn = this.rest.len().min(TURN_BYTES);
            encoder.write_all(&this.rest[..turn]).expect(INFALLIBLE);
            this.rest.advance(turn);
            if this.rest.is_empty() {
                // Whoever reads what is being made does not wait for more of it.
                encoder.flush().expect(INFALLIBLE);
            }
            let compressed = std::mem::take(encoder.get_mut());
            if !compressed.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(compressed.into()))));
            }
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.encoder.is_none()
    }
}

const INFALLIBLE: &str = "a list of bytes takes everything";

#[cfg(test)]
mod tests;
