//! What requests and replies about transactions look like.

use ledger::{
    Amount, Command, Entry, EntryBody, Expectations, LedgerName, Metadata, Origin, PostTransaction, Postings,
    Quantity, Reference, Timestamp,
};
use schemars::JsonSchema;
use serde::Serialize;

use crate::http::expectations::ExpectationRequest;
use crate::http::fields::FieldErrors;
use crate::http::json::{FromJson, Slot, Value, refuse_unknown};
use crate::http::postings::PostingRequest;
use crate::http::values::{
    AmountText, EntryNumberValue, LedgerNameText, MetadataValue, ReferenceText, TimeText,
};
use crate::http::views::{AccountBalanceView, CaptureView, PostingView};

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

/// Money that moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Transaction")]
pub struct TransactionView {
    /// Its id: the number of its entry. Null in the reply to a dry run.
    pub id: Option<EntryNumberValue>,
    /// The ledger that it is in.
    pub ledger: LedgerNameText,
    /// What moved, in order.
    pub postings: Vec<PostingView>,
    /// The caller's own name for it.
    pub reference: Option<ReferenceText>,
    /// What the caller keeps beside it: now, where it is read; when it was created, in the reply to that.
    pub metadata: MetadataValue,
    /// When it counts.
    pub effective_at: TimeText,
    /// When it was written.
    pub recorded_at: TimeText,
    /// The transaction that this one reverses; null where it reverses none.
    pub reverses: Option<EntryNumberValue>,
    /// Whether it is a reversal that could take accounts under their floors. Left out where it is not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub forced: bool,
    /// The hold that it captures, and what became of that. Left out where it captures none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub captures: Option<CaptureView>,
    /// How much of each posting has been reversed so far.
    pub reversed: Vec<AmountText>,
    /// Every balance that it touched as it stood afterwards, by account and asset.
    pub balances: Vec<AccountBalanceView>,
}

impl TransactionView {
    /// Shows a transaction that is in the log.
    ///
    /// # Panics
    /// When the entry is no transaction.
    #[must_use]
    pub fn recorded(ledger: LedgerName, entry: Entry) -> Self {
        let id = Some(EntryNumberValue(entry.number));
        Self { id, ..Self::dry_run(ledger, entry) }
    }

    /// Shows a transaction that was only tried out.
    ///
    /// # Panics
    /// When the entry is no transaction.
    #[must_use]
    pub fn dry_run(ledger: LedgerName, entry: Entry) -> Self {
        let EntryBody::Transaction(transaction) = entry.body else {
            panic!("entry {} is no transaction", entry.number.0)
        };
        let postings: Vec<_> = transaction.postings.as_slice().iter().map(PostingView::from).collect();
        let (reverses, forced, captures) = match &transaction.origin {
            Origin::Posted => (None, false, None),
            Origin::Reversal(reversal) => (Some(EntryNumberValue(reversal.of)), reversal.forced, None),
            Origin::Capture(capture) => (None, false, Some(CaptureView::from(capture))),
        };
        Self {
            id: None,
            ledger: LedgerNameText(ledger),
            reversed: vec![AmountText(Amount::ZERO); postings.len()],
            postings,
            reference: transaction.reference.map(ReferenceText),
            metadata: MetadataValue(transaction.metadata),
            effective_at: TimeText(entry.effective_at),
            recorded_at: TimeText(entry.recorded_at),
            reverses,
            forced,
            captures,
            balances: entry.balances.into_iter().map(AccountBalanceView::from).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
