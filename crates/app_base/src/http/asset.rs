//! Replies that are the same for a build's whole life: pages, scripts, descriptions.
//!
//! Clients keep them and ask whether they changed. None of them ever holds anything of a caller's.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use bytes::Bytes;
use http_body_util::Full;
use pavex::http::HeaderMap;
use pavex::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, HeaderValue,
    IF_NONE_MATCH, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use pavex::telemetry::ServerRequestId;
use pavex::{Response, error_handler};
use schemars::JsonSchema;

use super::fields::FieldErrors;
use super::path::{FromPath, PathReader};
use super::problem::Problem;
use super::problem_types::ROUTE_NOT_FOUND;
use super::text::{FromText, Message};

/// Something that never changes while the service runs.
#[derive(Clone, Debug)]
pub struct Asset {
    media_type: &'static str,
    encoding: Option<&'static str>,
    policy: Option<&'static str>,
    bytes: Bytes,
    etag: HeaderValue,
}

impl Asset {
    /// Wraps bytes of a media type.
    ///
    /// # Panics
    /// Never: hex digits in quotes are a header.
    #[must_use]
    pub fn new(media_type: &'static str, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        let etag = format!("\"{:016x}\"", hasher.finish());
        let etag = HeaderValue::from_str(&etag).expect("hex digits in quotes");
        Self { media_type, encoding: None, policy: None, bytes, etag }
    }

    /// Says that the bytes are compressed.
    #[must_use]
    pub fn encoded(self, encoding: &'static str) -> Self {
        Self { encoding: Some(encoding), ..self }
    }

    /// Says what a page may load.
    #[must_use]
    pub fn content_security_policy(self, policy: &'static str) -> Self {
        Self { policy: Some(policy), ..self }
    }

    /// Answers a request: 304 where the client has it, the bytes otherwise.
    #[must_use]
    pub fn reply(&self, request: &HeaderMap) -> Response {
        let known = request.get_all(IF_NONE_MATCH).iter().any(|value| names(value, &self.etag));
        let mut response = if known {
            Response::not_modified()
        } else {
            Response::ok().set_raw_body(Full::new(self.bytes.clone()))
        };
        let headers = response.headers_mut();
        let mut set = |name: HeaderName, value: &'static str| {
            headers.insert(name, HeaderValue::from_static(value));
        };
        // Clients keep it and ask each time: the next build may have another one under the same path.
        set(CACHE_CONTROL, "no-cache");
        set(X_CONTENT_TYPE_OPTIONS, "nosniff");
        if let Some(encoding) = self.encoding {
            set(VARY, "accept-encoding");
            set(CONTENT_ENCODING, encoding);
        }
        if let Some(policy) = self.policy {
            set(CONTENT_SECURITY_POLICY, policy);
            set(REFERRER_POLICY, "no-referrer");
        }
        set(CONTENT_TYPE, self.media_type);
        headers.insert(ETAG, self.etag.clone());
        response
    }
}

/// Says whether an `If-None-Match` names the tag. Weak and strong tags compare alike here (RFC 9110, 13.1.2).
fn names(value: &HeaderValue, etag: &HeaderValue) -> bool {
    let (Ok(value), Ok(etag)) = (value.to_str(), etag.to_str()) else { return false };
    let mut tags = value.split(',').map(str::trim);
    tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

/// The path of a file: `…/assets/{file}`.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
pub struct AssetPath {
    /// The name of the file.
    #[schemars(with = "String")]
    pub file: FileName,
}

/// The name of a file, which need not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileName(pub String);

impl FromText for FileName {
    fn from_text(text: &str) -> Result<Self, Message> {
        Ok(Self(text.to_owned()))
    }
}

impl FromPath for AssetPath {
    fn from_path(path: &PathReader<'_>, errors: &mut FieldErrors) -> Option<Self> {
        Some(Self { file: path.read("file", errors)? })
    }
}

/// There is no such file.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("there is no such file")]
pub struct NoSuchFile;

/// Replies to a request for a file that is not there.
#[error_handler]
#[must_use]
pub fn refuse_file(#[px(error_ref)] _error: &NoSuchFile, request_id: ServerRequestId) -> Response {
    Problem::of(&ROUTE_NOT_FOUND).into_response(request_id)
}

#[cfg(test)]
mod tests {
    use pavex::http::StatusCode;

    use super::*;

    #[test]
    fn a_client_that_has_it_is_told_so() {
        let asset = Asset::new("text/plain", "words").encoded("gzip");
        let fresh = asset.reply(&HeaderMap::new());
        assert_eq!(fresh.status(), StatusCode::OK);
        assert_eq!(fresh.headers()[CONTENT_TYPE], "text/plain");
        assert_eq!(fresh.headers()[CONTENT_ENCODING], "gzip");
        let etag = fresh.headers()[ETAG].to_str().unwrap().to_owned();
        for (value, status) in [
            (etag.clone(), StatusCode::NOT_MODIFIED),
            (format!("\"other\", W/{etag}"), StatusCode::NOT_MODIFIED),
            ("*".to_owned(), StatusCode::NOT_MODIFIED),
            ("\"other\"".to_owned(), StatusCode::OK),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(IF_NONE_MATCH, HeaderValue::from_str(&value).unwrap());
            let response = asset.reply(&headers);
            assert_eq!(response.status(), status, "{value}");
            assert_eq!(response.headers()[ETAG], etag);
        }
    }

    #[test]
    fn other_bytes_have_another_tag() {
        let tag = |bytes| Asset::new("text/plain", bytes).etag;
        assert_eq!(tag("a"), tag("a"));
        assert_ne!(tag("a"), tag("b"));
    }
}
