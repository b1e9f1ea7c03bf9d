//! Where the configuration's database becomes a store: the one place that names a concrete store.
//!
//! What it returns speaks the engine's port and nothing else.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::access::{WriteAccessError, record_by_operator};
use engine::companion::StoreTransaction;
use engine::port::{ReadError, Store};
use identity::Action;
use store_postgres::{PgConnection, PostgresOptions, PostgresStore};
use store_sqlite::{
    BackupError, MigrateError, Migrator, OpenError, OwnSteps, SqliteConnection, SqliteOptions, SqliteStore,
};

use crate::configuration::{DatabaseConfig, DatabaseUrl};

/// The engine, which the server starts before it serves and drains after.
#[pavex::prebuilt(allow(unused))]
pub use engine::Engine;

/// The addresses that are understood.
const SUPPORTED: &str = "sqlite://PATH, as in sqlite://data/florin.db or sqlite:///var/lib/florin/florin.db, \
                         and postgres://USER:PASSWORD@HOST:PORT/DATABASE";

/// An open database.
#[derive(Clone)]
pub struct Storage {
    kind: Kind,
    own: Option<OwnSchema>,
}

/// Tables of somebody's own in the same database: for each kind of database the steps that make them, beside Florin's.
#[derive(Clone, Copy, Debug)]
pub struct OwnSchema {
    sqlite: OwnSteps,
    postgres: OwnSteps,
}

impl OwnSchema {
    /// Names steps: lower-case letters and `_`. They are recorded in the table `_NAME_migrations`, and what they make
    /// should begin with the name as well.
    ///
    /// # Panics
    /// When the name is none.
    #[must_use]
    pub fn new(name: &'static str, sqlite: &'static Migrator, postgres: &'static Migrator) -> Self {
        Self { sqlite: OwnSteps::new(name, sqlite), postgres: OwnSteps::new(name, postgres) }
    }
}

#[derive(Clone)]
enum Kind {
    Postgres(Arc<PostgresStore>),
    Sqlite(Arc<SqliteStore>),
}

/// How the schema stands, the steps that say so, and how far a backup has come.
pub use store_sqlite::{Copied, SchemaState, SchemaStep};

/// Why a database could not be opened or brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// There is no store for such an address.
    #[error("`{url}` is no address that is understood; there is {SUPPORTED}")]
    Unsupported {
        /// The address.
        url: DatabaseUrl,
    },
    /// The address has parameters.
    #[error("`{url}` has parameters, which are not understood; there is {SUPPORTED}")]
    Parameters {
        /// The address.
        url: DatabaseUrl,
    },
    /// The database is not there, and was not to be created.
    #[error("there is no database `{}`", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// What was done to it could not be recorded.
    #[error(transparent)]
    Record(#[from] WriteAccessError),
    /// The address is none of a PostgreSQL database, or asks for what is not supported.
    #[error("`{url}` cannot be used")]
    Postgres {
        /// The address.
        url: DatabaseUrl,
        /// Why not.
        source: store_postgres::UrlError,
    },
    /// It could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It could not be connected to.
    #[error("cannot use the database `{url}`")]
    Connect {
        /// The address.
        url: DatabaseUrl,
        /// Why not.
        source: store_postgres::OpenError,
    },
    /// It could not be brought up to date.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// It could not be copied.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// It is not for this program to copy.
    #[error(
        "PostgreSQL is backed up with its own tools, pg_dump and pg_basebackup: docs/operations.md says how, \
         under \"Backup and restore\""
    )]
    NoBackup,
}

/// What to do about a database that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfMissing {
    /// Create it, without a schema. A PostgreSQL database is never created: it has to be there.
    Create,
    /// Say so.
    Fail,
}

/// Opens the database that the configuration names. Its schema is left as it is.
///
/// # Errors
/// When the address is not understood, or the database cannot be opened.
pub async fn open(config: &DatabaseConfig, if_missing: IfMissing) -> Result<Storage, StorageError> {
    if let Some(options) = postgres_options(config)? {
        let opened = PostgresStore::open(options).await;
        let store = opened.map_err(|source| StorageError::Connect { url: config.url.clone(), source })?;
        return Ok(Storage { kind: Kind::Postgres(Arc::new(store)), own: None });
    }
    let path = sqlite_path(&config.url)?;
    if if_missing == IfMissing::Fail && !path.exists() {
        return Err(StorageError::Missing { path });
    }
    let options = SqliteOptions { path, readers: config.readers, busy_timeout: config.busy_timeout() };
    Ok(Storage { kind: Kind::Sqlite(Arc::new(SqliteStore::open(options).await?)), own: None })
}

