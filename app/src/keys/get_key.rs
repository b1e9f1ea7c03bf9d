//! `GET /v1/keys/{id}`.

use pavex::get;

use super::{KeyError, KeyPath, KeyView};
use crate::http::input::Read;
use crate::http::principal::{Granted, KeysAdmin};
use crate::http::query::NoQuery;
use crate::http::reply::Tagged;
use crate::storage::Engine;

/// Shows one key.
///
/// # Errors
/// [`KeyError`], as a problem.
#[get(path = "/v1/keys/{id}")]
pub async fn get_key(
    _granted: Granted<KeysAdmin>,
    request: Read<(KeyPath, NoQuery)>,
    engine: &Engine,
) -> Result<Tagged<KeyView>, KeyError> {
    let Read((KeyPath { id }, NoQuery {})) = request;
    let found = engine.store().access().key(&id).await?.ok_or(KeyError::NOT_FOUND)?;
    Ok(Tagged(KeyView::of(found.key, engine.now())))
}
