//! `GET /v1/ledgers/{ledger}/balances`.

use engine::query::BalanceQuery;
use ledger::Address;
use pavex::get;

use super::{BalanceError, BalanceGroupView, ListBalancesQuery};
use crate::http::as_of::NotYet;
use crate::http::input::Read;
use crate::http::pagination::Page;
use crate::http::path::InLedger;
use crate::http::principal::{Granted, LedgerRead};
use crate::http::reply::Tagged;
use crate::storage::Engine;

/// Lists sums of balances, grouped by the first segments of the accounts' addresses.
///
/// # Errors
/// [`BalanceError`], as a problem.
#[get(path = "/v1/ledgers/{ledger}/balances")]
pub async fn list_balances(
    _granted: Granted<LedgerRead>,
    request: Read<(InLedger, ListBalancesQuery)>,
    engine: &Engine,
) -> Result<Tagged<Page<BalanceGroupView>>, BalanceError> {
    let Read((InLedger { ledger }, ListBalancesQuery { prefix, depth, as_of, page })) = request;
    NotYet::check(as_of, engine.now())?;
    let query = BalanceQuery {
        prefix: prefix.map(|prefix| prefix.0),
        depth,
        as_of,
        after: page.after.as_ref().map(Address::to_string),
        limit: page.limit,
    };
    let found = engine.store().balances(&ledger, &query).await?;
    let next = found.next.as_deref().and_then(|group| Address::parse(group).ok());
    Ok(Tagged(page.page(found.items.into_iter().map(BalanceGroupView::from), next.as_ref())))
}
