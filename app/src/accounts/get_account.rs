//! `GET /v1/ledgers/{ledger}/accounts/{address}`.

use std::sync::Arc;

use pavex::get;

use super::{AccountError, AccountPath, AccountView, GetAccountQuery};
use crate::http::as_of::NotYet;
use crate::http::input::Read;
use crate::http::principal::{Granted, LedgerRead};
use crate::http::reply::Tagged;
use crate::storage::Engine;

/// Shows one account with its balances, as it is or as it was.
///
/// # Errors
/// [`AccountError`], as a problem.
#[get(path = "/v1/ledgers/{ledger}/accounts/{address}")]
pub async fn get_account(
    _granted: Granted<LedgerRead>,
    request: Read<(AccountPath, GetAccountQuery)>,
    engine: &Engine,
) -> Result<Tagged<AccountView>, AccountError> {
    let Read((AccountPath { ledger, address }, GetAccountQuery { as_of })) = request;
    NotYet::check(as_of, engine.now())?;
    let account = match as_of {
        None => engine.account(&ledger, &address).await?.map(Arc::unwrap_or_clone),
        Some(as_of) => engine.store().account_as_of(&ledger, &address, as_of).await?,
    };
    Ok(Tagged(account.ok_or(AccountError::NotFound)?.into()))
}
