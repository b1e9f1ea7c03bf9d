//! Journals for Beancount: <https://beancount.github.io/docs/beancount_language_syntax.html>.
//!
//! Beancount is particular about names, so accounts and assets get others, as many as there are: docs/exports.md says
//! how. Text of clients only ever gets in as a string of Beancount's, escaped.

use std::fmt::Write as _;

use engine::query::Ledger;
use ledger::{Address, Amount, Asset, Entry, Transaction};
use sha2::{Digest as _, Sha256};

use super::plain_text::tag_name;
use crate::http::decimal::Decimal;
use crate::http::time::Rfc3339;

/// The most characters of a commodity's name.
const COMMODITY_MAX: usize = 24;

/// Beancount negates and adds with 28 digits, whatever it reads: beyond, this is counted in lots of its own.
const LOT: u128 = 100_000_000_000;
/// The first amount of 29 digits.
const LARGE: u128 = 10_000_000_000_000_000_000_000_000_000;

/// Words of Beancount's that look like commodities.
const WORDS: [&str; 3] = ["TRUE", "FALSE", "NULL"];

/// Writes what comes before the entries. Accounts open themselves, as it takes a plugin of Beancount's own: nobody has
/// to remember which were seen.
pub(super) fn begin(ledger: &Ledger, out: &mut Vec<u8>) {
    let Ledger { name, entries, .. } = ledger;
    let text = format!(
        "; The ledger {name} of Florin, its first {} entries.\n\noption \"title\" \"{name}\"\n\
         plugin \"beancount.plugins.auto_accounts\"\n\n",
        entries.0
    );
    out.extend_from_slice(text.as_bytes());
}

/// Writes a transaction: two postings for each of Florin's, four where the amount is very large.
pub(super) fn transaction(entry: &Entry, transaction: &Transaction, out: &mut Vec<u8>) {
    let effective_at = Rfc3339(entry.effective_at).to_string();
    let date = &effective_at[.."2026-01-31".len()];
    let mut text = format!("{date} * \"transaction {}\"\n", entry.number.0);
    let mut metadata = |name: &str, value: &str| {
        writeln!(text, "  {name}: {}", string(value)).expect("a string takes everything");
    };
    metadata("effective_at", &effective_at);
    metadata("recorded_at", &Rfc3339(entry.recorded_at).to_string());
    if let Some(reference) = &transaction.reference {
        metadata("reference", reference.as_str());
    }
    for (key, value) in transaction.metadata.as_map() {
        metadata(&tag_name(key), value);
    }
    for posting in transaction.postings.as_slice() {
        let asset = posting.asset();
        let commodity = commodity(asset);
        for lot in lots(posting.amount()) {
            for (address, amount) in [
                (posting.source(), Decimal::less(lot, asset)),
                (posting.destination(), Decimal::of(lot, asset)),
            ] {
                writeln!(text, "  {}  {amount} {commodity}", account(address))
                    .expect("a string takes everything");
                if is_hashed(&commodity) {
                    writeln!(text, "    asset: \"{asset}\"").expect("a string takes everything");
                }
            }
        }
    }
    text.push('\n');
    out.extend_from_slice(text.as_bytes());
}

/// Splits an amount into parts of no more digits than Beancount counts with, trailing zeros aside. Each part is posted
/// on both sides at once, so that what is left over is nothing at any time.
fn lots(amount: Amount) -> impl Iterator<Item = Amount> {
    let rest = if amount.get() < LARGE { 0 } else { amount.get() % LOT };
    let most = Amount::new(amount.get() - rest).unwrap_or_default();
    [most, Amount::new(rest).unwrap_or_default()].into_iter().take(if rest == 0 { 1 } else { 2 })
}

/// `world` is `Equity:World`, every other account is under `Assets`.
fn account(address: &Address) -> String {
    let mut name = String::from(if address.is_world() { "Equity" } else { "Assets" });
    for segment in address.as_str().split(':') {
        name.push(':');
        component(segment, &mut name);
    }
    name
}

/// A component begins with a capital letter or a digit, and has letters, digits and `-`. A small letter in front
/// becomes a capital one; `-C` after a letter in front says that it was one; where the segment begins with `-` or `_`,
/// `0-S` comes first; a `-` becomes `--`, a `_` becomes `-U`.
fn component(segment: &str, name: &mut String) {
    let mut characters = segment.chars();
    match segment.chars().next() {
        Some(first) if first.is_ascii_alphanumeric() => {
            characters.next();
            name.push(first.to_ascii_uppercase());
            if first.is_ascii_uppercase() {
                name.push_str("-C");
            }
        }
        _ => name.push_str("0-S"),
    }
    for character in characters {
        match character {
            '-' => name.push_str("--"),
            '_' => name.push_str("-U"),
            other => name.push(other),
        }
    }
}

/// A commodity is the asset with a point for the slash. One character alone and the words of Beancount's get a `-U`
/// after them; what is too long becomes `H-` and a hash, and every posting in it says which asset that is.
fn commodity(asset: &Asset) -> String {
    let text = asset.as_str();
    if text.len() == 1 || WORDS.contains(&text) {
        format!("{text}-U")
    } else if text.len() <= COMMODITY_MAX {
        text.replace('/', ".")
    } else {
        format!("H-{}", hash(text))
    }
}

