//! `GET /verify-email`.

use std::sync::LazyLock;

use pavex::{Response, get};

use super::CONTENT_SECURITY_POLICY;
use crate::http::asset::Asset;

static PAGE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("text/html; charset=utf-8", include_str!("files/verify_email.html"))
        .content_security_policy(CONTENT_SECURITY_POLICY)
});

/// Answers with the page where a mailed link leads with which an address is verified. What the link holds after its `#` stays in the browser until the
/// page sends it.
#[get(path = "/verify-email")]
pub fn get_verify_email() -> Response {
    PAGE.reply()
}
