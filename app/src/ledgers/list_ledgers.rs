//! `GET /v1/ledgers`.

use std::collections::BTreeSet;

use engine::port::ReadError;
use engine::query::{Ledger, Page as Found};
use identity::{LedgerSet, Scope};
use ledger::LedgerName;
use pavex::get;

use super::{LedgerError, LedgerView, ListLedgersQuery};
use crate::http::input::Read;
use crate::http::pagination::{Page, PageRequest};
use crate::http::path::NoPath;
use crate::http::principal::{AnyLedgerRead, Granted};
use crate::http::reply::Tagged;
use crate::storage::Engine;

/// Lists the ledgers that the caller may read, by name.
///
/// # Errors
/// [`LedgerError`], as a problem.
#[get(path = "/v1/ledgers")]
pub async fn list_ledgers(
    granted: Granted<AnyLedgerRead>,
    request: Read<(NoPath, ListLedgersQuery)>,
    engine: &Engine,
) -> Result<Tagged<Page<LedgerView>>, LedgerError> {
    let Read((NoPath {}, ListLedgersQuery { page })) = request;
    let found = match granted.principal().grants().ledgers_for(Scope::LedgerRead) {
        LedgerSet::All => engine.store().ledgers(page.after.as_ref(), page.limit).await?,
        LedgerSet::Some(names) => those_of(engine, &names, &page).await?,
    };
    Ok(Tagged(page.page(found.items.into_iter().map(LedgerView::from), found.next.as_ref())))
}

/// Returns a page of those of the ledgers that are there. Grants name so few that each can be asked for.
async fn those_of(
    engine: &Engine,
    names: &BTreeSet<LedgerName>,
    page: &PageRequest<LedgerName>,
) -> Result<Found<Ledger, LedgerName>, ReadError> {
    let mut items = Vec::new();
    for name in names.iter().filter(|name| page.after.as_ref().is_none_or(|after| *name > after)) {
        match engine.store().ledger(name).await {
            Ok(_one_more) if items.len() == page.limit => {
                let next = items.last().map(|last: &Ledger| last.name.clone());
                return Ok(Found { items, next });
            }
            Ok(ledger) => items.push(ledger),
            Err(ReadError::LedgerNotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Found { items, next: None })
}
