//! The operations of this feature, for the description of the API.

use super::{CreateLedgerRequest, LEDGER_EXISTS, LedgerView, ListLedgersQuery};
use crate::api::Operation;
use crate::http::failures::{IDEMPOTENCY_KEY_REUSED, LEDGER_NOT_FOUND, SERVICE_UNAVAILABLE};
use crate::http::input::{Read, Write};
use crate::http::pagination::Page;
use crate::http::path::{InLedger, NoPath};
use crate::http::principal::{AnyLedgerRead, LedgerRead, LedgersCreate};
use crate::http::query::NoQuery;
use crate::http::reply::{Created, Tagged};

const TAG: &str = "Ledgers";

/// Lists the operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::post("/v1/ledgers", "create_ledger")
            .right::<LedgersCreate>()
            .about(TAG, "Creates a ledger")
            .description(
                "Answered again to the same request, the ledger is shown as it was when it was created.",
            )
            .takes::<Write<(NoPath, CreateLedgerRequest)>>()
            .returns::<Created<LedgerView>>()
            .problems([&LEDGER_EXISTS, &IDEMPOTENCY_KEY_REUSED]),
        Operation::get("/v1/ledgers", "list_ledgers")
            .right::<AnyLedgerRead>()
            .about(TAG, "Lists the ledgers by name")
            .takes::<Read<(NoPath, ListLedgersQuery)>>()
            .returns::<Tagged<Page<LedgerView>>>()
            .problems([&SERVICE_UNAVAILABLE]),
        Operation::get("/v1/ledgers/{ledger}", "get_ledger")
            .right::<LedgerRead>()
            .about(TAG, "Shows a ledger")
            .takes::<Read<(InLedger, NoQuery)>>()
            .returns::<Tagged<LedgerView>>()
            .problems([&LEDGER_NOT_FOUND, &SERVICE_UNAVAILABLE]),
    ]
}
