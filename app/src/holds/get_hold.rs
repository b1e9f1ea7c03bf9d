//! `GET /v1/ledgers/{ledger}/holds/{id}`.

use pavex::get;

use super::{HoldError, HoldPath};
use crate::http::input::Read;
use crate::http::principal::{Granted, LedgerRead};
use crate::http::query::NoQuery;
use crate::http::reply::Tagged;
use crate::http::views::HoldView;
use crate::storage::Engine;

/// Shows one hold as it stands.
///
/// # Errors
/// [`HoldError`], as a problem.
#[get(path = "/v1/ledgers/{ledger}/holds/{id}")]
pub async fn get_hold(
    _granted: Granted<LedgerRead>,
    request: Read<(HoldPath, NoQuery)>,
    engine: &Engine,
) -> Result<Tagged<HoldView>, HoldError> {
    let Read((HoldPath { ledger, id }, NoQuery {})) = request;
    let hold = engine.store().hold(&ledger, id).await?.ok_or(HoldError::NotFound)?;
    Ok(Tagged(HoldView::recorded(ledger, hold)))
}
