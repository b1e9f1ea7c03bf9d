//! The operations of this feature, for the description of the API.

use super::{
    CreateKeyRequest, IssuedKeyView, KEY_EXCEEDS_CREATOR, KEY_NOT_FOUND, KeyPath, KeyView, ListKeysQuery,
    PrincipalView,
};
use crate::api::Operation;
use crate::http::input::{NoBody, Read, Write};
use crate::http::pagination::Page;
use crate::http::path::NoPath;
use crate::http::principal::{KeysAdmin, Known};
use crate::http::query::NoQuery;
use crate::http::reply::{Created, Reply, Tagged};

const TAG: &str = "Access";

/// Lists the operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::post("/v1/keys", "create_key")
            .right::<KeysAdmin>()
            .about(TAG, "Creates an API key")
            .description(
                "The key's text is in the reply, and is shown this once: it is kept nowhere. A key can be given no more \
                 than the one that asks has. `Idempotency-Key` is refused here; where a reply was lost, revoke the key \
                 that nobody has and ask again.",
            )
            .takes::<Write<(NoPath, CreateKeyRequest)>>()
            .without_idempotency_key()
            .returns::<Created<IssuedKeyView>>()
            .problems([&KEY_EXCEEDS_CREATOR]),
        Operation::get("/v1/keys", "list_keys")
            .right::<KeysAdmin>()
            .about(TAG, "Lists API keys, newest first")
            .takes::<Read<(NoPath, ListKeysQuery)>>()
            .returns::<Tagged<Page<KeyView>>>(),
        Operation::get("/v1/keys/{id}", "get_key")
            .right::<KeysAdmin>()
            .about(TAG, "Shows an API key")
            .takes::<Read<(KeyPath, NoQuery)>>()
            .returns::<Tagged<KeyView>>()
            .problems([&KEY_NOT_FOUND]),
        Operation::delete("/v1/keys/{id}", "revoke_key")
            .right::<KeysAdmin>()
            .about(TAG, "Revokes an API key, for good")
            .description(
                "It opens nothing from now on where the request was answered, and nowhere else two seconds later. A key \
                 that was revoked before stays as it is, so that the request can be sent again.",
            )
            .takes::<Write<(KeyPath, NoBody)>>()
            .returns::<Reply<KeyView>>()
            .problems([&KEY_NOT_FOUND]),
        Operation::get("/v1/principal", "get_principal")
            .right::<Known>()
            .about(TAG, "Shows who the request comes from, and what they may do")
            .returns::<Tagged<PrincipalView>>(),
    ]
}
