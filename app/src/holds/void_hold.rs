//! `POST /v1/ledgers/{ledger}/holds/{id}/void`.

use engine::{Outcome, Submission};
use ledger::{Command, ReleaseCause, ReleaseHold};
use pavex::post;

use super::{HoldError, HoldPath};
use crate::http::input::{NoBody, Write};
use crate::http::principal::{Granted, LedgerWrite};
use crate::http::reply::Changed;
use crate::http::views::HoldView;
use crate::storage::Engine;

/// Lets go what is left of a hold. Answers once it is durable.
///
/// # Errors
/// [`HoldError`], as a problem.
#[post(path = "/v1/ledgers/{ledger}/holds/{id}/void")]
pub async fn void_hold(
    _granted: Granted<LedgerWrite>,
    request: Write<(HoldPath, NoBody)>,
    engine: &Engine,
) -> Result<Changed<HoldView>, HoldError> {
    let Write { key, input: (HoldPath { ledger, id }, NoBody {}) } = request;
    let command = Command::ReleaseHold(ReleaseHold { hold: id, cause: ReleaseCause::Voided });
    let submitted = engine.submit(&ledger, Submission::new(command, key)).await?;
    // It has ended, so that however late it is read, it stands as it does now.
    let hold = engine.store().hold(&ledger, id).await.map_err(HoldError::ReadBack)?;
    let hold = hold.ok_or(HoldError::NotFound)?;
    let replayed = submitted.outcome == Outcome::Replayed;
    Ok(Changed::new(HoldView::let_go(ledger, hold, submitted.entry), replayed))
}
