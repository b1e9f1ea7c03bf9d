//! `GET /v1/ledgers/{ledger}/schedules`.

use engine::schedules::ScheduleQuery;
use pavex::get;

use super::{ListSchedulesQuery, RequestError, ScheduleView};
use crate::http::input::Read;
use crate::http::pagination::Page;
use crate::http::path::InLedger;
use crate::http::principal::{Granted, LedgerRead};
use crate::http::reply::Tagged;
use crate::storage::Engine;

/// Lists schedules, newest first.
///
/// # Errors
/// [`RequestError`], as a problem.
#[get(path = "/v1/ledgers/{ledger}/schedules")]
pub async fn list_schedules(
    _granted: Granted<LedgerRead>,
    request: Read<(InLedger, ListSchedulesQuery)>,
    engine: &Engine,
) -> Result<Tagged<Page<ScheduleView>>, RequestError> {
    let Read((InLedger { ledger }, ListSchedulesQuery { state, page })) = request;
    let query = ScheduleQuery { state, after: page.after, limit: page.limit };
    let found = engine.store().scheduling().schedules(&ledger, &query).await?;
    let items = found.items.into_iter().map(|schedule| ScheduleView::of(ledger.clone(), schedule));
    Ok(Tagged(page.page(items, found.next.as_ref())))
}
