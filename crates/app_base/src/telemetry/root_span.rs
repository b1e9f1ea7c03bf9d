//! The span of a request, which everything logged on its behalf is part of.
//!
//! It is there at the level `debug`, for `florin::http`: then every line of a request says which one it
//! belongs to. By default it is not, because it costs twice what the request's own line does, and that line
//! says the same. Where nobody listens, no field is ever written out.

use pavex::request::RequestHead;
use pavex_tracing::RootSpan;
use pavex_tracing::fields::{http_request_method, url_path};

use super::RequestContext;

/// Opens the span, with OpenTelemetry's names for its fields.
#[pavex::request_scoped]
#[must_use]
pub fn root_span(head: &RequestHead, context: &RequestContext) -> RootSpan {
    RootSpan::new(tracing::debug_span!(
        target: "florin::http",
        "request",
        http.request.method = http_request_method(head),
        http.route = context.route,
        url.path = url_path(head),
        request_id = display(context.request_id),
        trace_id = display(context.trace.trace_id),
        span_id = display(context.trace.span_id),
    ))
}
