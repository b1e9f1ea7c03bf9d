//! Replies that are the same for a build's whole life: pages, scripts, descriptions.
//!
//! Clients keep them and ask whether they changed. None of them ever holds anything of a caller's.

use bytes::Bytes;
use http_body_util::Full;
use pavex::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, HeaderValue,
    REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use pavex::telemetry::ServerRequestId;
use pavex::{Response, error_handler};
use schemars::JsonSchema;

use super::fields::FieldErrors;
use super::path::{FromPath, PathReader};
use super::problem::Problem;
use super::problem_types::ROUTE_NOT_FOUND;
use super::tag::tag;
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
    #[must_use]
    pub fn new(media_type: &'static str, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let etag = tag(&bytes);
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

    /// Answers a request.
    #[must_use]
    pub fn reply(&self) -> Response {
        let mut response = Response::ok().set_raw_body(Full::new(self.bytes.clone()));
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
    use super::*;

    #[test]
    fn a_file_says_how_it_is_to_be_taken() {
        let response = Asset::new("text/plain", "words").encoded("gzip").reply();
        let headers = response.headers();
        assert_eq!(headers[CONTENT_TYPE], "text/plain");
        assert_eq!(
            (&headers[CONTENT_ENCODING], &headers[VARY]),
            (&"gzip".parse().unwrap(), &"accept-encoding".parse().unwrap())
        );
        assert_eq!((&headers[CACHE_CONTROL], &headers[ETAG]), (&"no-cache".parse().unwrap(), &tag(b"words")));
    }
}
