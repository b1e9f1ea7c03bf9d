//! The text form in which stores keep the body of an entry: JSON, the same on every store, readable
//! without Florin.
//!
//! What an entry has that stores keep in columns of their own (number, times, reference, key) is not in
//! here. A change must go on reading everything that was ever written.

mod account;

use ledger::{
    Address, Amount, Asset, Balance, BalanceKey, Entry, EntryBody, Metadata, Posting, Postings, Reference,
    Transaction,
};
use serde::Deserialize;

pub use self::account::{decode_metadata, decode_policy, encode_metadata, encode_policy};

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

#[derive(Deserialize)]
struct Body {
    /// `[source, destination, asset, amount]`, the amount as text.
    postings: Vec<(String, String, String, String)>,
    #[serde(default)]
    metadata: std::collections::BTreeMap<String, String>,
    /// `[account, asset, posted_in, posted_out, pending_in, pending_out]`, the amounts as text.
    balances: Vec<(String, String, String, String, String, String)>,
}

const TRANSACTION: &str = "transaction";
const ACCOUNT: &str = "account";

/// Returns the name of an entry's kind.
#[must_use]
pub fn kind(entry: &Entry) -> &'static str {
    match entry.body {
        EntryBody::Transaction(_) => TRANSACTION,
        EntryBody::Account(_) => ACCOUNT,
    }
}

/// Writes an entry's body as text.
///
/// # Panics
/// Never: every body can be written.
#[must_use]
pub fn encode(entry: &Entry) -> String {
    match &entry.body {
        EntryBody::Transaction(transaction) => encode_transaction(transaction, &entry.balances),
        // No money moves: there is no balance to record.
        EntryBody::Account(change) => account::encode_change(change),
    }
}

fn encode_transaction(transaction: &Transaction, balances: &[(BalanceKey, Balance)]) -> String {
    let postings = transaction.postings.as_slice();
    let mut text = String::with_capacity(64 + 96 * (postings.len() + balances.len()));
    text.push_str("{\"postings\":[");
    for posting in postings {
        let (source, destination) = (posting.source().as_str(), posting.destination().as_str());
        push_row(&mut text, [source, destination, posting.asset().as_str()], [posting.amount()]);
    }
    end_list(&mut text);
    if !transaction.metadata.is_empty() {
        text.push_str(",\"metadata\":");
        text.push_str(&encode_metadata(&transaction.metadata));
    }
    text.push_str(",\"balances\":[");
    for (BalanceKey { account, asset }, balance) in balances {
        let Balance { posted_in, posted_out, pending_in, pending_out } = *balance;
        let counters = [posted_in, posted_out, pending_in, pending_out];
        push_row(&mut text, [account.as_str(), asset.as_str()], counters);
    }
    end_list(&mut text);
    text.push('}');
    text
}

/// Writes a list of texts and amounts, and a comma. Neither addresses nor assets nor digits have anything in them
/// that JSON would want escaped.
fn push_row<const T: usize, const A: usize>(text: &mut String, texts: [&str; T], amounts: [Amount; A]) {
    let mut quoted = |item: &str, before: &str| {
        text.push_str(before);
        text.push_str(item);
    };
    let mut before = "[\"";
    for item in texts {
        quoted(item, before);
        before = "\",\"";
    }
    for amount in amounts {
        quoted(itoa::Buffer::new().format(amount.get()), before);
        before = "\",\"";
    }
    text.push_str("\"],");
}

/// Ends a list in place of the comma after its last row.
fn end_list(text: &mut String) {
    if text.ends_with(',') {
        text.pop();
    }
    text.push(']');
}

/// Reads an entry's body back. Its kind and its reference are kept beside the text.
///
/// # Errors
/// When the text is not one that [`encode`] wrote for an entry of that kind.
pub fn decode(kind: &str, text: &str, reference: Option<Reference>) -> Result<DecodedBody, DecodeError> {
    match (kind, reference) {
        (TRANSACTION, reference) => decode_transaction(text, reference),
        (ACCOUNT, None) => {
            Ok(DecodedBody { body: EntryBody::Account(account::decode_change(text)?), balances: Vec::new() })
        }
        (ACCOUNT, Some(reference)) => {
            Err(DecodeError::Part { part: "reference", text: reference.as_str().to_owned() })
        }
        _ => Err(DecodeError::Kind(kind.to_owned())),
    }
}

