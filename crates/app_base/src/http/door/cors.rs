//! Cross-origin requests (Fetch, 3.2): whether a browser lets a page of another origin use the API.
//!
//! Credentials that a browser adds by itself, cookies, are never allowed across origins: a page sends an
//! `Authorization` of its own. So `*` gives nothing away that a program without a browser would not get.

use pavex::Response;
use pavex::http::HeaderMap;
use pavex::http::StatusCode;
use pavex::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, HeaderValue,
    ORIGIN, VARY,
};

/// The methods that the API has.
pub const REQUEST_METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";

/// What a request may have of headers beyond those that any may have.
const REQUEST_HEADERS: &str =
    "authorization, content-type, idempotency-key, if-match, if-none-match, traceparent, tracestate";

/// What a page may read of a reply beyond what it always may.
const REPLY_HEADERS: &str = "content-disposition, etag, idempotency-replayed, location, ratelimit, ratelimit-policy, \
                             retry-after, www-authenticate, x-request-id";

/// How long a browser may go without asking again, in seconds: the longest that any of them takes.
const MAX_AGE_SECONDS: &str = "7200";

/// The origins that may.
#[derive(Clone, Debug)]
pub(super) enum Cors {
    All,
    Some(Box<[HeaderValue]>),
}

/// An origin that may: what is said of it.
#[derive(Clone, Debug)]
pub(super) struct AllowedOrigin(HeaderValue);

impl Cors {
    /// Takes the origins; `None` where there are none.
    pub(super) fn new(origins: &[String]) -> Option<Self> {
        if origins.iter().any(|origin| origin == "*") {
            return Some(Self::All);
        }
        let origins: Box<[_]> =
            origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()).collect();
        (!origins.is_empty()).then_some(Self::Some(origins))
    }

    /// Says who asks, where it is an origin that may.
    pub(super) fn allows(&self, request: &HeaderMap) -> Option<AllowedOrigin> {
        let origin = request.get(ORIGIN)?;
        match self {
            Self::All => Some(AllowedOrigin(HeaderValue::from_static("*"))),
            Self::Some(origins) => origins.contains(origin).then(|| AllowedOrigin(origin.clone())),
        }
    }

    /// Says in a reply who may read it, and what of it.
    pub(super) fn put(&self, headers: &mut HeaderMap, allowed: Option<AllowedOrigin>) {
        if let Self::Some(_) = self {
            // Also where the origin may not, and where there is none: another one would get another reply.
            headers.append(VARY, HeaderValue::from_static("origin"));
        }
        if let Some(AllowedOrigin(origin)) = allowed {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(REPLY_HEADERS));
        }
    }
}

/// Answers a browser that asks whether a page may ask; `None` where it is another request. A browser that is told
/// nothing does not let the page.
pub(super) fn preflight(request: &HeaderMap, allowed: Option<&AllowedOrigin>) -> Option<Response> {
    if !request.contains_key(ORIGIN) || !request.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
        return None;
    }
    let mut response = Response::new(StatusCode::NO_CONTENT);
    let headers = response.headers_mut();
    let asked = "access-control-request-method, access-control-request-headers";
    headers.insert(VARY, HeaderValue::from_static(asked));
    if allowed.is_some() {
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(REQUEST_METHODS));
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(REQUEST_HEADERS));
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE_SECONDS));
    }
    Some(response)
}
