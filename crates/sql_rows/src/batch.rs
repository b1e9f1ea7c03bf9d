//! The rows that a batch writes, in the order of their tables. Never writes them.

use std::collections::BTreeMap;

use engine::port::LogRecord;
use ledger::{Balance, BalanceKey, StatementLine};

use crate::failure::Failure;

/// What the entries of a batch add to a ledger's projections.
pub struct BatchRows<'a> {
    /// The statement lines, by account, entry, posting: neighbours in the table come one after the other.
    pub lines: Vec<StatementLine>,
    /// Every balance touched, as the batch leaves it, by account and asset.
    pub balances: Vec<(&'a BalanceKey, &'a Balance)>,
}

impl<'a> BatchRows<'a> {
    /// Collects the rows of entries that have to begin at the number `next` and leave no gap.
    ///
    /// # Errors
    /// [`Failure::Gap`].
    pub fn of(records: &'a [LogRecord], next: u64) -> Result<Self, Failure> {
        let mut lines = Vec::new();
        let mut balances = BTreeMap::new();
        for (expected, LogRecord { entry, .. }) in (next..).zip(records) {
            if entry.number.0 != expected {
                return Err(Failure::Gap { expected, found: entry.number.0 });
            }
            lines.extend(entry.statement_lines());
            // Of a balance that several entries touched, the last state counts.
            balances.extend(entry.balances.iter().map(|(key, balance)| (key, balance)));
        }
        lines
            .sort_unstable_by(|a, b| (&a.account, a.entry, a.posting).cmp(&(&b.account, b.entry, b.posting)));
        Ok(Self { lines, balances: Vec::from_iter(balances) })
    }
}
