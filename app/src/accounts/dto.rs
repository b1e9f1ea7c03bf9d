//! What replies about accounts look like.

use engine::port::DatedLine;
use engine::query::Account;
use ledger::Direction;
use schemars::JsonSchema;
use serde::Serialize;

use crate::http::values::{AddressText, AmountText, AssetText, EntryNumberValue, SignedText, TimeText};
use crate::http::views::BalanceView;

/// An account with its balances.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Account")]
pub struct AccountView {
    /// Its address.
    pub address: AddressText,
    /// Its balances, by asset.
    pub balances: Vec<BalanceView>,
}

impl From<Account> for AccountView {
    fn from(account: Account) -> Self {
        Self {
            address: AddressText(account.address),
            balances: account.balances.into_iter().map(BalanceView::from).collect(),
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