impl Storage {
    /// Adds tables of somebody's own, which are migrated and looked at with Florin's from now on.
    #[must_use]
    pub fn with_schema(self, own: Option<OwnSchema>) -> Self {
        Self { own, ..self }
    }

    /// Brings the schema up to date, records that, and returns how it stood before. A step that fails has changed
    /// nothing.
    ///
    /// # Errors
    /// When the database holds a step of a newer version that this one cannot go on with, or something
    /// failed.
    pub async fn migrate(&self) -> Result<SchemaState, StorageError> {
        let found = match &self.kind {
            Kind::Postgres(store) => store.migrate_with(self.own.map(|own| own.postgres)).await?,
            Kind::Sqlite(store) => store.migrate_with(self.own.map(|own| own.sqlite)).await?,
        };
        for step in &found.missing {
            let subject = format!("{} {}", step.version, step.description);
            record_by_operator(&*self.store(), Action::DatabaseMigrated, subject).await?;
        }
        Ok(found)
    }

    /// Says how the schema stands, and changes nothing.
    ///
    /// # Errors
    /// As [`Self::migrate`].
    pub async fn schema(&self) -> Result<SchemaState, StorageError> {
        Ok(match &self.kind {
            Kind::Postgres(store) => store.schema_with(self.own.map(|own| own.postgres)).await?,
            Kind::Sqlite(store) => store.schema_with(self.own.map(|own| own.sqlite)).await?,
        })
    }

    /// Begins a copy of the database.
    ///
    /// # Errors
    /// [`StorageError::NoBackup`] where the database is not on SQLite.
    pub fn backup(&self) -> Result<Copying<'_>, StorageError> {
        match &self.kind {
            Kind::Postgres(_) => Err(StorageError::NoBackup),
            Kind::Sqlite(store) => Ok(Copying(store)),
        }
    }

    /// Returns the store.
    #[must_use]
    pub fn store(&self) -> Arc<dyn Store> {
        match &self.kind {
            Kind::Postgres(store) => Arc::clone(store) as Arc<dyn Store>,
            Kind::Sqlite(store) => Arc::clone(store) as Arc<dyn Store>,
        }
    }

    /// Returns the database, for rows of somebody's own.
    #[must_use]
    pub fn database(&self) -> Database {
        Database(Some(self.kind.clone()))
    }
}

/// The service's database, to read rows of one's own from: what is committed, on the service's own connections, of which
/// there are as many as the configuration says. They are written by [companions](engine::companion).
#[pavex::prebuilt(allow(unused))]
#[derive(Clone)]
pub struct Database(Option<Kind>);

/// There is no database behind the service.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("there is no database")]
struct NoDatabase;

impl Database {
    /// Stands in where ledgers are kept elsewhere, in tests: nobody can read from it.
    #[must_use]
    pub fn none() -> Self {
        Self(None)
    }

    /// Waits for a connection. It is no transaction: each statement sees what is committed by then.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`].
    pub async fn reader(&self) -> Result<Reader, ReadError> {
        Ok(Reader(match &self.0 {
            Some(Kind::Postgres(store)) => Reading::Postgres(store.read().await?),
            Some(Kind::Sqlite(store)) => Reading::Sqlite(store.read().await?),
            None => return Err(no_database()),
        }))
    }
}

/// A connection that reads, and goes back when this is dropped.
pub struct Reader(Reading);

enum Reading {
    Postgres(store_postgres::Reading),
    Sqlite(store_sqlite::Reading),
}

impl Reader {
    /// Returns the connection.
    pub fn connection(&mut self) -> Connection<'_> {
        match &mut self.0 {
            Reading::Postgres(connection) => Connection::Postgres(connection),
            Reading::Sqlite(connection) => Connection::Sqlite(connection),
        }
    }
}

