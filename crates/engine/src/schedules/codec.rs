//! The text form in which stores keep what a schedule is to do: JSON, the same on every store. A change must go on
//! reading everything that was ever written.

use ledger::{
    Address, Amount, Asset, Bounds, Expectation, Expectations, ExpectedBounds, Metadata, PostTransaction,
    Posting, Postings, Quantity, Reference, Timestamp,
};
use serde::{Deserialize, Serialize};

use super::definition::{Definition, Timing};
use super::rule::{Recurrence, Rule};
use super::zone::Zone;
use crate::codec::DecodeError;

#[derive(Serialize, Deserialize)]
struct Stored {
    /// `[source, destination, asset, quantity]`; a quantity is an amount, `<=` and an amount, or `all`.
    postings: Vec<(String, String, String, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    effective_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    transaction_metadata: Map,
    /// `[account, asset, posted, available, version]`, the asset null where none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    expect: Vec<StoredExpectation>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<i64>,
    /// `[rule, start, time zone]`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rule: Option<(String, i64, String)>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    metadata: Map,
}

type Map = std::collections::BTreeMap<String, String>;

/// At least, at most, equals, as text.
type StoredBounds = [Option<String>; 3];

type StoredExpectation = (String, Option<String>, StoredBounds, StoredBounds, StoredBounds);

const ALL: &str = "all";
const UP_TO: &str = "<=";

/// Writes a definition as text.
///
/// # Panics
/// Never: every definition can be written.
#[must_use]
pub fn encode_definition(definition: &Definition) -> String {
    let Definition { transaction, timing, metadata } = definition;
    let postings = transaction.postings.as_slice().iter().map(|posting| {
        let quantity = match posting.amount() {
            Quantity::Exactly(amount) => amount.get().to_string(),
            Quantity::UpTo(most) => format!("{UP_TO}{}", most.get()),
            Quantity::All => ALL.to_owned(),
        };
        let text = |text: &str| text.to_owned();
        let (source, destination) = (posting.source().as_str(), posting.destination().as_str());
        (text(source), text(destination), text(posting.asset().as_str()), quantity)
    });
    let expect = transaction.expectations.as_slice().iter().map(|expectation| {
        let ExpectedBounds { posted, available, version } = expectation.bounds();
        let bounds = |Bounds { at_least, at_most, equals }: Bounds| {
            [at_least, at_most, equals].map(|bound| bound.map(|units| units.to_string()))
        };
        let account = expectation.account().as_str().to_owned();
        let asset = expectation.key().map(|key| key.asset.as_str().to_owned());
        (account, asset, bounds(posted), bounds(available), bounds(version))
    });
    let (at, rule) = match timing {
        Timing::Once(at) => (Some(at.micros()), None),
        Timing::Rule(recurrence) => {
            let (rule, zone) = (recurrence.rule().as_str(), recurrence.zone().name());
            (None, Some((rule.to_owned(), recurrence.starts_at().micros(), zone.to_owned())))
        }
    };
    let stored = Stored {
        postings: postings.collect(),
        reference: transaction.reference.as_ref().map(|reference| reference.as_str().to_owned()),
        effective_at: transaction.effective_at.map(Timestamp::micros),
        transaction_metadata: transaction.metadata.as_map().clone(),
        expect: expect.collect(),
        at,
        rule,
        metadata: metadata.as_map().clone(),
    };
    serde_json::to_string(&stored).expect("texts and numbers can be written")
}

/// Reads a definition back.
///
/// # Errors
/// When the text is not one that [`encode_definition`] wrote.
pub fn decode_definition(text: &str) -> Result<Definition, DecodeError> {
    let stored: Stored = serde_json::from_str(text)?;
    let bad = |part, text: String| DecodeError::Part { part, text };
    let postings = stored.postings.into_iter().map(posting).collect::<Result<Vec<_>, _>>()?;
    let expectations = stored.expect.into_iter().map(expectation).collect::<Result<Vec<_>, _>>()?;
    let time = |micros: i64| Timestamp::from_micros(micros).ok_or_else(|| bad("time", micros.to_string()));
    let reference = match stored.reference {
        Some(text) => Some(Reference::parse(&text).map_err(|_| bad("reference", text))?),
        None => None,
    };
    let timing = match (stored.at, stored.rule) {
        (Some(at), None) => Timing::Once(time(at)?),
        (None, Some((rule, starts_at, zone))) => {
            let parsed = Rule::kept(&rule).map_err(|_| bad("rule", rule.clone()))?;
            let zone = Zone::parse(&zone).map_err(|_| bad("time zone", zone))?;
            let recurrence = Recurrence::new(parsed, time(starts_at)?, zone);
            Timing::Rule(recurrence.map_err(|_| bad("rule", rule))?)
        }
        _ => return Err(bad("timing", String::new())),
    };
    let metadata = |map| Metadata::new(map).map_err(|_| bad("metadata", String::new()));
    Ok(Definition {
        transaction: PostTransaction {
            postings: Postings::new(postings).map_err(|_| bad("postings", String::new()))?,
            reference,
            effective_at: stored.effective_at.map(time).transpose()?,
            metadata: metadata(stored.transaction_metadata)?,
            expectations: Expectations::new(expectations).map_err(|_| bad("expectations", String::new()))?,
        },
        timing,
        metadata: metadata(stored.metadata)?,
    })
}

fn address(text: String) -> Result<Address, DecodeError> {
    Address::parse(&text).map_err(|_| DecodeError::Part { part: "account", text })
}

fn asset(text: String) -> Result<Asset, DecodeError> {
    Asset::parse(&text).map_err(|_| DecodeError::Part { part: "asset", text })
}

fn posting(
    (source, destination, asset_text, quantity): (String, String, String, String),
) -> Result<Posting<Quantity>, DecodeError> {
    let amount = |text: &str| {
        Amount::parse(text).map_err(|_| DecodeError::Part { part: "amount", text: text.to_owned() })
    };
    let quantity = match quantity.strip_prefix(UP_TO) {
        Some(most) => Quantity::UpTo(amount(most)?),
        None if quantity == ALL => Quantity::All,
        None => Quantity::Exactly(amount(&quantity)?),
    };
    Posting::new(address(source)?, address(destination)?, asset(asset_text)?, quantity)
        .map_err(|_| DecodeError::Part { part: "posting", text: String::new() })
}

fn expectation(
    (account, asset_text, posted, available, version): StoredExpectation,
) -> Result<Expectation, DecodeError> {
    let units = |text: Option<String>| match text {
        Some(text) => text.parse().map(Some).map_err(|_| DecodeError::Part { part: "bound", text }),
        None => Ok(None),
    };
    let bounds = |[at_least, at_most, equals]: StoredBounds| -> Result<Bounds, DecodeError> {
        Ok(Bounds { at_least: units(at_least)?, at_most: units(at_most)?, equals: units(equals)? })
    };
    let bounds =
        ExpectedBounds { posted: bounds(posted)?, available: bounds(available)?, version: bounds(version)? };
    Expectation::new(address(account)?, asset_text.map(asset).transpose()?, bounds)
        .map_err(|_| DecodeError::Part { part: "expectation", text: String::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONCE: &str = r#"{"postings":[["world","users:42","USD/2","1250"],["users:42","fees","USD/2","<=5"],["users:42","savings","USD/2","all"]],"reference":"order-1","effective_at":-5,"transaction_metadata":{"order":"1"},"expect":[["users:42","USD/2",["-1",null,null],[null,"7","3"],[null,null,null]],["users:7",null,[null,null,null],[null,null,null],[null,null,"17"]]],"at":1000000,"metadata":{"team":"growth"}}"#;
    const RULE: &str = r#"{"postings":[["world","users:42","USD/2","1250"]],"rule":["FREQ=MONTHLY;BYMONTHDAY=-1",0,"Europe/Berlin"]}"#;

    #[test]
    fn the_text_form_stays_as_it_was_first_written() {
        for text in [ONCE, RULE] {
            let definition = decode_definition(text).unwrap();
            assert_eq!(encode_definition(&definition), text);
        }
    }

    #[test]
    fn a_rule_that_is_refused_by_now_is_still_read() {
        let text = RULE.replace("FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=WEEKLY;BYDAY=2MO");
        assert!(Rule::parse("FREQ=WEEKLY;BYDAY=2MO").is_err());
        assert_eq!(encode_definition(&decode_definition(&text).unwrap()), text);
    }

    #[test]
    fn what_is_not_valid_is_refused() {
        for (from, to) in [
            (r#""at":1000000,"#, ""),
            (r#""at":1000000"#, r#""at":1000000,"rule":["FREQ=DAILY",0,"UTC"]"#),
            ("users:42", "users 42"),
            ("USD/2", "usd"),
            ("\"<=5\"", "\"<5\""),
            ("\"all\"", "\"some\""),
            ("order-1", ""),
            ("\"-1\"", "\"x\""),
            (r#"["-1",null,null],[null,"7","3"]"#, "[null,null,null],[null,null,null]"),
            ("-5", "-99999999999999999"),
        ] {
            assert!(decode_definition(&ONCE.replace(from, to)).is_err(), "{from} to {to}");
        }
        for (from, to) in [("MONTHLY", "NEVER"), ("Berlin", "Bonn"), (",0,", ",5,")] {
            assert!(decode_definition(&RULE.replace(from, to)).is_err(), "{from} to {to}");
        }
    }
}
