//! `POST /v1/ledgers/{ledger}/schedules`.

use identity::Action;
use pavex::post;

use super::{CreateScheduleRequest, RequestError, ScheduleView};
use crate::http::input::Write;
use crate::http::path::InLedger;
use crate::http::principal::{Granted, LedgerWrite};
use crate::http::reply::Created;
use crate::storage::Engine;

/// Creates a schedule. Answers once it is durable.
///
/// # Errors
/// [`RequestError`], as a problem.
#[post(path = "/v1/ledgers/{ledger}/schedules")]
pub async fn create_schedule(
    granted: Granted<LedgerWrite>,
    request: Write<(InLedger, CreateScheduleRequest)>,
    engine: &Engine,
) -> Result<Created<ScheduleView>, RequestError> {
    let Write { key, input: (InLedger { ledger }, body) } = request;
    let created = engine.create_schedule(&ledger, body.into(), key).await?;
    if !created.replayed {
        let subject = format!("{ledger} {}", created.schedule.id.0);
        granted.caller().record(Action::ScheduleCreated, subject).await;
    }
    let location = format!("/v1/ledgers/{ledger}/schedules/{}", created.schedule.id.0);
    Ok(Created::at(&location, ScheduleView::of(ledger, created.schedule)).replayed(created.replayed))
}
