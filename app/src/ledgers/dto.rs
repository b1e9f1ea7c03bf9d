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
#[schemars(deny_unknown_fields, extend("examples" = [{ "name": "loyalty", "metadata": { "team": "growth" } }]))]
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::http::json::read_body;

    fn read(body: &str) -> Result<CreateLedgerRequest, Vec<String>> {
        let mut errors = FieldErrors::default();
        match read_body(body.as_bytes(), &mut errors) {
            Some(request) if errors.is_empty() => Ok(request),
            _ => Err(errors.as_slice().iter().map(|error| error.field.clone()).collect()),
        }
    }

    #[test]
    fn a_name_alone_makes_a_request() {
        assert_eq!(read(r#"{"name": "main"}"#).unwrap().name.as_str(), "main");
        let request = read(r#"{"metadata": {"a": "b"}, "name": "eu-1"}"#).unwrap();
        assert_eq!(request.metadata.get("a"), Some("b"));
    }

    #[test]
    fn every_fault_is_named() {
        for (body, fields) in [
            ("{}", &["name"][..]),
            (r#"{"name": "Main"}"#, &["name"]),
            (r#"{"name": null, "metadata": null}"#, &["name"]),
            (r#"{"name": "a", "name": "b"}"#, &["name"]),
            (r#"{"name": "", "metadata": {"": "x"}, "policy": {}}"#, &["name", "metadata.", "policy"]),
        ] {
            assert_eq!(read(body).unwrap_err(), fields, "{body}");
        }
    }

    #[test]
    fn a_ledger_is_shown_with_its_entries_counted() {
        let ledger = Ledger {
            name: LedgerName::parse("main").unwrap(),
            created_at: ledger::Timestamp::from_micros(0).unwrap(),
            entries: ledger::EntryNumber(3),
            metadata: Metadata::default(),
        };
        assert_eq!(
            serde_json::to_value(LedgerView::from(ledger)).unwrap(),
            json!({ "name": "main", "created_at": "1970-01-01T00:00:00.000000Z", "entries": 3, "metadata": {} })
        );
    }
}
