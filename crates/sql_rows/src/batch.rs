//! The rows that a batch writes, in the order of their tables. Never writes them.

use std::collections::BTreeMap;

use engine::port::LogRecord;
use ledger::{AccountChange, Address, Balance, BalanceKey, EntryBody, EntryNumber};

use crate::failure::Failure;
use crate::movements::NewMovements;

/// What the entries of a batch add to a ledger's projections: every balance touched, by account and asset.
pub struct BatchRows<'a>(pub BTreeMap<&'a BalanceKey, MovedBalance<'a>>);

/// A balance as a batch leaves it.
pub struct MovedBalance<'a> {
    /// Its counters.
    pub balance: &'a Balance,
    /// What moved it.
    pub movements: NewMovements,
}

impl<'a> BatchRows<'a> {
    /// Collects the rows of entries that have to begin at the number `next` and leave no gap.
    ///
    /// # Errors
    /// [`Failure::Gap`].
    pub fn of(records: &'a [LogRecord], next: u64) -> Result<Self, Failure> {
        let mut balances: BTreeMap<&BalanceKey, MovedBalance<'a>> = BTreeMap::new();
        for (expected, LogRecord { entry, .. }) in (next..).zip(records) {
            if entry.number.0 != expected {
                return Err(Failure::Gap { expected, found: entry.number.0 });
            }
            for (key, balance) in &entry.balances {
                let moved = balances
                    .entry(key)
                    .or_insert_with(|| MovedBalance { balance, movements: NewMovements::default() });
                // Of a balance that several entries touched, the last state counts.
                moved.balance = balance;
                moved.movements.add(key, entry.number);
            }
        }
        Ok(Self(balances))
    }
}

/// What the entries of a batch change of accounts.
#[derive(Default)]
pub struct ChangedAccounts<'a> {
    /// How the last entry leaves each account, by address.
    pub accounts: BTreeMap<&'a Address, &'a AccountChange>,
    /// Each change with its entry.
    pub changes: Vec<(&'a Address, EntryNumber)>,
}

impl<'a> ChangedAccounts<'a> {
    /// Collects the changes.
    #[must_use]
    pub fn of(records: &'a [LogRecord]) -> Self {
        let mut changed = Self::default();
        for LogRecord { entry, .. } in records {
            if let EntryBody::Account(change) = &entry.body {
                changed.accounts.insert(&change.account, change);
                changed.changes.push((&change.account, entry.number));
            }
        }
        changed
    }

    /// Says whether no account is changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}
