//! Which keys are asked for.

use identity::KeyId;
use ledger::EntryNumber;
use schemars::JsonSchema;

use crate::http::fields::FieldErrors;
use crate::http::keys::KeyIdText;
use crate::http::pagination::{PageParameters, PageRequest};
use crate::http::path::{FromPath, PathReader};
use crate::http::query::{FromQuery, QueryReader};

/// `/v1/keys/{id}`
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
pub struct KeyPath {
    /// The key's id, which is the part of its text between the underscores.
    #[schemars(with = "KeyIdText")]
    pub id: KeyId,
}

impl FromPath for KeyPath {
    fn from_path(path: &PathReader<'_>, errors: &mut FieldErrors) -> Option<Self> {
        Some(Self { id: path.read("id", errors)? })
    }
}

/// Which keys to list.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
pub struct ListKeysQuery {
    /// Which page.
    #[schemars(flatten, with = "PageParameters")]
    pub page: PageRequest<EntryNumber>,
}

impl FromQuery for ListKeysQuery {
    fn from_query(query: &mut QueryReader<'_>, errors: &mut FieldErrors) -> Self {
        Self { page: PageRequest::take(query, errors) }
    }
}
