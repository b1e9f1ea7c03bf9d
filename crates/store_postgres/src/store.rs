//! The store itself: opens the database and passes each operation on to the file that does it.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

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
use sqlx::PgConnection;

use crate::connections::{Connections, Lease, run};
use crate::options::PostgresOptions;
use crate::session::Purpose;
use crate::{
    accounts, at_head, batch, changes, groups, holds, ledgers, load, log, migrate, past, snapshot, statement,
    transaction_changes, transactions,
};

/// Ledgers in one PostgreSQL database.
pub struct PostgresStore {
    pub(crate) writers: Connections,
    pub(crate) readers: Connections,
    pub(crate) options: PostgresOptions,
}

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No connection was to be had.
    #[error("cannot connect to PostgreSQL")]
    Connect(#[source] engine::port::Source),
    /// The server is older than the statements that it would be sent.
    #[error("the server is PostgreSQL {0}; it has to be 15 or newer")]
    Version(i32),
    /// It keeps texts in another encoding.
    #[error("the database's encoding is {0}; it has to be UTF8")]
    Encoding(String),
}

/// What was asked for can be read, and nothing can be written.
#[derive(Debug, thiserror::Error)]
#[error("the server is a standby: it takes no writes")]
struct Standby;

impl PostgresStore {
    /// Connects to a database, which has to be there, and has to be [migrated](Self::migrate) before it is
    /// used.
    ///
    /// # Errors
    /// When the database cannot be reached, is of too old a version, or does not hold Unicode.
    pub async fn open(options: PostgresOptions) -> Result<Self, OpenError> {
        let writers = Connections::new(options.clone(), Purpose::Write);
        let readers = Connections::new(options.clone(), Purpose::Read);
        let connect = |failure: Failure| OpenError::Connect(failure.into());
        let mut lease = writers.acquire().await.map_err(connect)?;
        run!(lease, server(&mut lease)).map_err(connect)?.check()?;
        drop(lease);
        Ok(Self { writers, readers, options })
    }

    /// Brings the schema up to date, one step after the other, each of them wholly or not at all, and
    /// returns how it stood before. Other processes that do the same wait.
    ///
    /// # Errors
    /// When the database holds a step of a newer version that this one cannot go on with, or something
    /// failed.
    pub async fn migrate(&self) -> Result<SchemaState, MigrateError> {
        self.migrate_with(None).await
    }

    /// Does as [`Self::migrate`] with the schema, and then with somebody's own.
    ///
    /// # Errors
    /// As [`Self::migrate`].
    pub async fn migrate_with(&self, own: Option<OwnSteps>) -> Result<SchemaState, MigrateError> {
        migrate::migrate(&self.options, own).await
    }

    /// Waits for a connection that reads what is committed, and can write nothing: for rows of one's own.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`].
    pub async fn read(&self) -> Result<Reading, ReadError> {
        let mut lease = self.readers.acquire().await?;
        // What comes of the statements is not seen here: the connection is brought back to rest each time.
        lease.unsettle();
        Ok(Reading(lease))
    }

    /// Makes a session as batches have it: for tests, to look at its settings and its plans.
    ///
    /// # Panics
    /// When the database cannot be reached.
    #[doc(hidden)]
    pub async fn session_for_tests(&self) -> PgConnection {
        self.writers.connect().await.expect("the database can be reached")
    }

    /// Says how the schema stands, and changes nothing.
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
}

/// A connection that reads, until it is dropped.
pub struct Reading(Lease);

impl Deref for Reading {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.0
    }
}

impl DerefMut for Reading {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.0
    }
}

/// What the server is.
struct Server {
    /// Its major version.
    version: i32,
    encoding: String,
}

async fn server(connection: &mut PgConnection) -> Result<Server, Failure> {
    let server = sqlx::query_as!(
        Server,
        r#"SELECT current_setting('server_version_num')::int / 10000 AS "version!",
            current_setting('server_encoding') AS "encoding!""#
    );
    Ok(server.fetch_one(connection).await?)
}

