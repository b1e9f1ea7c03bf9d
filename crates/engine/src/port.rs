//! What the engine asks of a store.
//!
//! A store keeps logs and their projections. It never judges a command and never invents a number: it is
//! handed finished entries and writes them, all of a batch or nothing. Replies to reads come from
//! committed state only.

mod errors;
mod parts;

use async_trait::async_trait;
use identity::AuditEvent;
use ledger::{
    Address, Amount, Balance, BalanceKey, BalanceTotal, Entry, EntryNumber, HoldStanding, HoldState,
    LedgerName, Metadata, Policy, Reference, Remainder, RootKey, StatementLine, Timestamp,
};

pub use self::errors::{AccompanyError, BeginError, CommitError, CreateLedgerError, ReadError, Source};
pub use self::parts::{AllParts, Parts};
use crate::companion::StoreTransaction;
use crate::idempotency::{IdempotencyKey, KeyedRequest, RequestFingerprint};
use crate::pair::MetadataPair;
use crate::query::{
    Account, AccountQuery, AsOf, BalanceGroup, BalanceQuery, ChangeQuery, Hold, HoldQuery, Ledger, NewLedger,
    Page, StatementPosition, StatementQuery, TransactionChangeQuery, TransactionPosition, TransactionQuery,
};
use crate::shifted::ShiftedMovement;

