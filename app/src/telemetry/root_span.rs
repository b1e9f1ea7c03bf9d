//! The span of a request, which everything logged on its behalf is part of.
//!
//! It is built for whoever listens and for nobody else: where the log does not take it, no field of it is
//! ever written out.

use pavex::request::RequestHead;
use pavex::request::path::MatchedPathPattern;
use pavex::telemetry::ServerRequestId;
use pavex_tracing::RootSpan;
use pavex_tracing::fields::{http_request_method, url_path};

use super::TraceContext;
use crate::http::peer::Peer;

/// What the router matches with the paths that no route has.
const UNMATCHED: &str = "*";

/// Opens the span, with OpenTelemetry's names for its fields.
#[pavex::request_scoped]
#[must_use]
pub fn root_span(
    head: &RequestHead,
    route: MatchedPathPattern,
    request_id: ServerRequestId,
    trace: TraceContext,
    peer: Peer,
) -> RootSpan {
    RootSpan::new(tracing::info_span!(
        target: "florin::http",
        "request",
        http.request.method = http_request_method(head),
        http.route = (route.inner() != UNMATCHED).then_some(route.inner()),
        url.path = url_path(head),
        network.peer.address = peer.0.map(|address| display(address.ip())),
        request_id = display(request_id),
        trace_id = display(trace.trace_id),
        span_id = display(trace.span_id),
        parent_id = trace.parent_id.map(display),
    ))
}
