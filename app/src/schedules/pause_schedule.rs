//! `POST /v1/ledgers/{ledger}/schedules/{id}/pause`.

use engine::schedules::ScheduleChange;
use identity::Action;
use pavex::post;

use super::{RequestError, SchedulePath, ScheduleView};
use crate::http::input::{NoBody, Write};
use crate::http::principal::{Granted, LedgerWrite};
use crate::http::reply::Changed;
use crate::storage::Engine;

/// Pauses a schedule. Nothing of it is run until it is resumed.
///
/// # Errors
/// [`RequestError`], as a problem.
#[post(path = "/v1/ledgers/{ledger}/schedules/{id}/pause")]
pub async fn pause_schedule(
    granted: Granted<LedgerWrite>,
    request: Write<(SchedulePath, NoBody)>,
    engine: &Engine,
) -> Result<Changed<ScheduleView>, RequestError> {
    let Write { key, input: (SchedulePath { ledger, id }, NoBody {}) } = request;
    let changed = engine.change_schedule(&ledger, id, ScheduleChange::Pause, key).await?;
    if !changed.replayed {
        granted.caller().record(Action::SchedulePaused, format!("{ledger} {}", id.0)).await;
    }
    Ok(Changed::new(ScheduleView::of(ledger, changed.schedule), changed.replayed))
}
