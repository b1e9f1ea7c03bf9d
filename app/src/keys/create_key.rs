//! `POST /v1/keys`.

use engine::access::NewKey;
use pavex::post;

use super::{CreateKeyRequest, IssuedKeyView, KeyError};
use crate::http::fields::FieldErrors;
use crate::http::idempotency::IDEMPOTENCY_KEY;
use crate::http::input::{InputError, Write};
use crate::http::path::NoPath;
use crate::http::principal::{Granted, KeysAdmin};
use crate::http::reply::Created;
use crate::storage::Engine;

/// Creates a key, which may do no more than the one that asks.
///
/// # Errors
/// [`KeyError`], as a problem.
#[post(path = "/v1/keys")]
pub async fn create_key(
    granted: Granted<KeysAdmin>,
    request: Write<(NoPath, CreateKeyRequest)>,
    engine: &Engine,
) -> Result<Created<IssuedKeyView>, KeyError> {
    let Write { key, input: (NoPath {}, CreateKeyRequest { name, grants, expires_at }) } = request;
    let mut errors = FieldErrors::default();
    if key.is_some() {
        errors.add(IDEMPOTENCY_KEY, "is not taken here: a secret is shown once, and never again");
    }
    let now = engine.now();
    if expires_at.is_some_and(|at| at <= now) {
        errors.add("expires_at", "must be in the future");
    }
    if !errors.is_empty() {
        return Err(InputError::Invalid(errors).into());
    }
    let new = NewKey { name, grants, expires_at };
    let caller = granted.caller();
    let issued = engine.create_key(new, caller.principal(), |action, id| caller.did(action, id)).await?;
    let location = format!("/v1/keys/{}", issued.key.id);
    Ok(Created::at(&location, IssuedKeyView::of(issued, now)))
}
