//! `GET /v1/ledgers/{ledger}/transactions/{id}`.

use pavex::get;

use super::{TransactionError, TransactionPath};
use crate::http::input::Read;
use crate::http::principal::{Granted, LedgerRead};
use crate::http::query::NoQuery;
use crate::http::reply::Tagged;
use crate::http::views::TransactionView;
use crate::storage::Engine;

/// Shows one transaction, with what is kept beside it now.
///
/// # Errors
/// [`TransactionError`], as a problem.
#[get(path = "/v1/ledgers/{ledger}/transactions/{id}")]
pub async fn get_transaction(
    _granted: Granted<LedgerRead>,
    request: Read<(TransactionPath, NoQuery)>,
    engine: &Engine,
) -> Result<Tagged<TransactionView>, TransactionError> {
    let Read((TransactionPath { ledger, id }, NoQuery {})) = request;
    let entry = engine.store().transaction(&ledger, id).await?.ok_or(TransactionError::NotFound)?;
    let reversed = engine.store().reversed(&ledger, &[id]).await?.pop().map(|(_, reversed)| reversed);
    Ok(Tagged(TransactionView::recorded(ledger, entry, reversed)))
}
