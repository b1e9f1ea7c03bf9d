//! `POST /v1/ledgers/{ledger}/holds/{id}/captures`.

use engine::Submission;
use pavex::post;

use super::{CaptureHoldRequest, HoldError, HoldPath};
use crate::http::input::Write;
use crate::http::principal::{Granted, LedgerWrite};
use crate::http::reply::Created;
use crate::http::views::TransactionView;
use crate::storage::Engine;

/// Moves money that is reserved, in whole or in part. Answers once it is durable.
///
/// # Errors
/// [`HoldError`], as a problem.
#[post(path = "/v1/ledgers/{ledger}/holds/{id}/captures")]
pub async fn capture_hold(
    _granted: Granted<LedgerWrite>,
    request: Write<(HoldPath, CaptureHoldRequest)>,
    engine: &Engine,
) -> Result<Created<TransactionView>, HoldError> {
    let Write { key, input: (HoldPath { ledger, id }, body) } = request;
    let submission = Submission { dry_run: body.dry_run, ..Submission::new(body.of(id), key) };
    let submitted = engine.submit(&ledger, submission).await?;
    Ok(TransactionView::created(ledger, submitted))
}
