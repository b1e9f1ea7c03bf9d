//! `PATCH /v1/ledgers/{ledger}/accounts/{address}`.

use engine::{Outcome, Submission, balances_before};
use pavex::patch;

use super::{AccountError, AccountPath, AccountView, ChangeAccountRequest};
use crate::commands::let_through;
use crate::http::input::Write;
use crate::http::principal::{AccountsChange, Granted};
use crate::http::reply::Changed;
use crate::storage::Engine;

/// Changes what an account allows and what is kept beside it. Answers once it is durable.
///
/// # Errors
/// [`AccountError`], as a problem.
#[patch(path = "/v1/ledgers/{ledger}/accounts/{address}")]
pub async fn change_account(
    granted: Granted<AccountsChange>,
    request: Write<(AccountPath, ChangeAccountRequest)>,
    engine: &Engine,
) -> Result<Changed<AccountView>, AccountError> {
    let Write { key, input: (AccountPath { ledger, address }, body) } = request;
    let submission = Submission::new(body.of(address.clone()), key);
    let submission = let_through(granted.caller(), &ledger, submission)?;
    let submitted = engine.submit(&ledger, submission).await?;
    let balances = balances_before(engine.store(), &ledger, &address, &submitted.entry)
        .await
        .map_err(AccountError::ReadBack)?;
    let replayed = submitted.outcome == Outcome::Replayed;
    Ok(Changed::new(AccountView::changed(submitted.entry, balances), replayed))
}
