//! `POST /oauth/token`.

use bytes::Bytes;
use engine::Engine;
use http_body_util::Full;
use identity::{Scope, Scopes};
use pavex::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, PRAGMA};
use pavex::http::{HeaderMap, StatusCode};
use pavex::request::RequestHead;
use pavex::request::body::RawIncomingBody;
use pavex::{Response, post};
use serde::Serialize;

use super::client::{Client, ClientError};
use super::form::{FORM_BYTES_MAX, Form, FormError};
use super::{OAuthError, TokenView};
use crate::configuration::ServerConfig;
use crate::http::body::{BodyFault, BodyLimits, check_not_encoded, is_of_type, take};
use crate::http::input::InputError;
use crate::http::request_note::RequestNote;
use crate::http::tokens::Tokens;
use crate::telemetry::RequestContext;

/// Gives an access token for an API key.
///
/// # Errors
/// [`OAuthError`], as RFC 6749 has it, or as a problem.
#[post(path = "/oauth/token")]
pub async fn create_token(
    head: &RequestHead,
    body: RawIncomingBody,
    server: &ServerConfig,
    context: &RequestContext,
    engine: &Engine,
    tokens: &Tokens,
) -> Result<Response, OAuthError> {
    let bytes = take_form(&head.headers, body, server).await?;
    let given = give(&head.headers, &bytes, tokens).await;
    let given = given.inspect_err(|error| {
        if let Some(told) = error.told() {
            RequestNote::of(head, context).refused(engine, error.actor(), told.error);
        }
    });
    given.map(|token| json(StatusCode::OK, &token))
}

async fn take_form(
    headers: &HeaderMap,
    body: RawIncomingBody,
    server: &ServerConfig,
) -> Result<Bytes, OAuthError> {
    if !is_of_type(headers, "application/x-www-form-urlencoded") || check_not_encoded(headers).is_err() {
        return Err(OAuthError::Request("The Content-Type has to be application/x-www-form-urlencoded."));
    }
    let limits = BodyLimits {
        max_bytes: server.body_max_bytes.min(FORM_BYTES_MAX),
        timeout: server.request_timeout() / 2,
    };
    take(headers, body, limits).await.map_err(|fault| match fault {
        BodyFault::TooLarge(max_bytes) => InputError::BodyTooLarge { max_bytes }.into(),
        BodyFault::TimedOut => InputError::BodyTimeout.into(),
        BodyFault::Broken(_) | BodyFault::UnsupportedMediaType(_) => {
            OAuthError::Request("The body ended before it was complete.")
        }
    })
}

async fn give(headers: &HeaderMap, bytes: &[u8], tokens: &Tokens) -> Result<TokenView, OAuthError> {
    let form = Form::parse(bytes).map_err(|error| match error {
        FormError::Encoding => OAuthError::Request("The form is badly encoded."),
        FormError::Repeated => OAuthError::Request("A parameter is there twice."),
    })?;
    match form.get("grant_type") {
        None => return Err(OAuthError::Request("There has to be a grant_type.")),
        Some("client_credentials") => {}
        Some(_) => return Err(OAuthError::GrantType),
    }
    let client = Client::read(headers, &form).map_err(|error| match error {
        ClientError::TwoWays => OAuthError::Request("Say in one way who asks: by HTTP Basic or in the form."),
        ClientError::Unknown => OAuthError::Client(None),
    })?;
    let wanted: Option<Option<Scopes>> =
        form.get("scope").map(|scope| scope.split(' ').map(Scope::named).collect());
    let known = wanted.flatten();
    let issued = tokens.own().issue(&client.0, known).await;
    // Who asks comes before what for: whether a scope exists is told to those who may ask.
    if wanted == Some(None) && issued.is_ok() {
        return Err(OAuthError::Scope(client.0.id()));
    }
    let issued = issued.map_err(|error| OAuthError::of(&client.0, error))?;
    let names: Vec<&str> = issued.scopes.iter().map(Scope::name).collect();
    Ok(TokenView {
        access_token: issued.text,
        token_type: "Bearer",
        expires_in: issued.expires_in_s,
        scope: names.join(" "),
    })
}

/// Writes a reply that is nobody's to keep.
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let bytes = serde_json::to_vec(body).expect("texts and numbers");
    let mut response = Response::new(status).set_raw_body(Full::new(Bytes::from(bytes)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    response
}