fn is_hashed(commodity: &str) -> bool {
    commodity.len() == COMMODITY_MAX && commodity.starts_with("H-")
}

/// Returns 110 bits of a text's SHA-256, as 22 characters of RFC 4648's base 32.
fn hash(text: &str) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let digest = Sha256::digest(text.as_bytes());
    let mut bits = digest.iter().take(16).fold(0, |bits: u128, byte| bits << 8 | u128::from(*byte));
    let digit = |_| {
        bits = bits.rotate_left(5);
        char::from(ALPHABET[(bits % 32) as usize])
    };
    (0..COMMODITY_MAX - 2).map(digit).collect()
}

/// A string of Beancount's.
fn string(text: &str) -> String {
    let mut string = String::from('"');
    for character in text.chars() {
        match character {
            '"' => string.push_str("\\\""),
            '\\' => string.push_str("\\\\"),
            '\n' => string.push_str("\\n"),
            '\r' => string.push_str("\\r"),
            '\t' => string.push_str("\\t"),
            other => string.push(other),
        }
    }
    string.push('"');
    string
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn account_of(address: &str) -> String {
        account(&Address::parse(address).unwrap())
    }

    fn commodity_of(asset: &str) -> String {
        commodity(&Asset::parse(asset).unwrap())
    }

    #[test]
    fn accounts_are_named_as_beancount_wants_it() {
        for (address, name) in [
            ("world", "Equity:World"),
            ("World", "Assets:W-Corld"),
            ("world:1", "Assets:World:1"),
            ("users:42:wallet", "Assets:Users:42:Wallet"),
            ("a-b_c", "Assets:A--b-Uc"),
            ("-:_", "Assets:0-S--:0-S-U"),
            ("0-S", "Assets:0--S"),
        ] {
            assert_eq!(account_of(address), name, "{address}");
        }
    }

    #[test]
    fn commodities_are_named_as_beancount_wants_it() {
        for (asset, name) in [
            ("USD/2", "USD.2"),
            ("USD_COLD/02", "USD_COLD.02"),
            ("X", "X-U"),
            ("TRUE", "TRUE-U"),
            ("A1234567890123456/000002", "A1234567890123456.000002"),
            ("A1234567890123456_B/00002", "H-ZNVNUPGM77SBROQNVJKEGE"),
        ] {
            assert_eq!(commodity_of(asset), name, "{asset}");
        }
    }

    #[test]
    fn lots_add_up_and_have_no_more_digits_than_beancount_counts_with() {
        for amount in [0, 1, LARGE - 1, LARGE, LARGE + 1, Amount::MAX.get()] {
            let lots: Vec<u128> = lots(Amount::new(amount).unwrap()).map(Amount::get).collect();
            assert_eq!(lots.iter().sum::<u128>(), amount);
            for lot in &lots {
                assert!(lot.to_string().trim_end_matches('0').len() <= 28, "{lot}");
            }
            assert_eq!(lots.len(), 1 + usize::from(amount > LARGE), "{amount}");
        }
    }

    /// Reads an address back from the name of an account.
    fn address_of(name: &str) -> String {
        let (root, rest) = name.split_once(':').unwrap();
        assert_eq!(root == "Equity", rest == "World" && root != "Assets");
        let segments = rest.split(':').map(|component| {
            let (mut segment, rest) = match component.strip_prefix("0-S") {
                Some(rest) => (String::new(), rest),
                None => match component[1..].strip_prefix("-C") {
                    Some(rest) => (component[..1].to_owned(), rest),
                    None => (component[..1].to_lowercase(), &component[1..]),
                },
            };
            let mut characters = rest.chars();
            while let Some(character) = characters.next() {
                segment.push(match character {
                    '-' if characters.next() == Some('U') => '_',
                    other => other,
                });
            }
            segment
        });
        segments.collect::<Vec<_>>().join(":")
    }

    proptest! {
        #[test]
        fn an_address_reads_back_from_its_name(address in "[-_a-cA-CSU0-2]{1,5}(:[-_a-cA-CSU0-2]{1,5}){0,2}") {
            let name = account_of(&address);
            for component in name.split(':') {
                prop_assert!(component.starts_with(|c: char| c.is_ascii_uppercase() || c.is_ascii_digit()));
                prop_assert!(component.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'));
            }
            prop_assert_eq!(address_of(&name), address);
        }

        #[test]
        fn assets_have_names_of_their_own(
            one in "[A-C][A-C1-2]{0,16}(_[A-C]{1,16})?(/[0-2]{1,6})?",
            other in "[A-C][A-C1-2]{0,16}(_[A-C]{1,16})?(/[0-2]{1,6})?",
        ) {
            let (name, others) = (commodity_of(&one), commodity_of(&other));
            prop_assert!((2..=COMMODITY_MAX).contains(&name.len()));
            prop_assert_eq!(name == others, one == other);
        }
    }
}
