//! `GET /v1/ledgers/{ledger}/transactions`.

use std::collections::HashMap;

use ledger::EntryNumber;
use pavex::get;

use super::{ListTransactionsQuery, TransactionError};
use crate::http::as_of::NotYet;
use crate::http::input::Read;
use crate::http::pagination::Page;
use crate::http::path::InLedger;
use crate::http::principal::{Granted, LedgerRead};
use crate::http::reply::Tagged;
use crate::http::views::TransactionView;
use crate::storage::Engine;

/// Lists transactions, newest first unless asked otherwise.
///
/// # Errors
/// [`TransactionError`], as a problem.
#[get(path = "/v1/ledgers/{ledger}/transactions")]
pub async fn list_transactions(
    _granted: Granted<LedgerRead>,
    request: Read<(InLedger, ListTransactionsQuery)>,
    engine: &Engine,
) -> Result<Tagged<Page<TransactionView>>, TransactionError> {
    let Read((InLedger { ledger }, query)) = request;
    NotYet::check(query.until, engine.now())?;
    let found = engine.store().transactions(&ledger, &query.to_engine()).await?;
    let numbers: Vec<EntryNumber> = found.items.iter().map(|entry| entry.number).collect();
    let mut reversed: HashMap<_, _> = engine.store().reversed(&ledger, &numbers).await?.into_iter().collect();
    let items = found.items.into_iter().map(|entry| {
        let reversed = reversed.remove(&entry.number);
        TransactionView::recorded(ledger.clone(), entry, reversed)
    });
    Ok(Tagged(query.page.page(items, found.next.as_ref())))
}