impl Server {
    fn check(self) -> Result<(), OpenError> {
        match self {
            Self { version: ..15, .. } => Err(OpenError::Version(self.version)),
            Self { encoding, .. } if encoding != "UTF8" => Err(OpenError::Encoding(encoding)),
            Self { .. } => Ok(()),
        }
    }
}

/// How long the smallest of all reads may take. After that the server is taken to say nothing more, and all
/// connections that lie idle are given up with the one that was asked.
const PING_LIMIT: Duration = Duration::from_millis(1500);

/// Reads on a connection, and once more on a new one where the first had gone stale while it lay idle.
macro_rules! read {
    ($store:ident, $connection:ident, $read:expr) => {
        read!($store, $connection, $read, std::time::Duration::MAX)
    };
    ($store:ident, $connection:ident, $read:expr, $limit:expr) => {{
        let mut lease = $store.readers.acquire().await?;
        let limit = lease.limit().min($limit);
        let mut result = {
            lease.unsettle();
            let $connection = &mut *lease;
            tokio::time::timeout(limit, $read)
                .await
                .unwrap_or_else(|_| Err($crate::connections::timed_out().into()))
        };
        lease.note(&result);
        if lease.went_stale() {
            lease = $store.readers.acquire().await?;
            result = {
                lease.unsettle();
                let $connection = &mut *lease;
                tokio::time::timeout(limit, $read)
                    .await
                    .unwrap_or_else(|_| Err($crate::connections::timed_out().into()))
            };
            lease.note(&result);
        }
        result
    }};
}

pub(crate) use read;

