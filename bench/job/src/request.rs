//! What requests look like. All that can be wrong with their text is found while they are read.

use serde::Deserialize;

use crate::amount::Amount;
use crate::names::{Address, Asset};

/// Money to move: all postings in order, or nothing.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewTransaction {
    pub(crate) postings: Postings,
}

/// At least one posting, and no more than a thousand.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Vec<NewPosting>")]
pub(crate) struct Postings(pub(crate) Vec<NewPosting>);

/// An amount to move from one account to another.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPosting {
    pub(crate) source: Address,
    pub(crate) destination: Address,
    pub(crate) asset: Asset,
    pub(crate) amount: Amount,
}

impl TryFrom<Vec<NewPosting>> for Postings {
    type Error = &'static str;

    fn try_from(postings: Vec<NewPosting>) -> Result<Self, Self::Error> {
        if !(1..=1000).contains(&postings.len()) {
            return Err("must have one to a thousand postings");
        }
        if postings.iter().any(|posting| posting.source == posting.destination) {
            return Err("the destination must be another account than the source");
        }
        Ok(Self(postings))
    }
}
