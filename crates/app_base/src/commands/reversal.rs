//! What requests to reverse a transaction look like.

use ledger::{Command, EntryNumber, Metadata, Postings, Quantity, Reference, ReverseTransaction, Timestamp};
use schemars::JsonSchema;

use crate::http::fields::FieldErrors;
use crate::http::json::{FromJson, Slot, Value, refuse_unknown};
use crate::http::postings::PostingRequest;
use crate::http::values::{MetadataValue, ReferenceText, TimeText};

/// What to move back of a transaction.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(deny_unknown_fields, extend("examples" = [{
    "postings": [{ "source": "shops:7", "destination": "users:42:wallet", "asset": "USD/2", "amount": "300" }],
    "metadata": { "reason": "returned" },
}]))]
pub struct ReverseTransactionRequest {
    /// What to move back, in order, as it moves: from the destination of one of the transaction's postings to its
    /// source. All that is left of the transaction, its last posting first, where left out. Of several postings alike,
    /// the first that have something left are reversed. `up_to` and `all` go as far as what is left, and as the
    /// source's limit allows.
    #[schemars(with = "Option<Vec<PostingRequest>>", length(min = 1, max = 1000))]
    pub postings: Option<Postings<Quantity>>,
    /// The caller's own name for the reversal, which no other hold or transaction of the ledger has.
    #[schemars(with = "Option<ReferenceText>")]
    pub reference: Option<Reference>,
    /// When the reversal counts; when it is recorded, where left out.
    #[schemars(with = "Option<TimeText>")]
    pub effective_at: Option<Timestamp>,
    /// What to keep beside the reversal.
    #[schemars(with = "Option<MetadataValue>")]
    pub metadata: Metadata,
    /// Whether it may take accounts under their floors; false, where left out. It is recorded, as `forced`. Frozen and
    /// closed accounts take no part all the same.
    #[schemars(with = "Option<bool>")]
    pub force: bool,
    /// Whether only to say what would happen: nothing is written, and the idempotency key is not used up.
    #[schemars(with = "Option<bool>")]
    pub dry_run: bool,
}

impl FromJson for ReverseTransactionRequest {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let (mut postings, mut reference, mut effective_at) =
            (Slot::default(), Slot::default(), Slot::default());
        let (mut metadata, mut force, mut dry_run) = (Slot::default(), Slot::default(), Slot::default());
        value.members(errors, |member, value, errors| match member {
            "postings" => postings.read_optional(value, errors),
            "reference" => reference.read_optional(value, errors),
            "effective_at" => effective_at.read_optional(value, errors),
            "metadata" => metadata.read_optional(value, errors),
            "force" => force.read_optional(value, errors),
            "dry_run" => dry_run.read_optional(value, errors),
            _ => {
                let known = ["postings", "reference", "effective_at", "metadata", "force", "dry_run"];
                refuse_unknown(value, &known, errors);
            }
        })?;
        Some(Self {
            postings: postings.optional(),
            reference: reference.optional(),
            effective_at: effective_at.optional(),
            metadata: metadata.optional().unwrap_or_default(),
            force: force.optional().unwrap_or_default(),
            dry_run: dry_run.optional().unwrap_or_default(),
        })
    }
}

impl ReverseTransactionRequest {
    /// Returns the command that reverses a transaction like this.
    #[must_use]
    pub fn of(self, transaction: EntryNumber) -> Command {
        let Self { postings, reference, effective_at, metadata, force: forced, dry_run: _ } = self;
        let reversal =
            ReverseTransaction { transaction, postings, forced, reference, effective_at, metadata };
        Command::ReverseTransaction(reversal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::json::read_body;

    fn read(body: &str) -> Result<ReverseTransactionRequest, Vec<String>> {
        let mut errors = FieldErrors::default();
        match read_body(body.as_bytes(), &mut errors) {
            Some(request) if errors.is_empty() => Ok(request),
            _ => Err(errors.as_slice().iter().map(|error| error.field.clone()).collect()),
        }
    }

    #[test]
    fn without_members_all_that_is_left_is_reversed() {
        let Command::ReverseTransaction(command) = read("{}").unwrap().of(EntryNumber(7)) else {
            panic!("it reverses")
        };
        assert_eq!((command.transaction, command.postings, command.forced), (EntryNumber(7), None, false));
    }

    #[test]
    fn a_full_request_becomes_the_command_that_it_says() {
        let request = read(
            r#"{"postings": [{"source": "a", "destination": "b", "asset": "X", "amount": "all"}],
                "force": true, "reference": "r", "effective_at": "2026-01-31T12:00:00Z",
                "metadata": {"a": "1"}, "dry_run": true}"#,
        )
        .unwrap();
        assert!(request.dry_run);
        let Command::ReverseTransaction(command) = request.of(EntryNumber(7)) else { panic!("it reverses") };
        assert_eq!(command.postings.unwrap().as_slice().len(), 1);
        assert!(command.forced && command.effective_at.is_some());
        assert_eq!(command.reference.unwrap().as_str(), "r");
        assert_eq!(command.metadata.get("a"), Some("1"));
    }

    #[test]
    fn every_fault_is_named() {
        for (body, fields) in [
            (r#"{"postings": []}"#, &["postings"][..]),
            (r#"{"postings": [1], "force": "yes"}"#, &["postings[0]", "force"]),
            (r#"{"forced": true, "expect": []}"#, &["forced", "expect"]),
            (
                r#"{"reference": "", "effective_at": "now", "dry_run": 0}"#,
                &["reference", "effective_at", "dry_run"],
            ),
            ("[]", &["body"]),
        ] {
            assert_eq!(read(body).unwrap_err(), fields, "{body}");
        }
    }
}
