//! What is known of a request before anything is done about it: which one it is, and where it comes from.

use pavex::request::RequestHead;
use pavex::request::path::MatchedPathPattern;
use pavex::telemetry::ServerRequestId;

use super::TraceContext;
use crate::http::peer::Peer;

/// What the router matches with the paths that no route has.
const UNMATCHED: &str = "*";

/// A request, for those who write about it.
#[derive(Clone, Copy, Debug)]
pub struct RequestContext {
    /// Its id, which its reply carries.
    pub request_id: ServerRequestId,
    /// The pattern of its route; `None` where its path has none.
    pub route: Option<&'static str>,
    /// Its place in a trace.
    pub trace: TraceContext,
    /// Who sent it.
    pub peer: Peer,
}

#[pavex::methods]
impl RequestContext {
    /// Gathers it.
    #[request_scoped]
    #[must_use]
    pub fn gather(
        head: &RequestHead,
        route: MatchedPathPattern,
        request_id: ServerRequestId,
        peer: Peer,
    ) -> Self {
        let route = Some(route.inner()).filter(|pattern| *pattern != UNMATCHED);
        Self { request_id, route, trace: TraceContext::of_request(head, request_id), peer }
    }
}