/// A place that keeps ledgers durably.
#[async_trait]
pub trait Store: Parts + Send + Sync + 'static {
    /// Starts a batch: takes the ledger's head for writing and loads what the batch will touch, as of
    /// that moment. Until the batch ends, nobody else writes to this ledger.
    ///
    /// # Errors
    /// [`BeginError::LedgerNotFound`], [`BeginError::Unavailable`].
    async fn begin(&self, ledger: &LedgerName, wanted: Wanted) -> Result<Opened, BeginError>;

    /// Returns the short way to write, where the store has one.
    fn appends(&self) -> Option<&dyn Appends> {
        None
    }

    /// Creates a ledger, unless its name or its idempotency key is in use.
    ///
    /// # Errors
    /// [`CreateLedgerError::Unavailable`].
    async fn create_ledger(&self, new: NewLedger) -> Result<LedgerCreation, CreateLedgerError>;

    /// Reads one ledger.
    ///
    /// # Errors
    /// Those of [`ReadError`].
    async fn ledger(&self, name: &LedgerName) -> Result<Ledger, ReadError>;

    /// Lists ledgers by name, those after `after`.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`], [`ReadError::Corrupt`].
    async fn ledgers(
        &self,
        after: Option<&LedgerName>,
        limit: usize,
    ) -> Result<Page<Ledger, LedgerName>, ReadError>;

    /// Reads one entry of the log, with the key under which it was asked for.
    ///
    /// # Errors
    /// Those of [`ReadError`].
    async fn entry(&self, ledger: &LedgerName, number: EntryNumber) -> Result<Option<LogRecord>, ReadError>;

    /// Reads one transaction as it stands: with what is kept beside it now. `None` where there is no entry of this
    /// number, or it is none.
    ///
    /// # Errors
    /// Those of [`ReadError`].
    async fn transaction(&self, ledger: &LedgerName, number: EntryNumber)
    -> Result<Option<Entry>, ReadError>;

    /// Lists the changes of a transaction, newest first; `None` where there is no such transaction.
    ///
    /// # Errors
    /// Those of [`ReadError`].
    async fn transaction_changes(
        &self,
        ledger: &LedgerName,
        query: &TransactionChangeQuery,
    ) -> Result<Option<Page<Entry, EntryNumber>>, ReadError>;

    /// Lists transactions as they stand: with what is kept beside them now.
    ///
    /// # Errors
    /// Those of [`ReadError`].
    async fn transactions(
        &self,
        ledger: &LedgerName,
        query: &TransactionQuery,
    ) -> Result<Page<Entry, TransactionPosition>, ReadError>;

    /// Reads accounts as they all stand at one moment, and where the log stands at it.
    ///
    /// # Errors
    /// Those of [`ReadError`], but for what a single account holds: that is in its place.
    async fn accounts_at_head(
        &self,
        ledger: &LedgerName,
        addresses: &[Address],
    ) -> Result<AccountsAtHead, ReadError>;

    /// Reads one account; `None` where it never moved and was never changed.
    ///
    /// # Errors
    /// Those of [`ReadError`].
    async fn account(&self, ledger: &LedgerName, address: &Address) -> Result<Option<Account>, ReadError> {
        let mut found = self.accounts_at_head(ledger, std::slice::from_ref(address)).await?;
        found.accounts.pop().unwrap_or(Ok(None))
    }

    /// Reads one account as it was at a moment; `None` where it had not moved by then and had not been changed.
    ///
    /// # Errors
    /// Those of [`ReadError`].
    async fn account_as_of(
        &self,
        ledger: &LedgerName,
        address: &Address,
        as_of: AsOf,
    ) -> Result<Option<Account>, ReadError>;

    /// Lists accounts by address.
    ///
    /// # Errors
    /// Those of [`ReadError`].
    async fn accounts(
        &self,
        ledger: &LedgerName,
        query: &AccountQuery,
    ) -> Result<Page<Account, Address>, ReadError>;

    /// Lists the changes of an account, newest first; `None` where it never moved and was never changed.
    ///
    /// # Errors
    /// Those of [`ReadError`].
    async fn account_changes(
        &self,
        ledger: &LedgerName,
        query: &ChangeQuery,
    ) -> Result<Option<Page<Entry, EntryNumber>>, ReadError>;

    /// Reads the last entry ahead of another that touched a balance, whatever it was: a transaction, a hold, a
    /// release. `None` where none did.
    ///
    /// # Errors
    /// Those of [`ReadError`].
    async fn last_movement(
        &self,
        ledger: &LedgerName,
        key: &BalanceKey,
        before: EntryNumber,
    ) -> Result<Option<Entry>, ReadError>;

    /// Reads one hold; `None` where no entry of that number is one.
    ///
    /// # Errors
    /// Those of [`ReadError`].
    async fn hold(&self, ledger: &LedgerName, number: EntryNumber) -> Result<Option<Hold>, ReadError>;

    /// Lists holds, newest first.
    ///
    /// # Errors
    /// Those of [`ReadError`].
    async fn holds(
        &self,
        ledger: &LedgerName,
        query: &HoldQuery,
    ) -> Result<Page<Hold, EntryNumber>, ReadError>;

    /// Lists up to `limit` open holds of all ledgers whose time has come, the longest due first.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`], [`ReadError::Corrupt`].
    async fn due_holds(&self, now: Timestamp, limit: usize) -> Result<Vec<DueHold>, ReadError>;

    /// Returns how much of each posting was reversed, of those of the transactions that ever were.
    ///
    /// # Errors
    /// Those of [`ReadError`].
    async fn reversed(
        &self,
        ledger: &LedgerName,
        transactions: &[EntryNumber],
    ) -> Result<Vec<(EntryNumber, Vec<Amount>)>, ReadError>;

    /// Lists an account's statement lines; `None` where the account never moved.
    ///
    /// # Errors
    /// Those of [`ReadError`].
    async fn statement(
        &self,
        ledger: &LedgerName,
        query: &StatementQuery,
    ) -> Result<Option<Page<DatedLine, StatementPosition>>, ReadError>;

    /// Sums balances over groups of accounts.
    ///
    /// # Errors
    /// Those of [`ReadError`].
    async fn balances(
        &self,
        ledger: &LedgerName,
        query: &BalanceQuery,
    ) -> Result<Page<BalanceGroup, String>, ReadError>;

    /// Lists the log in order, from the entry `from` on: up to `limit` records, fewer where they reach
    /// [`PAGE_WEIGHT_MAX`](crate::query::PAGE_WEIGHT_MAX) together, but one where there is one.
    ///
    /// # Errors
    /// Those of [`ReadError`].
    async fn log(
        &self,
        ledger: &LedgerName,
        from: EntryNumber,
        limit: usize,
    ) -> Result<Vec<LogRecord>, ReadError>;

    /// Opens a consistent view of one ledger that later writes do not change, for verification.
    ///
    /// # Errors
    /// Those of [`ReadError`].
    async fn snapshot(&self, ledger: &LedgerName) -> Result<Box<dyn Snapshot>, ReadError>;

    /// Says whether the store answers, by asking it something small.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`].
    async fn ping(&self) -> Result<(), ReadError>;

    /// Ends all connections once running calls are done. Every later call fails.
    async fn close(&self);
}

/// The short way to write, of a store that has it: on a state that the caller remembers.
#[async_trait]
pub trait Appends: Send + Sync {
    /// Reads balances, and the policies of their accounts, as they are committed where batches are written; never
    /// from a copy that lags behind. A balance that is not in the answer has never moved, and an account without a
    /// policy was never changed. Of a ledger that is not there nothing has.
    ///
    /// # Errors
    /// Those of [`ReadError`].
    async fn balances_of(&self, ledger: &LedgerName, keys: &[BalanceKey]) -> Result<LookedUp, ReadError>;

