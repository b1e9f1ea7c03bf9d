//! Florin's own form of an export: a line of JSON for the ledger, then one for each entry in order, with all that was
//! recorded, so that the same entries can be made of it again. docs/exports.md says what is in them. What is written
//! here is read in `read.rs`.
//!
//! Members are only ever added. What changes otherwise gets another `version`.

mod read;

use engine::codec;
use engine::idempotency::KeyedRequest;
use engine::port::LogRecord;
use engine::query::Ledger;
use ledger::{EntryBody, Origin};
use serde::Serialize;

use crate::http::policy::PolicyView;
use crate::http::values::{
    AddressText, EntryNumberValue, LedgerNameText, MetadataValue, ReferenceText, TimeText,
};
use crate::http::views::{AccountBalanceView, CaptureView, PostingView, ReleaseView, ReversalView};

pub use self::read::{LineError, NdjsonLines};

/// The version of the form.
const VERSION: u32 = 1;
/// The type of the first line.
const LEDGER: &str = "ledger";

/// The first line.
#[derive(Serialize)]
struct LedgerLine {
    #[serde(rename = "type")]
    kind: &'static str,
    version: u32,
    name: LedgerNameText,
    created_at: TimeText,
    metadata: MetadataValue,
    /// How many lines follow.
    entries: EntryNumberValue,
}

/// A line for an entry.
#[derive(Serialize)]
struct EntryLine {
    #[serde(rename = "type")]
    kind: &'static str,
    number: EntryNumberValue,
    recorded_at: TimeText,
    effective_at: TimeText,
    request: Option<RequestMember>,
    reference: Option<ReferenceText>,
    postings: Vec<PostingView>,
    /// The hold that was captured, and what became of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    captures: Option<CaptureView>,
    /// The transaction that was reversed.
    #[serde(skip_serializing_if = "Option::is_none")]
    reverses: Option<ReversalView>,
    /// The hold that was let go, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    releases: Option<ReleaseView>,
    /// When the hold expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<TimeText>,
    /// The account that was changed.
    account: Option<AddressText>,
    /// What that account allows from then on.
    policy: Option<PolicyView>,
    /// The transaction that was changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction: Option<EntryNumberValue>,
    metadata: MetadataValue,
    balances: Vec<AccountBalanceView>,
}

/// The request that asked for an entry.
#[derive(Serialize)]
struct RequestMember {
    idempotency_key: String,
    /// What the key stands for, in hexadecimal digits.
    fingerprint: String,
}

impl From<&KeyedRequest> for RequestMember {
    fn from(request: &KeyedRequest) -> Self {
        let fingerprint = u128::from_be_bytes(request.fingerprint.0);
        Self { idempotency_key: request.key.to_string(), fingerprint: format!("{fingerprint:032x}") }
    }
}

/// Writes the first line.
pub(super) fn ledger(ledger: &Ledger, out: &mut Vec<u8>) {
    let line = LedgerLine {
        kind: LEDGER,
        version: VERSION,
        name: LedgerNameText(ledger.name.clone()),
        created_at: TimeText(ledger.created_at),
        metadata: MetadataValue(ledger.metadata.clone()),
        entries: EntryNumberValue(ledger.entries),
    };
    write(&line, out);
}

/// Writes the line of an entry.
pub(super) fn entry(record: &LogRecord, out: &mut Vec<u8>) {
    let LogRecord { entry, request } = record;
    let (mut captures, mut reverses, mut releases) = (None, None, None);
    let (mut change, mut transaction, mut expires_at) = (None, None, None);
    match &entry.body {
        EntryBody::Transaction(transaction) => match &transaction.origin {
            Origin::Posted => {}
            Origin::Capture(capture) => captures = Some(capture.into()),
            Origin::Reversal(reversal) => reverses = Some(reversal.into()),
        },
        EntryBody::Account(changed) => change = Some(changed),
        EntryBody::TransactionChange(changed) => transaction = Some(EntryNumberValue(changed.transaction)),
        EntryBody::Hold(hold) => expires_at = hold.expires_at.map(TimeText),
        EntryBody::Release(release) => releases = Some(release.into()),
    }
    let line = EntryLine {
        kind: codec::kind(entry),
        number: EntryNumberValue(entry.number),
        recorded_at: TimeText(entry.recorded_at),
        effective_at: TimeText(entry.effective_at),
        request: request.as_ref().map(RequestMember::from),
        reference: entry.body.reference().cloned().map(ReferenceText),
        postings: entry.body.movements().iter().map(PostingView::from).collect(),
        captures,
        reverses,
        releases,
        expires_at,
        account: change.map(|change| AddressText(change.account.clone())),
        policy: change.map(|change| change.policy.clone().into()),
        transaction,
        metadata: MetadataValue(entry.body.metadata().clone()),
        balances: entry.balances.iter().cloned().map(AccountBalanceView::from).collect(),
    };
    write(&line, out);
}

fn write(line: &impl Serialize, out: &mut Vec<u8>) {
    // Texts, numbers and lists always have a JSON form, which has no line break in it.
    serde_json::to_writer(&mut *out, line).expect("a line can be written as JSON");
    out.push(b'\n');
}
