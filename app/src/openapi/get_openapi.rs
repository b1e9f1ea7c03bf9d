//! `GET /openapi.json`.

use std::sync::OnceLock;

use pavex::request::RequestHead;
use pavex::{Response, get};

use crate::http::asset::Asset;

/// The description of the API, written out when somebody first asks for it.
#[derive(Debug, Default)]
pub struct ApiDescription(OnceLock<Asset>);

#[pavex::methods]
impl ApiDescription {
    /// Starts with nothing written.
    #[singleton]
    #[must_use]
    pub fn unwritten() -> Self {
        Self::default()
    }

    fn asset(&self) -> &Asset {
        self.0.get_or_init(|| {
            let document = super::document(&crate::operations());
            Asset::new("application/json", document.to_string())
        })
    }
}

/// Answers with the description of the API.
#[get(path = "/openapi.json")]
pub fn get_openapi(head: &RequestHead, description: &ApiDescription) -> Response {
    description.asset().reply(&head.headers)
}
