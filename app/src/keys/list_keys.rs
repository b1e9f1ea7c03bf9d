//! `GET /v1/keys`.

use ledger::EntryNumber;
use pavex::get;

use super::{KeyError, KeyView, ListKeysQuery};
use crate::http::input::Read;
use crate::http::pagination::Page;
use crate::http::path::NoPath;
use crate::http::principal::{Granted, KeysAdmin};
use crate::http::reply::Tagged;
use crate::storage::Engine;

/// Lists keys, newest first.
///
/// # Errors
/// [`KeyError`], as a problem.
#[get(path = "/v1/keys")]
pub async fn list_keys(
    _granted: Granted<KeysAdmin>,
    request: Read<(NoPath, ListKeysQuery)>,
    engine: &Engine,
) -> Result<Tagged<Page<KeyView>>, KeyError> {
    let Read((NoPath {}, ListKeysQuery { page })) = request;
    let found = engine.store().access().keys(page.after.map(|number| number.0), page.limit).await?;
    let now = engine.now();
    let items = found.items.into_iter().map(|key| KeyView::of(key, now));
    Ok(Tagged(page.page(items, found.next.map(EntryNumber).as_ref())))
}
