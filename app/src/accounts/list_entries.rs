//! `GET /v1/ledgers/{ledger}/accounts/{address}/entries`.

use engine::query::{Order, Page as Found, StatementQuery};
use pavex::get;

use super::{AccountError, AccountPath, ListEntriesQuery, StatementLineView};
use crate::http::as_of::NotYet;
use crate::http::input::Read;
use crate::http::pagination::Page;
use crate::http::principal::{Granted, LedgerRead};
use crate::http::reply::Tagged;
use crate::storage::Engine;

/// Lists the lines of an account's statement, newest first, each with the balance after it.
///
/// # Errors
/// [`AccountError`], as a problem.
#[get(path = "/v1/ledgers/{ledger}/accounts/{address}/entries")]
pub async fn list_entries(
    _granted: Granted<LedgerRead>,
    request: Read<(AccountPath, ListEntriesQuery)>,
    engine: &Engine,
) -> Result<Tagged<Page<StatementLineView>>, AccountError> {
    let Read((path, query)) = request;
    let AccountPath { ledger, address } = path;
    let ListEntriesQuery { asset, time, until, clock, page } = query;
    NotYet::check(until, engine.now())?;
    let query = StatementQuery {
        account: address.clone(),
        asset,
        time,
        clock,
        order: Order::Descending,
        after: page.after,
        limit: page.limit,
    };
    let found = match engine.store().statement(&ledger, &query).await? {
        Some(found) => found,
        // It never moved, and may be there all the same.
        None => match engine.store().account(&ledger, &address).await? {
            Some(_) => Found { items: Vec::new(), next: None },
            None => return Err(AccountError::NotFound),
        },
    };
    Ok(Tagged(page.page(found.items.into_iter().map(StatementLineView::from), found.next.as_ref())))
}
