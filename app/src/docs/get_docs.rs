//! `GET /docs`.

use std::sync::LazyLock;

use pavex::{Response, get};

use super::CONTENT_SECURITY_POLICY;
use crate::http::asset::Asset;

static PAGE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("text/html; charset=utf-8", include_str!("files/docs.html"))
        .content_security_policy(CONTENT_SECURITY_POLICY)
});

/// Answers with the page that shows the API's description.
#[get(path = "/docs")]
pub fn get_docs() -> Response {
    PAGE.reply()
}
