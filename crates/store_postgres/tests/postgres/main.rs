//! What only a store on PostgreSQL can get wrong: sessions, locks, lost connections, migrations.
//!
//! These tests open the database behind the store's back, as an operator or another process would.

mod at_head;
mod faults;
mod locks;
mod migrations;
mod schema;
mod standby;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use engine::port::Store;
use store_postgres::{PostgresOptions, PostgresStore};
use test_postgres::Database;

/// A database of its own for each test.
struct Place {
    database: Database,
}

impl Place {
    async fn new() -> Option<Self> {
        Some(Self { database: test_postgres::database().await? })
    }

    fn name(&self) -> &str {
        self.database.url().rsplit('/').next().unwrap()
    }

    fn options(&self) -> PostgresOptions {
        options(self.database.url())
    }

    /// Opens the store, ready for use.
    async fn store(&self) -> PostgresStore {
        let store = PostgresStore::open(self.options()).await.unwrap();
        store.migrate().await.unwrap();
        store
    }
}

/// Short limits, so that what waits for one is soon over.
fn options(url: &str) -> PostgresOptions {
    let mut options = PostgresOptions::parse(url).unwrap();
    options.lock_timeout = Duration::from_millis(100);
    options.statement_timeout = Duration::from_secs(2);
    options
}

/// The fixture of the contract with a database that the test knows.
#[async_trait::async_trait]
impl test_support::StoreFixture for Place {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(self.store().await)
    }
}

/// An error with all that caused it, as an operator reads it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
