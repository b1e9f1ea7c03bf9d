//! A mapping as it stands in the file. docs/imports.md explains the keys.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMapping {
    #[serde(default)]
    pub(super) file: RawFile,
    pub(super) transaction: RawTransaction,
    #[serde(default)]
    pub(super) amount: RawAmount,
    #[serde(default)]
    pub(super) effective_at: RawTime,
    #[serde(default)]
    pub(super) replace: BTreeMap<String, BTreeMap<String, String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFile {
    pub(super) delimiter: Option<String>,
    pub(super) quote: Option<String>,
    pub(super) header: Option<bool>,
    pub(super) trim: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTransaction {
    pub(super) source: Option<String>,
    pub(super) destination: Option<String>,
    pub(super) account: Option<String>,
    pub(super) asset: Option<String>,
    pub(super) amount: Option<OneOrMore>,
    pub(super) reference: Option<String>,
    pub(super) effective_at: Option<String>,
    pub(super) group: Option<String>,
    pub(super) key: Option<String>,
    #[serde(default)]
    pub(super) metadata: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "a text, or a list of texts")]
pub(super) enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl OneOrMore {
    pub(super) fn as_slice(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::More(more) => more,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAmount {
    pub(super) decimal_mark: Option<String>,
    pub(super) thousands: Option<String>,
    pub(super) minor_units: Option<bool>,
    pub(super) negative: Option<RawNegative>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawNegative {
    #[default]
    Refuse,
    Swap,
    Absolute,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTime {
    pub(super) format: Option<String>,
    pub(super) offset: Option<String>,
}
