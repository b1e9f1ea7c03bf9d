//! Answers that no handler gives, because no handler ever saw the request.

use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use http::{Response, StatusCode};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::limits::Limits;
use crate::metrics::EdgeMetrics;
use crate::version::Start;
use crate::watch::Watch;

/// Why a request or a connection was answered before it reached a handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The request is not HTTP, or not whole.
    Malformed,
    /// The rest of the request's head did not come in time.
    HeadTimeout,
    /// The request's URI is too long for any server; most that are too long count as
    /// [`Self::HeadTooLarge`].
    UriTooLong,
    /// The request's head is too large, or has too many headers.
    HeadTooLarge,
    /// There are too many connections.
    TooManyConnections,
    /// What came where TLS is expected was none.
    NotTls,
}

impl Refusal {
    /// Returns the status of the answer.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::Malformed | Self::NotTls => StatusCode::BAD_REQUEST,
            Self::HeadTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::UriTooLong => StatusCode::URI_TOO_LONG,
            Self::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::TooManyConnections => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// Writes refusals, and counts them.
#[derive(Clone)]
pub(crate) struct Refuser {
    pub(crate) answer: Arc<dyn Fn(Refusal) -> Response<Bytes> + Send + Sync>,
    pub(crate) metrics: EdgeMetrics,
}

impl Refuser {
    /// Returns the refusal as a response.
    pub(crate) fn response(&self, refusal: Refusal) -> Response<Bytes> {
        self.metrics.count(refusal);
        tracing::debug!(?refusal, "answered before any route");
        (self.answer)(refusal)
    }

    /// Returns the refusal as an HTTP/1 client reads it: the last thing on its connection.
    pub(crate) fn refuse(&self, refusal: Refusal) -> Vec<u8> {
        let (head, body) = self.response(refusal).into_parts();
        let mut text = format!("HTTP/1.1 {}\r\n", head.status);
        let _ = write!(text, "date: {}\r\n", date());
        let mut text = text.into_bytes();
        for (name, value) in &head.headers {
            text.extend_from_slice(name.as_str().as_bytes());
            text.extend_from_slice(b": ");
            text.extend_from_slice(value.as_bytes());
            text.extend_from_slice(b"\r\n");
        }
        let ending = format!("content-length: {}\r\nconnection: close\r\n\r\n", body.len());
        text.extend_from_slice(ending.as_bytes());
        text.extend_from_slice(&body);
        text
    }

    /// Tells a client that there is no room for its connection, and closes it. Takes
    /// [`Limits::LINGER`] twice at the most.
    pub(crate) async fn turn_away(&self, mut socket: TcpStream, watch: Watch) {
        // Its version decides what it understands. One that says nothing gets the plainest answer.
        let start = timeout(Limits::LINGER, Start::read(&mut socket, &watch)).await;
        let text = match start {
            Ok(Err(_) | Ok(None)) => return,
            Ok(Ok(Some(start))) if start.is_http2() => {
                self.metrics.count(Refusal::TooManyConnections);
                HTTP2_GO_AWAY.to_vec()
            }
            Ok(Ok(Some(_))) | Err(_) => self.refuse(Refusal::TooManyConnections),
        };
        say_good_bye(socket, &text).await;
    }
}

/// An empty SETTINGS frame, then GOAWAY: no stream was processed, and come back more calmly
/// (`ENHANCE_YOUR_CALM`). RFC 9113, sections 6.5 and 6.8.
const HTTP2_GO_AWAY: &[u8] = &[
    0, 0, 0, 4, 0, 0, 0, 0, 0, // SETTINGS
    0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0b, // GOAWAY
];

/// Writes the last bytes of a connection and closes it, so that the client gets to read them: a socket
/// closed with unread bytes in it takes along what is still on its way out. So what the client sends
/// on is taken in for a moment, and thrown away.
pub(crate) async fn say_good_bye<S>(mut socket: S, last: &[u8])
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let good_bye = async {
        socket.write_all(last).await?;
        socket.shutdown().await?;
        let mut unread = [0; 1024];
        while socket.read(&mut unread).await? > 0 {}
        std::io::Result::Ok(())
    };
    // A client that has left already is not told.
    let _ = timeout(Limits::LINGER, good_bye).await;
}

#[expect(clippy::disallowed_methods, reason = "a Date header is the time of day by definition")]
fn date() -> httpdate::HttpDate {
    std::time::SystemTime::now().into()
}
