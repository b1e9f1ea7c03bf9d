//! `GET /v1/ledgers/{ledger}/accounts/{address}`.

use pavex::get;

use super::{AccountError, AccountPath, AccountView};
use crate::http::input::Read;
use crate::http::query::NoQuery;
use crate::http::reply::Reply;
use crate::storage::Engine;

/// Shows one account with its balances.
///
/// # Errors
/// [`AccountError`], as a problem.
#[get(path = "/v1/ledgers/{ledger}/accounts/{address}")]
pub async fn get_account(
    request: Read<(AccountPath, NoQuery)>,
    engine: &Engine,
) -> Result<Reply<AccountView>, AccountError> {
    let Read((AccountPath { ledger, address }, NoQuery {})) = request;
    let account = engine.store().account(&ledger, &address).await?.ok_or(AccountError::NotFound)?;
    Ok(Reply(account.into()))
}
