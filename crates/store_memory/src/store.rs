//! The store itself: finds a ledger's log and has every question answered by going through it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use engine::port::{
    AccountsAtHead, AllParts, Appended, Appends, BeginError, CommitError, CreateLedgerError, DatedLine,
    DueHold, Head, LedgerCreation, LogRecord, LookedUp, Opened, Parts, ReadError, Snapshot, Store, Unused,
    Wanted,
};
use engine::query::{
    Account, AccountQuery, AddressPattern, AmountRange, AsOf, BalanceGroup, BalanceQuery, ChangeQuery, Clock,
    Hold, HoldQuery, Ledger, NewLedger, PAGE_WEIGHT_MAX, Page, StatementPosition, StatementQuery,
    TransactionChangeQuery, TransactionPosition, TransactionQuery, account_weight, weight,
};
use ledger::{Address, Amount, BalanceKey, Entry, EntryNumber, HoldState, LedgerName, Timestamp};
use test_support::Naive;

use crate::batch;
use crate::database::{KeptLedger, MemoryDatabase};
use crate::pages::page;
use crate::snapshot::MemorySnapshot;

/// One opening of a database in memory.
pub struct MemoryStore {
    pub(crate) database: MemoryDatabase,
    pub(crate) opening: Arc<Opening>,
    appends: bool,
}

/// Whether an opening is still in use.
#[derive(Default)]
pub(crate) struct Opening {
    closed: AtomicBool,
}

/// The opening was closed.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the store is closed")]
pub(crate) struct Closed;

impl Opening {
    pub(crate) fn check(&self) -> Result<(), Closed> {
        if self.closed.load(Ordering::SeqCst) { Err(Closed) } else { Ok(()) }
    }
}

impl MemoryStore {
    /// Opens a database. With `appends` it offers the short way to write.
    #[must_use]
    pub fn open(database: &MemoryDatabase, appends: bool) -> Self {
        Self { database: database.clone(), opening: Arc::default(), appends }
    }

    fn check(&self) -> Result<(), ReadError> {
        self.opening.check().map_err(|closed| ReadError::Unavailable(Box::new(closed)))
    }

    fn kept(&self, name: &LedgerName) -> Result<Arc<KeptLedger>, ReadError> {
        self.check()?;
        self.database.find(name).ok_or(ReadError::LedgerNotFound)
    }

    fn log_of(&self, name: &LedgerName) -> Result<Arc<Naive>, ReadError> {
        Ok(self.kept(name)?.log())
    }
}

