//! The operations of this feature, for the description of the API.

use super::{ISSUER_NOT_CONFIGURED, JwkSetView, MetadataView, TokenErrorView, TokenRequest, TokenView};
use crate::api::Operation;
use crate::http::failures::SERVICE_UNAVAILABLE;
use crate::http::input::{BODY_TIMEOUT, BODY_TOO_LARGE};

const TAG: &str = "Access";

/// Lists the operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::post("/oauth/token", "create_token")
            .about(TAG, "Gives an access token for an API key")
            .description(
                "OAuth 2.0 client credentials (RFC 6749, 4.4). The client is an API key: `client_id` is its id, and \
                 `client_secret` its text, by HTTP Basic or in the form, never both. A token allows what its key allows \
                 of the token's scopes, for as long as the key does. What goes wrong is told as RFC 6749 (5.2) has it.",
            )
            .takes_form::<TokenRequest>()
            .returns_json::<TokenView>()
            .refuses_with::<TokenErrorView>(&[400, 401])
            .problems([&BODY_TOO_LARGE, &BODY_TIMEOUT, &SERVICE_UNAVAILABLE]),
        Operation::get("/.well-known/jwks.json", "get_jwks")
            .about(TAG, "Shows the keys by which access tokens are checked")
            .returns_json::<JwkSetView>()
            .problems([&SERVICE_UNAVAILABLE]),
        Operation::get("/.well-known/oauth-authorization-server", "get_metadata")
            .about(TAG, "Describes where access tokens come from")
            .description("RFC 8414. It is there where the service was told its address, by `authentication.issuer`.")
            .returns_json::<MetadataView>()
            .problems([&ISSUER_NOT_CONFIGURED]),
    ]
}
