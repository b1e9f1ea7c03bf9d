//! The operations of this feature, for the description of the API.

use super::{CreateWidgetRequest, WIDGET_NOT_FOUND, WidgetPath, WidgetView, WidgetsRead, WidgetsWrite};
use crate::http::failures::IDEMPOTENCY_KEY_REUSED;
use crate::http::input::{Read, Write};
use crate::http::path::InLedger;
use crate::http::query::NoQuery;
use crate::http::reply::{Created, Tagged};
use crate::api::Operation;

const TAG: &str = "Gadgets";

/// Lists the operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::post("/v1/ledgers/{ledger}/widgets", "create_widget")
            .right::<WidgetsWrite>()
            .about(TAG, "Creates a gadget")
            .description("Keys of requests about gadgets are of their own: the same may be used for another kind of request.")
            .takes::<Write<(InLedger, CreateWidgetRequest)>>()
            .returns::<Created<WidgetView>>()
            .problems([&IDEMPOTENCY_KEY_REUSED]),
        Operation::get("/v1/ledgers/{ledger}/widgets/{id}", "get_widget")
            .right::<WidgetsRead>()
            .about(TAG, "Shows a gadget")
            .takes::<Read<(WidgetPath, NoQuery)>>()
            .returns::<Tagged<WidgetView>>()
            .problems([&WIDGET_NOT_FOUND]),
    ]
}
