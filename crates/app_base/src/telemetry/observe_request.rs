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
use pavex::response::body::raw::RawBody;
use pavex_tracing::RootSpan;
use pavex_tracing::fields::{http_request_method, url_path};
use tracing::{Instrument, Level};

use super::Metrics;
use super::{Failure, RequestContext};

/// The header in which a reply carries its request's id.
pub static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Stands in for the status of a reply that nobody waited for, as other servers have it.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// Runs a request inside its span, counts it, logs it once it is answered, and puts its id on the reply.
#[pavex::wrap]
pub async fn observe_request<C>(
    next: Next<C>,
    head: &RequestHead,
    context: &RequestContext,
    span: &RootSpan,
    failure: &Failure,
    metrics: &Metrics,
) -> Response
where
    C: IntoFuture<Output = Response>,
{
    let mut observation = Observation {
        started: Instant::now(),
        status: CLIENT_CLOSED_REQUEST,
        body_bytes: None,
        head,
        context,
        span,
        failure,
        metrics,
    };
    metrics.request_started();
    let mut response = next.into_future().instrument(span.inner().clone()).await;
    observation.status = response.status().as_u16();
    observation.body_bytes = response.body().size_hint().exact();
    drop(observation);
    response.headers_mut().insert(X_REQUEST_ID.clone(), context.request_id.header_value());
    response
}

/// A request that runs. Its end is written down when it is dropped: also where the client goes away and
/// the request is dropped half done.
struct Observation<'a> {
    started: Instant,
    /// Until there is a reply, that of a reply that nobody waited for.
    status: u16,
    body_bytes: Option<u64>,
    head: &'a RequestHead,
    context: &'a RequestContext,
    span: &'a RootSpan,
    failure: &'a Failure,
    metrics: &'a Metrics,
}

