//! Batches: whoever holds a ledger's head loads what a batch touches, then adds its entries. The short way checks
//! what was remembered instead of loading it.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use engine::companion::StoreTransaction;
use engine::port::{
    Accompanies, AccompanyError, Appended, Batch, BeginError, CommitError, Head, KeyUse, Loaded, LogRecord,
    Opened, Unused, Wanted,
};
use engine::query::HoldQuery;
use identity::AuditEvent;
use ledger::{
    Address, BalanceKey, Entry, EntryBody, EntryNumber, LedgerName, Origin, Policy, Reference, Remainder,
};
use test_support::Naive;
use tokio::sync::OwnedMutexGuard;

use crate::database::{KeptLedger, MemoryDatabase, Refused};
use crate::rows::MemoryRows;
use crate::store::{MemoryStore, Opening};

pub(crate) async fn begin(
    store: &MemoryStore,
    name: &LedgerName,
    wanted: Wanted,
) -> Result<Opened, BeginError> {
    let unavailable = |closed| BeginError::Unavailable(Box::new(closed));
    store.opening.check().map_err(unavailable)?;
    let ledger = store.database.find(name).ok_or(BeginError::LedgerNotFound)?;
    let head = Arc::clone(&ledger.head).lock_owned().await;
    store.opening.check().map_err(unavailable)?;
    let loaded = load(&ledger.log(), wanted);
    let opening = Arc::clone(&store.opening);
    let database = store.database.clone();
    let batch = Box::new(MemoryBatch {
        database,
        ledger,
        events: Vec::new(),
        rows: Vec::new(),
        opening,
        _head: head,
    });
    Ok(Opened { loaded, batch })
}

fn load(log: &Naive, wanted: Wanted) -> Loaded {
    let head = head(log);
    let mut balances: HashSet<_> = wanted.missing.into_iter().collect();
    if wanted.cached_at != Some(head) {
        balances.extend(wanted.cached);
    }
    let (asked_keys, asked_references): (HashSet<_>, HashSet<_>) =
        (wanted.keys.into_iter().collect(), wanted.references.into_iter().collect());
    let accounts: HashSet<_> = wanted.accounts.into_iter().collect();
    let query = HoldQuery { limit: usize::MAX, ..HoldQuery::default() };
    let holds: Vec<_> = log
        .holds(&query)
        .into_iter()
        .filter(|hold| wanted.holds.contains(&hold.entry.number))
        .map(|hold| (hold.entry.number, hold.standing))
        .collect();
    let unreversed = unreversed(log, &wanted.reversals);
    let earlier =
        holds.iter().map(|(_, standing)| &standing.left).chain(unreversed.iter().map(|(_, left)| left));
    for posting in earlier.flat_map(|left| left.postings().as_slice()) {
        for account in [posting.source(), posting.destination()] {
            balances.insert(BalanceKey { account: account.clone(), asset: posting.asset().clone() });
        }
    }
    let versions = wanted.versions.into_iter().map(|account| (account.clone(), log.version(&account)));
    let mut changed = log.changed();
    changed.retain(|address, _| accounts.contains(address));
    let mut loaded_policies = policies(log, &balances);
    loaded_policies.extend(changed.iter().map(|(address, change)| (address.clone(), change.policy.clone())));
    Loaded {
        head,
        policies: loaded_policies,
        metadata: changed.into_iter().map(|(address, change)| (address, change.metadata.clone())).collect(),
        transactions: wanted
            .transactions
            .into_iter()
            .filter_map(|number| Some((number, log.transaction(number)?.body.metadata().clone())))
            .collect(),
        balances: log.balances().into_iter().filter(|(key, _)| balances.contains(key)).collect(),
        keys: keys(log).filter(|used| asked_keys.contains(&used.key)).collect(),
        references: references(log).filter(|(used, _)| asked_references.contains(used)).collect(),
        holds,
        unreversed,
        versions: versions.filter(|(_, version)| *version > 0).collect(),
    }
}

