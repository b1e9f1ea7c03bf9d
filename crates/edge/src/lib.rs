//! The edge: accepts connections and serves HTTP/1.1 and HTTP/2 on them, bare or inside TLS, within bounds.
//!
//! It knows neither routes nor ledgers: a handler turns a request into a response, a function writes the
//! few answers that no handler gets to see. It never hands a socket to another runtime than the one that
//! accepted it, never waits for a client without a deadline, and never queues a connection it has no room
//! for.
//!
//! What it cannot do: over HTTP/2, requests that are malformed or whose headers are too large are answered
//! by the protocol library with a reset stream or a bare 431, without a body.

mod again;
mod backoff;
mod connection;
mod limits;
mod metrics;
mod refusal;
mod roster;
mod serve;
mod service;
mod socket;
mod supervisor;
mod tls;
mod version;
mod watch;

pub use limits::Limits;
pub use metrics::{EdgeMetrics, TlsMetrics};
pub use refusal::Refusal;
pub use serve::{Drained, Edge};
pub use tls::{Tls, TlsError, TlsFile, TlsFiles, TlsProblem};
