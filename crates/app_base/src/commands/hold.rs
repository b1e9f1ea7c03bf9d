//! What requests to create a hold look like.

use ledger::{Command, CreateHold, Metadata, Postings, Quantity, Reference, Timestamp};
use schemars::JsonSchema;

use crate::http::fields::FieldErrors;
use crate::http::json::{FromJson, Slot, Value, refuse_unknown};
use crate::http::postings::PostingRequest;
use crate::http::values::{MetadataValue, ReferenceText, TimeText};

/// Money to reserve: all postings in order, or nothing.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(deny_unknown_fields, extend("examples" = [{
    "postings": [{ "source": "users:42:wallet", "destination": "shops:7", "asset": "USD/2", "amount": "1250" }],
    "expires_at": "2026-02-07T12:00:00Z",
    "reference": "checkout-1001",
    "metadata": { "order": "1001" },
}]))]
pub struct CreateHoldRequest {
    /// What to reserve, in order.
    #[schemars(with = "Vec<PostingRequest>", length(min = 1, max = 1000))]
    pub postings: Postings<Quantity>,
    /// When what is left of it is let go by itself; never, where left out. It has to be later than now.
    #[schemars(with = "Option<TimeText>")]
    pub expires_at: Option<Timestamp>,
    /// The caller's own name for it, which no other hold or transaction of the ledger has.
    #[schemars(with = "Option<ReferenceText>")]
    pub reference: Option<Reference>,
    /// What to keep beside it.
    #[schemars(with = "Option<MetadataValue>")]
    pub metadata: Metadata,
    /// Whether only to say what would happen: nothing is written, and the idempotency key is not used up.
    #[schemars(with = "Option<bool>")]
    pub dry_run: bool,
}

impl FromJson for CreateHoldRequest {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let (mut postings, mut expires_at, mut reference) =
            (Slot::default(), Slot::default(), Slot::default());
        let (mut metadata, mut dry_run) = (Slot::default(), Slot::default());
        value.members(errors, |member, value, errors| match member {
            "postings" => postings.read(value, errors),
            "expires_at" => expires_at.read_optional(value, errors),
            "reference" => reference.read_optional(value, errors),
            "metadata" => metadata.read_optional(value, errors),
            "dry_run" => dry_run.read_optional(value, errors),
            _ => {
                let known = ["postings", "expires_at", "reference", "metadata", "dry_run"];
                refuse_unknown(value, &known, errors);
            }
        })?;
        let postings = postings.required(value, "postings", errors);
        Some(Self {
            postings: postings?,
            expires_at: expires_at.optional(),
            reference: reference.optional(),
            metadata: metadata.optional().unwrap_or_default(),
            dry_run: dry_run.optional().unwrap_or_default(),
        })
    }
}

impl From<CreateHoldRequest> for Command {
    fn from(request: CreateHoldRequest) -> Self {
        let CreateHoldRequest { postings, expires_at, reference, metadata, dry_run: _ } = request;
        Self::CreateHold(CreateHold { postings, expires_at, reference, metadata })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::json::read_body;

    const POSTING: &str = r#"{"source": "a", "destination": "b", "asset": "USD/2", "amount": "all"}"#;

    fn read(body: &str) -> Result<CreateHoldRequest, Vec<String>> {
        let mut errors = FieldErrors::default();
        match read_body(body.as_bytes(), &mut errors) {
            Some(request) if errors.is_empty() => Ok(request),
            _ => Err(errors.as_slice().iter().map(|error| error.field.clone()).collect()),
        }
    }

    #[test]
    fn a_full_request_becomes_the_command_that_it_says() {
        let request = read(&format!(
            r#"{{"postings": [{POSTING}], "expires_at": "2026-01-31T12:00:00Z", "reference": "order",
                "metadata": {{"a": "1"}}, "dry_run": true}}"#
        ))
        .unwrap();
        assert!(request.dry_run);
        let Command::CreateHold(command) = Command::from(request) else { panic!("it reserves money") };
        assert_eq!(command.postings.as_slice()[0].amount(), Quantity::All);
        assert_eq!(command.expires_at.unwrap().micros(), 1_769_860_800_000_000);
        assert_eq!(command.reference.unwrap().as_str(), "order");
        assert_eq!(command.metadata.get("a"), Some("1"));
        let plain = read(&format!(r#"{{"postings": [{POSTING}], "expires_at": null}}"#)).unwrap();
        assert_eq!((plain.expires_at, plain.reference, plain.dry_run), (None, None, false));
    }

    #[test]
    fn every_fault_is_named() {
        for (body, fields) in [
            ("{}".to_owned(), &["postings"][..]),
            (r#"{"postings": []}"#.into(), &["postings"]),
            (
                r#"{"postings": [{}]}"#.into(),
                &["postings[0].source", "postings[0].destination", "postings[0].asset", "postings[0].amount"],
            ),
            (
                format!(r#"{{"postings": [{POSTING}], "expires_at": 5, "reference": ""}}"#),
                &["expires_at", "reference"],
            ),
            (
                format!(r#"{{"postings": [{POSTING}], "metadata": {{"a": 1}}, "dry_run": 1}}"#),
                &["metadata.a", "dry_run"],
            ),
            (format!(r#"{{"postings": [{POSTING}], "effective_at": null}}"#), &["effective_at"]),
        ] {
            assert_eq!(read(&body).unwrap_err(), fields, "{body}");
        }
    }
}
