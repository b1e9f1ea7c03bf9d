//! Headers that tell browsers to be careful. A reply that says something of its own about any of it keeps that.

use pavex::http::HeaderMap;
use pavex::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};

/// A page that says nothing of what it may load may load nothing.
const NOTHING: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// Two years, as lists of such hosts want it.
const ONLY_TLS: HeaderValue = HeaderValue::from_static("max-age=63072000; includeSubDomains");

/// What goes onto every reply.
#[derive(Clone, Copy, Debug, Default)]
pub struct SecurityHeaders {
    /// Whether the connections are over TLS.
    pub secure: bool,
}

impl SecurityHeaders {
    /// Puts them on a reply.
    pub fn put(self, headers: &mut HeaderMap) {
        let is_page = headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
        headers.entry(X_CONTENT_TYPE_OPTIONS).or_insert(HeaderValue::from_static("nosniff"));
        headers.entry(REFERRER_POLICY).or_insert(HeaderValue::from_static("no-referrer"));
        // What is said of money is no cache's to keep, tag or not: who uses tags keeps copies knowingly.
        headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        if is_page {
            headers.entry(CONTENT_SECURITY_POLICY).or_insert(NOTHING);
        }
        if self.secure {
            headers.insert(STRICT_TRANSPORT_SECURITY, ONLY_TLS);
        }
    }
}
