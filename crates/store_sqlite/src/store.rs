//! The store itself: opens the database and passes each operation on to the file that does it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use engine::port::{
    AccountsAtHead, AllParts, Appended, Appends, BeginError, CommitError, CreateLedgerError, DatedLine,
    DueHold, Head, LedgerCreation, LogRecord, LookedUp, Opened, Parts, ReadError, Snapshot, Store, Unused,
    Wanted,
};
use engine::query::{
    Account, AccountQuery, AsOf, BalanceGroup, BalanceQuery, ChangeQuery, Hold, HoldQuery, Ledger, NewLedger,
    Page, StatementPosition, StatementQuery, TransactionChangeQuery, TransactionPosition, TransactionQuery,
};
use ledger::{Address, Amount, BalanceKey, Entry, EntryNumber, LedgerName, Timestamp};
use sql_rows::{Failure, MigrateError, OwnSteps, SchemaState};
use sqlx::pool::PoolConnection;
use sqlx::{Sqlite, SqlitePool};

use crate::after_commit::AfterCommit;
use crate::backup::{self, Backup, BackupError, Copied};
use crate::checkpoints::Checkpoints;
use crate::known_ledgers::KnownLedgers;
use crate::options::SqliteOptions;
use crate::writer::Writer;
use crate::{
    accounts, append, at_head, batch, changes, groups, holds, ledgers, log, migrate, past, snapshot,
    statement, transaction_changes, transactions,
};

/// Ledgers in one SQLite file.
pub struct SqliteStore {
    pub(crate) writer: Writer,
    pub(crate) readers: SqlitePool,
    /// Not where nobody writes.
    pub(crate) checkpoints: Option<Checkpoints>,
    pub(crate) known: Arc<KnownLedgers>,
    pub(crate) options: SqliteOptions,
}

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder of the file is not there and could not be created.
    #[error("cannot create the folder `{}` for the database", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file could not be opened as a database.
    #[error("cannot open the database `{}`", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: sqlx::Error,
    },
}

impl SqliteStore {
    /// Opens a database, which is created where it is not there. It has to be
    /// [migrated](Self::migrate) before it is used.
    ///
    /// # Errors
    /// When the file or its folder cannot be created or opened.
    pub async fn open(options: SqliteOptions) -> Result<Self, OpenError> {
        let options = options
            .resolved()
            .map_err(|source| OpenError::Database { path: options.path.clone(), source: source.into() })?;
        if let Some(folder) = options.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)
                .map_err(|source| OpenError::Folder { folder: folder.to_owned(), source })?;
        }
        let writer = Writer::open(&options)
            .await
            .map_err(|source| OpenError::Database { path: options.path.clone(), source })?;
        let readers = options.reader_pool().connect_lazy_with(options.reader());
        let checkpoints = Some(Checkpoints::start(&options, writer.clone()));
        Ok(Self { writer, readers, checkpoints, known: Arc::default(), options })
    }

    /// Opens a database that nobody writes to, and leaves it as it is: whatever would write fails.
    pub(crate) fn open_read_only(options: SqliteOptions) -> Self {
        let readers = options.reader_pool().connect_lazy_with(options.reader());
        Self { writer: Writer::none(&options), readers, checkpoints: None, known: Arc::default(), options }
    }

    /// Returns who is told of each commit.
    pub(crate) fn after_commit(&self) -> AfterCommit {
        let committed = self.checkpoints.as_ref().map(Checkpoints::committed);
        AfterCommit { known: Arc::clone(&self.known), committed }
    }

    /// Brings the schema up to date, all of it or nothing, and returns how it stood before.
    ///
    /// # Errors
    /// When the database holds a step of a newer version that this one cannot go on with, or something
    /// failed.
    pub async fn migrate(&self) -> Result<SchemaState, MigrateError> {
        self.migrate_with(None).await
    }

    /// Does as [`Self::migrate`] with the schema and with somebody's own: both or neither.
    ///
    /// # Errors
    /// As [`Self::migrate`].
    pub async fn migrate_with(&self, own: Option<OwnSteps>) -> Result<SchemaState, MigrateError> {
        migrate::migrate(&self.writer, own).await
    }

    /// Says how the schema stands, changes nothing and holds nobody up.
    ///
    /// # Errors
    /// As [`Self::migrate`].
    pub async fn schema(&self) -> Result<SchemaState, MigrateError> {
        self.schema_with(None).await
    }

    /// Does as [`Self::schema`] with the schema and with somebody's own.
    ///
    /// # Errors
    /// As [`Self::migrate`].
    pub async fn schema_with(&self, own: Option<OwnSteps>) -> Result<SchemaState, MigrateError> {
        migrate::schema(&self.options, own).await
    }

    /// Waits for a connection that reads what is committed, and can write nothing: for rows of one's own.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`].
    pub async fn read(&self) -> Result<PoolConnection<Sqlite>, ReadError> {
        self.readers.acquire().await.map_err(|error| ReadError::Unavailable(error.into()))
    }
}

