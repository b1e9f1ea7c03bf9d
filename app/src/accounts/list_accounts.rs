//! `GET /v1/ledgers/{ledger}/accounts`.

use engine::query::AccountQuery;
use pavex::get;

use super::{AccountError, AccountView, ListAccountsQuery};
use crate::http::as_of::NotYet;
use crate::http::input::Read;
use crate::http::pagination::Page;
use crate::http::path::InLedger;
use crate::http::principal::{Granted, LedgerRead};
use crate::http::reply::Tagged;
use crate::storage::Engine;

/// Lists accounts with their balances, by address.
///
/// # Errors
/// [`AccountError`], as a problem.
#[get(path = "/v1/ledgers/{ledger}/accounts")]
pub async fn list_accounts(
    _granted: Granted<LedgerRead>,
    request: Read<(InLedger, ListAccountsQuery)>,
    engine: &Engine,
) -> Result<Tagged<Page<AccountView>>, AccountError> {
    let Read((InLedger { ledger }, ListAccountsQuery { prefix, asset, metadata, as_of, page })) = request;
    NotYet::check(as_of, engine.now())?;
    let query = AccountQuery {
        prefix: prefix.map(|prefix| prefix.0),
        asset,
        metadata,
        as_of,
        after: page.after.clone(),
        limit: page.limit,
    };
    let found = engine.store().accounts(&ledger, &query).await?;
    Ok(Tagged(page.page(found.items.into_iter().map(AccountView::from), found.next.as_ref())))
}
