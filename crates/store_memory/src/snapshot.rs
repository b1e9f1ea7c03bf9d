//! A view of one ledger as it stood: the log of that moment.

use std::sync::Arc;

use async_trait::async_trait;
use engine::port::{DatedLine, LogRecord, ReadError, Snapshot};
use ledger::{Balance, BalanceKey, EntryNumber, StatementLine};
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

    async fn lines(
        &mut self,
        after: Option<&StatementLine>,
        limit: usize,
    ) -> Result<Vec<DatedLine>, ReadError> {
        let is_ahead = |line: &StatementLine| {
            let place = |line: &StatementLine| (line.account.clone(), line.entry, line.posting);
            after.is_none_or(|after| place(line) > place(after))
        };
        Ok(self.0.lines().into_iter().filter(|dated| is_ahead(&dated.line)).take(limit).collect())
    }
}
