//! The section `server`: where the service listens and what it lets clients take up.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use super::{Check, InvalidValue};

/// Where the service listens and what it lets clients take up.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[pavex::config(key = "server", include_if_unused)]
pub struct ServerConfig {
    /// The address to listen on. Default `127.0.0.1`, in prod `0.0.0.0`; `PX_SERVER__IP`.
    pub ip: IpAddr,
    /// The TCP port; 0 takes a free one. Default 8000; `PX_SERVER__PORT`.
    pub port: u16,
    /// The certificate to serve TLS with, and those that lead from it towards a root: a PEM file. Default none, which
    /// is plain HTTP; `PX_SERVER__TLS_CERTIFICATE`.
    pub tls_certificate: PathBuf,
    /// The certificate's private key: a PEM file. Default none; `PX_SERVER__TLS_KEY`.
    pub tls_key: PathBuf,
    /// How often to look whether the two files were written anew, in milliseconds. Default 10000;
    /// `PX_SERVER__TLS_POLL_MS`.
    pub tls_poll_ms: u64,
    /// Proxies whose word is taken for who a client is, as addresses or networks: `10.0.0.0/8`. Default none;
    /// `PX_SERVER__TRUSTED_PROXIES`.
    pub trusted_proxies: Vec<String>,
    /// The header in which they say it. Default `x-forwarded-for`; `PX_SERVER__FORWARDED_HEADER`.
    pub forwarded_header: ForwardedHeader,
    /// The address on which `/metrics` is served, and no longer on the main one. Default none: on the main one;
    /// `PX_SERVER__METRICS_IP`.
    pub metrics_ip: Option<IpAddr>,
    /// The port there; 0 takes a free one. Default 9464; `PX_SERVER__METRICS_PORT`.
    pub metrics_port: u16,
    /// Whether `/docs` and `/openapi.json` are served. Default yes; `PX_SERVER__DOCS`.
    pub docs: bool,
    /// Whether large replies are compressed for clients that take it. Default yes; `PX_SERVER__COMPRESSION`.
    pub compression: bool,
    /// Threads that serve requests; 0 is one per core. Default 0; `PX_SERVER__WORKERS`.
    pub workers: usize,
    /// Connections at one time. Default 4096; `PX_SERVER__CONNECTIONS_MAX`.
    pub connections_max: usize,
    /// Requests being answered at one time. Default 1024; `PX_SERVER__REQUESTS_IN_FLIGHT_MAX`.
    pub requests_in_flight_max: usize,
    /// Long replies (exports, statements) being sent at one time. Default 16; `PX_SERVER__STREAMS_MAX`.
    pub streams_max: usize,
    /// Requests at one time on one HTTP/2 connection. Default 128; `PX_SERVER__HTTP2_STREAMS_MAX`.
    pub http2_streams_max: u32,
    /// How long the head of a request may take to arrive, in milliseconds. Default 10000;
    /// `PX_SERVER__HEADER_READ_TIMEOUT_MS`.
    pub header_read_timeout_ms: u64,
    /// How long a connection may lie idle between two requests, in milliseconds. Default 75000;
    /// `PX_SERVER__KEEP_ALIVE_TIMEOUT_MS`.
    pub keep_alive_timeout_ms: u64,
    /// How long a connection may live, in milliseconds; 0 is forever. Default 3600000 (1 h);
    /// `PX_SERVER__CONNECTION_AGE_MAX_MS`.
    pub connection_age_max_ms: u64,
    /// How long answering a request may take, its body included, in milliseconds. Default 30000;
    /// `PX_SERVER__REQUEST_TIMEOUT_MS`.
    pub request_timeout_ms: u64,
    /// The largest body of a request, in bytes. Default 2097152 (2 MiB); `PX_SERVER__BODY_MAX_BYTES`.
    pub body_max_bytes: usize,
    /// The largest head of a request (request line and headers), in bytes. Default 16384 (16 KiB);
    /// `PX_SERVER__HEADER_MAX_BYTES`.
    pub header_max_bytes: usize,
    /// The largest number of headers of a request. Default 100; `PX_SERVER__HEADERS_MAX`.
    pub headers_max: usize,
    /// How long to go on accepting connections after the signal to stop, while `/health/ready` says no,
    /// so that load balancers notice; in milliseconds. Default 0; `PX_SERVER__SHUTDOWN_DELAY_MS`.
    pub shutdown_delay_ms: u64,
    /// How long requests in flight may take to finish once the service stops, in milliseconds. Default
    /// 20000; `PX_SERVER__SHUTDOWN_TIMEOUT_MS`.
    pub shutdown_timeout_ms: u64,
}

