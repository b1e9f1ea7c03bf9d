//! A view of one ledger as it stood: the log of that moment.

use std::sync::Arc;

use async_trait::async_trait;
use engine::port::{LogRecord, Movements, ReadError, Snapshot};
use ledger::{Balance, BalanceKey, EntryNumber};
use test_support::Naive;

use crate::store::records;

/// The log of a moment, which nobody adds to.
pub(crate) struct MemorySnapshot(pub(crate) Arc<Naive>);

#[async_trait]
impl Snapshot for MemorySnapshot {
    fn next(&self) -> EntryNumber {
        self.0.next()
    }

    async fn records(&mut self, from: EntryNumber, limit: usize) -> Result<Vec<LogRecord>, ReadError> {
        Ok(records(&self.0, from, limit))
    }

    async fn balances(
        &mut self,
        after: Option<&BalanceKey>,
        limit: usize,
    ) -> Result<Vec<(BalanceKey, Balance)>, ReadError> {
        let balances = self.0.balances().into_iter();
        Ok(balances.filter(|(key, _)| after.is_none_or(|after| key > after)).take(limit).collect())
    }

    async fn movements(
        &mut self,
        after: Option<&Movements>,
        limit: usize,
    ) -> Result<Vec<Movements>, ReadError> {
        let lists =
            self.0.movements().into_iter().map(|(key, entries)| Movements { key, until: None, entries });
        let is_ahead = |list: &Movements| after.is_none_or(|after| list.place() > after.place());
        Ok(lists.filter(is_ahead).take(limit).collect())
    }
}
