//! A store that does to a request what the name of its ledger says. It keeps nothing.

use std::future::pending;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use engine::port::{
    Accompanies, AccompanyError, AccountsAtHead, AllParts, Batch, BeginError, CommitError, CreateLedgerError,
    DatedLine, DueHold, LedgerCreation, Loaded, LogRecord, Opened, Parts, ReadError, Snapshot, Source, Store,
    Wanted,
};
use engine::query::{
    Account, AccountQuery, AsOf, BalanceGroup, BalanceQuery, ChangeQuery, Hold, HoldQuery, Ledger, NewLedger,
    Page, StatementPosition, StatementQuery, TransactionChangeQuery, TransactionPosition, TransactionQuery,
};
use identity::AuditEvent;
use ledger::{
    Address, Amount, Asset, BalanceKey, Entry, EntryBody, EntryNumber, LedgerName, Metadata, Origin, Posting,
    Postings, Timestamp, Transaction,
};

/// What the store says about its troubles, for operators only.
pub(super) const SECRET: &str = "the disk /dev/sda1 is full";

/// The store.
#[derive(Debug, Default)]
pub(crate) struct Troubled {
    /// How many batches were begun.
    pub(super) begun: AtomicUsize,
}

/// Does what the name says, where that is the same for all operations, and otherwise nothing.
pub(super) async fn befall(ledger: &LedgerName) {
    match ledger.as_str() {
        // Without a word on the standard error output of the tests.
        "panics" => resume_unwind(Box::new(SECRET)),
        "never" => pending().await,
        _ => {}
    }
}

/// How many entries a ledger has that is in trouble later on: half of them can be read.
pub(super) const ENTRIES: u64 = 2_000;

/// An entry, as far as an export looks at it.
fn record(number: u64) -> LogRecord {
    let address = |text| Address::parse(text).expect("an address");
    let asset = Asset::parse("USD/2").expect("an asset");
    let posting = Posting::new(address("world"), address("a"), asset, Amount::from(5)).expect("a posting");
    let transaction = Transaction {
        postings: Postings::new(vec![posting]).expect("one posting"),
        reference: None,
        metadata: Metadata::default(),
        origin: Origin::Posted,
    };
    let entry = Entry {
        number: EntryNumber(number),
        recorded_at: Timestamp::default(),
        effective_at: Timestamp::default(),
        body: EntryBody::Transaction(transaction),
        balances: Vec::new(),
    };
    LogRecord { entry, request: None }
}

/// Fails to read.
pub(super) async fn read<T>(ledger: &LedgerName) -> Result<T, ReadError> {
    befall(ledger).await;
    Err(match ledger.as_str() {
        "unavailable" => ReadError::Unavailable(SECRET.into()),
        "corrupt" => ReadError::Corrupt(SECRET.into()),
        "long-ago" => ReadError::TooMuchToLookAt,
        _ => ReadError::LedgerNotFound,
    })
}

/// A batch that fails in the end.
struct Lost(fn(Source) -> CommitError);

#[async_trait]
impl Batch for Lost {
    async fn record(&mut self, _events: &[AuditEvent]) -> Result<(), CommitError> {
        Err(self.0(SECRET.into()))
    }

    async fn accompany(
        &mut self,
        _companion: &mut dyn Accompanies,
        _entry: &Entry,
    ) -> Result<(), AccompanyError> {
        Err(AccompanyError::Failed(SECRET.into()))
    }

    async fn commit(self: Box<Self>, _records: &[LogRecord]) -> Result<(), CommitError> {
        Err(self.0(SECRET.into()))
    }
}

impl Parts for Troubled {
    fn parts(&self) -> &dyn AllParts {
        self
    }
}