impl Parts for MemoryStore {
    fn parts(&self) -> &dyn AllParts {
        self
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn begin(&self, ledger: &LedgerName, wanted: Wanted) -> Result<Opened, BeginError> {
        batch::begin(self, ledger, wanted).await
    }

    fn appends(&self) -> Option<&dyn Appends> {
        self.appends.then_some(self)
    }

    async fn create_ledger(&self, new: NewLedger) -> Result<LedgerCreation, CreateLedgerError> {
        self.opening.check().map_err(|closed| CreateLedgerError::Unavailable(Box::new(closed)))?;
        Ok(self.database.create(new))
    }

    async fn ledger(&self, name: &LedgerName) -> Result<Ledger, ReadError> {
        Ok(self.kept(name)?.describe())
    }

    async fn ledgers(
        &self,
        after: Option<&LedgerName>,
        limit: usize,
    ) -> Result<Page<Ledger, LedgerName>, ReadError> {
        self.check()?;
        let mut found = self.database.describe_all();
        found.retain(|ledger| after.is_none_or(|after| ledger.name > *after));
        Ok(whole_page(found, |ledger| ledger.name.clone(), limit, after))
    }

    async fn entry(&self, ledger: &LedgerName, number: EntryNumber) -> Result<Option<LogRecord>, ReadError> {
        Ok(self.log_of(ledger)?.records.iter().find(|record| record.entry.number == number).cloned())
    }

    async fn transactions(
        &self,
        ledger: &LedgerName,
        query: &TransactionQuery,
    ) -> Result<Page<Entry, TransactionPosition>, ReadError> {
        let log = self.log_of(ledger)?;
        let place_of = |entry: &Entry| TransactionPosition::of(entry, query.clock);
        let places = log.transactions(&what_indices_lead_to(query));
        let places = places.iter().map(place_of);
        Ok(page(places, log.transactions(query), place_of, weight, query.limit, query.after.as_ref()))
    }

    async fn transaction(
        &self,
        ledger: &LedgerName,
        number: EntryNumber,
    ) -> Result<Option<Entry>, ReadError> {
        Ok(self.log_of(ledger)?.transaction(number))
    }

    async fn transaction_changes(
        &self,
        ledger: &LedgerName,
        query: &TransactionChangeQuery,
    ) -> Result<Option<Page<Entry, EntryNumber>>, ReadError> {
        let found = self.log_of(ledger)?.transaction_changes(query);
        Ok(found.map(|found| {
            let places: Vec<_> = found.iter().map(|entry| entry.number).collect();
            page(places, found, |entry| entry.number, weight, query.limit, query.after.as_ref())
        }))
    }

    async fn accounts_at_head(
        &self,
        ledger: &LedgerName,
        addresses: &[Address],
    ) -> Result<AccountsAtHead, ReadError> {
        let log = self.log_of(ledger)?;
        let accounts = addresses.iter().map(|address| Ok(log.account(address))).collect();
        Ok(AccountsAtHead { head: batch::head(&log), accounts })
    }

    async fn account_as_of(
        &self,
        ledger: &LedgerName,
        address: &Address,
        as_of: AsOf,
    ) -> Result<Option<Account>, ReadError> {
        Ok(self.log_of(ledger)?.account_as_of(address, as_of))
    }

    async fn accounts(
        &self,
        ledger: &LedgerName,
        query: &AccountQuery,
    ) -> Result<Page<Account, Address>, ReadError> {
        let log = self.log_of(ledger)?;
        let place_of = |account: &Account| account.address.clone();
        // Indices lead to all of it: to what accounts keep, and to the assets that they moved.
        let found = log.accounts(query);
        let places: Vec<_> = found.iter().map(place_of).collect();
        Ok(page(places, found, place_of, account_weight, query.limit, query.after.as_ref()))
    }

    async fn account_changes(
        &self,
        ledger: &LedgerName,
        query: &ChangeQuery,
    ) -> Result<Option<Page<Entry, EntryNumber>>, ReadError> {
        let found = self.log_of(ledger)?.account_changes(query);
        Ok(found.map(|found| {
            let places: Vec<_> = found.iter().map(|entry| entry.number).collect();
            page(places, found, |entry| entry.number, weight, query.limit, query.after.as_ref())
        }))
    }

    async fn last_movement(
        &self,
        ledger: &LedgerName,
        key: &BalanceKey,
        before: EntryNumber,
    ) -> Result<Option<Entry>, ReadError> {
        let log = self.log_of(ledger)?;
        let movements = log.movements().remove(key).unwrap_or_default();
        let last = movements.into_iter().rfind(|number| *number < before);
        let mut records = log.records.iter().map(|record| &record.entry);
        Ok(records.find(|entry| Some(entry.number) == last).cloned())
    }

    async fn hold(&self, ledger: &LedgerName, number: EntryNumber) -> Result<Option<Hold>, ReadError> {
        let all = HoldQuery { limit: usize::MAX, ..HoldQuery::default() };
        Ok(self.log_of(ledger)?.holds(&all).into_iter().find(|hold| hold.entry.number == number))
    }

    async fn holds(
        &self,
        ledger: &LedgerName,
        query: &HoldQuery,
    ) -> Result<Page<Hold, EntryNumber>, ReadError> {
        let log = self.log_of(ledger)?;
        // An index leads to the holds of an account, and to the open ones.
        let is_led_to = query.account.is_none() && query.state == Some(HoldState::Open);
        let looked_at = HoldQuery { state: query.state.filter(|_| is_led_to), ..query.clone() };
        let place_of = |hold: &Hold| hold.entry.number;
        let places = log.holds(&looked_at);
        let places = places.iter().map(place_of);
        let weight_of = |hold: &Hold| weight(&hold.entry);
        Ok(page(places, log.holds(query), place_of, weight_of, query.limit, query.after.as_ref()))
    }

    async fn due_holds(&self, now: Timestamp, limit: usize) -> Result<Vec<DueHold>, ReadError> {
        self.check()?;
        let mut all = Vec::new();
        for ledger in self.database.describe_all() {
            let due = self.log_of(&ledger.name)?.due_holds(now);
            all.extend(
                due.into_iter().map(|(time, hold)| (time, ledger.created_at, ledger.name.clone(), hold)),
            );
        }
        all.sort();
        let due = all.into_iter().map(|(_, _, ledger, hold)| DueHold { ledger, hold });
        Ok(due.take(limit).collect())
    }

    async fn reversed(
        &self,
        ledger: &LedgerName,
        transactions: &[EntryNumber],
    ) -> Result<Vec<(EntryNumber, Vec<Amount>)>, ReadError> {
        let mut reversed = self.log_of(ledger)?.reversed();
        reversed.retain(|(number, _)| transactions.contains(number));
        Ok(reversed)
    }

    async fn statement(
        &self,
        ledger: &LedgerName,
        query: &StatementQuery,
    ) -> Result<Option<Page<DatedLine, StatementPosition>>, ReadError> {
        let log = self.log_of(ledger)?;
        let place_of = |dated: &DatedLine| StatementPosition {
            time: match query.clock {
                Clock::Recorded => dated.recorded_at,
                Clock::Effective => dated.effective_at,
            },
            entry: dated.line.entry,
            posting: dated.line.posting,
        };
        let found = log.statement(query);
        Ok(found.map(|found| whole_page(found, place_of, query.limit, query.after.as_ref())))
    }

    async fn balances(
        &self,
        ledger: &LedgerName,
        query: &BalanceQuery,
    ) -> Result<Page<BalanceGroup, String>, ReadError> {
        let found = self.log_of(ledger)?.groups(query);
        Ok(whole_page(found, |group| group.address.as_str().to_owned(), query.limit, query.after.as_ref()))
    }

    async fn log(
        &self,
        ledger: &LedgerName,
        from: EntryNumber,
        limit: usize,
    ) -> Result<Vec<LogRecord>, ReadError> {
        Ok(records(&*self.log_of(ledger)?, from, limit))
    }

    async fn snapshot(&self, ledger: &LedgerName) -> Result<Box<dyn Snapshot>, ReadError> {
        Ok(Box::new(MemorySnapshot(self.log_of(ledger)?)))
    }

    async fn ping(&self) -> Result<(), ReadError> {
        self.check()
    }

    async fn close(&self) {
        self.opening.closed.store(true, Ordering::SeqCst);
    }
}

#[async_trait]
impl Appends for MemoryStore {
    async fn balances_of(&self, ledger: &LedgerName, keys: &[BalanceKey]) -> Result<LookedUp, ReadError> {
        self.check()?;
        let Some(ledger) = self.database.find(ledger) else { return Ok(LookedUp::default()) };
        let log = ledger.log();
        let all = log.balances();
        let found = keys.iter().filter_map(|key| all.get_key_value(key));
        let balances = found.map(|(key, balance)| (key.clone(), *balance)).collect();
        Ok(LookedUp { balances, policies: batch::policies(&log, keys) })
    }