/// A connection to the service's database, of one kind or the other.
pub enum Connection<'c> {
    /// To PostgreSQL.
    Postgres(&'c mut PgConnection),
    /// To SQLite.
    Sqlite(&'c mut SqliteConnection),
}

impl<'c> Connection<'c> {
    /// Returns the connection on which a [companion](engine::companion::Companion) writes.
    ///
    /// # Errors
    /// When the ledgers are kept in neither kind of database, in tests.
    pub fn of(transaction: &'c mut StoreTransaction<'_>) -> Result<Self, ReadError> {
        if transaction.connection::<PgConnection>().is_some() {
            return store_postgres::connection(transaction).map(Self::Postgres).ok_or_else(no_database);
        }
        store_sqlite::connection(transaction).map(Self::Sqlite).ok_or_else(no_database)
    }
}

fn no_database() -> ReadError {
    ReadError::Unavailable(Box::new(NoDatabase))
}

/// A database of which a copy is to be made.
#[derive(Clone, Copy)]
pub struct Copying<'a>(&'a SqliteStore);

impl Copying<'_> {
    /// Copies the database to a file that is not there yet, as it stands at one moment, while it is being
    /// read and written. `progress` is told now and then how far that has come.
    ///
    /// # Errors
    /// When the name is taken, or something failed; nothing is left behind then.
    pub async fn to(self, path: &Path, progress: impl FnMut(Copied)) -> Result<Backup, StorageError> {
        Ok(Backup(self.0.backup(path, progress).await?))
    }
}

/// A copy of a database that is whole and on disk, and has not got its name yet. Dropping it removes it.
pub struct Backup(store_sqlite::Backup);

impl Backup {
    /// Opens the copy to look at it. It stays as it is: whatever would write fails.
    #[must_use]
    pub fn open(&self) -> Storage {
        Storage { kind: Kind::Sqlite(Arc::new(self.0.open())), own: None }
    }

    /// Gives the copy its name, for good, and returns how many bytes there are.
    ///
    /// # Errors
    /// When there is something of that name by now, or the name could not be written.
    pub fn keep(self) -> Result<u64, StorageError> {
        Ok(self.0.keep()?)
    }
}

/// Reads a `postgres://…` or `postgresql://…`; `None` where it is another address.
fn postgres_options(config: &DatabaseConfig) -> Result<Option<PostgresOptions>, StorageError> {
    let url = config.url.expose();
    if !["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
        return Ok(None);
    }
    let parsed = PostgresOptions::parse(url);
    let mut options = parsed.map_err(|source| StorageError::Postgres { url: config.url.clone(), source })?;
    options.readers = config.readers;
    options.writers = config.writers;
    options.lock_timeout = config.busy_timeout();
    options.statement_timeout = config.statement_timeout();
    Ok(Some(options))
}

/// Reads the file out of `sqlite://path`. A path that begins with a slash is absolute, any other counts
/// from the working folder.
fn sqlite_path(url: &DatabaseUrl) -> Result<PathBuf, StorageError> {
    let path = url.expose().strip_prefix("sqlite://").filter(|path| !path.is_empty());
    let path = path.ok_or_else(|| StorageError::Unsupported { url: url.clone() })?;
    if path.contains('?') {
        return Err(StorageError::Parameters { url: url.clone() });
    }
    // Ledgers that are gone with the process are none.
    if path == ":memory:" || path.ends_with('/') {
        return Err(StorageError::Unsupported { url: url.clone() });
    }
    Ok(PathBuf::from(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_absolute_or_counts_from_the_working_folder() {
        let path = |url| sqlite_path(&DatabaseUrl::new(url)).unwrap();
        assert_eq!(path("sqlite://data/florin.db"), PathBuf::from("data/florin.db"));
        assert_eq!(path("sqlite:///var/lib/florin.db"), PathBuf::from("/var/lib/florin.db"));
    }

    #[test]
    fn other_addresses_are_refused_with_those_that_are_understood_and_without_secrets() {
        for (url, shown) in [
            ("mysql://florin:hunter2@db/florin", "mysql://***@db/florin"),
            ("sqlite:data/florin.db", "sqlite:data/florin.db"),
            ("sqlite://", "sqlite://"),
            ("sqlite://:memory:", "sqlite://:memory:"),
            ("sqlite://data/", "sqlite://data/"),
            ("sqlite://florin.db?mode=ro", "sqlite://florin.db?mode=ro"),
            ("data/florin.db", "data/florin.db"),
        ] {
            let message = sqlite_path(&DatabaseUrl::new(url)).unwrap_err().to_string();
            assert!(message.starts_with(&format!("`{shown}`")), "{message}");
            assert!(message.contains(SUPPORTED), "{message}");
        }
    }
}
