//! The operations of this feature, for the description of the API.

use super::ExportQuery;
use crate::api::Operation;
use crate::http::failures::{LEDGER_NOT_FOUND, SERVICE_UNAVAILABLE};
use crate::http::input::Read;
use crate::http::path::InLedger;
use crate::http::principal::LedgerRead;
use crate::http::stream::HTTP_VERSION_TOO_OLD;

/// Lists the operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/v1/ledgers/{ledger}/export", "export_ledger")
            .right::<LedgerRead>()
            .about("Log", "Sends the whole log as a file")
            .description(
                "The file ends where the log stood when the request came. It is sent while it is being read, however \
                 long that takes: a reply that is not complete (no last chunk in HTTP/1.1, a stream reset in HTTP/2) \
                 is not the whole file. `ndjson` has all that was recorded; `csv` has a row for each posting; the \
                 others are journals for the programs of their names. docs/exports.md says what is in each.",
            )
            .takes::<Read<(InLedger, ExportQuery)>>()
            .returns_media(&["application/x-ndjson", "text/csv; charset=utf-8", "text/plain; charset=utf-8"])
            .download()
            .problems([&LEDGER_NOT_FOUND, &HTTP_VERSION_TOO_OLD, &SERVICE_UNAVAILABLE]),
    ]
}
