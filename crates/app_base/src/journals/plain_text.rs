//! Journals for hledger and Ledger: accounts under their own addresses, assets as commodities in quotes.
//!
//! Text of clients only ever gets in as [`quoted`], in comments: no line break, bracket, comma or colon of theirs is
//! left that either program could take for anything.

use std::fmt::Write as _;
use std::io::Write as _;

use engine::query::Ledger;
use ledger::{Address, Asset, Entry, Transaction};

use crate::http::decimal::Decimal;
use crate::http::time::Rfc3339;

/// Who is to read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Program {
    /// <https://hledger.org>
    Hledger,
    /// <https://ledger-cli.org>
    Ledger,
}

/// The earliest date that Ledger knows.
const LEDGER_MIN: &str = "1400-01-01";

/// What Ledger takes for a directive of its own where an account should stand.
const DIRECTIVES: [&str; 3] = ["assert", "check", "expr"];

/// Writes what comes before the entries.
pub(super) fn begin(program: Program, ledger: &Ledger, out: &mut Vec<u8>) {
    let Ledger { name, entries, .. } = ledger;
    let mut text = format!("; The ledger {name} of Florin, its first {} entries.\n\n", entries.0);
    if program == Program::Hledger {
        text.push_str("decimal-mark .\n\n");
    }
    out.extend_from_slice(text.as_bytes());
}

/// Writes a transaction: two postings for each of Florin's.
pub(super) fn transaction(program: Program, entry: &Entry, transaction: &Transaction, out: &mut Vec<u8>) {
    let mut text =
        format!("{} * ({}) transaction {}\n", date(program, entry), entry.number.0, entry.number.0);
    let mut tag = |name: &str, value: &str| {
        writeln!(text, "    ; {name}: {value}").expect("a string takes everything");
    };
    tag("effective_at", &Rfc3339(entry.effective_at).to_string());
    tag("recorded_at", &Rfc3339(entry.recorded_at).to_string());
    if let Some(reference) = &transaction.reference {
        tag("reference", &quoted(reference.as_str()));
    }
    for (key, value) in transaction.metadata.as_map() {
        tag(&tag_name(key), &quoted(value));
    }
    for posting in transaction.postings.as_slice() {
        let asset = posting.asset();
        let commodity = commodity(asset);
        for (address, amount) in [
            (posting.source(), Decimal::less(posting.amount(), asset)),
            (posting.destination(), Decimal::of(posting.amount(), asset)),
        ] {
            writeln!(text, "    {}  {amount} {commodity}", account(address))
                .expect("a string takes everything");
        }
    }
    text.push('\n');
    out.write_all(text.as_bytes()).expect("memory takes everything");
}

fn date(program: Program, entry: &Entry) -> String {
    let mut date = Rfc3339(entry.effective_at).to_string();
    date.truncate(LEDGER_MIN.len());
    match program {
        // Dates of four digits a year are in the order of their texts.
        Program::Ledger => date.max(LEDGER_MIN.to_owned()),
        Program::Hledger => date,
    }
}

/// An account is its address. No address has a point in it.
fn account(address: &Address) -> String {
    let point = if DIRECTIVES.contains(&address.as_str()) { "." } else { "" };
    format!("{address}{point}")
}

/// A commodity is the asset with its scale: assets that differ in it alone are not the same.
fn commodity(asset: &Asset) -> String {
    format!("\"{asset}\"")
}

/// The name of a tag for a key of metadata: `metadata-`, then the key, of which everything but letters and digits of
/// ASCII and `_` is written as `-` and two hexadecimal digits a byte.
pub(super) fn tag_name(key: &str) -> String {
    let mut name = "metadata-".to_owned();
    for byte in key.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'_' {
            name.push(char::from(byte));
        } else {
            write!(name, "-{byte:02x}").expect("a string takes everything");
        }
    }
    name
}

/// A text as a JSON string in which everything is escaped but letters, digits, and a few characters that mean nothing
/// to either program.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for character in text.chars() {
        if character.is_alphanumeric() || " -_./+@".contains(character) {
            quoted.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(quoted, "\\u{unit:04x}").expect("a string takes everything");
            }
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use ledger::{Amount, EntryBody, EntryNumber, Metadata, Posting, Postings, Reference, Timestamp};
    use proptest::prelude::*;

    use super::*;

    fn entry(reference: &str, metadata: &[(&str, &str)], effective_at: Timestamp) -> Entry {
        let address = |text| Address::parse(text).unwrap();
        let asset = Asset::parse("USD/2").unwrap();
        let posting = Posting::new(address("world"), address("expr"), asset, Amount::from(1250)).unwrap();
        let pairs: BTreeMap<_, _> =
            metadata.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Entry {
            number: EntryNumber(17),
            recorded_at: Timestamp::default(),
            effective_at,
            body: EntryBody::Transaction(Transaction {
                postings: Postings::new(vec![posting]).unwrap(),
                reference: Some(Reference::parse(reference).unwrap()),
                metadata: Metadata::new(pairs).unwrap(),
                origin: ledger::Origin::Posted,
            }),
            balances: Vec::new(),
        }
    }

    fn written(program: Program, entry: &Entry) -> String {
        let body = entry.body.transaction().unwrap();
        let mut out = Vec::new();
        transaction(program, entry, body, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_transaction_has_its_tags_and_both_sides_of_each_posting() {
        let entry = entry("order-1", &[("order", "1001"), ("a b", "x, y: [2026]")], Timestamp::default());
        let expected = r#"1970-01-01 * (17) transaction 17
    ; effective_at: 1970-01-01T00:00:00.000000Z
    ; recorded_at: 1970-01-01T00:00:00.000000Z
    ; reference: "order-1"
    ; metadata-a-20b: "x\u002c y\u003a \u005b2026\u005d"
    ; metadata-order: "1001"
    world  -12.50 "USD/2"
    expr.  12.50 "USD/2"

"#;
        assert_eq!(written(Program::Hledger, &entry), expected);
        assert_eq!(written(Program::Ledger, &entry), expected);
    }

    #[test]
    fn what_ledger_has_no_date_for_counts_on_its_first() {
        let entry = entry("r", &[], Timestamp::MIN);
        assert!(written(Program::Ledger, &entry).starts_with("1400-01-01 * "));
        assert!(written(Program::Hledger, &entry).starts_with("0001-01-01 * "));
    }

    proptest! {
        #[test]
        fn text_reads_back_as_json_and_means_nothing_else(text: String) {
            let quoted = quoted(&text);
            prop_assert_eq!(serde_json::from_str::<String>(&quoted).unwrap(), text);
            let inner = &quoted[1..quoted.len() - 1];
            let meaningful = ['"', '[', ']', ',', ':', ';', '=', '(', '\n', '\r', '\u{2028}'];
            prop_assert!(!inner.contains(meaningful), "{}", quoted);
        }

        #[test]
        fn names_of_tags_are_as_many_as_keys(one in "[-a-c_ä ]{1,4}", other in "[-a-c_ä ]{1,4}") {
            prop_assert_eq!(tag_name(&one) == tag_name(&other), one == other);
            prop_assert!(tag_name(&one).bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)));
        }
    }
}