impl Drop for Observation<'_> {
    fn drop(&mut self) {
        let elapsed = self.started.elapsed();
        self.metrics.request_ended(&self.head.method, self.context.route, self.status, elapsed);
        macro_rules! log {
            ($level:expr, $message:literal, $error:expr) => {
                tracing::event!(
                    target: "florin::http",
                    parent: self.span.inner(),
                    $level,
                    http.request.method = http_request_method(self.head),
                    http.route = self.context.route,
                    url.path = url_path(self.head),
                    http.response.status_code = self.status,
                    http.response.body.size = self.body_bytes,
                    duration_us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX),
                    network.peer.address = self.context.peer.0.map(|address| display(address.ip())),
                    request_id = display(self.context.request_id),
                    trace_id = display(self.context.trace.trace_id),
                    span_id = display(self.context.trace.span_id),
                    parent_id = self.context.trace.parent_id.map(display),
                    error.message = $error,
                    $message
                )
            };
        }
        match self.status {
            CLIENT_CLOSED_REQUEST => log!(Level::INFO, "the client did not wait", None::<&str>),
            // Being too busy is not an error, but somebody should know.
            503 => log!(Level::WARN, "answered", self.failure.text()),
            500.. => log!(Level::ERROR, "answered", self.failure.text()),
            // What a client did wrong is in its reply, and no error of ours.
            _ => log!(Level::INFO, "answered", None::<&str>),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{IntoFuture, pending, ready};
    use std::io;
    use std::sync::{Arc, Mutex};

    use pavex::http::{HeaderMap, Method, StatusCode, Uri, Version};
    use pavex::request::path::MatchedPathPattern;
    use pavex::telemetry::ServerRequestId;
    use prometheus_client::registry::Registry;
    use serde_json::Value;
    use tracing::subscriber::DefaultGuard;

    use super::*;
    use crate::http::peer::Peer;
    use crate::telemetry::root_span;

    /// Everything logged by this thread, as JSON.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Log {
        fn from(level: Level) -> (Self, DefaultGuard) {
            let log = Self::default();
            let writer = log.clone();
            let subscriber = tracing_subscriber::fmt()
                .json()
                .with_max_level(level)
                .with_writer(move || writer.clone())
                .finish();
            (log, tracing::subscriber::set_default(subscriber))
        }

        fn lines(&self) -> Vec<Value> {
            let text = self.0.lock().unwrap();
            text.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
        }
    }

    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Request {
        head: RequestHead,
        context: RequestContext,
        span: RootSpan,
        failure: Failure,
        metrics: Metrics,
    }

    impl Request {
        fn new() -> Self {
            let head = RequestHead {
                method: Method::GET,
                target: Uri::from_static("/v1/ledgers/main?a=b"),
                version: Version::HTTP_11,
                headers: HeaderMap::new(),
            };
            let route = MatchedPathPattern::new("/v1/ledgers/{ledger}");
            let peer = Peer(Some(([192, 0, 2, 1], 4711).into()));
            let context = RequestContext::gather(&head, route, ServerRequestId::generate(), peer);
            let span = root_span(&head, &context);
            Self { head, context, span, failure: Failure::none(), metrics: Metrics::new(Registry::default()) }
        }

        fn observe<C: IntoFuture<Output = Response>>(&self, next: C) -> impl Future<Output = Response> {
            let Self { head, context, span, failure, metrics } = self;
            observe_request(Next::new(next), head, context, span, failure, metrics)
        }

        fn counted(&self, status: u16) -> bool {
            let labels = format!("{{method=\"GET\",route=\"/v1/ledgers/{{ledger}}\",status=\"{status}\"}} 1");
            let text = self.metrics.encode();
            text.contains(&labels) && text.contains("\nhttp_server_active_requests 0\n")
        }
    }

    #[tokio::test]
    async fn a_request_has_one_line_one_count_and_one_id() {
        let (log, _guard) = Log::from(Level::INFO);
        let request = Request::new();
        let response = request.observe(ready(Response::ok().set_typed_body("words"))).await;
        assert_eq!(response.headers()[&X_REQUEST_ID], request.context.request_id.to_string());
        assert!(request.counted(200));
        let lines = log.lines();
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!(line["level"], "INFO");
        let fields = &line["fields"];
        assert_eq!(fields["http.request.method"], "GET");
        assert_eq!(fields["http.route"], "/v1/ledgers/{ledger}");
        assert_eq!(fields["url.path"], "/v1/ledgers/main");
        assert_eq!(fields["http.response.status_code"], 200);
        assert_eq!(fields["http.response.body.size"], 5);
        assert!(fields["duration_us"].is_u64());
        assert_eq!(fields["network.peer.address"], "192.0.2.1");
        assert_eq!(fields["request_id"], request.context.request_id.to_string());
        assert_eq!(fields["trace_id"], request.context.request_id.inner().simple().to_string());
    }

    #[tokio::test]
    async fn an_error_is_told_where_it_is_the_services_own() {
        for (status, level, told) in [
            (StatusCode::INTERNAL_SERVER_ERROR, "ERROR", true),
            (StatusCode::GATEWAY_TIMEOUT, "ERROR", true),
            (StatusCode::SERVICE_UNAVAILABLE, "WARN", true),
            (StatusCode::UNPROCESSABLE_ENTITY, "INFO", false),
        ] {
            let (log, _guard) = Log::from(Level::INFO);
            let request = Request::new();
            request.failure.note(&io::Error::other("the disk is full"));
            request.observe(ready(Response::new(status))).await;
            let line = &log.lines()[0];
            assert_eq!(line["level"], level);
            assert_eq!(line["fields"].get("error.message").is_some(), told, "{line}");
        }
    }

    #[tokio::test]
    async fn a_request_whose_client_went_away_is_seen_too() {
        let (log, _guard) = Log::from(Level::INFO);
        let request = Request::new();
        let mut observed = Box::pin(request.observe(pending::<Response>()));
        assert!(futures_util::poll!(&mut observed).is_pending());
        drop(observed);
        assert!(request.counted(499));
        assert_eq!(log.lines()[0]["fields"]["message"], "the client did not wait");
    }

    #[tokio::test]
    async fn where_nobody_listens_nothing_is_written() {
        let (log, _guard) = Log::from(Level::WARN);
        let request = Request::new();
        assert!(request.span.is_disabled());
        request.observe(ready(Response::ok())).await;
        assert!(log.lines().is_empty());
        assert!(request.counted(200));
    }

    #[tokio::test]
    async fn whoever_asks_for_it_has_the_request_on_every_line() {
        let (log, _guard) = Log::from(Level::DEBUG);
        let request = Request::new();
        let answer = async {
            tracing::info!("a step on the way");
            Response::ok()
        };
        request.observe(Box::pin(answer)).await;
        let lines = log.lines();
        let line = lines.iter().find(|line| line["fields"]["message"] == "a step on the way").unwrap();
        assert_eq!(line["span"]["request_id"], request.context.request_id.to_string());
        assert_eq!(line["span"]["http.route"], "/v1/ledgers/{ledger}");
    }
}
