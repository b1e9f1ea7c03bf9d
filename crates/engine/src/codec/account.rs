//! The text form of what is kept beside an account's balances: its policy, its metadata, and a change of both.

use std::collections::BTreeMap;

use ledger::{AccountChange, Address, Asset, Floors, Frozen, Metadata, Policy};
use serde::{Deserialize, Serialize};

use super::DecodeError;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyText {
    floor: FloorText,
    frozen: FrozenText,
    closed: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum FloorText {
    Unbounded(Unbounded),
    /// Minor units as text.
    PerAsset(BTreeMap<String, String>),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Unbounded {
    Unbounded,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum FrozenText {
    None,
    Debits,
    Credits,
    All,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangeText {
    account: String,
    policy: PolicyText,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    metadata: BTreeMap<String, String>,
}

impl From<&Policy> for PolicyText {
    fn from(policy: &Policy) -> Self {
        Self {
            floor: match &policy.floors {
                Floors::Unbounded => FloorText::Unbounded(Unbounded::Unbounded),
                Floors::PerAsset(floors) => FloorText::PerAsset(
                    floors
                        .iter()
                        .map(|(asset, floor)| (asset.as_str().to_owned(), floor.to_string()))
                        .collect(),
                ),
            },
            frozen: match policy.frozen {
                Frozen::None => FrozenText::None,
                Frozen::Debits => FrozenText::Debits,
                Frozen::Credits => FrozenText::Credits,
                Frozen::All => FrozenText::All,
            },
            closed: policy.closed,
        }
    }
}

impl PolicyText {
    fn policy(self) -> Result<Policy, DecodeError> {
        let bad = |part, text: String| DecodeError::Part { part, text };
        let floors = match self.floor {
            FloorText::Unbounded(Unbounded::Unbounded) => Floors::Unbounded,
            FloorText::PerAsset(texts) => {
                let mut floors = BTreeMap::new();
                for (asset, floor) in texts {
                    let asset = Asset::parse(&asset).map_err(|_| bad("asset", asset))?;
                    let floor = floor.parse().map_err(|_| bad("floor", floor))?;
                    floors.insert(asset, floor);
                }
                Floors::PerAsset(floors)
            }
        };
        let frozen = match self.frozen {
            FrozenText::None => Frozen::None,
            FrozenText::Debits => Frozen::Debits,
            FrozenText::Credits => Frozen::Credits,
            FrozenText::All => Frozen::All,
        };
        Ok(Policy { floors, frozen, closed: self.closed })
    }
}

/// Writes a policy as text.
///
/// # Panics
/// Never: every policy can be written.
#[must_use]
pub fn encode_policy(policy: &Policy) -> String {
    serde_json::to_string(&PolicyText::from(policy)).expect("texts can always be written")
}

/// Reads a policy back.
///
/// # Errors
/// When the text is not one that [`encode_policy`] wrote.
pub fn decode_policy(text: &str) -> Result<Policy, DecodeError> {
    serde_json::from_str::<PolicyText>(text)?.policy()
}

/// Writes metadata as text.
///
/// # Panics
/// Never: all metadata can be written.
#[must_use]
pub fn encode_metadata(metadata: &Metadata) -> String {
    serde_json::to_string(metadata.as_map()).expect("texts by text can always be written")
}

/// Reads metadata back.
///
/// # Errors
/// When the text is not one that [`encode_metadata`] wrote.
pub fn decode_metadata(text: &str) -> Result<Metadata, DecodeError> {
    metadata(serde_json::from_str(text)?)
}

pub(super) fn metadata(values: BTreeMap<String, String>) -> Result<Metadata, DecodeError> {
    Metadata::new(values).map_err(|_| DecodeError::Part { part: "metadata", text: String::new() })
}

pub(super) fn encode_change(change: &AccountChange) -> String {
    let text = ChangeText {
        account: change.account.as_str().to_owned(),
        policy: (&change.policy).into(),
        metadata: change.metadata.as_map().clone(),
    };
    serde_json::to_string(&text).expect("texts can always be written")
}

pub(super) fn decode_change(text: &str) -> Result<AccountChange, DecodeError> {
    let ChangeText { account, policy, metadata: values } = serde_json::from_str(text)?;
    let account =
        Address::parse(&account).map_err(|_| DecodeError::Part { part: "account", text: account })?;
    Ok(AccountChange { account, policy: policy.policy()?, metadata: metadata(values)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"account":"users:42","policy":{"floor":{"BTC/8":"7","USD/2":"-170141183460469231731687303715884105727"},"frozen":"debits","closed":true},"metadata":{"tier":"\"gold\""}}"#;

    fn change() -> AccountChange {
        let asset = |text| Asset::parse(text).unwrap();
        let floors = [(asset("USD/2"), -i128::MAX), (asset("BTC/8"), 7)];
        AccountChange {
            account: Address::parse("users:42").unwrap(),
            policy: Policy { floors: Floors::PerAsset(floors.into()), frozen: Frozen::Debits, closed: true },
            metadata: Metadata::new([("tier".to_owned(), "\"gold\"".to_owned())].into()).unwrap(),
        }
    }

    #[test]
    fn the_text_form_stays_as_it_was_first_written() {
        assert_eq!(encode_change(&change()), TEXT);
        assert_eq!(decode_change(TEXT).unwrap(), change());
    }

    #[test]
    fn every_policy_comes_back() {
        for floors in [Floors::Unbounded, Floors::PerAsset(BTreeMap::new()), change().policy.floors] {
            for frozen in [Frozen::None, Frozen::Debits, Frozen::Credits, Frozen::All] {
                for closed in [true, false] {
                    let policy = Policy { floors: floors.clone(), frozen, closed };
                    assert_eq!(decode_policy(&encode_policy(&policy)).unwrap(), policy);
                }
            }
        }
        let unbounded = Policy { floors: Floors::Unbounded, frozen: Frozen::None, closed: false };
        assert_eq!(encode_policy(&unbounded), r#"{"floor":"unbounded","frozen":"none","closed":false}"#);
    }

    #[test]
    fn no_metadata_takes_no_space_in_a_change() {
        let change = AccountChange { metadata: Metadata::default(), ..change() };
        let text = encode_change(&change);
        assert!(!text.contains("metadata"), "{text}");
        assert_eq!(decode_change(&text).unwrap(), change);
        assert_eq!(decode_metadata(&encode_metadata(&change.metadata)).unwrap(), change.metadata);
    }

    #[test]
    fn what_is_no_policy_or_change_is_refused() {
        for text in [
            "",
            "{}",
            r#"{"floor":"bounded","frozen":"none","closed":false}"#,
            r#"{"floor":{"USD/2":5},"frozen":"none","closed":false}"#,
            r#"{"floor":{},"frozen":"some","closed":false}"#,
            r#"{"floor":{},"frozen":"none","closed":0}"#,
            r#"{"floor":{},"frozen":"none"}"#,
            r#"{"floor":{},"frozen":"none","closed":false,"more":1}"#,
        ] {
            assert!(matches!(decode_policy(text), Err(DecodeError::Shape(_))), "{text}");
        }
        for (floor, part) in [(r#"{"usd":"1"}"#, "asset"), (r#"{"USD/2":"1.5"}"#, "floor")] {
            let text = format!(r#"{{"floor":{floor},"frozen":"none","closed":false}}"#);
            assert!(
                matches!(decode_policy(&text), Err(DecodeError::Part { part: it, .. }) if it == part),
                "{text}"
            );
        }
        let bad = TEXT.replace("users:42", "users::42");
        assert!(matches!(decode_change(&bad), Err(DecodeError::Part { part: "account", .. })));
        let bad = TEXT.replace("tier", "");
        assert!(matches!(decode_change(&bad), Err(DecodeError::Part { part: "metadata", .. })));
    }
}
