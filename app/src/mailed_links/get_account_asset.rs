//! `GET /account/assets/{file}`.

use pavex::{Response, get};

use crate::http::asset::{Asset, AssetPath, NoSuchFile};
use crate::http::input::Read;
use crate::http::query::NoQuery;

/// Answers with a file that the pages behind mailed links need.
///
/// # Errors
/// [`NoSuchFile`], as a problem.
#[get(path = "/account/assets/{file}")]
pub fn get_account_asset(request: Read<(AssetPath, NoQuery)>) -> Result<Response, NoSuchFile> {
    let Read((AssetPath { file }, NoQuery {})) = request;
    let script = "text/javascript; charset=utf-8";
    let file = match file.0.as_str() {
        "account.css" => Asset::new("text/css; charset=utf-8", include_str!("files/account.css")),
        "account.js" => Asset::new(script, include_str!("files/account.js")),
        "set_password.js" => Asset::new(script, include_str!("files/set_password.js")),
        "verify_email.js" => Asset::new(script, include_str!("files/verify_email.js")),
        _ => return Err(NoSuchFile),
    };
    Ok(file.reply())
}
