//! Changes of what is kept beside a transaction.

use ledger::{ChangeTransaction, Command, EntryNumber, MetadataPatch};
use schemars::JsonSchema;

use crate::http::fields::FieldErrors;
use crate::http::json::{FromJson, Slot, Value, refuse_unknown};
use crate::http::metadata::MetadataPatchInput;

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

impl ChangeTransactionRequest {
    /// Returns the command for a transaction.
    #[must_use]
    pub fn of(self, transaction: EntryNumber) -> Command {
        let Self { metadata } = self;
        Command::ChangeTransaction(ChangeTransaction { transaction, metadata })
    }
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
