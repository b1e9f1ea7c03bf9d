//! `GET /v1/ledgers/{ledger}`.

use pavex::get;

use super::{LedgerError, LedgerView};
use crate::http::input::Read;
use crate::http::path::InLedger;
use crate::http::principal::{Granted, LedgerRead};
use crate::http::query::NoQuery;
use crate::http::reply::Tagged;
use crate::storage::Engine;

/// Shows one ledger.
///
/// # Errors
/// [`LedgerError`], as a problem.
#[get(path = "/v1/ledgers/{ledger}")]
pub async fn get_ledger(
    _granted: Granted<LedgerRead>,
    request: Read<(InLedger, NoQuery)>,
    engine: &Engine,
) -> Result<Tagged<LedgerView>, LedgerError> {
    let Read((InLedger { ledger }, NoQuery {})) = request;
    let ledger = engine.store().ledger(&ledger).await?;
    Ok(Tagged(ledger.into()))
}
