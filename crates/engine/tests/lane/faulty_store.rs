//! A store in front of a real one that can be told to hold batches back and to fail their commits. It also offers
//! to append, made of the real one's batches, so that lanes take the short way wherever they may.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use engine::port::{
    Accompanies, AccompanyError, AccountsAtHead, AllParts, Appended, Appends, Batch, BeginError, CommitError,
    CreateLedgerError, DatedLine, DueHold, Head, LedgerCreation, LogRecord, LookedUp, Opened, Parts,
    ReadError, Snapshot, Store, Unused, Wanted,
};
use engine::query::{
    Account, AccountQuery, AsOf, BalanceGroup, BalanceQuery, ChangeQuery, Hold, HoldQuery, Ledger, NewLedger,
    Page, StatementPosition, StatementQuery, TransactionChangeQuery, TransactionPosition, TransactionQuery,
};
use identity::AuditEvent;
use ledger::{Address, Amount, BalanceKey, Entry, EntryNumber, LedgerName, Timestamp};
use tokio::sync::Semaphore;

/// What goes wrong with a commit.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// Nothing of the batch is written.
    RolledBack,
    /// The batch is written, and the answer gets lost.
    AnswerLost,
    /// The batch is not written, and nobody can tell.
    RequestLost,
}

/// Switches shared by the store and its batches.
pub(crate) struct Switches {
    /// Every batch needs a permit to start; there are plenty until [`FaultyStore::hold`] takes them.
    gate: Semaphore,
    /// Faults of the next commits, first in, first out.
    faults: Mutex<VecDeque<Fault>>,
    /// Whether the next look at balances fails.
    blind: AtomicBool,
    /// What came of every append so far.
    appended: Mutex<Vec<Appended>>,
    /// Every read of accounts needs a permit to start.
    reads: Semaphore,
    /// How many accounts were asked for, at every read so far.
    read: Mutex<Vec<usize>>,
    /// Whether the next read of accounts fails.
    unreadable: AtomicBool,
    panics: AtomicBool,
}

/// A real store behind switches.
pub(crate) struct FaultyStore {
    inner: Arc<dyn Store>,
    switches: Arc<Switches>,
}

impl FaultyStore {
    pub(crate) fn new(inner: Arc<dyn Store>) -> Self {
        let switches = Switches {
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
            faults: Mutex::default(),
            blind: AtomicBool::default(),
            appended: Mutex::default(),
            reads: Semaphore::new(Semaphore::MAX_PERMITS),
            read: Mutex::default(),
            unreadable: AtomicBool::default(),
            panics: AtomicBool::default(),
        };
        Self { inner, switches: Arc::new(switches) }
    }

    /// Holds every batch back until [`release`](Self::release).
    pub(crate) fn hold(&self) {
        self.switches.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    pub(crate) fn release(&self) {
        self.switches.gate.add_permits(Semaphore::MAX_PERMITS);
    }

    /// Returns what came of every append since this was last asked.
    pub(crate) fn appended(&self) -> Vec<Appended> {
        std::mem::take(&mut self.switches.appended.lock().unwrap())
    }

    /// Holds every read of accounts and every look at balances back until [`release_reads`](Self::release_reads).
    pub(crate) fn hold_reads(&self) {
        self.switches.reads.forget_permits(Semaphore::MAX_PERMITS);
    }

    pub(crate) fn release_reads(&self) {
        self.switches.reads.add_permits(Semaphore::MAX_PERMITS);
    }

    /// Returns how many accounts were asked for at every read since this was last asked.
    pub(crate) fn read(&self) -> Vec<usize> {
        std::mem::take(&mut self.switches.read.lock().unwrap())
    }

    /// Lets the next read of accounts go wrong.
    pub(crate) fn fail_next_read(&self) {
        self.switches.unreadable.store(true, Ordering::SeqCst);
    }

    /// Lets the next read of accounts panic.
    pub(crate) fn panic_at_next_read(&self) {
        self.switches.panics.store(true, Ordering::SeqCst);
    }

    /// Lets the next look at balances go wrong.
    pub(crate) fn fail_next_look_up(&self) {
        self.switches.blind.store(true, Ordering::SeqCst);
    }

    /// Lets the next commit that has no fault yet go wrong.
    pub(crate) fn fail_next_commit(&self, fault: Fault) {
        self.switches.faults.lock().unwrap().push_back(fault);
    }
}

struct FaultyBatch {
    inner: Box<dyn Batch>,
    switches: Arc<Switches>,
}

#[async_trait]
impl Batch for FaultyBatch {
    async fn record(&mut self, events: &[AuditEvent]) -> Result<(), CommitError> {
        self.inner.record(events).await
    }

