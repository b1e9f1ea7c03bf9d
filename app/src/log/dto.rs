//! What requests and replies about the log look like.

use engine::port::LogRecord;
use ledger::{EntryBody, EntryNumber, Origin};
use schemars::JsonSchema;
use serde::Serialize;

use crate::http::fields::FieldErrors;
use crate::http::pagination::{PageParameters, PageRequest};
use crate::http::policy::PolicyView;
use crate::http::query::{FromQuery, QueryReader};
use crate::http::values::{AddressText, EntryNumberValue, MetadataValue, ReferenceText, TimeText};
use crate::http::views::{AccountBalanceView, CaptureView, PostingView, ReleaseView, ReversalView};

/// Which part of the log to list.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
pub struct ListLogQuery {
    /// The number of the entry to start after; from the first entry, where left out.
    #[schemars(with = "Option<EntryNumberValue>")]
    pub after: Option<EntryNumber>,
    /// Which page.
    #[schemars(flatten, with = "PageParameters")]
    pub page: PageRequest<EntryNumber>,
}

impl FromQuery for ListLogQuery {
    fn from_query(query: &mut QueryReader<'_>, errors: &mut FieldErrors) -> Self {
        Self { after: query.optional("after", errors), page: PageRequest::take(query, errors) }
    }
}

/// What an entry changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "LogEntryType")]
pub enum LogEntryType {
    /// Money moved.
    Transaction,
    /// An account was changed.
    Account,
    /// Money was reserved.
    Hold,
    /// Reserved money was let go.
    Release,
    /// What is kept beside a transaction was changed.
    TransactionChange,
}

/// One change of a ledger, as recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "LogEntry")]
pub struct LogEntryView {
    /// Its place in the log.
    pub number: EntryNumberValue,
    /// What it changed.
    #[serde(rename = "type")]
    pub kind: LogEntryType,
    /// When it was written.
    pub recorded_at: TimeText,
    /// When it counts.
    pub effective_at: TimeText,
    /// The idempotency key of the request that asked for it, where that had one.
    #[schemars(length(min = 1, max = 255))]
    pub idempotency_key: Option<String>,
    /// The caller's own name for it.
    pub reference: Option<ReferenceText>,
    /// What moved, or was reserved, or was let go, in order: nothing, where an account was changed.
    pub postings: Vec<PostingView>,
    /// The hold that a transaction captured, and what became of that; null where it captured none.
    pub captures: Option<CaptureView>,
    /// The transaction that a transaction reversed; null where it reversed none.
    pub reverses: Option<ReversalView>,
    /// The hold that was let go, and why; null where none was.
    pub releases: Option<ReleaseView>,
    /// When a hold expires; null where it never does.
    pub expires_at: Option<TimeText>,
    /// The account that was changed; null where none was.
    pub account: Option<AddressText>,
    /// What that account allows from then on; null where none was changed.
    pub policy: Option<PolicyView>,
    /// The id of the transaction that was changed; null where none was.
    pub transaction: Option<EntryNumberValue>,
    /// What the caller keeps beside the transaction, as it was recorded, or beside the hold; or beside the account or the
    /// transaction that was changed, from then on.
    pub metadata: MetadataValue,
    /// Every balance that it touched as it stood afterwards, by account and asset.
    pub balances: Vec<AccountBalanceView>,
}

impl From<LogRecord> for LogEntryView {
    fn from(record: LogRecord) -> Self {
        let LogRecord { entry, request } = record;
        let postings = entry.body.movements().iter().map(PostingView::from).collect();
        let reference = entry.body.reference().cloned().map(ReferenceText);
        let metadata = MetadataValue(entry.body.metadata().clone());
        let (mut captures, mut reverses, mut releases) = (None, None, None);
        let (mut account, mut policy, mut expires_at) = (None, None, None);
        let mut transaction_id = None;
        let kind = match entry.body {
            EntryBody::Transaction(transaction) => {
                match &transaction.origin {
                    Origin::Posted => {}
                    Origin::Capture(capture) => captures = Some(capture.into()),
                    Origin::Reversal(reversal) => reverses = Some(reversal.into()),
                }
                LogEntryType::Transaction
            }
            EntryBody::TransactionChange(change) => {
                transaction_id = Some(EntryNumberValue(change.transaction));
                LogEntryType::TransactionChange
            }
            EntryBody::Account(change) => {
                (account, policy) = (Some(AddressText(change.account)), Some(change.policy.into()));
                LogEntryType::Account
            }
            EntryBody::Hold(hold) => {
                expires_at = hold.expires_at.map(TimeText);
                LogEntryType::Hold
            }
            EntryBody::Release(release) => {
                releases = Some((&release).into());
                LogEntryType::Release
            }
        };
        Self {
            number: EntryNumberValue(entry.number),
            kind,
            recorded_at: TimeText(entry.recorded_at),
            effective_at: TimeText(entry.effective_at),
            idempotency_key: request.map(|request| request.key.to_string()),
            reference,
            postings,
            captures,
            reverses,
            releases,
            expires_at,
            account,
            policy,
            transaction: transaction_id,
            metadata,
            balances: entry.balances.into_iter().map(AccountBalanceView::from).collect(),
        }
    }
}