    async fn append(
        &self,
        ledger: &LedgerName,
        expected: Head,
        unused: &Unused,
        records: &[LogRecord],
    ) -> Result<Appended, CommitError> {
        batch::append(self, ledger, expected, unused, records).await
    }
}

/// Reads up to `limit` records from the entry `from` on, fewer where they are large.
pub(crate) fn records(log: &Naive, from: EntryNumber, limit: usize) -> Vec<LogRecord> {
    let mut total = 0;
    let records = log.records.iter().filter(|record| record.entry.number >= from).take(limit);
    let fitting = records.take_while(|record| {
        let has_room = total < PAGE_WEIGHT_MAX;
        total += weight(&record.entry);
        has_room
    });
    fitting.cloned().collect()
}

/// Asks for all that has to be looked at: an index leads to an account, a reference, metadata, or a time, and to
/// nothing else.
fn what_indices_lead_to(query: &TransactionQuery) -> TransactionQuery {
    let exactly = |pattern: &Option<AddressPattern>| {
        pattern.clone().filter(|pattern| matches!(pattern, AddressPattern::Exactly(_)))
    };
    TransactionQuery {
        account: exactly(&query.account),
        source: exactly(&query.source),
        destination: exactly(&query.destination),
        asset: None,
        amount: AmountRange::default(),
        ..query.clone()
    }
}

/// Cuts the first page out of a list of which all that is looked at is part.
fn whole_page<T, P: Clone + PartialEq>(
    found: Vec<T>,
    place_of: impl Fn(&T) -> P,
    limit: usize,
    after: Option<&P>,
) -> Page<T, P> {
    let places: Vec<P> = found.iter().map(&place_of).collect();
    page(places, found, place_of, |_| 0, limit, after)
}