    async fn accompany(
        &mut self,
        companion: &mut dyn Accompanies,
        entry: &Entry,
    ) -> Result<(), AccompanyError> {
        self.inner.accompany(companion, entry).await
    }

    async fn commit(self: Box<Self>, records: &[LogRecord]) -> Result<(), CommitError> {
        let fault = self.switches.faults.lock().unwrap().pop_front();
        match fault {
            None => self.inner.commit(records).await,
            Some(Fault::RolledBack) => Err(CommitError::RolledBack("the disk is full".into())),
            Some(Fault::RequestLost) => Err(CommitError::OutcomeUnknown("the line was cut".into())),
            Some(Fault::AnswerLost) => {
                self.inner.commit(records).await?;
                Err(CommitError::OutcomeUnknown("the line was cut".into()))
            }
        }
    }
}

impl Parts for FaultyStore {
    fn parts(&self) -> &dyn AllParts {
        self.inner.parts()
    }
}

#[async_trait]
impl Store for FaultyStore {
    async fn begin(&self, ledger: &LedgerName, wanted: Wanted) -> Result<Opened, BeginError> {
        drop(self.switches.gate.acquire().await);
        let opened = self.inner.begin(ledger, wanted).await?;
        let batch = Box::new(FaultyBatch { inner: opened.batch, switches: Arc::clone(&self.switches) });
        Ok(Opened { loaded: opened.loaded, batch })
    }

    fn appends(&self) -> Option<&dyn Appends> {
        Some(self)
    }

    async fn create_ledger(&self, new: NewLedger) -> Result<LedgerCreation, CreateLedgerError> {
        self.inner.create_ledger(new).await
    }

    async fn ledger(&self, name: &LedgerName) -> Result<Ledger, ReadError> {
        self.inner.ledger(name).await
    }

    async fn ledgers(
        &self,
        after: Option<&LedgerName>,
        limit: usize,
    ) -> Result<Page<Ledger, LedgerName>, ReadError> {
        self.inner.ledgers(after, limit).await
    }

    async fn entry(&self, ledger: &LedgerName, number: EntryNumber) -> Result<Option<LogRecord>, ReadError> {
        self.inner.entry(ledger, number).await
    }

    async fn transaction(
        &self,
        ledger: &LedgerName,
        number: EntryNumber,
    ) -> Result<Option<Entry>, ReadError> {
        self.inner.transaction(ledger, number).await
    }

    async fn transaction_changes(
        &self,
        ledger: &LedgerName,
        query: &TransactionChangeQuery,
    ) -> Result<Option<Page<Entry, EntryNumber>>, ReadError> {
        self.inner.transaction_changes(ledger, query).await
    }

    async fn transactions(
        &self,
        ledger: &LedgerName,
        query: &TransactionQuery,
    ) -> Result<Page<Entry, TransactionPosition>, ReadError> {
        self.inner.transactions(ledger, query).await
    }

    async fn hold(&self, ledger: &LedgerName, number: EntryNumber) -> Result<Option<Hold>, ReadError> {
        self.inner.hold(ledger, number).await
    }

    async fn holds(
        &self,
        ledger: &LedgerName,
        query: &HoldQuery,
    ) -> Result<Page<Hold, EntryNumber>, ReadError> {
        self.inner.holds(ledger, query).await
    }

    async fn due_holds(&self, now: Timestamp, limit: usize) -> Result<Vec<DueHold>, ReadError> {
        self.inner.due_holds(now, limit).await
    }

    async fn last_movement(
        &self,
        ledger: &LedgerName,
        key: &BalanceKey,
        before: EntryNumber,
    ) -> Result<Option<Entry>, ReadError> {
        self.inner.last_movement(ledger, key, before).await
    }

