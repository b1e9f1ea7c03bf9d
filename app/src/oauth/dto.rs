//! What the token endpoint takes and replies with, in the names of RFC 6749, and keys in those of RFC 7517.

use schemars::JsonSchema;
use serde::Serialize;

/// What is asked for. Whoever asks says who they are by HTTP Basic, or by `client_id` and `client_secret` here.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(rename = "TokenRequest")]
pub struct TokenRequest {
    /// `client_credentials`.
    pub grant_type: String,
    /// Scopes, with spaces between: what the token is to allow, of what the key does. Without, all of it.
    pub scope: Option<String>,
    /// The id of an API key.
    pub client_id: Option<String>,
    /// The text of that key.
    pub client_secret: Option<String>,
}

/// An access token.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "AccessToken")]
pub struct TokenView {
    /// The token, to be sent as `Authorization: Bearer …`. What is in it is nobody's business but the service's.
    pub access_token: String,
    /// `Bearer`.
    pub token_type: &'static str,
    /// For how many seconds it is good.
    pub expires_in: i64,
    /// What it allows: scopes, with spaces between.
    pub scope: String,
}

/// Why no token was given.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "TokenError")]
pub struct TokenErrorView {
    /// `invalid_request`, `invalid_client`, `unsupported_grant_type` or `invalid_scope`.
    pub error: &'static str,
    /// The same for people.
    pub error_description: &'static str,
}

/// A set of public keys.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(rename = "JwkSet")]
pub struct JwkSetView {
    /// The keys: those that sign, those that are about to, and those whose tokens may still be good.
    pub keys: Vec<JwkView>,
}

/// A public key.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(rename = "Jwk")]
pub struct JwkView {
    /// `OKP`.
    pub kty: String,
    /// `Ed25519`.
    pub crv: String,
    /// `sig`.
    pub r#use: String,
    /// `EdDSA`.
    pub alg: String,
    /// Its name, which tokens have in their headers.
    pub kid: String,
    /// The key, in base64url.
    pub x: String,
}

/// What programs have to know of where tokens come from (RFC 8414).
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "AuthorizationServer")]
pub struct MetadataView {
    /// Whom tokens are from.
    pub issuer: String,
    /// Where to ask for tokens.
    pub token_endpoint: String,
    /// Where the keys are by which tokens are checked.
    pub jwks_uri: String,
    /// What tokens can allow.
    pub scopes_supported: Vec<&'static str>,
    /// Nothing: there is nowhere to sign in for tokens.
    pub response_types_supported: [&'static str; 0],
    /// `client_credentials`.
    pub grant_types_supported: [&'static str; 1],
    /// How programs say who they are.
    pub token_endpoint_auth_methods_supported: [&'static str; 2],
}
