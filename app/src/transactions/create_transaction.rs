//! `POST /v1/ledgers/{ledger}/transactions`.

use engine::Submission;
use pavex::post;

use super::{CreateTransactionRequest, TransactionError};
use crate::http::input::Write;
use crate::http::path::InLedger;
use crate::http::principal::{Granted, LedgerWrite};
use crate::http::reply::Created;
use crate::http::views::TransactionView;
use crate::storage::Engine;

/// Moves money: all postings in order, or nothing. Answers once it is durable.
///
/// # Errors
/// [`TransactionError`], as a problem.
#[post(path = "/v1/ledgers/{ledger}/transactions")]
pub async fn create_transaction(
    _granted: Granted<LedgerWrite>,
    request: Write<(InLedger, CreateTransactionRequest)>,
    engine: &Engine,
) -> Result<Created<TransactionView>, TransactionError> {
    let Write { key, input: (InLedger { ledger }, body) } = request;
    let submission = Submission { dry_run: body.dry_run, ..Submission::new(body.into(), key) };
    let submitted = engine.submit(&ledger, submission).await?;
    Ok(TransactionView::created(ledger, submitted))
}
