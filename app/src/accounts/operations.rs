//! The operations of this feature, for the description of the API.

use super::{
    ACCOUNT_NOT_FOUND, AccountPath, AccountView, ListAccountsQuery, ListEntriesQuery, StatementLineView,
};
use crate::http::failures::{LEDGER_NOT_FOUND, SERVICE_UNAVAILABLE};
use crate::http::input::Read;
use crate::http::pagination::Page;
use crate::http::path::InLedger;
use crate::http::query::NoQuery;
use crate::http::reply::Reply;
use crate::openapi::Operation;

const TAG: &str = "Accounts";

/// Lists the operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/v1/ledgers/{ledger}/accounts", "list_accounts")
            .about(TAG, "Lists accounts by address")
            .takes::<Read<(InLedger, ListAccountsQuery)>>()
            .returns::<Reply<Page<AccountView>>>()
            .problems([&LEDGER_NOT_FOUND, &SERVICE_UNAVAILABLE]),
        Operation::get("/v1/ledgers/{ledger}/accounts/{address}", "get_account")
            .about(TAG, "Shows an account with its balances")
            .takes::<Read<(AccountPath, NoQuery)>>()
            .returns::<Reply<AccountView>>()
            .problems([&LEDGER_NOT_FOUND, &ACCOUNT_NOT_FOUND, &SERVICE_UNAVAILABLE]),
        Operation::get("/v1/ledgers/{ledger}/accounts/{address}/entries", "list_entries")
            .about(TAG, "Lists an account's statement, newest first")
            .description(
                "Each line is the account's side of one posting, with the balance after it in the order of the \
                 log, whatever the `clock`.",
            )
            .takes::<Read<(AccountPath, ListEntriesQuery)>>()
            .returns::<Reply<Page<StatementLineView>>>()
            .problems([&LEDGER_NOT_FOUND, &ACCOUNT_NOT_FOUND, &SERVICE_UNAVAILABLE]),
    ]
}
