//! `GET /v1/ledgers/{ledger}/schedules/{id}/runs`.

use engine::schedules::RunQuery;
use pavex::get;

use super::{ListRunsQuery, RequestError, RunView, SchedulePath};
use crate::http::input::Read;
use crate::http::pagination::Page;
use crate::http::principal::{Granted, LedgerRead};
use crate::http::reply::Tagged;
use crate::storage::Engine;

/// Lists what came of a schedule's occurrences, the latest due first.
///
/// # Errors
/// [`RequestError`], as a problem.
#[get(path = "/v1/ledgers/{ledger}/schedules/{id}/runs")]
pub async fn list_runs(
    _granted: Granted<LedgerRead>,
    request: Read<(SchedulePath, ListRunsQuery)>,
    engine: &Engine,
) -> Result<Tagged<Page<RunView>>, RequestError> {
    let Read((SchedulePath { ledger, id }, ListRunsQuery { page })) = request;
    let query = RunQuery { schedule: id, after: page.after, limit: page.limit };
    let found = engine.store().scheduling().schedule_runs(&ledger, &query).await?;
    let found = found.ok_or(RequestError::NOT_FOUND)?;
    Ok(Tagged(page.page(found.items.into_iter().map(RunView::from), found.next.as_ref())))
}
