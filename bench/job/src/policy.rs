//! What an account allows, as the database keeps it: JSON, or nothing where it was never changed.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::JobError;
use crate::names::{Address, Asset};

/// What an account allows that was never changed, as JSON.
pub(crate) const STANDARD: &str = r#"{"floor":{},"frozen":"none","closed":false}"#;

/// What the outside allows, as JSON.
pub(crate) const WORLD: &str = r#"{"floor":"unbounded","frozen":"none","closed":false}"#;

/// What an account allows.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Policy {
    floor: Floors,
    frozen: Frozen,
    pub(crate) closed: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Floors {
    Named(Unbounded),
    PerAsset(BTreeMap<String, String>),
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Unbounded {
    Unbounded,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Frozen {
    None,
    Debits,
    Credits,
    All,
}

/// Which side of a posting an account is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Debit,
    Credit,
}

impl Policy {
    /// Returns what an account allows: what is kept, or what it allows from its beginning.
    pub(crate) fn read(kept: Option<&str>, address: &Address) -> Result<Self, JobError> {
        if let Some(text) = kept {
            return serde_json::from_str(text).map_err(|_| JobError::Corrupt("a policy"));
        }
        let floor = if address.is_world() {
            Floors::Named(Unbounded::Unbounded)
        } else {
            Floors::PerAsset(BTreeMap::new())
        };
        Ok(Self { floor, frozen: Frozen::None, closed: false })
    }

    /// Returns how far an asset's available balance may fall; nothing where it may fall for ever.
    pub(crate) fn floor(&self, asset: &Asset) -> Result<Option<i128>, JobError> {
        match &self.floor {
            Floors::Named(Unbounded::Unbounded) => Ok(None),
            Floors::PerAsset(floors) => {
                let floor = floors.get(asset.as_str()).map_or(Ok(0), |text| text.parse());
                floor.map(Some).map_err(|_| JobError::Corrupt("a floor"))
            }
        }
    }

    /// Returns whether an account takes no part on this side.
    pub(crate) fn bars(&self, side: Side) -> bool {
        match self.frozen {
            Frozen::None => false,
            Frozen::Debits => side == Side::Debit,
            Frozen::Credits => side == Side::Credit,
            Frozen::All => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Policy, STANDARD, Side, WORLD};
    use crate::names::{Address, Asset};

    fn read(text: Option<&str>, address: &str) -> (Option<i128>, [bool; 2], bool) {
        let policy = Policy::read(text, &Address::parse(address).unwrap()).unwrap();
        let asset = Asset::try_from("USD/2".to_owned()).unwrap();
        let bars = [Side::Debit, Side::Credit].map(|side| policy.bars(side));
        (policy.floor(&asset).unwrap(), bars, policy.closed)
    }

    #[test]
    fn what_is_not_kept_is_the_standard() {
        assert_eq!(read(None, "a"), (Some(0), [false, false], false));
        assert_eq!(read(None, "a"), read(Some(STANDARD), "a"));
        assert_eq!(read(None, "world"), (None, [false, false], false));
        assert_eq!(read(None, "world"), read(Some(WORLD), "world"));
    }

    #[test]
    fn what_is_kept_counts() {
        let kept = r#"{"floor":{"USD/2":"-50"},"frozen":"credits","closed":true}"#;
        assert_eq!(read(Some(kept), "a"), (Some(-50), [false, true], true));
        assert!(Policy::read(Some("{}"), &Address::parse("a").unwrap()).is_err());
    }
}