impl SqliteStore {
    /// Copies the database to a file that is not there yet, as it stands at one moment, while it is being
    /// read and written. `progress` is told now and then how far that has come. The copy has its name when
    /// it is [kept](Backup::keep).
    ///
    /// # Errors
    /// When the name is taken, or something failed; nothing is left behind then.
    pub async fn backup(&self, to: &Path, progress: impl FnMut(Copied)) -> Result<Backup, BackupError> {
        backup::backup(&self.options, to, progress).await
    }
}

impl Parts for SqliteStore {
    fn parts(&self) -> &dyn AllParts {
        self
    }
}

#[async_trait]
impl Appends for SqliteStore {
    async fn balances_of(&self, ledger: &LedgerName, keys: &[BalanceKey]) -> Result<LookedUp, ReadError> {
        Ok(append::balances_of(self, ledger, keys).await?)
    }

    async fn append(
        &self,
        ledger: &LedgerName,
        expected: Head,
        unused: &Unused,
        records: &[LogRecord],
    ) -> Result<Appended, CommitError> {
        append::append(self, ledger, expected, unused, records).await
    }
}

#[async_trait]
impl Store for SqliteStore {
    fn appends(&self) -> Option<&dyn Appends> {
        Some(self)
    }

    async fn begin(&self, ledger: &LedgerName, wanted: Wanted) -> Result<Opened, BeginError> {
        Ok(batch::begin(self, ledger, wanted).await?)
    }

    async fn create_ledger(&self, new: NewLedger) -> Result<LedgerCreation, CreateLedgerError> {
        Ok(ledgers::create(self, new).await?)
    }

    async fn ledger(&self, name: &LedgerName) -> Result<Ledger, ReadError> {
        Ok(ledgers::ledger(self, name).await?)
    }

    async fn ledgers(
        &self,
        after: Option<&LedgerName>,
        limit: usize,
    ) -> Result<Page<Ledger, LedgerName>, ReadError> {
        Ok(ledgers::ledgers(self, after, limit).await?)
    }

    async fn entry(&self, ledger: &LedgerName, number: EntryNumber) -> Result<Option<LogRecord>, ReadError> {
        Ok(log::entry(self, ledger, number).await?)
    }

    async fn transaction(
        &self,
        ledger: &LedgerName,
        number: EntryNumber,
    ) -> Result<Option<Entry>, ReadError> {
        Ok(transaction_changes::transaction(self, ledger, number).await?)
    }

    async fn transaction_changes(
        &self,
        ledger: &LedgerName,
        query: &TransactionChangeQuery,
    ) -> Result<Option<Page<Entry, EntryNumber>>, ReadError> {
        Ok(transaction_changes::transaction_changes(self, ledger, query).await?)
    }

