//! The text form in which stores keep the body of an entry: JSON, the same on every store, readable
//! without Florin.
//!
//! What an entry has that stores keep in columns of their own (number, times, reference, key) is not in
//! here. A change must go on reading everything that was ever written.

mod account;
mod hold;
mod rows;
#[cfg(test)]
mod tests;
mod transaction;
mod transaction_change;

use ledger::{Balance, BalanceKey, Entry, EntryBody, Reference};

pub use self::account::{decode_metadata, decode_policy, encode_metadata, encode_policy};
pub use self::hold::{decode_amounts, decode_state, encode_amounts, encode_state};

/// An entry's content, as far as it stands in the text form.
#[derive(Debug, PartialEq, Eq)]
pub struct DecodedBody {
    /// What changed.
    pub body: EntryBody,
    /// Every balance touched, as it stood afterwards, by account and asset.
    pub balances: Vec<(BalanceKey, Balance)>,
}

/// A text that is no entry's.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// It is not of the right shape.
    #[error("not the text of an entry")]
    Shape(#[from] serde_json::Error),
    /// There is no such kind of entry.
    #[error("no kind of entry: {0:?}")]
    Kind(String),
    /// A part of it is not what its place asks for.
    #[error("`{part}` of an entry is not valid: {text:?}")]
    Part {
        /// Which part.
        part: &'static str,
        /// What stands there.
        text: String,
    },
}

/// The kind of entries that moved money.
pub const TRANSACTION: &str = "transaction";
/// The kind of entries that changed an account.
pub const ACCOUNT: &str = "account";
/// The kind of entries that reserved money.
pub const HOLD: &str = "hold";
/// The kind of entries that let reserved money go.
pub const RELEASE: &str = "release";
/// The kind of entries that changed what is kept beside a transaction.
pub const TRANSACTION_CHANGE: &str = "transaction_change";

/// Returns the name of an entry's kind.
#[must_use]
pub fn kind(entry: &Entry) -> &'static str {
    match entry.body {
        EntryBody::Transaction(_) => TRANSACTION,
        EntryBody::Account(_) => ACCOUNT,
        EntryBody::Hold(_) => HOLD,
        EntryBody::Release(_) => RELEASE,
        EntryBody::TransactionChange(_) => TRANSACTION_CHANGE,
    }
}

/// Says whether entries of a kind are transactions.
#[must_use]
pub fn is_transaction(kind: &str) -> bool {
    kind == TRANSACTION
}

/// Writes an entry's body as text.
///
/// # Panics
/// Never: every body can be written.
#[must_use]
pub fn encode(entry: &Entry) -> String {
    match &entry.body {
        EntryBody::Transaction(transaction) => transaction::encode(transaction, &entry.balances),
        // No money moves: there is no balance to record.
        EntryBody::Account(change) => account::encode_change(change),
        EntryBody::Hold(hold) => hold::encode(hold, &entry.balances),
        EntryBody::Release(release) => hold::encode_release(release, &entry.balances),
        EntryBody::TransactionChange(change) => transaction_change::encode(change),
    }
}

/// Reads those of the balances in an entry's body that are wanted, and nothing else.
///
/// # Errors
/// When the text is not one that [`encode`] wrote for an entry that touched balances.
pub fn decode_balances(
    text: &str,
    is_wanted: impl Fn(&str, &str) -> bool,
) -> Result<Vec<(BalanceKey, Balance)>, DecodeError> {
    rows::wanted_balances(text, is_wanted)
}

/// Reads an entry's body back. Its kind and its reference are kept beside the text.
///
/// # Errors
/// When the text is not one that [`encode`] wrote for an entry of that kind.
pub fn decode(kind: &str, text: &str, reference: Option<Reference>) -> Result<DecodedBody, DecodeError> {
    match (kind, reference) {
        (TRANSACTION, reference) => transaction::decode(text, reference),
        (HOLD, reference) => hold::decode(text, reference),
        (ACCOUNT, None) => {
            Ok(DecodedBody { body: EntryBody::Account(account::decode_change(text)?), balances: Vec::new() })
        }
        (RELEASE, None) => hold::decode_release(text),
        (TRANSACTION_CHANGE, None) => {
            let body = EntryBody::TransactionChange(transaction_change::decode(text)?);
            Ok(DecodedBody { body, balances: Vec::new() })
        }
        (ACCOUNT | RELEASE | TRANSACTION_CHANGE, Some(reference)) => {
            Err(DecodeError::Part { part: "reference", text: reference.as_str().to_owned() })
        }
        _ => Err(DecodeError::Kind(kind.to_owned())),
    }
}
