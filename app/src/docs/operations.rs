//! The operations of this feature, for the description of the API.

use crate::api::Operation;
use crate::http::asset::AssetPath;
use crate::http::input::Read;
use crate::http::problem_types::ROUTE_NOT_FOUND;
use crate::http::query::NoQuery;

const HTML: &[&str] = &["text/html; charset=utf-8"];

/// Lists the operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/docs", "get_docs")
            .about("Operations", "Shows the API's description to people")
            .returns_media(HTML)
            .cached(),
        Operation::get("/docs/assets/{file}", "get_docs_asset")
            .about("Operations", "Serves a file that the documentation needs")
            .takes::<Read<(AssetPath, NoQuery)>>()
            .returns_media(&["image/svg+xml", "text/css; charset=utf-8", "text/javascript; charset=utf-8"])
            .cached()
            .problems([&ROUTE_NOT_FOUND]),
        Operation::get("/docs/errors", "get_docs_errors")
            .about("Operations", "Explains every error")
            .returns_media(HTML)
            .cached(),
    ]
}
