//! What requests to capture a hold look like.

use ledger::{CaptureHold, Command, EntryNumber, Metadata, Postings, Quantity, Reference, Timestamp};
use schemars::JsonSchema;

use crate::http::fields::FieldErrors;
use crate::http::json::{FromJson, Slot, Value, refuse_unknown};
use crate::http::postings::PostingRequest;
use crate::http::values::{MetadataValue, ReferenceText, TimeText};

/// What to move of a hold.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(deny_unknown_fields, extend("examples" = [{
    "postings": [{ "source": "users:42:wallet", "destination": "shops:7", "asset": "USD/2", "amount": "800" }],
    "final": true,
}]))]
pub struct CaptureHoldRequest {
    /// What to move, in order; all that is left, where left out. Source, destination and asset say which of the hold's
    /// postings one is taken from: of several alike, the first that have something left. `up_to` and `all` go as far
    /// as what is left.
    #[schemars(with = "Option<Vec<PostingRequest>>", length(min = 1, max = 1000))]
    pub postings: Option<Postings<Quantity>>,
    /// Whether the hold ends with it, and what is left after it is let go; false, where left out. A hold of which
    /// nothing is left ends in any case.
    #[schemars(with = "Option<bool>", rename = "final")]
    pub is_final: bool,
    /// The caller's own name for the transaction, which no other hold or transaction of the ledger has.
    #[schemars(with = "Option<ReferenceText>")]
    pub reference: Option<Reference>,
    /// When the transaction counts; when it is recorded, where left out.
    #[schemars(with = "Option<TimeText>")]
    pub effective_at: Option<Timestamp>,
    /// What to keep beside the transaction.
    #[schemars(with = "Option<MetadataValue>")]
    pub metadata: Metadata,
    /// Whether only to say what would happen: nothing is written, and the idempotency key is not used up.
    #[schemars(with = "Option<bool>")]
    pub dry_run: bool,
}

impl FromJson for CaptureHoldRequest {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let (mut postings, mut is_final, mut reference) = (Slot::default(), Slot::default(), Slot::default());
        let (mut effective_at, mut metadata, mut dry_run) =
            (Slot::default(), Slot::default(), Slot::default());
        value.members(errors, |member, value, errors| match member {
            "postings" => postings.read_optional(value, errors),
            "final" => is_final.read_optional(value, errors),
            "reference" => reference.read_optional(value, errors),
            "effective_at" => effective_at.read_optional(value, errors),
            "metadata" => metadata.read_optional(value, errors),
            "dry_run" => dry_run.read_optional(value, errors),
            _ => {
                let known = ["postings", "final", "reference", "effective_at", "metadata", "dry_run"];
                refuse_unknown(value, &known, errors);
            }
        })?;
        Some(Self {
            postings: postings.optional(),
            is_final: is_final.optional().unwrap_or_default(),
            reference: reference.optional(),
            effective_at: effective_at.optional(),
            metadata: metadata.optional().unwrap_or_default(),
            dry_run: dry_run.optional().unwrap_or_default(),
        })
    }
}

impl CaptureHoldRequest {
    /// Returns the command that captures a hold like this.
    #[must_use]
    pub fn of(self, hold: EntryNumber) -> Command {
        let Self { postings, is_final, reference, effective_at, metadata, dry_run: _ } = self;
        Command::CaptureHold(CaptureHold { hold, postings, is_final, reference, effective_at, metadata })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::json::read_body;

    fn read(body: &str) -> Result<CaptureHoldRequest, Vec<String>> {
        let mut errors = FieldErrors::default();
        match read_body(body.as_bytes(), &mut errors) {
            Some(request) if errors.is_empty() => Ok(request),
            _ => Err(errors.as_slice().iter().map(|error| error.field.clone()).collect()),
        }
    }

    #[test]
    fn without_members_all_that_is_left_is_captured() {
        let request = read("{}").unwrap();
        let Command::CaptureHold(command) = request.of(EntryNumber(7)) else { panic!("it captures") };
        assert_eq!((command.hold, command.postings, command.is_final), (EntryNumber(7), None, false));
        assert_eq!((command.reference, command.effective_at), (None, None));
    }

    #[test]
    fn a_full_request_becomes_the_command_that_it_says() {
        let request = read(
            r#"{"postings": [{"source": "a", "destination": "b", "asset": "X", "amount": {"up_to": 5}}],
                "final": true, "reference": "r", "effective_at": "2026-01-31T12:00:00Z",
                "metadata": {"a": "1"}, "dry_run": true}"#,
        )
        .unwrap();
        assert!(request.dry_run);
        let Command::CaptureHold(command) = request.of(EntryNumber(7)) else { panic!("it captures") };
        assert_eq!(command.postings.unwrap().as_slice().len(), 1);
        assert!(command.is_final && command.effective_at.is_some());
        assert_eq!(command.reference.unwrap().as_str(), "r");
        assert_eq!(command.metadata.get("a"), Some("1"));
    }

    #[test]
    fn every_fault_is_named() {
        for (body, fields) in [
            (r#"{"postings": []}"#, &["postings"][..]),
            (r#"{"postings": [1], "final": "yes"}"#, &["postings[0]", "final"]),
            (r#"{"is_final": true, "expires_at": null}"#, &["is_final", "expires_at"]),
            (r#"{"reference": "", "effective_at": "now"}"#, &["reference", "effective_at"]),
            ("[]", &["body"]),
        ] {
            assert_eq!(read(body).unwrap_err(), fields, "{body}");
        }
    }
}
