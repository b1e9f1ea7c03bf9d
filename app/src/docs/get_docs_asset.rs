//! `GET /docs/assets/{file}`.

use pavex::{Response, get};

use super::swagger_ui;
use crate::http::asset::{Asset, AssetPath, NoSuchFile};
use crate::http::input::Read;
use crate::http::query::NoQuery;

/// Answers with a file that the pages need.
///
/// # Errors
/// [`NoSuchFile`], as a problem.
#[get(path = "/docs/assets/{file}")]
pub fn get_docs_asset(request: Read<(AssetPath, NoQuery)>) -> Result<Response, NoSuchFile> {
    let Read((AssetPath { file }, NoQuery {})) = request;
    let file = match file.0.as_str() {
        "docs.css" => Asset::new("text/css; charset=utf-8", include_str!("files/docs.css")),
        "docs.js" => Asset::new("text/javascript; charset=utf-8", include_str!("files/docs.js")),
        "icon.svg" => Asset::new("image/svg+xml", include_str!("files/icon.svg")),
        other => swagger_ui::file(other).ok_or(NoSuchFile)?,
    };
    Ok(file.reply())
}
