//! `GET /.well-known/jwks.json`.

use bytes::Bytes;
use http_body_util::Full;
use pavex::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use pavex::{Response, get};

use super::OAuthError;
use crate::http::tokens::Tokens;

/// Shows the keys by which access tokens are checked (RFC 7517).
///
/// # Errors
/// [`OAuthError::Read`], as a problem.
#[get(path = "/.well-known/jwks.json")]
pub async fn get_jwks(tokens: &Tokens) -> Result<Response, OAuthError> {
    Ok(public(tokens.own().published().await?.to_string()))
}

/// Writes a reply in JSON that is the same for everybody, and may be kept for five minutes: keys are published for longer
/// than that before they sign.
pub(super) fn public(json: String) -> Response {
    let mut response = Response::ok().set_raw_body(Full::new(Bytes::from(json)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}
