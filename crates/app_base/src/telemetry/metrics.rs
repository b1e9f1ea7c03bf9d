//! Metrics: what the service counts.
//!
//! There is no global registry: whoever starts the service builds one, everybody registers in it, and it
//! is injected from there. Labels only take values from closed sets.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use pavex::http::Method;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::process;
use crate::build_info::BUILD;

/// Upper bounds of the histogram of durations, in seconds.
const DURATION_BUCKETS_SECONDS: [f64; 14] =
    [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Everything that the service counts. Clones count into the same place.
#[pavex::prebuilt]
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<RouteLabels, Histogram, fn() -> Histogram>,
    active: Gauge<i64, AtomicI64>,
}

/// What requests are counted by.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: &'static str,
    status: u16,
}

/// What requests are timed by.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    method: &'static str,
    route: &'static str,
}

impl Metrics {
    /// Completes a registry, in which others have registered theirs, with what the service itself counts.
    #[must_use]
    pub fn new(mut registry: Registry) -> Self {
        let requests = Family::default();
        let durations: Family<RouteLabels, Histogram, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(DURATION_BUCKETS_SECONDS));
        let active = Gauge::default();
        registry.register("http_server_requests", "Requests answered", requests.clone());
        registry.register_with_unit(
            "http_server_request_duration",
            "Time from a request's head to its reply",
            Unit::Seconds,
            durations.clone(),
        );
        registry.register("http_server_active_requests", "Requests that run at the moment", active.clone());
        registry.register(
            "florin_build",
            "What runs",
            Info::new([("version", BUILD.version), ("commit", BUILD.commit.unwrap_or("unknown"))]),
        );
        registry.register_collector(Box::new(process::ProcessCollector::started_now()));
        Self(Arc::new(Inner { registry, requests, durations, active }))
    }

    /// Counts a request that begins.
    pub fn request_started(&self) {
        self.0.active.inc();
    }

    /// Counts a request that ends, by its method, its route's pattern and the status of its reply.
    pub fn request_ended(
        &self,
        method: &Method,
        route: Option<&'static str>,
        status: u16,
        elapsed: Duration,
    ) {
        self.0.active.dec();
        let (method, route) = (method_label(method), route.unwrap_or("unmatched"));
        self.0.requests.get_or_create(&RequestLabels { method, route, status }).inc();
        self.0.durations.get_or_create(&RouteLabels { method, route }).observe(elapsed.as_secs_f64());
    }

    /// Writes everything in the `OpenMetrics` text format.
    ///
    /// # Panics
    /// Never: a string takes everything.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.0.registry)
            .expect("a string takes everything");
        text
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

/// Returns a method as a label's value. Methods are the client's to invent: the label's values are not.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::TRACE => "TRACE",
        Method::CONNECT => "CONNECT",
        _ => "OTHER",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_and_timed_by_route() {
        let metrics = Metrics::new(Registry::default());
        for status in [201, 201, 422] {
            metrics.request_started();
            metrics.request_ended(&Method::POST, Some("/v1/ledgers"), status, Duration::from_millis(3));
        }
        metrics.request_started();
        let text = metrics.encode();
        for line in [
            "http_server_requests_total{method=\"POST\",route=\"/v1/ledgers\",status=\"201\"} 2",
            "http_server_requests_total{method=\"POST\",route=\"/v1/ledgers\",status=\"422\"} 1",
            "http_server_request_duration_seconds_count{method=\"POST\",route=\"/v1/ledgers\"} 3",
            "http_server_request_duration_seconds_bucket{le=\"0.005\",method=\"POST\",route=\"/v1/ledgers\"} 3",
            "http_server_active_requests 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }

    #[test]
    fn clients_cannot_invent_labels() {
        let metrics = Metrics::new(Registry::default());
        for method in ["BREW", "STIR"] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            metrics.request_ended(&method, None, 404, Duration::ZERO);
        }
        let line = "http_server_requests_total{method=\"OTHER\",route=\"unmatched\",status=\"404\"} 2";
        assert!(metrics.encode().lines().any(|found| found == line));
    }
}
