//! `GET /openapi.json`.

use std::sync::OnceLock;

use pavex::{Response, get};

use crate::api::{self, Api};
use crate::http::asset::Asset;

/// The description of the API, written out when somebody first asks for it.
#[derive(Debug)]
pub struct ApiDescription {
    api: Api,
    written: OnceLock<Asset>,
}

#[pavex::methods]
impl ApiDescription {
    /// Starts with nothing written.
    #[singleton]
    #[must_use]
    pub fn unwritten(api: Api) -> Self {
        Self { api, written: OnceLock::new() }
    }

    fn asset(&self) -> &Asset {
        self.written.get_or_init(|| Asset::new("application/json", api::document(&self.api).to_string()))
    }
}

/// Answers with the description of the API.
#[get(path = "/openapi.json")]
pub fn get_openapi(description: &ApiDescription) -> Response {
    description.asset().reply()
}
