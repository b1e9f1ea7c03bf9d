//! `GET /docs/assets/{file}`.

use pavex::request::RequestHead;
use pavex::telemetry::ServerRequestId;
use pavex::{Response, error_handler, get};
use schemars::JsonSchema;

use super::swagger_ui;
use crate::http::asset::Asset;
use crate::http::fields::FieldErrors;
use crate::http::input::Read;
use crate::http::path::{FromPath, PathReader};
use crate::http::problem::Problem;
use crate::http::problem_types::ROUTE_NOT_FOUND;
use crate::http::query::NoQuery;
use crate::http::text::{FromText, Message};

/// `/docs/assets/{file}`
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
pub struct AssetPath {
    /// The name of the file.
    #[schemars(with = "String")]
    pub file: FileName,
}

/// The name of a file, which need not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileName(String);

impl FromText for FileName {
    fn from_text(text: &str) -> Result<Self, Message> {
        Ok(Self(text.to_owned()))
    }
}

impl FromPath for AssetPath {
    fn from_path(path: &PathReader<'_>, errors: &mut FieldErrors) -> Option<Self> {
        Some(Self { file: path.read("file", errors)? })
    }
}

/// There is no such file.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("there is no such file")]
pub struct NoSuchFile;

/// Answers with a file that the pages need.
///
/// # Errors
/// [`NoSuchFile`], as a problem.
#[get(path = "/docs/assets/{file}")]
pub fn get_docs_asset(
    request: Read<(AssetPath, NoQuery)>,
    head: &RequestHead,
) -> Result<Response, NoSuchFile> {
    let Read((AssetPath { file }, NoQuery {})) = request;
    let file = match file.0.as_str() {
        "docs.css" => Asset::new("text/css; charset=utf-8", include_str!("files/docs.css")),
        "docs.js" => Asset::new("text/javascript; charset=utf-8", include_str!("files/docs.js")),
        "icon.svg" => Asset::new("image/svg+xml", include_str!("files/icon.svg")),
        other => swagger_ui::file(other).ok_or(NoSuchFile)?,
    };
    Ok(file.reply(&head.headers))
}

/// Replies to a request for a file that is not there.
#[error_handler]
#[must_use]
pub fn refuse_file(#[px(error_ref)] _error: &NoSuchFile, request_id: ServerRequestId) -> Response {
    Problem::of(&ROUTE_NOT_FOUND).into_response(request_id)
}
