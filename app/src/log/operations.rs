//! The operations of this feature, for the description of the API.

use super::{ListLogQuery, LogEntryView};
use crate::api::Operation;
use crate::http::failures::{LEDGER_NOT_FOUND, SERVICE_UNAVAILABLE};
use crate::http::input::Read;
use crate::http::pagination::Page;
use crate::http::path::InLedger;
use crate::http::principal::LedgerRead;
use crate::http::reply::Tagged;

/// Lists the operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/v1/ledgers/{ledger}/log", "list_log")
            .right::<LedgerRead>()
            .about("Log", "Lists the entries of the log, oldest first")
            .description("Entries never change, so that `after` the last one seen is where to go on.")
            .takes::<Read<(InLedger, ListLogQuery)>>()
            .returns::<Tagged<Page<LogEntryView>>>()
            .problems([&LEDGER_NOT_FOUND, &SERVICE_UNAVAILABLE]),
    ]
}