    async fn transactions(
        &self,
        ledger: &LedgerName,
        query: &TransactionQuery,
    ) -> Result<Page<Entry, TransactionPosition>, ReadError> {
        Ok(transactions::transactions(self, ledger, query).await?)
    }

    async fn accounts_at_head(
        &self,
        ledger: &LedgerName,
        addresses: &[Address],
    ) -> Result<AccountsAtHead, ReadError> {
        Ok(at_head::accounts_at_head(self, ledger, addresses).await?)
    }

    async fn account_as_of(
        &self,
        ledger: &LedgerName,
        address: &Address,
        as_of: AsOf,
    ) -> Result<Option<Account>, ReadError> {
        Ok(past::account(self, ledger, address, as_of).await?)
    }

    async fn accounts(
        &self,
        ledger: &LedgerName,
        query: &AccountQuery,
    ) -> Result<Page<Account, Address>, ReadError> {
        Ok(accounts::accounts(self, ledger, query).await?)
    }

    async fn account_changes(
        &self,
        ledger: &LedgerName,
        query: &ChangeQuery,
    ) -> Result<Option<Page<Entry, EntryNumber>>, ReadError> {
        Ok(changes::account_changes(self, ledger, query).await?)
    }

    async fn last_movement(
        &self,
        ledger: &LedgerName,
        key: &BalanceKey,
        before: EntryNumber,
    ) -> Result<Option<Entry>, ReadError> {
        Ok(statement::last_movement(self, ledger, key, before).await?)
    }

    async fn hold(&self, ledger: &LedgerName, number: EntryNumber) -> Result<Option<Hold>, ReadError> {
        Ok(holds::hold(self, ledger, number).await?)
    }

    async fn holds(
        &self,
        ledger: &LedgerName,
        query: &HoldQuery,
    ) -> Result<Page<Hold, EntryNumber>, ReadError> {
        Ok(holds::holds(self, ledger, query).await?)
    }

    async fn due_holds(&self, now: Timestamp, limit: usize) -> Result<Vec<DueHold>, ReadError> {
        Ok(holds::due_holds(self, now, limit).await?)
    }

    async fn reversed(
        &self,
        ledger: &LedgerName,
        transactions: &[EntryNumber],
    ) -> Result<Vec<(EntryNumber, Vec<Amount>)>, ReadError> {
        Ok(holds::reversed(self, ledger, transactions).await?)
    }

    async fn statement(
        &self,
        ledger: &LedgerName,
        query: &StatementQuery,
    ) -> Result<Option<Page<DatedLine, StatementPosition>>, ReadError> {
        Ok(statement::statement(self, ledger, query).await?)
    }

    async fn balances(
        &self,
        ledger: &LedgerName,
        query: &BalanceQuery,
    ) -> Result<Page<BalanceGroup, String>, ReadError> {
        Ok(groups::balances(self, ledger, query).await?)
    }

    async fn log(
        &self,
        ledger: &LedgerName,
        from: EntryNumber,
        limit: usize,
    ) -> Result<Vec<LogRecord>, ReadError> {
        Ok(log::log(self, ledger, from, limit).await?)
    }

    async fn snapshot(&self, ledger: &LedgerName) -> Result<Box<dyn Snapshot>, ReadError> {
        Ok(snapshot::open(self, ledger).await?)
    }

    async fn ping(&self) -> Result<(), ReadError> {
        ledgers::ping(self).await.map_err(|failure| ReadError::Unavailable(failure.into()))
    }

    async fn close(&self) {
        self.readers.close().await;
        if let Some(checkpoints) = &self.checkpoints {
            checkpoints.close().await;
        }
        self.writer.close().await;
    }
}

impl SqliteStore {
    /// Waits for a connection that reads.
    pub(crate) async fn reader(&self) -> Result<sqlx::pool::PoolConnection<sqlx::Sqlite>, Failure> {
        Ok(self.readers.acquire().await?)
    }
}
