//! The operations of this feature, for the description of the API.

use super::{BalanceGroupView, ListBalancesQuery};
use crate::api::Operation;
use crate::http::failures::{AS_OF_TOO_MUCH, LEDGER_NOT_FOUND, SERVICE_UNAVAILABLE};
use crate::http::input::Read;
use crate::http::pagination::Page;
use crate::http::path::InLedger;
use crate::http::principal::LedgerRead;
use crate::http::reply::Tagged;

/// Lists the operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/v1/ledgers/{ledger}/balances", "list_balances")
            .right::<LedgerRead>()
            .about("Balances", "Sums balances over groups of accounts")
            .description(
                "Accounts whose addresses share their first `depth` segments make a group, whose balances are \
                 summed per asset. As of a moment, groups of which nothing had moved by then are left out.",
            )
            .takes::<Read<(InLedger, ListBalancesQuery)>>()
            .returns::<Tagged<Page<BalanceGroupView>>>()
            .problems([&LEDGER_NOT_FOUND, &AS_OF_TOO_MUCH, &SERVICE_UNAVAILABLE]),
    ]
}