#[async_trait]
impl Store for Troubled {
    async fn begin(&self, ledger: &LedgerName, _wanted: Wanted) -> Result<Opened, BeginError> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        befall(ledger).await;
        let fault = match ledger.as_str() {
            "rolled-back" => CommitError::RolledBack,
            "cut-off" => CommitError::OutcomeUnknown,
            "unavailable" => return Err(BeginError::Unavailable(SECRET.into())),
            _ => return Err(BeginError::LedgerNotFound),
        };
        Ok(Opened { loaded: Loaded::default(), batch: Box::new(Lost(fault)) })
    }

    async fn create_ledger(&self, new: NewLedger) -> Result<LedgerCreation, CreateLedgerError> {
        befall(&new.name).await;
        match new.name.as_str() {
            "taken" => Ok(LedgerCreation::NameTaken),
            _ => Err(CreateLedgerError::Unavailable(SECRET.into())),
        }
    }

    async fn ledger(&self, name: &LedgerName) -> Result<Ledger, ReadError> {
        if name.as_str().starts_with("later-") {
            let (created_at, metadata) = (Timestamp::default(), Metadata::default());
            return Ok(Ledger { name: name.clone(), created_at, entries: EntryNumber(ENTRIES), metadata });
        }
        read(name).await
    }

    async fn ledgers(
        &self,
        after: Option<&LedgerName>,
        _limit: usize,
    ) -> Result<Page<Ledger, LedgerName>, ReadError> {
        match after {
            Some(ledger) => read(ledger).await,
            None => Err(ReadError::Unavailable(SECRET.into())),
        }
    }

    async fn entry(&self, ledger: &LedgerName, _number: EntryNumber) -> Result<Option<LogRecord>, ReadError> {
        read(ledger).await
    }

    async fn transaction(
        &self,
        ledger: &LedgerName,
        _number: EntryNumber,
    ) -> Result<Option<Entry>, ReadError> {
        read(ledger).await
    }

    async fn transaction_changes(
        &self,
        ledger: &LedgerName,
        _query: &TransactionChangeQuery,
    ) -> Result<Option<Page<Entry, EntryNumber>>, ReadError> {
        read(ledger).await
    }

    async fn transactions(
        &self,
        ledger: &LedgerName,
        _query: &TransactionQuery,
    ) -> Result<Page<Entry, TransactionPosition>, ReadError> {
        read(ledger).await
    }

    async fn accounts_at_head(
        &self,
        ledger: &LedgerName,
        _addresses: &[Address],
    ) -> Result<AccountsAtHead, ReadError> {
        read(ledger).await
    }

    async fn account_as_of(
        &self,
        ledger: &LedgerName,
        _address: &Address,
        _as_of: AsOf,
    ) -> Result<Option<Account>, ReadError> {
        read(ledger).await
    }

    async fn accounts(
        &self,
        ledger: &LedgerName,
        _query: &AccountQuery,
    ) -> Result<Page<Account, Address>, ReadError> {
        read(ledger).await
    }

    async fn account_changes(
        &self,
        ledger: &LedgerName,
        _query: &ChangeQuery,
    ) -> Result<Option<Page<Entry, EntryNumber>>, ReadError> {
        read(ledger).await
    }

    async fn hold(&self, ledger: &LedgerName, _number: EntryNumber) -> Result<Option<Hold>, ReadError> {
        read(ledger).await
    }

    async fn holds(
        &self,
        ledger: &LedgerName,
        _query: &HoldQuery,
    ) -> Result<Page<Hold, EntryNumber>, ReadError> {
        read(ledger).await
    }

    async fn due_holds(&self, _now: Timestamp, _limit: usize) -> Result<Vec<DueHold>, ReadError> {
        Err(ReadError::Unavailable(SECRET.into()))
    }

    async fn last_movement(
        &self,
        ledger: &LedgerName,
        _key: &BalanceKey,
        _before: EntryNumber,
    ) -> Result<Option<Entry>, ReadError> {
        read(ledger).await
    }

    async fn reversed(
        &self,
        ledger: &LedgerName,
        _transactions: &[EntryNumber],
    ) -> Result<Vec<(EntryNumber, Vec<Amount>)>, ReadError> {
        read(ledger).await
    }

    async fn statement(
        &self,
        ledger: &LedgerName,
        _query: &StatementQuery,
    ) -> Result<Option<Page<DatedLine, StatementPosition>>, ReadError> {
        read(ledger).await
    }

    async fn balances(
        &self,
        ledger: &LedgerName,
        _query: &BalanceQuery,
    ) -> Result<Page<BalanceGroup, String>, ReadError> {
        read(ledger).await
    }

    async fn log(
        &self,
        ledger: &LedgerName,
        from: EntryNumber,
        limit: usize,
    ) -> Result<Vec<LogRecord>, ReadError> {
        if ledger.as_str().starts_with("later-") && from.0 < ENTRIES / 2 {
            return Ok((from.0..).take(limit).map(record).collect());
        }
        match ledger.as_str() {
            "later-panics" => resume_unwind(Box::new(SECRET)),
            "later-never" => pending().await,
            "later-unavailable" => Err(ReadError::Unavailable(SECRET.into())),
            "later-nothing" => Ok(Vec::new()),
            "later-gap" => Ok(vec![record(from.0 + 1)]),
            _ => read(ledger).await,
        }
    }

    async fn snapshot(&self, ledger: &LedgerName) -> Result<Box<dyn Snapshot>, ReadError> {
        read(ledger).await
    }

    async fn ping(&self) -> Result<(), ReadError> {
        Err(ReadError::Unavailable(SECRET.into()))
    }

    async fn close(&self) {}
}
