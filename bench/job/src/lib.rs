//! The job that every peer does, without HTTP: an account with its balances is read, money is moved between accounts,
//! and a text that never changes is sent. It knows no framework, and every peer calls it alike.
//!
//! It works on Florin's own tables, as Florin's migrations make them, and answers what Florin answers. It is written as
//! applications usually are: a pool of connections, a statement to read, and one transaction of the database for each
//! request that writes.

mod amount;
mod balance;
mod error;
mod names;
mod policy;
mod postgres;
mod reply;
mod request;
mod settings;
mod sqlite;
mod transfer;

use bytes::Bytes;

pub use self::error::{JobError, PROBLEM_JSON, Problem};
pub use self::reply::{Account, Transaction};
pub use self::request::NewTransaction;
pub use self::settings::Settings;

use self::names::{Address, LedgerName};

/// Where the job is done. Cheap to clone: clones are the same.
#[derive(Clone, Debug)]
pub struct Job {
    storage: Storage,
    static_reply: Bytes,
}

#[derive(Clone, Debug)]
enum Storage {
    Postgres(postgres::Database),
    Sqlite(sqlite::Database),
}

impl Job {
    /// Opens the database.
    ///
    /// # Errors
    /// The database cannot be reached, or is none that Florin made.
    pub async fn open(settings: &Settings) -> anyhow::Result<Self> {
        let storage = if settings.database_url.starts_with("sqlite:") {
            Storage::Sqlite(sqlite::Database::open(settings).await?)
        } else {
            Storage::Postgres(postgres::Database::open(settings).await?)
        };
        Ok(Self { storage, static_reply: Bytes::from(settings.static_reply.clone()) })
    }

    /// Returns the JSON text that never changes.
    #[must_use]
    pub fn static_reply(&self) -> Bytes {
        self.static_reply.clone()
    }

    /// Reads an account with its balances, with one statement.
    ///
    /// # Errors
    /// As [`JobError`] says.
    pub async fn account(&self, ledger: &str, address: &str) -> Result<Account, JobError> {
        let (ledger, address) = (LedgerName::parse(ledger)?, Address::parse(address)?);
        match &self.storage {
            Storage::Postgres(database) => database.account(&ledger, &address).await,
            Storage::Sqlite(database) => database.account(&ledger, &address).await,
        }
    }

    /// Moves money. What it returns is on disk.
    ///
    /// It is done in a task of its own: whoever asked may go away at any moment, and a framework then drops what it was
    /// waiting for. A transaction of the database that is dropped half-way takes its connection with it.
    ///
    /// # Errors
    /// As [`JobError`] says.
    pub async fn transfer(&self, ledger: &str, request: NewTransaction) -> Result<Transaction, JobError> {
        let (ledger, storage) = (LedgerName::parse(ledger)?, self.storage.clone());
        let task = tokio::spawn(async move {
            match &storage {
                Storage::Postgres(database) => database.transfer(ledger, request).await,
                Storage::Sqlite(database) => database.transfer(ledger, request).await,
            }
        });
        task.await.unwrap_or(Err(JobError::Stopped))
    }
}
