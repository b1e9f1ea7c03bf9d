//! What requests to create a transaction look like.

use ledger::{Command, Expectations, Metadata, PostTransaction, Postings, Quantity, Reference, Timestamp};
use schemars::JsonSchema;

use crate::http::expectations::ExpectationRequest;
use crate::http::fields::FieldErrors;
use crate::http::json::{FromJson, Slot, Value, refuse_unknown};
use crate::http::postings::PostingRequest;
use crate::http::values::{MetadataValue, ReferenceText, TimeText};

/// Money to move: all postings in order, or nothing.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(deny_unknown_fields, extend("examples" = [{
    "postings": [{ "source": "world", "destination": "users:42:wallet", "asset": "USD/2", "amount": "1250" }],
    "reference": "order-1001",
    "metadata": { "order": "1001" },
    "expect": [{ "account": "users:42:wallet", "asset": "USD/2", "posted": { "at_least": "0" } }],
}]))]
pub struct CreateTransactionRequest {
    /// What to move, in order.
    #[schemars(with = "Vec<PostingRequest>", length(min = 1, max = 1000))]
    pub postings: Postings<Quantity>,
    /// The caller's own name for it, which no other transaction of the ledger has.
    #[schemars(with = "Option<ReferenceText>")]
    pub reference: Option<Reference>,
    /// When it counts; when it is recorded, where left out.
    #[schemars(with = "Option<TimeText>")]
    pub effective_at: Option<Timestamp>,
    /// What to keep beside it.
    #[schemars(with = "Option<MetadataValue>")]
    pub metadata: Metadata,
    /// What has to hold once all postings are through, or the transaction is rejected. It is not recorded.
    #[schemars(with = "Option<Vec<ExpectationRequest>>", length(max = 100))]
    pub expect: Expectations,
    /// Whether only to say what would happen: nothing is written, and the idempotency key is not used up.
    #[schemars(with = "Option<bool>")]
    pub dry_run: bool,
}

impl FromJson for CreateTransactionRequest {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let (mut postings, mut reference, mut effective_at) =
            (Slot::default(), Slot::default(), Slot::default());
        let (mut metadata, mut expect, mut dry_run) = (Slot::default(), Slot::default(), Slot::default());
        value.members(errors, |member, value, errors| match member {
            "postings" => postings.read(value, errors),
            "reference" => reference.read_optional(value, errors),
            "effective_at" => effective_at.read_optional(value, errors),
            "metadata" => metadata.read_optional(value, errors),
            "expect" => expect.read_optional(value, errors),
            "dry_run" => dry_run.read_optional(value, errors),
            _ => {
                let known = ["postings", "reference", "effective_at", "metadata", "expect", "dry_run"];
                refuse_unknown(value, &known, errors);
            }
        })?;
        let postings = postings.required(value, "postings", errors);
        Some(Self {
            postings: postings?,
            reference: reference.optional(),
            effective_at: effective_at.optional(),
            metadata: metadata.optional().unwrap_or_default(),
            expect: expect.optional().unwrap_or_default(),
            dry_run: dry_run.optional().unwrap_or_default(),
        })
    }
}

impl From<CreateTransactionRequest> for Command {
    fn from(request: CreateTransactionRequest) -> Self {
        let CreateTransactionRequest { postings, reference, effective_at, metadata, expect, dry_run: _ } =
            request;
        let expectations = expect;
        Self::PostTransaction(PostTransaction { postings, reference, effective_at, metadata, expectations })
    }
}

#[cfg(test)]
mod tests;