    /// Writes entries that were decided on a remembered state, with all their projections, and commits, if
    /// that state still is the ledger's: its head stands at `expected`, where the entries begin, and none
    /// of their keys and references and of those in `unused` is in use. What came of it is durable when
    /// this returns. The entries are transactions that rest on no earlier entry: everything else is written the long
    /// way.
    ///
    /// # Errors
    /// [`CommitError::RolledBack`], [`CommitError::OutcomeUnknown`].
    async fn append(
        &self,
        ledger: &LedgerName,
        expected: Head,
        unused: &Unused,
        records: &[LogRecord],
    ) -> Result<Appended, CommitError>;
}

/// Where a ledger's log stands: the version of all that is derived from it.
///
/// The time is part of it because a number alone does not tell one log from another that began alike: a database
/// that was set back, and then went on otherwise, may stand at the same number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The number of the next entry.
    pub next: EntryNumber,
    /// When the last entry was recorded.
    pub last_recorded_at: Option<Timestamp>,
}

impl Head {
    /// Returns where a log stands of which an entry is the last.
    #[must_use]
    pub fn after(last: &Entry) -> Self {
        Self { next: last.number.next(), last_recorded_at: Some(last.recorded_at) }
    }
}

/// Accounts that were read at one moment.
#[derive(Debug)]
pub struct AccountsAtHead {
    /// Where the log stands.
    pub head: Head,
    /// The accounts, in the order in which they were asked for: `None` for one that never moved and was never changed.
    pub accounts: Vec<Result<Option<Account>, ReadError>>,
}

/// What a batch will touch.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The head that the caller's copy of balances belongs to; `None` where it has no copy.
    pub cached_at: Option<Head>,
    /// Balances that the caller has, needed again only where the head has moved on.
    pub cached: Vec<BalanceKey>,
    /// Balances that the caller lacks.
    pub missing: Vec<BalanceKey>,
    /// Idempotency keys to look up.
    pub keys: Vec<IdempotencyKey>,
    /// References to look up.
    pub references: Vec<Reference>,
    /// Accounts of which policy and metadata are needed, as they are to be changed.
    pub accounts: Vec<Address>,
    /// Holds that are to be captured or released.
    pub holds: Vec<EntryNumber>,
    /// Transactions that are to be reversed.
    pub reversals: Vec<EntryNumber>,
    /// Accounts of which the version is needed.
    pub versions: Vec<Address>,
    /// Transactions of which the metadata is needed, as it is to be changed.
    pub transactions: Vec<EntryNumber>,
}

/// Balances that were looked up, and the policies of their accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LookedUp {
    /// Those that exist.
    pub balances: Vec<(BalanceKey, Balance)>,
    /// Those of accounts that were ever changed; some perhaps more than once.
    pub policies: Vec<(Address, Policy)>,
}

/// What decisions rest on not being in use, beside the keys and references of what they record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unused {
    /// Idempotency keys.
    pub keys: Vec<IdempotencyKey>,
    /// References.
    pub references: Vec<Reference>,
}

/// What came of appending on a remembered state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// The entries are written and durable.
    Written,
    /// Nothing is written: the ledger is not as it was remembered.
    Stale,
}

/// A batch that holds the ledger's head, with what was loaded.
pub struct Opened {
    /// What was loaded.
    pub loaded: Loaded,
    /// The batch itself.
    pub batch: Box<dyn Batch>,
}

/// What a ledger holds of what a batch will touch, at the moment when the batch took the head.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// Where the log stands.
    pub head: Head,
    /// The wanted balances that exist: the missing ones, and the cached ones too where the head is not
    /// `cached_at`. One that is not here has never moved. And those of all postings of the wanted holds and of the
    /// transactions to be reversed.
    pub balances: Vec<(BalanceKey, Balance)>,
    /// The policies of the accounts of those balances, found or not, and of the wanted accounts. Of one that is not
    /// here the account was never changed. Some perhaps more than once.
    pub policies: Vec<(Address, Policy)>,
    /// The metadata of the wanted accounts that were ever changed.
    pub metadata: Vec<(Address, Metadata)>,
    /// What is kept beside the wanted transactions that are there: of those that were never changed, what was recorded.
    pub transactions: Vec<(EntryNumber, Metadata)>,
    /// The wanted keys that are in use.
    pub keys: Vec<KeyUse>,
    /// The wanted references that are in use.
    pub references: Vec<(Reference, EntryNumber)>,
    /// The wanted holds that are there.
    pub holds: Vec<(EntryNumber, HoldStanding)>,
    /// What of the transactions to be reversed has not been reversed, of those that are there.
    pub unreversed: Vec<(EntryNumber, Remainder)>,
    /// The wanted versions: of an account that is not here, nothing ever touched it.
    pub versions: Vec<(Address, u64)>,
}

