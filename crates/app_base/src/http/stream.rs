//! Replies that are sent piece by piece while they are being made, however long they are.
//!
//! A reply is whole or it breaks off: where something fails in the middle, the connection or the HTTP/2 stream ends
//! without the mark of a good end, so that nobody takes a part for all. What failed before the first piece is a
//! problem like any other. Few are sent at one time, and each holds one piece in memory.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use engine::port::ReadError;
use futures_util::stream::{iter, unfold};
use futures_util::{Stream, StreamExt as _};
use http_body::Frame;
use http_body_util::StreamBody;
use pavex::Response;
use pavex::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY,
    UPGRADE, X_CONTENT_TYPE_OPTIONS,
};
use pavex::http::{StatusCode, Version};
use pavex::request::RequestHead;
use pavex::telemetry::ServerRequestId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::failures;
use super::problem::{Problem, ProblemType};
use crate::configuration::ServerConfig;
use crate::telemetry::Failure;

/// About how many bytes a piece has.
pub const PIECE_BYTES: usize = 64 * 1024;

/// How many long replies may be sent at one time, and how long each piece may take to be made.
#[derive(Clone, Debug)]
pub struct Streams {
    places: Arc<Semaphore>,
    piece_timeout: Duration,
}

/// A place among the long replies, until dropped.
#[derive(Debug)]
pub struct Place {
    _permit: OwnedSemaphorePermit,
    piece_timeout: Duration,
}

/// The client could not tell a reply that breaks off from a whole one.
pub static HTTP_VERSION_TOO_OLD: ProblemType = ProblemType {
    status: StatusCode::UPGRADE_REQUIRED,
    code: "request.http_version_too_old",
    title: "The HTTP version is too old",
    meaning: "The reply is sent while it is being made. In HTTP/1.0 nobody could tell whether all of it came.",
    remedy: "Send the request in HTTP/1.1 or HTTP/2. A proxy in between may have to be told: `proxy_http_version \
             1.1` for nginx.",
    members: &[],
};

/// Why a long reply is not begun.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub enum NoPlace {
    /// The request came in HTTP/1.0.
    #[error("a reply in HTTP/1.0 has no end that can be told")]
    TooOld,
    /// All places are taken.
    #[error("too many long replies are being sent")]
    Taken,
}

impl From<NoPlace> for Problem {
    fn from(no_place: NoPlace) -> Self {
        match no_place {
            NoPlace::TooOld => {
                Self::of(&HTTP_VERSION_TOO_OLD).header(UPGRADE, HeaderValue::from_static("HTTP/1.1"))
            }
            NoPlace::Taken => failures::overloaded(),
        }
    }
}

#[pavex::methods]
impl Streams {
    /// Takes the bounds from the configuration.
    #[singleton]
    #[must_use]
    pub fn configured(config: &ServerConfig) -> Self {
        let places = Semaphore::new(config.streams_max.min(Semaphore::MAX_PERMITS));
        Self { places: Arc::new(places), piece_timeout: config.request_timeout() }
    }

    /// Takes a place for the reply to a request.
    ///
    /// # Errors
    /// When there is none, or the request is too old for one.
    pub fn place(&self, request: &RequestHead) -> Result<Place, NoPlace> {
        if request.version < Version::HTTP_11 {
            return Err(NoPlace::TooOld);
        }
        let permit = Arc::clone(&self.places).try_acquire_owned().map_err(|_| NoPlace::Taken)?;
        Ok(Place { _permit: permit, piece_timeout: self.piece_timeout })
    }
}

/// What is sent, and as what.
#[derive(Clone, Debug)]
pub struct Described {
    /// The media type.
    pub media_type: &'static str,
    /// The name of the file that it is saved as; `None` where it is to be looked at.
    pub file_name: Option<String>,
    /// What a page may load, as a Content-Security-Policy.
    pub policy: Option<String>,
}

/// Sends pieces as they come; one that is empty says that work goes on. The first has to be there, so that what is wrong from the start is no broken reply.
///
/// # Panics
/// When the name of the file holds anything but visible ASCII, which no name in a ledger does.
pub fn send<S>(
    described: &Described,
    first: Bytes,
    rest: S,
    place: Place,
    request_id: ServerRequestId,
) -> Response
where
    S: Stream<Item = Result<Bytes, ReadError>> + Send + 'static,
{
    let limit = place.piece_timeout;
    let state = (Box::pin(AssertUnwindSafe(rest).catch_unwind()), place);
    let rest = unfold(Some(state), move |state| async move {
        let (mut rest, place) = state?;
        let broken_off = loop {
            match timeout(limit, rest.next()).await {
                Ok(None) => return None,
                // Says no more than that work goes on.
                Ok(Some(Ok(Ok(piece)))) if piece.is_empty() => {}
                Ok(Some(Ok(Ok(piece)))) => return Some((Ok(Frame::data(piece)), Some((rest, place)))),
                Ok(Some(Ok(Err(error)))) => break BrokenOff::Read(error),
                Ok(Some(Err(_panic))) => break BrokenOff::Panicked,
                Err(_elapsed) => break BrokenOff::TimedOut,
            }
        };
        // The request's own line is written: nobody else gets to know of this.
        let failure = Failure::none();
        failure.note(&broken_off);
        tracing::error!(target: "florin::http", %request_id, error.message = failure.text(), "a reply broke off");
        Some((Err(broken_off), None))
    });
    let first = iter([Ok(Frame::data(first))]);
    let mut response = Response::ok().set_raw_body(StreamBody::new(first.chain(rest)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(described.media_type));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(name) = &described.file_name {
        let disposition = format!("attachment; filename=\"{name}\"");
        let disposition = HeaderValue::from_str(&disposition).expect("names are visible ASCII");
        headers.insert(CONTENT_DISPOSITION, disposition);
    }
    if let Some(policy) = &described.policy {
        let policy = HeaderValue::from_str(policy).expect("policies are visible ASCII");
        headers.insert(CONTENT_SECURITY_POLICY, policy);
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    }
    response
}

/// Why a reply broke off.
#[derive(Debug, thiserror::Error)]
enum BrokenOff {
    /// The store could not be read.
    #[error("the store could not be read")]
    Read(#[source] ReadError),
    /// A piece took too long to be made.
    #[error("a piece took too long to be made")]
    TimedOut,
    /// There is a bug.
    #[error("making a piece panicked")]
    Panicked,
}
