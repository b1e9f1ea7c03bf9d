//! What requests and replies about ledgers look like.

use engine::query::Ledger;
use ledger::{LedgerName, Metadata};
use schemars::JsonSchema;
use serde::Serialize;

use crate::http::fields::FieldErrors;
use crate::http::json::{FromJson, Slot, Value, refuse_unknown};
use crate::http::pagination::{PageParameters, PageRequest};
use crate::http::query::{FromQuery, QueryReader};
use crate::http::values::{LedgerNameText, MetadataValue, TimeText};

/// A ledger to create.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct CreateLedgerRequest {
    /// Its name, which no other ledger has.
    #[schemars(with = "LedgerNameText")]
    pub name: LedgerName,
    /// What to keep beside it.
    #[schemars(with = "Option<MetadataValue>")]
    pub metadata: Metadata,
}

impl FromJson for CreateLedgerRequest {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let (mut name, mut metadata) = (Slot::default(), Slot::default());
        value.members(errors, |member, value, errors| match member {
            "name" => name.read(value, errors),
            "metadata" => metadata.read_optional(value, errors),
            _ => refuse_unknown(value, &["name", "metadata"], errors),
        })?;
        let name = name.required(value, "name", errors);
        Some(Self { name: name?, metadata: metadata.optional().unwrap_or_default() })
    }
}

/// Which ledgers to list.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
pub struct ListLedgersQuery {
    /// Which page.
    #[schemars(flatten, with = "PageParameters")]
    pub page: PageRequest<LedgerName>,
}

impl FromQuery for ListLedgersQuery {
    fn from_query(query: &mut QueryReader<'_>, errors: &mut FieldErrors) -> Self {
        Self { page: PageRequest::take(query, errors) }
    }
}

/// A named, independent book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Ledger")]
pub struct LedgerView {
    /// Its name.
    pub name: LedgerNameText,
    /// When it was created.
    pub created_at: TimeText,
    /// How many entries its log has.
    pub entries: u64,
    /// What the caller keeps beside it.
    pub metadata: MetadataValue,
}

impl From<Ledger> for LedgerView {
    fn from(ledger: Ledger) -> Self {
        Self {
            name: LedgerNameText(ledger.name),
            created_at: TimeText(ledger.created_at),
            entries: ledger.entries.0,
            metadata: MetadataValue(ledger.metadata),
        }
    }
}
