//! `GET /v1/ledgers/{ledger}/schedules/{id}`.

use pavex::get;

use super::{RequestError, SchedulePath, ScheduleView};
use crate::http::input::Read;
use crate::http::principal::{Granted, LedgerRead};
use crate::http::query::NoQuery;
use crate::http::reply::Tagged;
use crate::storage::Engine;

/// Shows one schedule.
///
/// # Errors
/// [`RequestError`], as a problem.
#[get(path = "/v1/ledgers/{ledger}/schedules/{id}")]
pub async fn get_schedule(
    _granted: Granted<LedgerRead>,
    request: Read<(SchedulePath, NoQuery)>,
    engine: &Engine,
) -> Result<Tagged<ScheduleView>, RequestError> {
    let Read((SchedulePath { ledger, id }, NoQuery {})) = request;
    let schedule = engine.store().scheduling().schedule(&ledger, id).await?;
    Ok(Tagged(ScheduleView::of(ledger, schedule.ok_or(RequestError::NOT_FOUND)?)))
}
