//! `GET /docs/errors`.

use std::sync::OnceLock;

use pavex::{Response, get};

use super::{CONTENT_SECURITY_POLICY, errors_page};
use crate::api::{Api, problem_types};
use crate::http::asset::Asset;

/// The page of errors, written out when somebody first asks for it.
#[derive(Debug)]
pub struct ErrorsPage {
    api: Api,
    written: OnceLock<Asset>,
}

#[pavex::methods]
impl ErrorsPage {
    /// Starts with nothing written.
    #[singleton]
    #[must_use]
    pub fn unwritten(api: Api) -> Self {
        Self { api, written: OnceLock::new() }
    }

    fn asset(&self) -> &Asset {
        self.written.get_or_init(|| {
            let page = errors_page::html(&problem_types(&self.api.operations()));
            Asset::new("text/html; charset=utf-8", page).content_security_policy(CONTENT_SECURITY_POLICY)
        })
    }
}

/// Answers with the page that explains every error.
#[get(path = "/docs/errors")]
pub fn get_docs_errors(page: &ErrorsPage) -> Response {
    page.asset().reply()
}
