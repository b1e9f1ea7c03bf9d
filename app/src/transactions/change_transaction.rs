//! `PATCH /v1/ledgers/{ledger}/transactions/{id}`.

use engine::{Outcome, Submission};
use pavex::patch;

use super::{ChangeTransactionRequest, TransactionError, TransactionPath};
use crate::http::input::Write;
use crate::http::principal::{Granted, LedgerWrite};
use crate::http::reply::Changed;
use crate::http::views::TransactionChangeView;
use crate::storage::Engine;

/// Changes what is kept beside a transaction. Answers once it is durable.
///
/// # Errors
/// [`TransactionError`], as a problem.
#[patch(path = "/v1/ledgers/{ledger}/transactions/{id}")]
pub async fn change_transaction(
    _granted: Granted<LedgerWrite>,
    request: Write<(TransactionPath, ChangeTransactionRequest)>,
    engine: &Engine,
) -> Result<Changed<TransactionChangeView>, TransactionError> {
    let Write { key, input: (TransactionPath { ledger, id }, body) } = request;
    let submission = Submission::new(body.of(id), key);
    let submitted = engine.submit(&ledger, submission).await?;
    let replayed = submitted.outcome == Outcome::Replayed;
    Ok(Changed::new(submitted.entry.into(), replayed))
}
