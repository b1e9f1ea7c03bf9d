//! `GET /v1/ledgers/{ledger}/transactions/{id}/changes`.

use engine::query::TransactionChangeQuery;
use pavex::get;

use super::{ListTransactionChangesQuery, TransactionError, TransactionPath};
use crate::http::input::Read;
use crate::http::pagination::Page;
use crate::http::principal::{Granted, LedgerRead};
use crate::http::reply::Tagged;
use crate::http::views::TransactionChangeView;
use crate::storage::Engine;

/// Lists the changes of a transaction, newest first, each with what was kept beside it afterwards.
///
/// # Errors
/// [`TransactionError`], as a problem.
#[get(path = "/v1/ledgers/{ledger}/transactions/{id}/changes")]
pub async fn list_transaction_changes(
    _granted: Granted<LedgerRead>,
    request: Read<(TransactionPath, ListTransactionChangesQuery)>,
    engine: &Engine,
) -> Result<Tagged<Page<TransactionChangeView>>, TransactionError> {
    let Read((TransactionPath { ledger, id }, ListTransactionChangesQuery { page })) = request;
    let query = TransactionChangeQuery { transaction: id, after: page.after, limit: page.limit };
    let found = engine.store().transaction_changes(&ledger, &query).await?;
    let found = found.ok_or(TransactionError::NotFound)?;
    Ok(Tagged(page.page(found.items.into_iter().map(TransactionChangeView::from), found.next.as_ref())))
}
