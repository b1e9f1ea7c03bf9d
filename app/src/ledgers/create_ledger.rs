//! `POST /v1/ledgers`.

use identity::Action;
use pavex::post;

use super::{CreateLedgerRequest, LedgerError, LedgerView};
use crate::http::input::Write;
use crate::http::path::NoPath;
use crate::http::principal::{Granted, LedgersCreate};
use crate::http::reply::Created;
use crate::storage::Engine;

/// Creates a ledger.
///
/// # Errors
/// [`LedgerError`], as a problem.
#[post(path = "/v1/ledgers")]
pub async fn create_ledger(
    granted: Granted<LedgersCreate>,
    request: Write<(NoPath, CreateLedgerRequest)>,
    engine: &Engine,
) -> Result<Created<LedgerView>, LedgerError> {
    let Write { key, input: (NoPath {}, CreateLedgerRequest { name, metadata }) } = request;
    let created = engine.create_ledger(name, metadata, key).await?;
    if !created.replayed {
        granted.caller().record(Action::LedgerCreated, created.ledger.name.to_string()).await;
    }
    let location = format!("/v1/ledgers/{}", created.ledger.name);
    Ok(Created::at(&location, created.ledger.into()).replayed(created.replayed))
}
