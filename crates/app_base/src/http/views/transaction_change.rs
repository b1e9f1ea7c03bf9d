//! How changes of transactions look in replies.

use ledger::{Entry, EntryBody};
use schemars::JsonSchema;
use serde::Serialize;

use crate::http::values::{EntryNumberValue, MetadataValue, TimeText};

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