/// An idempotency key in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyUse {
    /// The key.
    pub key: IdempotencyKey,
    /// Which request it was used for.
    pub fingerprint: RequestFingerprint,
    /// The entry that the request wrote.
    pub entry: EntryNumber,
}

/// An open batch. Dropping it ends it without a trace.
#[async_trait]
pub trait Batch: Send {
    /// Writes the entries with all their projections, advances the head, and commits. When this
    /// returns, the entries are durable. The entries follow the opened head without gaps.
    ///
    /// Without entries it writes nothing and commits all the same: when this returns, whatever the batch
    /// loaded is as durable as if it had been written by it.
    ///
    /// # Errors
    /// [`CommitError::RolledBack`], [`CommitError::OutcomeUnknown`].
    async fn commit(self: Box<Self>, records: &[LogRecord]) -> Result<(), CommitError>;

    /// Adds to the audit trail: it is there once [`Self::commit`] has returned well, and not without the entries.
    ///
    /// # Errors
    /// [`CommitError::RolledBack`].
    async fn record(&mut self, events: &[AuditEvent]) -> Result<(), CommitError>;

    /// Has a companion write what goes with an entry that this batch is to be [committed](Self::commit) with: it is there
    /// once that has returned well, and not without the entry. A companion that ended the transaction has failed. Given
    /// up in the middle, the batch is of no more use.
    ///
    /// # Errors
    /// [`AccompanyError::Refused`], [`AccompanyError::Failed`].
    async fn accompany(
        &mut self,
        companion: &mut dyn Accompanies,
        entry: &Entry,
    ) -> Result<(), AccompanyError>;
}

/// A companion as a store sees it.
#[async_trait]
pub trait Accompanies: Send + Sync {
    /// Writes what goes with an entry.
    ///
    /// # Errors
    /// [`AccompanyError::Refused`], [`AccompanyError::Failed`].
    async fn write(
        &mut self,
        transaction: &mut StoreTransaction<'_>,
        entry: &Entry,
    ) -> Result<(), AccompanyError>;
}

/// An entry with the request that asked for it: one record of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRecord {
    /// The entry.
    pub entry: Entry,
    /// The idempotency key and what it stands for, where the caller gave one.
    pub request: Option<KeyedRequest>,
}

/// A statement line with the times of its entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatedLine {
    /// The line.
    pub line: StatementLine,
    /// When its entry was written.
    pub recorded_at: Timestamp,
    /// When its entry counts.
    pub effective_at: Timestamp,
}

/// A list of entries that moved a balance, as a store keeps it. All lists of a balance, one after the other, are
/// all that ever moved it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movements {
    /// The balance.
    pub key: BalanceKey,
    /// The last entry of a list that is complete; `None` for the last list, which may grow, or be empty.
    pub until: Option<EntryNumber>,
    /// The entries, by number.
    pub entries: Vec<EntryNumber>,
}

impl Movements {
    /// Returns its place among all lists of a ledger.
    #[must_use]
    pub fn place(&self) -> (&BalanceKey, EntryNumber) {
        (&self.key, self.until.unwrap_or(EntryNumber(u64::MAX)))
    }
}

/// What is kept beside the balances of an account that was ever changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAccount {
    /// The account.
    pub address: Address,
    /// What it allows.
    pub policy: Policy,
    /// What callers keep beside it.
    pub metadata: Metadata,
}

/// An open hold whose time has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueHold {
    /// Its ledger.
    pub ledger: LedgerName,
    /// The number of its entry.
    pub hold: EntryNumber,
}

/// What is kept of a hold beside its entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptHold {
    /// The number of its entry.
    pub hold: EntryNumber,
    /// How far it has come.
    pub state: HoldState,
    /// How much of each posting was captured.
    pub captured: Vec<Amount>,
    /// When what is left of it is let go, if ever.
    pub expires_at: Option<Timestamp>,
}

/// A view of one ledger as it stood at one moment.
#[async_trait]
pub trait Snapshot: Send {
    /// Returns where the log stood: how many entries the head counts.
    fn next(&self) -> EntryNumber;

    /// Reads up to `limit` records from the entry `from` on, in order, with nothing checked: gaps and
    /// damage show as they are.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`], [`ReadError::Corrupt`].
    async fn records(&mut self, from: EntryNumber, limit: usize) -> Result<Vec<LogRecord>, ReadError>;

