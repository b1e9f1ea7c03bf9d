//! A view of one ledger as it stood: the log of that moment.

use std::sync::Arc;

use async_trait::async_trait;
use engine::pair::MetadataPair;
use engine::port::{KeptAccount, KeptHold, LogRecord, Movements, ReadError, Snapshot};
use engine::shifted::ShiftedMovement;
use ledger::{Address, Amount, Balance, BalanceKey, BalanceTotal, EntryNumber, Metadata, RootKey};
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

    async fn sums(
        &mut self,
        after: Option<&RootKey>,
        limit: usize,
    ) -> Result<Vec<(RootKey, BalanceTotal)>, ReadError> {
        let sums = self.0.sums();
        Ok(sums.into_iter().filter(|(key, _)| after.is_none_or(|after| key > after)).take(limit).collect())
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

    async fn shifted_movements(
        &mut self,
        after: Option<&ShiftedMovement>,
        limit: usize,
    ) -> Result<Vec<ShiftedMovement>, ReadError> {
        let shifted = self.0.shifted_movements().into_iter();
        let is_ahead = |it: &ShiftedMovement| after.is_none_or(|after| it.place() > after.place());
        Ok(shifted.filter(is_ahead).take(limit).collect())
    }

    async fn accounts(
        &mut self,
        after: Option<&Address>,
        limit: usize,
    ) -> Result<Vec<KeptAccount>, ReadError> {
        let changed = self.0.changed().into_iter();
        let ahead = changed.filter(|(address, _)| after.is_none_or(|after| address > after)).take(limit);
        let kept = |(address, change): (Address, &ledger::AccountChange)| KeptAccount {
            address,
            policy: change.policy.clone(),
            metadata: change.metadata.clone(),
        };
        Ok(ahead.map(kept).collect())
    }

    async fn account_changes(
        &mut self,
        after: Option<&(Address, EntryNumber)>,
        limit: usize,
    ) -> Result<Vec<(Address, EntryNumber)>, ReadError> {
        let changes = self.0.changes();
        let mut changes: Vec<_> =
            changes.into_iter().map(|(entry, change)| (change.account.clone(), entry)).collect();
        changes.sort();
        Ok(changes
            .into_iter()
            .filter(|change| after.is_none_or(|after| change > after))
            .take(limit)
            .collect())
    }

    async fn holds(&mut self, after: Option<EntryNumber>, limit: usize) -> Result<Vec<KeptHold>, ReadError> {
        let holds = self.0.all_holds().into_iter().map(|(_, kept)| kept);
        Ok(holds.filter(|kept| after.is_none_or(|after| kept.hold > after)).take(limit).collect())
    }

    async fn hold_accounts(
        &mut self,
        after: Option<&(Address, EntryNumber)>,
        limit: usize,
    ) -> Result<Vec<(Address, EntryNumber)>, ReadError> {
        let accounts = self.0.hold_accounts().into_iter();
        Ok(accounts.filter(|account| after.is_none_or(|after| account > after)).take(limit).collect())
    }

    async fn reversals(
        &mut self,
        after: Option<EntryNumber>,
        limit: usize,
    ) -> Result<Vec<(EntryNumber, Vec<Amount>)>, ReadError> {
        let reversed = self.0.reversed().into_iter();
        Ok(reversed.filter(|(number, _)| after.is_none_or(|after| *number > after)).take(limit).collect())
    }

    async fn changed_transactions(
        &mut self,
        after: Option<EntryNumber>,
        limit: usize,
    ) -> Result<Vec<(EntryNumber, Metadata)>, ReadError> {
        let changed = self.0.changed_transactions().into_iter();
        Ok(changed.filter(|(number, _)| after.is_none_or(|after| *number > after)).take(limit).collect())
    }

    async fn transaction_changes(
        &mut self,
        after: Option<(EntryNumber, EntryNumber)>,
        limit: usize,
    ) -> Result<Vec<(EntryNumber, EntryNumber)>, ReadError> {
        let changes = self.0.all_transaction_changes().into_iter();
        Ok(changes.filter(|change| after.is_none_or(|after| *change > after)).take(limit).collect())
    }

    async fn transactions_by_pair(
        &mut self,
        after: Option<(MetadataPair, EntryNumber)>,
        limit: usize,
    ) -> Result<Vec<(MetadataPair, EntryNumber)>, ReadError> {
        let found = self.0.transactions_by_pair().into_iter();
        Ok(found.filter(|found| after.is_none_or(|after| *found > after)).take(limit).collect())
    }

    async fn accounts_by_pair(
        &mut self,
        after: Option<&(MetadataPair, Address)>,
        limit: usize,
    ) -> Result<Vec<(MetadataPair, Address)>, ReadError> {
        let found = self.0.accounts_by_pair().into_iter();
        Ok(found.filter(|found| after.is_none_or(|after| found > after)).take(limit).collect())
    }
}
