//! `GET /set-password`.

use std::sync::LazyLock;

use pavex::{Response, get};

use super::CONTENT_SECURITY_POLICY;
use crate::http::asset::Asset;

static PAGE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("text/html; charset=utf-8", include_str!("files/set_password.html"))
        .content_security_policy(CONTENT_SECURITY_POLICY)
});

/// Answers with the page where a mailed link leads with which a password is set. What the link holds after its `#` stays in the browser until the
/// page sends it.
#[get(path = "/set-password")]
pub fn get_set_password() -> Response {
    PAGE.reply()
}
