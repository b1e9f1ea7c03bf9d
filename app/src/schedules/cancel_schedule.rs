//! `POST /v1/ledgers/{ledger}/schedules/{id}/cancel`.

use engine::schedules::ScheduleChange;
use identity::Action;
use pavex::post;

use super::{RequestError, SchedulePath, ScheduleView};
use crate::http::input::{NoBody, Write};
use crate::http::principal::{Granted, LedgerWrite};
use crate::http::reply::Changed;
use crate::storage::Engine;

/// Cancels a schedule. It never runs again.
///
/// # Errors
/// [`RequestError`], as a problem.
#[post(path = "/v1/ledgers/{ledger}/schedules/{id}/cancel")]
pub async fn cancel_schedule(
    granted: Granted<LedgerWrite>,
    request: Write<(SchedulePath, NoBody)>,
    engine: &Engine,
) -> Result<Changed<ScheduleView>, RequestError> {
    let Write { key, input: (SchedulePath { ledger, id }, NoBody {}) } = request;
    let changed = engine.change_schedule(&ledger, id, ScheduleChange::Cancel, key).await?;
    if !changed.replayed {
        granted.caller().record(Action::ScheduleCancelled, format!("{ledger} {}", id.0)).await;
    }
    Ok(Changed::new(ScheduleView::of(ledger, changed.schedule), changed.replayed))
}
