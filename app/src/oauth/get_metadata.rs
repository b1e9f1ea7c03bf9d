//! `GET /.well-known/oauth-authorization-server`.

use identity::Scope;
use pavex::{Response, get};

use super::get_jwks::public;
use super::{MetadataView, OAuthError};
use crate::configuration::AuthenticationConfig;

/// Describes where tokens come from (RFC 8414).
///
/// # Errors
/// [`OAuthError::NoIssuer`], as a problem.
///
/// # Panics
/// Never: texts can be written as JSON.
#[get(path = "/.well-known/oauth-authorization-server")]
pub fn get_metadata(config: &AuthenticationConfig) -> Result<Response, OAuthError> {
    let issuer = &config.issuer;
    if issuer.is_empty() {
        return Err(OAuthError::NoIssuer);
    }
    let view = MetadataView {
        issuer: issuer.clone(),
        token_endpoint: format!("{issuer}/oauth/token"),
        jwks_uri: format!("{issuer}/.well-known/jwks.json"),
        scopes_supported: Scope::ALL.iter().map(|scope| scope.name()).collect(),
        response_types_supported: [],
        grant_types_supported: ["client_credentials"],
        token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
    };
    Ok(public(serde_json::to_string(&view).expect("texts")))
}
