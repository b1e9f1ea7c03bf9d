//! `GET /account/assets/{file}`.

use pavex::request::RequestHead;
use pavex::telemetry::ServerRequestId;
use pavex::{Response, error_handler, get};
use schemars::JsonSchema;

use crate::http::asset::Asset;
use crate::http::fields::FieldErrors;
use crate::http::input::Read;
use crate::http::path::{FromPath, PathReader};
use crate::http::problem::Problem;
use crate::http::problem_types::ROUTE_NOT_FOUND;
use crate::http::query::NoQuery;
use crate::http::text::{FromText, Message};

/// `/account/assets/{file}`
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
pub struct AccountAssetPath {
    /// The name of the file.
    #[schemars(with = "String")]
    pub file: AccountFileName,
}

/// The name of a file, which need not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountFileName(String);

impl FromText for AccountFileName {
    fn from_text(text: &str) -> Result<Self, Message> {
        Ok(Self(text.to_owned()))
    }
}

impl FromPath for AccountAssetPath {
    fn from_path(path: &PathReader<'_>, errors: &mut FieldErrors) -> Option<Self> {
        Some(Self { file: path.read("file", errors)? })
    }
}

/// There is no such file.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("there is no such file")]
pub struct NoSuchAccountFile;

/// Answers with a file that the pages behind mailed links need.
///
/// # Errors
/// [`NoSuchAccountFile`], as a problem.
#[get(path = "/account/assets/{file}")]
pub fn get_account_asset(
    request: Read<(AccountAssetPath, NoQuery)>,
    head: &RequestHead,
) -> Result<Response, NoSuchAccountFile> {
    let Read((AccountAssetPath { file }, NoQuery {})) = request;
    let script = "text/javascript; charset=utf-8";
    let file = match file.0.as_str() {
        "account.css" => Asset::new("text/css; charset=utf-8", include_str!("files/account.css")),
        "set_password.js" => Asset::new(script, include_str!("files/set_password.js")),
        "verify_email.js" => Asset::new(script, include_str!("files/verify_email.js")),
        _ => return Err(NoSuchAccountFile),
    };
    Ok(file.reply(&head.headers))
}

/// Replies to a request for a file that is not there.
#[error_handler]
#[must_use]
pub fn refuse_account_file(
    #[px(error_ref)] _error: &NoSuchAccountFile,
    request_id: ServerRequestId,
) -> Response {
    Problem::of(&ROUTE_NOT_FOUND).into_response(request_id)
}
