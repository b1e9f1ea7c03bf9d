//! `GET /v1/ledgers/{ledger}/accounts/{address}/changes`.

use engine::query::ChangeQuery;
use pavex::get;

use super::{AccountChangeView, AccountError, AccountPath, ListChangesQuery};
use crate::http::as_of::NotYet;
use crate::http::input::Read;
use crate::http::pagination::Page;
use crate::http::principal::{Granted, LedgerRead};
use crate::http::reply::Tagged;
use crate::storage::Engine;

/// Lists the changes of an account, newest first, each with the account as it was afterwards.
///
/// # Errors
/// [`AccountError`], as a problem.
#[get(path = "/v1/ledgers/{ledger}/accounts/{address}/changes")]
pub async fn list_changes(
    _granted: Granted<LedgerRead>,
    request: Read<(AccountPath, ListChangesQuery)>,
    engine: &Engine,
) -> Result<Tagged<Page<AccountChangeView>>, AccountError> {
    let Read((AccountPath { ledger, address }, ListChangesQuery { until, page })) = request;
    NotYet::check(until, engine.now())?;
    let until = until.map(|until| until.time);
    let query = ChangeQuery { account: address, until, after: page.after, limit: page.limit };
    let found = engine.store().account_changes(&ledger, &query).await?.ok_or(AccountError::NotFound)?;
    Ok(Tagged(page.page(found.items.into_iter().map(AccountChangeView::from), found.next.as_ref())))
}
