//! `PATCH /v1/ledgers/{ledger}/transactions/{id}`.

use engine::{Outcome, Submission};
use ledger::{ChangeTransaction, Command, Entry, EntryBody, MetadataPatch};
use pavex::patch;
use schemars::JsonSchema;
use serde::Serialize;

use super::{TransactionError, TransactionPath};
use crate::http::fields::FieldErrors;
use crate::http::input::Write;
use crate::http::json::{FromJson, Slot, Value, refuse_unknown};
use crate::http::metadata::MetadataPatchInput;
use crate::http::reply::Changed;
use crate::http::values::{EntryNumberValue, MetadataValue, TimeText};
use crate::storage::Engine;

/// A change of what is kept beside a transaction. Keys that are not given stay as they are.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(deny_unknown_fields, extend("examples" = [{ "metadata": { "invoice": "77", "note": null } }]))]
pub struct ChangeTransactionRequest {
    /// What to keep beside it from now on.
    #[schemars(with = "MetadataPatchInput")]
    pub metadata: MetadataPatch,
}

impl FromJson for ChangeTransactionRequest {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let mut metadata = Slot::default();
        value.members(errors, |member, value, errors| match member {
            "metadata" => metadata.read(value, errors),
            _ => refuse_unknown(value, &["metadata"], errors),
        })?;
        Some(Self { metadata: metadata.required(value, "metadata", errors)? })
    }
}

/// A change of a transaction, as recorded: all that it left beside what moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "TransactionChange")]
pub struct TransactionChangeView {
    /// The number of its entry.
    pub entry: EntryNumberValue,
    /// When it was written.
    pub recorded_at: TimeText,
    /// The id of the transaction.
    pub transaction: EntryNumberValue,
    /// What the caller kept beside it from then on.
    pub metadata: MetadataValue,
}

impl From<Entry> for TransactionChangeView {
    /// # Panics
    /// When the entry changes no transaction.
    fn from(entry: Entry) -> Self {
        let EntryBody::TransactionChange(change) = entry.body else {
            panic!("entry {} changes no transaction", entry.number.0)
        };
        Self {
            entry: EntryNumberValue(entry.number),
            recorded_at: TimeText(entry.recorded_at),
            transaction: EntryNumberValue(change.transaction),
            metadata: MetadataValue(change.metadata),
        }
    }
}

/// Changes what is kept beside a transaction. Answers once it is durable.
///
/// # Errors
/// [`TransactionError`], as a problem.
#[patch(path = "/v1/ledgers/{ledger}/transactions/{id}")]
pub async fn change_transaction(
    request: Write<(TransactionPath, ChangeTransactionRequest)>,
    engine: &Engine,
) -> Result<Changed<TransactionChangeView>, TransactionError> {
    let Write { key, input: (TransactionPath { ledger, id }, body) } = request;
    let ChangeTransactionRequest { metadata } = body;
    let command = Command::ChangeTransaction(ChangeTransaction { transaction: id, metadata });
    let submitted = engine.submit(&ledger, Submission { command, key, dry_run: false }).await?;
    let replayed = submitted.outcome == Outcome::Replayed;
    Ok(Changed::new(submitted.entry.into(), replayed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::json::read_body;

    fn read(body: &str) -> Result<ChangeTransactionRequest, Vec<String>> {
        let mut errors = FieldErrors::default();
        match read_body(body.as_bytes(), &mut errors) {
            Some(request) if errors.is_empty() => Ok(request),
            _ => Err(errors.as_slice().iter().map(|error| error.field.clone()).collect()),
        }
    }

    #[test]
    fn metadata_is_set_and_removed() {
        assert_eq!(read(r#"{"metadata": {"a": "1", "b": null}}"#).unwrap().metadata.as_map().len(), 2);
        assert!(read(r#"{"metadata": {}}"#).unwrap().metadata.as_map().is_empty());
    }

    #[test]
    fn every_fault_is_named() {
        for (body, fields) in [
            ("{}", &["metadata"][..]),
            (r#"{"metadata": null}"#, &["metadata"]),
            (r#"{"metadata": {"a": 1}}"#, &["metadata.a"]),
            (r#"{"reference": "x", "metadata": {}}"#, &["reference"]),
            ("[]", &["body"]),
        ] {
            assert_eq!(read(body).unwrap_err(), fields, "{body}");
        }
    }
}
