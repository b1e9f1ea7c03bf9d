//! The CSV of an export: a row for each posting, for spreadsheets and programs that know nothing else.
//!
//! Amounts stand in it twice, in minor units and as a decimal number. No text of a client's begins like a formula.

use engine::port::LogRecord;
use ledger::Transaction;

use crate::http::csv::{Rows, text};
use crate::http::decimal::Decimal;
use crate::http::time::Rfc3339;
use crate::http::values::MetadataValue;

/// The names of the columns. docs/exports.md says what is in them.
const COLUMNS: [&str; 12] = [
    "entry",
    "posting",
    "recorded_at",
    "effective_at",
    "source",
    "destination",
    "asset",
    "amount",
    "decimal_amount",
    "reference",
    "idempotency_key",
    "metadata",
];

/// Writes the names of the columns.
pub(super) fn header(out: &mut Vec<u8>) {
    Rows::after(out).row(COLUMNS);
}

/// Writes a row for each posting.
pub(super) fn transaction(record: &LogRecord, transaction: &Transaction, out: &mut Vec<u8>) {
    let LogRecord { entry, request } = record;
    let entry_number = entry.number.0.to_string();
    let (recorded_at, effective_at) =
        (Rfc3339(entry.recorded_at).to_string(), Rfc3339(entry.effective_at).to_string());
    let reference = transaction.reference.as_ref().map_or("", |reference| reference.as_str());
    let key = request.as_ref().map_or("", |request| request.key.as_str());
    // Braces come first: no formula begins like that.
    let metadata = MetadataValue(transaction.metadata.clone());
    let metadata = serde_json::to_string(&metadata).expect("text by text can be written as JSON");
    let mut rows = Rows::after(out);
    for (index, posting) in transaction.postings.as_slice().iter().enumerate() {
        rows.row([
            &entry_number,
            &index.to_string(),
            &recorded_at,
            &effective_at,
            &text(posting.source().as_str()),
            &text(posting.destination().as_str()),
            posting.asset().as_str(),
            &posting.amount().get().to_string(),
            &Decimal::of(posting.amount(), posting.asset()).to_string(),
            &text(reference),
            &text(key),
            &metadata,
        ]);
    }
}
