//! The operations of this feature, for the description of the API.

use crate::api::Operation;

/// Lists the operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/openapi.json", "get_openapi")
            .about("Operations", "Shows this description")
            .returns_media(&["application/json"])
            .cached(),
    ]
}
