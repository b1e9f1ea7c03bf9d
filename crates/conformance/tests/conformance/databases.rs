//! An empty database of every kind of store there is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use engine::port::Store;
use store_memory::{MemoryDatabase, MemoryStore};
use store_postgres::{PostgresOptions, PostgresStore};
use store_sqlite::{SqliteOptions, SqliteStore};
use test_support::StoreFixture;

/// How long stores wait for locks and answers: a busy machine is no difference between them.
const PATIENCE: Duration = Duration::from_mins(1);

/// Makes a database of each kind, the reference first. Says so where there is no PostgreSQL; in CI that is a
/// failure.
pub(crate) async fn one_of_each() -> Vec<(&'static str, Box<dyn StoreFixture>)> {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let mut databases: Vec<(&'static str, Box<dyn StoreFixture>)> =
        vec![("memory", Box::new(InMemory::default())), ("SQLite", Box::new(OnSqlite { folder }))];
    if let Some(database) = test_postgres::prepared_database(migrate).await {
        databases.push(("PostgreSQL", Box::new(OnPostgres { database })));
    }
    databases
}

/// A database in memory. Every other opening, from the first on, offers the short way to write.
#[derive(Default)]
pub(crate) struct InMemory {
    database: MemoryDatabase,
    one_appends: AtomicBool,
}

struct OnSqlite {
    folder: tempfile::TempDir,
}

struct OnPostgres {
    database: test_postgres::Database,
}

#[async_trait]
impl StoreFixture for InMemory {
    async fn open(&self) -> Arc<dyn Store> {
        let appends = !self.one_appends.fetch_not(Ordering::SeqCst);
        Arc::new(MemoryStore::open(&self.database, appends))
    }
}

#[async_trait]
impl StoreFixture for OnSqlite {
    async fn open(&self) -> Arc<dyn Store> {
        let file = self.folder.path().join("test.db");
        let options = SqliteOptions { busy_timeout: PATIENCE, ..SqliteOptions::new(file) };
        let store = SqliteStore::open(options).await.expect("the database opens");
        store.migrate().await.expect("the schema is brought up to date");
        Arc::new(store)
    }
}

/// Brings the schema up to date once, instead of for each database.
async fn migrate(url: &str) {
    let store = open_postgres(url).await;
    store.migrate().await.expect("the schema is brought up to date");
    store.close().await;
}

async fn open_postgres(url: &str) -> PostgresStore {
    let mut options = PostgresOptions::parse(url).expect("the address is one");
    options.lock_timeout = PATIENCE;
    options.connect_timeout = PATIENCE;
    options.statement_timeout = PATIENCE;
    PostgresStore::open(options).await.expect("the database opens")
}

#[async_trait]
impl StoreFixture for OnPostgres {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(open_postgres(self.database.url()).await)
    }
}
