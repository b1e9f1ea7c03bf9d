//! Random commands: from few accounts, assets, references and moments, so that they meet each other.
//!
//! A case is drawn with a kind of amounts for all of it, as one huge movement leaves little that later
//! ones could still do. How often each outcome occurs is itself tested.

mod accounts;
mod plans;
mod postings;

use std::fmt;

use ledger::{
    Address, Amount, Asset, Bounds, Command, CreateHold, Expectation, Expectations, ExpectedBounds, Metadata,
    PostTransaction, Posting, Postings, Quantity, Reference, Timestamp,
};
use proptest::prelude::*;

use self::plans::{carried_out, plan};
use self::postings::amounts;

/// A command and what the clock says when it is decided on.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) command: Command,
    pub(crate) now: Timestamp,
}

/// Where money comes from and goes to. `world` stands first, and is drawn most.
pub(crate) const ACCOUNTS: [&str; 5] = ["world", "users:1", "users:2", "fees", "users:1:savings"];
const ASSETS: [&str; 2] = ["USD/2", "BTC/8"];
pub(crate) const REFERENCES: [&str; 5] = ["r0", "r1", "r2", "r3", "r4"];

pub(crate) fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

pub(crate) fn asset(text: &str) -> Asset {
    Asset::parse(text).unwrap()
}

pub(crate) fn posting(source: &str, destination: &str, asset_text: &str, amount: Amount) -> Posting {
    Posting::new(address(source), address(destination), asset(asset_text), amount).unwrap()
}

pub(crate) fn transaction(postings: Vec<Posting>) -> PostTransaction {
    asking(postings.into_iter().map(Posting::from).collect())
}

pub(crate) fn asking(postings: Vec<Posting<Quantity>>) -> PostTransaction {
    PostTransaction {
        postings: Postings::new(postings).unwrap(),
        reference: None,
        effective_at: None,
        metadata: Metadata::default(),
        expectations: Expectations::default(),
    }
}

pub(crate) fn holding(postings: Vec<Posting>) -> CreateHold {
    CreateHold {
        postings: Postings::new(postings).unwrap().into(),
        expires_at: None,
        reference: None,
        metadata: Metadata::default(),
    }
}

pub(crate) fn expecting(account: &str, asset_text: &str, posted: Bounds, available: Bounds) -> Expectation {
    let bounds = ExpectedBounds { posted, available, ..ExpectedBounds::default() };
    Expectation::new(address(account), Some(asset(asset_text)), bounds).unwrap()
}

pub(crate) fn expecting_version(account: &str, version: Bounds) -> Expectation {
    let bounds = ExpectedBounds { version, ..ExpectedBounds::default() };
    Expectation::new(address(account), None, bounds).unwrap()
}

pub(crate) fn reference(text: &str) -> Reference {
    Reference::parse(text).unwrap()
}

pub(crate) fn micros(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap()
}

/// Sequences of commands, each to be decided on in turn.
pub(crate) fn histories() -> impl Strategy<Value = Vec<Step>> {
    let plans = |huge_per_hundred| prop::collection::vec(plan(&amounts(huge_per_hundred)), 1..25);
    prop_oneof![4 => plans(0), 3 => plans(10), 3 => plans(33)].prop_map(carried_out)
}

/// One of the values, with as many in `of` as there are; none else.
fn perhaps<T: Clone + fmt::Debug>(
    values: &'static [T],
    of: usize,
) -> impl Strategy<Value = Option<T>> + Clone + use<T> {
    // In place of `option::weighted`, with which drawing cases took most of the time.
    (0..of).prop_map(move |n| Some(values[n.checked_sub(of - values.len())?].clone()))
}
