//! What replies about accounts look like.

use engine::port::DatedLine;
use engine::query::Account;
use ledger::{AccountChange, Asset, Balance, Direction, Entry, EntryBody};
use schemars::JsonSchema;
use serde::Serialize;

use crate::http::policy::PolicyView;
use crate::http::values::{
    AddressText, AmountText, AssetText, EntryNumberValue, MetadataValue, SignedText, TimeText,
};
use crate::http::views::BalanceView;

/// An account with its balances.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Account")]
pub struct AccountView {
    /// Its address.
    pub address: AddressText,
    /// What it allows.
    pub policy: PolicyView,
    /// What the caller keeps beside it.
    pub metadata: MetadataValue,
    /// Its version: larger with every entry that touches it, to be sent back in `expect`. Left out where the account is
    /// shown as it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// Its balances, by asset.
    pub balances: Vec<BalanceView>,
}

impl From<Account> for AccountView {
    fn from(account: Account) -> Self {
        Self {
            address: AddressText(account.address),
            policy: account.policy.into(),
            metadata: MetadataValue(account.metadata),
            version: account.version,
            balances: account.balances.into_iter().map(BalanceView::from).collect(),
        }
    }
}

impl AccountView {
    /// Shows an account as it was when it had been changed, with its balances of then.
    ///
    /// # Panics
    /// When the entry changes no account.
    #[must_use]
    pub fn changed(entry: Entry, balances: Vec<(Asset, Balance)>) -> Self {
        let EntryBody::Account(change) = entry.body else {
            panic!("entry {} changes no account", entry.number.0)
        };
        let AccountChange { account: address, policy, metadata } = change;
        Account { address, policy, metadata, version: Some(entry.number.next().0), balances }.into()
    }
}

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
