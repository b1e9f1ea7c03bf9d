//! `GET /v1/ledgers/{ledger}/holds`.

use engine::query::HoldQuery;
use pavex::get;

use super::{HoldError, ListHoldsQuery};
use crate::http::input::Read;
use crate::http::pagination::Page;
use crate::http::path::InLedger;
use crate::http::principal::{Granted, LedgerRead};
use crate::http::reply::Tagged;
use crate::http::views::HoldView;
use crate::storage::Engine;

/// Lists holds, newest first.
///
/// # Errors
/// [`HoldError`], as a problem.
#[get(path = "/v1/ledgers/{ledger}/holds")]
pub async fn list_holds(
    _granted: Granted<LedgerRead>,
    request: Read<(InLedger, ListHoldsQuery)>,
    engine: &Engine,
) -> Result<Tagged<Page<HoldView>>, HoldError> {
    let Read((InLedger { ledger }, ListHoldsQuery { state, account, page })) = request;
    let query = HoldQuery { state, account, after: page.after, limit: page.limit };
    let found = engine.store().holds(&ledger, &query).await?;
    let items = found.items.into_iter().map(|hold| HoldView::recorded(ledger.clone(), hold));
    Ok(Tagged(page.page(items, found.next.as_ref())))
}
