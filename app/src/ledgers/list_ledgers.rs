//! `GET /v1/ledgers`.

use pavex::get;

use super::{LedgerError, LedgerView, ListLedgersQuery};
use crate::http::input::Read;
use crate::http::pagination::Page;
use crate::http::path::NoPath;
use crate::http::reply::Reply;
use crate::storage::Engine;

/// Lists the ledgers by name.
///
/// # Errors
/// [`LedgerError`], as a problem.
#[get(path = "/v1/ledgers")]
pub async fn list_ledgers(
    request: Read<(NoPath, ListLedgersQuery)>,
    engine: &Engine,
) -> Result<Reply<Page<LedgerView>>, LedgerError> {
    let Read((NoPath {}, ListLedgersQuery { page })) = request;
    let found = engine.store().ledgers(page.after.as_ref(), page.limit).await?;
    Ok(Reply(page.page(found.items.into_iter().map(LedgerView::from), found.next.as_ref())))
}