impl Parts for PostgresStore {
    fn parts(&self) -> &dyn AllParts {
        self
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn begin(&self, ledger: &LedgerName, wanted: Wanted) -> Result<Opened, BeginError> {
        Ok(batch::begin(self, ledger, &wanted).await?)
    }

    fn appends(&self) -> Option<&dyn Appends> {
        Some(self)
    }

    async fn create_ledger(&self, new: NewLedger) -> Result<LedgerCreation, CreateLedgerError> {
        Ok(ledgers::create(self, new).await?)
    }

    async fn ledger(&self, name: &LedgerName) -> Result<Ledger, ReadError> {
        Ok(read!(self, connection, ledgers::ledger(connection, name))?)
    }

    async fn ledgers(
        &self,
        after: Option<&LedgerName>,
        limit: usize,
    ) -> Result<Page<Ledger, LedgerName>, ReadError> {
        Ok(read!(self, connection, ledgers::ledgers(connection, after, limit))?)
    }

    async fn entry(&self, ledger: &LedgerName, number: EntryNumber) -> Result<Option<LogRecord>, ReadError> {
        Ok(read!(self, connection, log::entry(connection, ledger, number))?)
    }

    async fn transaction(
        &self,
        ledger: &LedgerName,
        number: EntryNumber,
    ) -> Result<Option<Entry>, ReadError> {
        Ok(read!(self, connection, transaction_changes::transaction(connection, ledger, number))?)
    }

    async fn transaction_changes(
        &self,
        ledger: &LedgerName,
        query: &TransactionChangeQuery,
    ) -> Result<Option<Page<Entry, EntryNumber>>, ReadError> {
        Ok(read!(self, connection, transaction_changes::transaction_changes(connection, ledger, query))?)
    }

    async fn transactions(
        &self,
        ledger: &LedgerName,
        query: &TransactionQuery,
    ) -> Result<Page<Entry, TransactionPosition>, ReadError> {
        Ok(read!(self, connection, transactions::transactions(connection, ledger, query))?)
    }

    async fn accounts_at_head(
        &self,
        ledger: &LedgerName,
        addresses: &[Address],
    ) -> Result<AccountsAtHead, ReadError> {
        Ok(read!(self, connection, at_head::accounts_at_head(connection, ledger, addresses))?)
    }

    async fn account_as_of(
        &self,
        ledger: &LedgerName,
        address: &Address,
        as_of: AsOf,
    ) -> Result<Option<Account>, ReadError> {
        Ok(read!(self, connection, past::account(connection, ledger, address, as_of))?)
    }

    async fn accounts(
        &self,
        ledger: &LedgerName,
        query: &AccountQuery,
    ) -> Result<Page<Account, Address>, ReadError> {
        Ok(read!(self, connection, accounts::accounts(connection, ledger, query))?)
    }

    async fn account_changes(
        &self,
        ledger: &LedgerName,
        query: &ChangeQuery,
    ) -> Result<Option<Page<Entry, EntryNumber>>, ReadError> {
        Ok(read!(self, connection, changes::account_changes(connection, ledger, query))?)
    }

    async fn last_movement(
        &self,
        ledger: &LedgerName,
        key: &BalanceKey,
        before: EntryNumber,
    ) -> Result<Option<Entry>, ReadError> {
        Ok(read!(self, connection, statement::last_movement(connection, ledger, key, before))?)
    }

    async fn hold(&self, ledger: &LedgerName, number: EntryNumber) -> Result<Option<Hold>, ReadError> {
        Ok(read!(self, connection, holds::hold(connection, ledger, number))?)
    }

    async fn holds(
        &self,
        ledger: &LedgerName,
        query: &HoldQuery,
    ) -> Result<Page<Hold, EntryNumber>, ReadError> {
        Ok(read!(self, connection, holds::holds(connection, ledger, query))?)
    }

    async fn due_holds(&self, now: Timestamp, limit: usize) -> Result<Vec<DueHold>, ReadError> {
        Ok(read!(self, connection, holds::due_holds(connection, now, limit))?)
    }

    async fn reversed(
        &self,
        ledger: &LedgerName,
        transactions: &[EntryNumber],
    ) -> Result<Vec<(EntryNumber, Vec<Amount>)>, ReadError> {
        Ok(read!(self, connection, holds::reversed(connection, ledger, transactions))?)
    }

    async fn statement(
        &self,
        ledger: &LedgerName,
        query: &StatementQuery,
    ) -> Result<Option<Page<DatedLine, StatementPosition>>, ReadError> {
        Ok(read!(self, connection, statement::statement(connection, ledger, query))?)
    }

    async fn balances(
        &self,
        ledger: &LedgerName,
        query: &BalanceQuery,
    ) -> Result<Page<BalanceGroup, String>, ReadError> {
        Ok(read!(self, connection, groups::balances(connection, ledger, query))?)
    }

    async fn log(
        &self,
        ledger: &LedgerName,
        from: EntryNumber,
        limit: usize,
    ) -> Result<Vec<LogRecord>, ReadError> {
        Ok(read!(self, connection, log::log(connection, ledger, from, limit))?)
    }

    async fn snapshot(&self, ledger: &LedgerName) -> Result<Box<dyn Snapshot>, ReadError> {
        Ok(snapshot::open(self, ledger).await?)
    }

    async fn ping(&self) -> Result<(), ReadError> {
        let follows = read!(self, connection, ledgers::ping(connection), PING_LIMIT)
            .map_err(|failure| ReadError::Unavailable(failure.into()))?;
        if follows {
            // The address may lead to the primary by now.
            self.readers.give_up();
            return Err(ReadError::Unavailable(Standby.into()));
        }
        Ok(())
    }

    async fn close(&self) {
        self.readers.close().await;
        self.writers.close().await;
    }
}

#[async_trait]
impl Appends for PostgresStore {
    async fn balances_of(&self, ledger: &LedgerName, keys: &[BalanceKey]) -> Result<LookedUp, ReadError> {
        Ok(read!(self, connection, load::balances_of(connection, ledger, keys))?)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_that_are_too_old_or_do_not_hold_unicode_are_refused() {
        let check = |version, encoding: &str| Server { version, encoding: encoding.to_owned() }.check();
        assert!(matches!(check(14, "UTF8"), Err(OpenError::Version(14))));
        assert!(matches!(check(15, "LATIN1"), Err(OpenError::Encoding(encoding)) if encoding == "LATIN1"));
        for version in [15, 18] {
            assert!(check(version, "UTF8").is_ok(), "{version}");
        }
    }
}
