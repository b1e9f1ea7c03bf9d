//! `GET /v1/ledgers/{ledger}/log`.

use engine::query::{PAGE_WEIGHT_MAX, weight};
use ledger::EntryNumber;
use pavex::get;

use super::{ListLogQuery, LogEntryView, LogError};
use crate::http::input::Read;
use crate::http::pagination::Page;
use crate::http::path::InLedger;
use crate::http::principal::{Granted, LedgerRead};
use crate::http::reply::Tagged;
use crate::storage::Engine;

/// Lists the entries of the log in order.
///
/// # Errors
/// [`LogError`], as a problem.
#[get(path = "/v1/ledgers/{ledger}/log")]
pub async fn list_log(
    _granted: Granted<LedgerRead>,
    request: Read<(InLedger, ListLogQuery)>,
    engine: &Engine,
) -> Result<Tagged<Page<LogEntryView>>, LogError> {
    let Read((InLedger { ledger }, ListLogQuery { after, page })) = request;
    let from = match page.after.or(after) {
        None => EntryNumber(0),
        // No ledger has an entry after the last number that there is.
        Some(EntryNumber(last)) => EntryNumber(last.saturating_add(1)),
    };
    // One more than asked for tells whether the list goes on. So does a page that is full before that; the
    // next one may turn out empty.
    let mut found = engine.store().log(&ledger, from, page.limit + 1).await?;
    let more = found.len() > page.limit
        || found.iter().map(|record| weight(&record.entry)).sum::<usize>() >= PAGE_WEIGHT_MAX;
    found.truncate(page.limit);
    let next = if more { found.last().map(|record| record.entry.number) } else { None };
    Ok(Tagged(page.page(found.into_iter().map(LogEntryView::from), next.as_ref())))
}
