//! An account as replies show it, whichever request it came of.

use engine::query::Account;
use ledger::{AccountChange, Asset, Balance, Entry, EntryBody};
use schemars::JsonSchema;
use serde::Serialize;

use super::BalanceView;
use crate::http::policy::PolicyView;
use crate::http::values::{AddressText, MetadataValue};

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
