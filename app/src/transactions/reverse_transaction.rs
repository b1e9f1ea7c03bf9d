//! `POST /v1/ledgers/{ledger}/transactions/{id}/reversals`.

use engine::Submission;
use pavex::post;

use super::{ReverseTransactionRequest, TransactionError, TransactionPath};
use crate::commands::let_through;
use crate::http::input::Write;
use crate::http::principal::{Granted, LedgerWrite};
use crate::http::reply::Created;
use crate::http::views::TransactionView;
use crate::storage::Engine;

/// Moves back what a transaction moved, in whole or in part. Answers once it is durable.
///
/// # Errors
/// [`TransactionError`], as a problem.
#[post(path = "/v1/ledgers/{ledger}/transactions/{id}/reversals")]
pub async fn reverse_transaction(
    granted: Granted<LedgerWrite>,
    request: Write<(TransactionPath, ReverseTransactionRequest)>,
    engine: &Engine,
) -> Result<Created<TransactionView>, TransactionError> {
    let Write { key, input: (TransactionPath { ledger, id }, body) } = request;
    let submission = Submission { dry_run: body.dry_run, ..Submission::new(body.of(id), key) };
    let submission = let_through(granted.caller(), &ledger, submission)?;
    let submitted = engine.submit(&ledger, submission).await?;
    Ok(TransactionView::created(ledger, submitted))
}
