//! `POST /v1/ledgers/{ledger}/holds`.

use engine::Submission;
use pavex::post;

use super::{CreateHoldRequest, HoldError};
use crate::http::input::Write;
use crate::http::path::InLedger;
use crate::http::principal::{Granted, LedgerWrite};
use crate::http::reply::Created;
use crate::http::views::HoldView;
use crate::storage::Engine;

/// Reserves money: all postings in order, or nothing. Answers once it is durable.
///
/// # Errors
/// [`HoldError`], as a problem.
#[post(path = "/v1/ledgers/{ledger}/holds")]
pub async fn create_hold(
    _granted: Granted<LedgerWrite>,
    request: Write<(InLedger, CreateHoldRequest)>,
    engine: &Engine,
) -> Result<Created<HoldView>, HoldError> {
    let Write { key, input: (InLedger { ledger }, body) } = request;
    let submission = Submission { dry_run: body.dry_run, ..Submission::new(body.into(), key) };
    let submitted = engine.submit(&ledger, submission).await?;
    Ok(HoldView::created(ledger, submitted))
}
