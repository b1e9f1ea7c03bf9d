//! `POST /v1/ledgers/{ledger}/transactions`.

use engine::{Outcome, Submission};
use pavex::post;

use super::{CreateTransactionRequest, TransactionError, TransactionView};
use crate::http::input::Write;
use crate::http::path::InLedger;
use crate::http::reply::Created;
use crate::storage::Engine;

/// Moves money: all postings in order, or nothing. Answers once it is durable.
///
/// # Errors
/// [`TransactionError`], as a problem.
#[post(path = "/v1/ledgers/{ledger}/transactions")]
pub async fn create_transaction(
    request: Write<(InLedger, CreateTransactionRequest)>,
    engine: &Engine,
) -> Result<Created<TransactionView>, TransactionError> {
    let Write { key, input: (InLedger { ledger }, body) } = request;
    let submission = Submission { dry_run: body.dry_run, command: body.into(), key };
    let submitted = engine.submit(&ledger, submission).await?;
    Ok(match submitted.outcome {
        Outcome::DryRun => Created::dry_run(TransactionView::dry_run(ledger, submitted.entry)),
        outcome @ (Outcome::Recorded | Outcome::Replayed) => {
            let location = format!("/v1/ledgers/{ledger}/transactions/{}", submitted.entry.number.0);
            Created::at(&location, TransactionView::recorded(ledger, submitted.entry))
                .replayed(outcome == Outcome::Replayed)
        }
    })
}