    /// Reads up to `limit` balances after the given one, by account and asset.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`], [`ReadError::Corrupt`].
    async fn balances(
        &mut self,
        after: Option<&BalanceKey>,
        limit: usize,
    ) -> Result<Vec<(BalanceKey, Balance)>, ReadError>;

    /// Reads up to `limit` of the sums that are kept of balances, those after the given one, by root and asset.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`], [`ReadError::Corrupt`].
    async fn sums(
        &mut self,
        after: Option<&RootKey>,
        limit: usize,
    ) -> Result<Vec<(RootKey, BalanceTotal)>, ReadError>;

    /// Reads up to `limit` lists of movements after the given one, by account, asset, and time.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`], [`ReadError::Corrupt`].
    async fn movements(
        &mut self,
        after: Option<&Movements>,
        limit: usize,
    ) -> Result<Vec<Movements>, ReadError>;

    /// Reads up to `limit` movements of entries whose two times differ, after the given one, by their
    /// [places](ShiftedMovement::place).
    ///
    /// # Errors
    /// [`ReadError::Unavailable`], [`ReadError::Corrupt`].
    async fn shifted_movements(
        &mut self,
        after: Option<&ShiftedMovement>,
        limit: usize,
    ) -> Result<Vec<ShiftedMovement>, ReadError>;

    /// Reads what is kept beside up to `limit` accounts that were ever changed, those after the given one, by
    /// address.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`], [`ReadError::Corrupt`].
    async fn accounts(
        &mut self,
        after: Option<&Address>,
        limit: usize,
    ) -> Result<Vec<KeptAccount>, ReadError>;

    /// Reads up to `limit` changes of accounts after the given one, by account and entry.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`], [`ReadError::Corrupt`].
    async fn account_changes(
        &mut self,
        after: Option<&(Address, EntryNumber)>,
        limit: usize,
    ) -> Result<Vec<(Address, EntryNumber)>, ReadError>;

    /// Reads what is kept of up to `limit` holds after the given one, by number.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`], [`ReadError::Corrupt`].
    async fn holds(&mut self, after: Option<EntryNumber>, limit: usize) -> Result<Vec<KeptHold>, ReadError>;

    /// Reads up to `limit` accounts with a hold that names them, after the given ones, by account and hold.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`], [`ReadError::Corrupt`].
    async fn hold_accounts(
        &mut self,
        after: Option<&(Address, EntryNumber)>,
        limit: usize,
    ) -> Result<Vec<(Address, EntryNumber)>, ReadError>;

    /// Reads how much of each posting was reversed, of up to `limit` transactions after the given one, by number.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`], [`ReadError::Corrupt`].
    async fn reversals(
        &mut self,
        after: Option<EntryNumber>,
        limit: usize,
    ) -> Result<Vec<(EntryNumber, Vec<Amount>)>, ReadError>;

    /// Reads what is kept beside up to `limit` transactions that were ever changed, those after the given one, by
    /// number.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`], [`ReadError::Corrupt`].
    async fn changed_transactions(
        &mut self,
        after: Option<EntryNumber>,
        limit: usize,
    ) -> Result<Vec<(EntryNumber, Metadata)>, ReadError>;

    /// Reads up to `limit` changes of transactions after the given one, by transaction and entry.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`], [`ReadError::Corrupt`].
    async fn transaction_changes(
        &mut self,
        after: Option<(EntryNumber, EntryNumber)>,
        limit: usize,
    ) -> Result<Vec<(EntryNumber, EntryNumber)>, ReadError>;

    /// Reads up to `limit` transactions by what is kept beside them, after the given one, by pair and number: one for
    /// each pair of a key and its value.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`], [`ReadError::Corrupt`].
    async fn transactions_by_pair(
        &mut self,
        after: Option<(MetadataPair, EntryNumber)>,
        limit: usize,
    ) -> Result<Vec<(MetadataPair, EntryNumber)>, ReadError>;

    /// Reads up to `limit` accounts by what is kept beside them, after the given one, by pair and address: one for each
    /// pair of a key and its value.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`], [`ReadError::Corrupt`].
    async fn accounts_by_pair(
        &mut self,
        after: Option<&(MetadataPair, Address)>,
        limit: usize,
    ) -> Result<Vec<(MetadataPair, Address)>, ReadError>;
}

/// What came of creating a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LedgerCreation {
    /// It is there now.
    Created(Ledger),
    /// The same request created it before; the ledger as it was then.
    Replayed(Ledger),
    /// The key was used for another request.
    KeyReused,
    /// The name is in use.
    NameTaken,
}
