//! What clients may take up.

use std::time::Duration;

/// What clients may take up: connections, bytes and time.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at one time. One more is told 503 and closed.
    pub connections_max: usize,
    /// How long the head of a request may take to arrive, the first one counted from the connection's
    /// start.
    pub header_read_timeout: Duration,
    /// How long a connection may lie idle between requests, and how long a client may take no bytes of a
    /// response.
    pub keep_alive_timeout: Duration,
    /// How long a connection may live; a tenth more at most, so that clients that came together don't
    /// come back together.
    pub connection_age_max: Option<Duration>,
    /// The largest head of a request, in bytes; 8192 at least.
    pub header_max_bytes: usize,
    /// The largest number of headers of an HTTP/1 request. HTTP/2 counts 32 bytes more per header against
    /// [`Self::header_max_bytes`] instead.
    pub headers_max: usize,
    /// Requests at one time on one HTTP/2 connection.
    pub http2_streams_max: u32,
    /// Once the edge stops, how long a connection without any request may wait for its first, counted from the
    /// connection's start: who has just come was not told that nobody would answer.
    pub newcomer_timeout: Duration,
    /// How long requests may take to finish once the edge stops.
    pub drain_timeout: Duration,
}

impl Limits {
    /// How long a closing connection may take for its good-byes.
    pub(crate) const CLOSING: Duration = Duration::from_secs(5);
    /// How long a client's unread bytes are taken in, so that it gets to read the last response.
    pub(crate) const LINGER: Duration = Duration::from_secs(1);
    /// Connections beyond the cap that are being told so at one time. More are closed without a word.
    pub(crate) const TURNED_AWAY_MAX: usize = 64;
    /// How often an HTTP/2 client is asked whether it is still there, and how long it may take to say so.
    pub(crate) const HTTP2_PING: Duration = Duration::from_secs(20);
    /// What an HTTP/2 client may send of bodies before they are read: per stream and per connection.
    pub(crate) const HTTP2_WINDOWS: (u32, u32) = (256 * 1024, 512 * 1024);
    /// The largest buffer for reading from and writing to an HTTP/1 connection, unless a head is larger.
    pub(crate) const HTTP1_BUFFER: usize = 64 * 1024;
}