    async fn reversed(
        &self,
        ledger: &LedgerName,
        transactions: &[EntryNumber],
    ) -> Result<Vec<(EntryNumber, Vec<Amount>)>, ReadError> {
        self.inner.reversed(ledger, transactions).await
    }

    async fn accounts_at_head(
        &self,
        ledger: &LedgerName,
        addresses: &[Address],
    ) -> Result<AccountsAtHead, ReadError> {
        self.switches.read.lock().unwrap().push(addresses.len());
        drop(self.switches.reads.acquire().await);
        assert!(!self.switches.panics.swap(false, Ordering::SeqCst), "this is what a test asked for");
        if self.switches.unreadable.swap(false, Ordering::SeqCst) {
            return Err(ReadError::Unavailable("the line was cut".into()));
        }
        self.inner.accounts_at_head(ledger, addresses).await
    }

    async fn account_as_of(
        &self,
        ledger: &LedgerName,
        address: &Address,
        as_of: AsOf,
    ) -> Result<Option<Account>, ReadError> {
        self.inner.account_as_of(ledger, address, as_of).await
    }

    async fn accounts(
        &self,
        ledger: &LedgerName,
        query: &AccountQuery,
    ) -> Result<Page<Account, Address>, ReadError> {
        self.inner.accounts(ledger, query).await
    }

    async fn account_changes(
        &self,
        ledger: &LedgerName,
        query: &ChangeQuery,
    ) -> Result<Option<Page<Entry, EntryNumber>>, ReadError> {
        self.inner.account_changes(ledger, query).await
    }

    async fn statement(
        &self,
        ledger: &LedgerName,
        query: &StatementQuery,
    ) -> Result<Option<Page<DatedLine, StatementPosition>>, ReadError> {
        self.inner.statement(ledger, query).await
    }

    async fn balances(
        &self,
        ledger: &LedgerName,
        query: &BalanceQuery,
    ) -> Result<Page<BalanceGroup, String>, ReadError> {
        self.inner.balances(ledger, query).await
    }

    async fn log(
        &self,
        ledger: &LedgerName,
        from: EntryNumber,
        limit: usize,
    ) -> Result<Vec<LogRecord>, ReadError> {
        self.inner.log(ledger, from, limit).await
    }

    async fn snapshot(&self, ledger: &LedgerName) -> Result<Box<dyn Snapshot>, ReadError> {
        self.inner.snapshot(ledger).await
    }

    async fn ping(&self) -> Result<(), ReadError> {
        self.inner.ping().await
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

#[async_trait]
impl Appends for FaultyStore {
    async fn balances_of(&self, ledger: &LedgerName, keys: &[BalanceKey]) -> Result<LookedUp, ReadError> {
        if self.switches.blind.swap(false, Ordering::SeqCst) {
            return Err(ReadError::Unavailable("the line was cut".into()));
        }
        drop(self.switches.reads.acquire().await);
        let mut looked_up = LookedUp::default();
        for key in keys {
            let Some(account) = self.inner.account(ledger, &key.account).await? else { continue };
            looked_up.policies.push((account.address, account.policy));
            let own = account.balances.into_iter().filter(|(asset, _)| *asset == key.asset);
            looked_up.balances.extend(own.map(|(_, balance)| (key.clone(), balance)));
        }
        Ok(looked_up)
    }

    async fn append(
        &self,
        ledger: &LedgerName,
        expected: Head,
        unused: &Unused,
        records: &[LogRecord],
    ) -> Result<Appended, CommitError> {
        let mut wanted =
            Wanted { keys: unused.keys.clone(), references: unused.references.clone(), ..Wanted::default() };
        for record in records {
            wanted.keys.extend(record.request.clone().map(|request| request.key));
            wanted.references.extend(record.entry.body.reference().cloned());
        }
        let opened = self.begin(ledger, wanted).await.expect("the database is there");
        let loaded = opened.loaded;
        let stale = loaded.head != expected || !loaded.keys.is_empty() || !loaded.references.is_empty();
        let appended = if stale { Appended::Stale } else { Appended::Written };
        self.switches.appended.lock().unwrap().push(appended);
        if !stale {
            opened.batch.commit(records).await?;
        }
        Ok(appended)
    }
}
