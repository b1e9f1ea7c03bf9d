//! What replies about accounts look like.

use engine::port::DatedLine;
use ledger::{Direction, Entry, EntryBody};
use schemars::JsonSchema;
use serde::Serialize;

use crate::http::policy::PolicyView;
use crate::http::values::{
    AddressText, AmountText, AssetText, EntryNumberValue, MetadataValue, SignedText, TimeText,
};

/// A change of an account, as recorded: all that it left beside the balances.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "AccountChange")]
pub struct AccountChangeView {
    /// The number of its entry.
    pub entry: EntryNumberValue,
    /// When it was written.
    pub recorded_at: TimeText,
    /// What the account allowed from then on.
    pub policy: PolicyView,
    /// What the caller kept beside it from then on.
    pub metadata: MetadataValue,
}

impl From<Entry> for AccountChangeView {
    /// # Panics
    /// When the entry changes no account, which no list of changes has.
    fn from(entry: Entry) -> Self {
        let EntryBody::Account(change) = entry.body else {
            panic!("entry {} changes no account", entry.number.0)
        };
        Self {
            entry: EntryNumberValue(entry.number),
            recorded_at: TimeText(entry.recorded_at),
            policy: change.policy.into(),
            metadata: MetadataValue(change.metadata),
        }
    }
}

/// Which side of a posting an account was on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Direction")]
pub enum DirectionView {
    /// Money left the account.
    Debit,
    /// Money reached the account.
    Credit,
}

impl From<Direction> for DirectionView {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Debit => Self::Debit,
            Direction::Credit => Self::Credit,
        }
    }
}

/// One line of an account's statement: the account's side of one posting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "StatementLine")]
pub struct StatementLineView {
    /// The id of the transaction.
    pub transaction: EntryNumberValue,
    /// The place of the posting in it, from 0.
    pub posting: usize,
    /// When the transaction was written.
    pub recorded_at: TimeText,
    /// When the transaction counts.
    pub effective_at: TimeText,
    /// The account's side.
    pub direction: DirectionView,
    /// The account on the other side.
    pub counterparty: AddressText,
    /// What moved.
    pub asset: AssetText,
    /// How much moved.
    pub amount: AmountText,
    /// What the account had of the asset (posted) after this posting, in the order of the log.
    pub balance: SignedText,
}

impl From<DatedLine> for StatementLineView {
    fn from(dated: DatedLine) -> Self {
        let line = dated.line;
        Self {
            transaction: EntryNumberValue(line.entry),
            posting: line.posting,
            recorded_at: TimeText(dated.recorded_at),
            effective_at: TimeText(dated.effective_at),
            direction: line.direction.into(),
            counterparty: AddressText(line.counterparty),
            asset: AssetText(line.asset),
            amount: AmountText(line.amount),
            balance: line.balance.into(),
        }
    }
}