/// A header in which a proxy says for whom it asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`: addresses, the client's first.
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

impl ServerConfig {
    /// Returns the proxies whose word is taken.
    ///
    /// # Panics
    /// When [`Self::problems`] has something to say about them.
    pub fn trusted_networks(&self) -> impl Iterator<Item = IpNet> {
        self.trusted_proxies.iter().map(|text| network(text).expect("networks are checked at start-up"))
    }

    /// Tells whether the service speaks TLS.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        !self.tls_certificate.as_os_str().is_empty()
    }

    /// Returns how long answering a request may take.
    #[must_use]
    pub fn request_timeout(&self) -> Duration {
        Duration::from_millis(self.request_timeout_ms)
    }

    /// Lists the values that are out of bounds.
    #[must_use]
    pub fn problems(&self) -> Vec<InvalidValue> {
        const MINUTE: u64 = 60_000;
        const DAY: u64 = 24 * 60 * MINUTE;
        let mut check = Check::section("server")
            .range("tls_poll_ms", self.tls_poll_ms, 10..=DAY)
            .range("workers", self.workers, 0..=1024)
            .range("connections_max", self.connections_max, 1..=1_000_000)
            .range("requests_in_flight_max", self.requests_in_flight_max, 1..=1_000_000)
            .range("streams_max", self.streams_max, 1..=1_000_000)
            .range("http2_streams_max", self.http2_streams_max, 1..=10_000)
            .range("header_read_timeout_ms", self.header_read_timeout_ms, 100..=10 * MINUTE)
            .range("keep_alive_timeout_ms", self.keep_alive_timeout_ms, 100..=DAY)
            .range("connection_age_max_ms", self.connection_age_max_ms, 0..=365 * DAY)
            .range("request_timeout_ms", self.request_timeout_ms, 100..=10 * MINUTE)
            .range("body_max_bytes", self.body_max_bytes, 1024..=64 * 1024 * 1024)
            .range("header_max_bytes", self.header_max_bytes, 8 * 1024..=1024 * 1024)
            .range("headers_max", self.headers_max, 10..=1000)
            .range("shutdown_delay_ms", self.shutdown_delay_ms, 0..=10 * MINUTE)
            .range("shutdown_timeout_ms", self.shutdown_timeout_ms, 0..=10 * MINUTE);
        check = check.range("trusted_proxies", self.trusted_proxies.len(), 0..=1000);
        for text in &self.trusted_proxies {
            if network(text).is_none() {
                let message =
                    format!("{text:?} is neither an address nor a network: 10.0.0.1, 10.0.0.0/8, fd00::/8");
                check.refuse("trusted_proxies", message);
            }
        }
        let (certificate, key) = (self.is_secure(), !self.tls_key.as_os_str().is_empty());
        if certificate && !key {
            check.refuse(
                "tls_key",
                "it is not set, but server.tls_certificate is: set both or neither".into(),
            );
        }
        if key && !certificate {
            let message = "it is not set, but server.tls_key is: set both or neither";
            check.refuse("tls_certificate", message.into());
        }
        check.done()
    }
}

/// Reads a network; an address is one of its own.
fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| Some(text.parse::<IpAddr>().ok()?.into()))
}
