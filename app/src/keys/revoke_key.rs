//! `DELETE /v1/keys/{id}`.

use pavex::delete;

use super::{KeyError, KeyPath, KeyView};
use crate::http::input::{NoBody, Write};
use crate::http::principal::{Granted, KeysAdmin};
use crate::http::reply::Reply;
use crate::storage::Engine;

/// Revokes a key, for good. One that was revoked before stays as it is.
///
/// # Errors
/// [`KeyError`], as a problem.
#[delete(path = "/v1/keys/{id}")]
pub async fn revoke_key(
    granted: Granted<KeysAdmin>,
    request: Write<(KeyPath, NoBody)>,
    engine: &Engine,
) -> Result<Reply<KeyView>, KeyError> {
    let Write { key: _, input: (KeyPath { id }, NoBody {}) } = request;
    let caller = granted.caller();
    let revoked = engine.revoke_key(&id, |action, subject| caller.did(action, subject)).await?;
    Ok(Reply(KeyView::of(revoked, engine.now())))
}
