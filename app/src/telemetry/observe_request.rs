//! The outermost middleware: one line in the log, one count in the metrics and one id for each request.
//!
//! It stands outside everything that may fail, so that refusals, timeouts and panics are seen like any
//! other reply. It never changes what a reply says.

use std::future::IntoFuture;
use std::time::Instant;

use pavex::Response;
use pavex::http::HeaderName;
use pavex::middleware::Next;
use pavex::request::RequestHead;
use pavex::request::path::MatchedPathPattern;
use pavex::response::body::raw::RawBody;
use pavex::telemetry::ServerRequestId;
use pavex_tracing::RootSpan;
use tracing::{Instrument, Level};

use super::Failure;
use crate::metrics::{Metrics, RequestLabels};

/// The header in which a reply carries its request's id.
pub static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Stands in for the status of a reply that nobody waited for, as other servers have it.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// Runs a request inside its span, counts it, logs it once it is answered, and puts its id on the reply.
#[pavex::wrap]
pub async fn observe_request<C>(
    next: Next<C>,
    head: &RequestHead,
    route: MatchedPathPattern,
    request_id: ServerRequestId,
    span: &RootSpan,
    failure: &Failure,
    metrics: &Metrics,
) -> Response
where
    C: IntoFuture<Output = Response>,
{
    let mut observation = Observation {
        started: Instant::now(),
        labels: RequestLabels::new(&head.method, route),
        body_bytes: None,
        span,
        failure,
        metrics,
    };
    metrics.request_started();
    let mut response = next.into_future().instrument(span.inner().clone()).await;
    observation.labels.status = response.status().as_u16();
    observation.body_bytes = response.body().size_hint().exact();
    drop(observation);
    response.headers_mut().insert(X_REQUEST_ID.clone(), request_id.header_value());
    response
}

/// A request that runs. Its end is written down when it is dropped: also where the client goes away and
/// the request is dropped half done.
struct Observation<'a> {
    started: Instant,
    /// Until there is a reply, its status is that of a reply that nobody waited for.
    labels: RequestLabels,
    body_bytes: Option<u64>,
    span: &'a RootSpan,
    failure: &'a Failure,
    metrics: &'a Metrics,
}

impl Drop for Observation<'_> {
    fn drop(&mut self) {
        let elapsed = self.started.elapsed();
        self.metrics.request_ended(&self.labels, elapsed);
        macro_rules! log {
            ($level:expr, $message:literal, $error:expr) => {
                tracing::event!(
                    target: "florin::http",
                    parent: self.span.inner(),
                    $level,
                    http.response.status_code = self.labels.status,
                    http.response.body.size = self.body_bytes,
                    duration_us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX),
                    error.message = $error,
                    $message
                )
            };
        }
        match self.labels.status {
            CLIENT_CLOSED_REQUEST => log!(Level::INFO, "the client did not wait", None::<&str>),
            // Being too busy is not an error, but somebody should know.
            503 => log!(Level::WARN, "answered", self.failure.text()),
            500.. => log!(Level::ERROR, "answered", self.failure.text()),
            // What a client did wrong is in its reply, and no error of ours.
            _ => log!(Level::INFO, "answered", None::<&str>),
        }
    }
}

impl RequestLabels {
    fn new(method: &pavex::http::Method, route: MatchedPathPattern) -> Self {
        Self {
            method: crate::metrics::method_label(method),
            route: crate::metrics::route_label(route.inner()),
            status: CLIENT_CLOSED_REQUEST,
        }
    }
}
