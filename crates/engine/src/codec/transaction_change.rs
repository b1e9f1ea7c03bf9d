//! The text form of a change of a transaction: which one, and all that is kept beside it from then on.

use std::collections::BTreeMap;

use ledger::{EntryNumber, TransactionChange};
use serde::{Deserialize, Serialize};

use super::DecodeError;
use super::account::metadata;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangeText {
    transaction: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    metadata: BTreeMap<String, String>,
}

pub(super) fn encode(change: &TransactionChange) -> String {
    let TransactionChange { transaction, metadata } = change;
    let text = ChangeText { transaction: transaction.0, metadata: metadata.as_map().clone() };
    serde_json::to_string(&text).expect("texts and numbers can always be written")
}

pub(super) fn decode(text: &str) -> Result<TransactionChange, DecodeError> {
    let ChangeText { transaction, metadata: values } = serde_json::from_str(text)?;
    Ok(TransactionChange { transaction: EntryNumber(transaction), metadata: metadata(values)? })
}

#[cfg(test)]
mod tests {
    use ledger::Metadata;

    use super::*;

    const TEXT: &str = r#"{"transaction":7,"metadata":{"order":"1001","π":"\"3\""}}"#;

    fn change() -> TransactionChange {
        let pairs = [("order", "1001"), ("π", "\"3\"")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        TransactionChange { transaction: EntryNumber(7), metadata: Metadata::new(pairs.into()).unwrap() }
    }

    #[test]
    fn the_text_form_stays_as_it_was_first_written() {
        assert_eq!(encode(&change()), TEXT);
        assert_eq!(decode(TEXT).unwrap(), change());
    }

    #[test]
    fn no_metadata_takes_no_space() {
        let change = TransactionChange { metadata: Metadata::default(), ..change() };
        assert_eq!(encode(&change), r#"{"transaction":7}"#);
        assert_eq!(decode(&encode(&change)).unwrap(), change);
    }

    #[test]
    fn what_is_no_change_is_refused() {
        for text in
            ["", "{}", r#"{"transaction":-1}"#, r#"{"transaction":"7"}"#, r#"{"transaction":7,"more":1}"#]
        {
            assert!(matches!(decode(text), Err(DecodeError::Shape(_))), "{text}");
        }
        let bad = TEXT.replace("order", "");
        assert!(matches!(decode(&bad), Err(DecodeError::Part { part: "metadata", .. })));
    }
}