/// Returns what has not been reversed, of those numbers that are transactions.
fn unreversed(log: &Naive, wanted: &[EntryNumber]) -> Vec<(EntryNumber, Remainder)> {
    let reversed = log.reversed();
    let mut found = Vec::new();
    for record in &log.records {
        let EntryBody::Transaction(transaction) = &record.entry.body else { continue };
        if wanted.contains(&record.entry.number) {
            let postings = transaction.postings.clone();
            let used = reversed.iter().find(|(number, _)| *number == record.entry.number);
            let left = match used {
                Some((_, used)) => Remainder::after(postings, used).expect("no more is reversed than moved"),
                None => Remainder::whole(postings),
            };
            found.push((record.entry.number, left));
        }
    }
    found
}

/// Returns the policies of the accounts of balances, of those that were ever changed.
pub(crate) fn policies<'k>(
    log: &Naive,
    keys: impl IntoIterator<Item = &'k BalanceKey>,
) -> Vec<(Address, Policy)> {
    let accounts: HashSet<&Address> = keys.into_iter().map(|key| &key.account).collect();
    let changed = log.changed().into_iter().filter(|(address, _)| accounts.contains(address));
    changed.map(|(address, change)| (address, change.policy.clone())).collect()
}

pub(crate) fn head(log: &Naive) -> Head {
    let last_recorded_at = log.records.last().map(|record| record.entry.recorded_at);
    Head { next: log.next(), last_recorded_at }
}

fn keys(log: &Naive) -> impl Iterator<Item = KeyUse> {
    log.records.iter().filter_map(|LogRecord { entry, request }| {
        let request = request.clone()?;
        Some(KeyUse { key: request.key, fingerprint: request.fingerprint, entry: entry.number })
    })
}

fn references(log: &Naive) -> impl Iterator<Item = (Reference, EntryNumber)> {
    log.records
        .iter()
        .filter_map(|LogRecord { entry, .. }| Some((entry.body.reference()?.clone(), entry.number)))
}

/// An open batch: it holds the head, so that nothing happens to the ledger between its beginning and its end.
struct MemoryBatch {
    database: MemoryDatabase,
    ledger: Arc<KeptLedger>,
    events: Vec<AuditEvent>,
    rows: Vec<String>,
    opening: Arc<Opening>,
    _head: OwnedMutexGuard<()>,
}

#[async_trait]
impl Batch for MemoryBatch {
    async fn commit(self: Box<Self>, records: &[LogRecord]) -> Result<(), CommitError> {
        self.opening.check().map_err(|closed| CommitError::RolledBack(Box::new(closed)))?;
        let written = self.ledger.write(records);
        written.map_err(|refused| CommitError::RolledBack(Box::new(refused)))?;
        self.database.access().record(&self.events);
        self.database.own_rows().extend(self.rows);
        Ok(())
    }

    async fn record(&mut self, events: &[AuditEvent]) -> Result<(), CommitError> {
        self.events.extend_from_slice(events);
        Ok(())
    }

    async fn accompany(
        &mut self,
        companion: &mut dyn Accompanies,
        entry: &Entry,
    ) -> Result<(), AccompanyError> {
        let mut rows = MemoryRows::default();
        companion.write(&mut StoreTransaction::new(&mut rows), entry).await?;
        self.rows.extend(rows.into_rows());
        Ok(())
    }
}

pub(crate) async fn append(
    store: &MemoryStore,
    name: &LedgerName,
    expected: Head,
    unused: &Unused,
    records: &[LogRecord],
) -> Result<Appended, CommitError> {
    let is_posted = |record: &LogRecord| {
        record.entry.body.transaction().is_some_and(|transaction| transaction.origin == Origin::Posted)
    };
    assert!(records.iter().all(is_posted), "everything else is written the long way");
    let rolled_back = |closed| CommitError::RolledBack(Box::new(closed));
    for (expected, record) in (expected.next.0..).zip(records) {
        let found = record.entry.number.0;
        if found != expected {
            return Err(CommitError::RolledBack(Box::new(Refused::Gap { expected, found })));
        }
    }
    store.opening.check().map_err(rolled_back)?;
    let Some(ledger) = store.database.find(name) else { return Ok(Appended::Stale) };
    let _head = ledger.head.lock().await;
    store.opening.check().map_err(rolled_back)?;
    let log = ledger.log();
    let in_use = keys(&log).any(|used| unused.keys.contains(&used.key))
        || references(&log).any(|(used, _)| unused.references.contains(&used));
    if in_use || head(&log) != expected {
        return Ok(Appended::Stale);
    }
    drop(log);
    Ok(ledger.write(records).map_or(Appended::Stale, |()| Appended::Written))
}
