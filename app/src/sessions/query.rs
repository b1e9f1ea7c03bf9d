//! Which sessions are asked for.

use identity::SessionId;
use ledger::EntryNumber;
use schemars::JsonSchema;

use crate::http::fields::FieldErrors;
use crate::http::pagination::{PageParameters, PageRequest};
use crate::http::path::{FromPath, PathReader};
use crate::http::query::{FromQuery, QueryReader};
use crate::http::sessions::SessionIdText;

/// `/v1/sessions/{id}`
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
pub struct SessionPath {
    /// The session's id.
    #[schemars(with = "SessionIdText")]
    pub id: SessionId,
}

impl FromPath for SessionPath {
    fn from_path(path: &PathReader<'_>, errors: &mut FieldErrors) -> Option<Self> {
        Some(Self { id: path.read("id", errors)? })
    }
}

/// Which sessions to list.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
pub struct ListSessionsQuery {
    /// Which page.
    #[schemars(flatten, with = "PageParameters")]
    pub page: PageRequest<EntryNumber>,
}

impl FromQuery for ListSessionsQuery {
    fn from_query(query: &mut QueryReader<'_>, errors: &mut FieldErrors) -> Self {
        Self { page: PageRequest::take(query, errors) }
    }
}