fn decode_transaction(text: &str, reference: Option<Reference>) -> Result<DecodedBody, DecodeError> {
    let body: Body = serde_json::from_str(text)?;
    let bad = |part, text: String| DecodeError::Part { part, text };
    let address = |text: String| Address::parse(&text).map_err(|_| bad("account", text));
    let asset = |text: String| Asset::parse(&text).map_err(|_| bad("asset", text));
    let amount = |text: String| Amount::parse(&text).map_err(|_| bad("amount", text));
    let mut postings = Vec::with_capacity(body.postings.len());
    for (source, destination, asset_text, amount_text) in body.postings {
        let posting =
            Posting::new(address(source)?, address(destination)?, asset(asset_text)?, amount(amount_text)?)
                .map_err(|_| bad("posting", "source and destination are the same".into()))?;
        postings.push(posting);
    }
    let mut balances = Vec::with_capacity(body.balances.len());
    for (account, asset_text, posted_in, posted_out, pending_in, pending_out) in body.balances {
        balances.push((
            BalanceKey { account: address(account)?, asset: asset(asset_text)? },
            Balance {
                posted_in: amount(posted_in)?,
                posted_out: amount(posted_out)?,
                pending_in: amount(pending_in)?,
                pending_out: amount(pending_out)?,
            },
        ));
    }
    let transaction = Transaction {
        postings: Postings::new(postings).map_err(|_| bad("postings", String::new()))?,
        reference,
        metadata: Metadata::new(body.metadata).map_err(|_| bad("metadata", String::new()))?,
    };
    Ok(DecodedBody { body: EntryBody::Transaction(transaction), balances })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::{EntryNumber, Timestamp};

    const TEXT: &str = r#"{"postings":[["world","users:42","USD/2","1250"],["users:42","fees","USD/2","0"]],"metadata":{"order":"1001","π":"\"3\""},"balances":[["fees","USD/2","0","0","0","0"],["users:42","USD/2","1250","0","0","7"],["world","USD/2","0","170141183460469231731687303715884105727","3","0"]]}"#;

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    fn entry() -> Entry {
        let asset = Asset::parse("USD/2").unwrap();
        let posting = |source, destination, amount| {
            Posting::new(address(source), address(destination), asset.clone(), Amount::from(amount)).unwrap()
        };
        let metadata = [("order", "1001"), ("π", "\"3\"")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        let balance =
            |account, balance| (BalanceKey { account: address(account), asset: asset.clone() }, balance);
        let users =
            Balance { posted_in: Amount::from(1250), pending_out: Amount::from(7), ..Balance::default() };
        let world = Balance { posted_out: Amount::MAX, pending_in: Amount::from(3), ..Balance::default() };
        Entry {
            number: EntryNumber(7),
            recorded_at: Timestamp::default(),
            effective_at: Timestamp::default(),
            body: EntryBody::Transaction(Transaction {
                postings: Postings::new(vec![
                    posting("world", "users:42", 1250_u64),
                    posting("users:42", "fees", 0),
                ])
                .unwrap(),
                reference: None,
                metadata: Metadata::new(metadata.into()).unwrap(),
            }),
            balances: vec![
                balance("fees", Balance::default()),
                balance("users:42", users),
                balance("world", world),
            ],
        }
    }

    fn set(entry: &mut Entry, change: impl FnOnce(&mut Transaction)) {
        match &mut entry.body {
            EntryBody::Transaction(transaction) => change(transaction),
            EntryBody::Account(_) => unreachable!("the fixture is a transaction"),
        }
    }

    fn part_of_error(text: &str) -> (&'static str, String) {
        match decode(TRANSACTION, text, None) {
            Err(DecodeError::Part { part, text }) => (part, text),
            other => panic!("{text} gives {other:?}"),
        }
    }

    #[test]
    fn the_text_form_stays_as_it_was_first_written() {
        assert_eq!(encode(&entry()), TEXT);
        assert_eq!(kind(&entry()), "transaction");
    }

    #[test]
    fn a_text_gives_back_what_was_written() {
        let Entry { body, balances, .. } = entry();
        assert_eq!(decode(TRANSACTION, TEXT, None).unwrap(), DecodedBody { body, balances });
        let reference = Reference::parse("order-1").unwrap();
        let decoded = decode(TRANSACTION, TEXT, Some(reference.clone())).unwrap();
        assert_eq!(decoded.body.reference(), Some(&reference));
    }

    #[test]
    fn a_change_of_an_account_comes_back_and_has_no_reference() {
        let (account, metadata) = (address("users:42"), Metadata::default());
        let policy = ledger::Policy { closed: true, ..ledger::Policy::standard(&account).clone() };
        let body = EntryBody::Account(ledger::AccountChange { account, policy, metadata });
        let entry = Entry { body, balances: vec![], ..entry() };
        let text = encode(&entry);
        let decoded = decode(kind(&entry), &text, None).unwrap();
        assert_eq!(decoded, DecodedBody { body: entry.body, balances: vec![] });
        let reference = Reference::parse("order-1").unwrap();
        assert!(matches!(
            decode(ACCOUNT, &text, Some(reference)),
            Err(DecodeError::Part { part: "reference", .. })
        ));
    }

    #[test]
    fn a_kind_that_is_not_known_is_refused() {
        assert!(matches!(decode("hold", TEXT, None), Err(DecodeError::Kind(kind)) if kind == "hold"));
        assert!(matches!(decode(ACCOUNT, TEXT, None), Err(DecodeError::Shape(_))));
    }

    #[test]
    fn no_metadata_takes_no_space_and_comes_back_as_none() {
        let mut entry = entry();
        set(&mut entry, |transaction| transaction.metadata = Metadata::default());
        let text = encode(&entry);
        assert!(!text.contains("metadata"), "{text}");
        assert!(decode(TRANSACTION, &text, None).unwrap().body.metadata().is_empty());
    }

    #[test]
    fn the_largest_transaction_comes_back_whole() {
        let mut entry = entry();
        let posting = |n| {
            let users = address(&format!("users:{n}"));
            Posting::new(address("world"), users, Asset::parse("USD/2").unwrap(), Amount::MAX).unwrap()
        };
        let postings = Postings::new((0..Postings::MAX).map(posting).collect()).unwrap();
        set(&mut entry, |transaction| transaction.postings = postings.clone());
        let decoded = decode(TRANSACTION, &encode(&entry), None).unwrap();
        assert_eq!(decoded.body.postings(), postings.as_slice());
    }

    #[test]
    fn texts_of_another_shape_are_refused() {
        for text in [
            "",
            "{",
            "null",
            "[]",
            "{}",
            r#"{"postings":[["a","b","USD/2","1"]]}"#,
            r#"{"postings":[["a","b","USD/2"]],"balances":[]}"#,
            r#"{"postings":[["a","b","USD/2",1]],"balances":[]}"#,
            r#"{"postings":[["a","b","USD/2","1"]],"balances":[["a","USD/2","0","0","0"]]}"#,
            r#"{"postings":[["a","b","USD/2","1"]],"balances":[],"metadata":{"k":1}}"#,
        ] {
            assert!(matches!(decode(TRANSACTION, text, None), Err(DecodeError::Shape(_))), "{text}");
        }
    }

    #[test]
    fn parts_that_are_not_valid_are_named_and_shown() {
        for (postings, part, shown) in [
            (r#"["a b","b","USD/2","1"]"#, "account", "a b"),
            (r#"["a","","USD/2","1"]"#, "account", ""),
            (r#"["a","b","usd","1"]"#, "asset", "usd"),
            (r#"["a","b","USD/2","-1"]"#, "amount", "-1"),
            (
                r#"["a","b","USD/2","170141183460469231731687303715884105728"]"#,
                "amount",
                "170141183460469231731687303715884105728",
            ),
            (r#"["a","a","USD/2","1"]"#, "posting", "source and destination are the same"),
            ("", "postings", ""),
        ] {
            let text = format!(r#"{{"postings":[{postings}],"balances":[]}}"#);
            assert_eq!(part_of_error(&text), (part, shown.to_owned()));
        }
        for (balance, part, shown) in [
            (r#"[":","USD/2","0","0","0","0"]"#, "account", ":"),
            (r#"["a","2","0","0","0","0"]"#, "asset", "2"),
            (r#"["a","USD/2","0","0","0","1.5"]"#, "amount", "1.5"),
        ] {
            let text = format!(r#"{{"postings":[["a","b","USD/2","1"]],"balances":[{balance}]}}"#);
            assert_eq!(part_of_error(&text), (part, shown.to_owned()));
        }
        let text = r#"{"postings":[["a","b","USD/2","1"]],"balances":[],"metadata":{"":"v"}}"#;
        assert_eq!(part_of_error(text), ("metadata", String::new()));
    }
}
