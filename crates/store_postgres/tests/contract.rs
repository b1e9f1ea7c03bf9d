//! The contract of all stores, kept on PostgreSQL.

use std::sync::Arc;

use async_trait::async_trait;
use engine::port::Store;
use store_postgres::{PostgresOptions, PostgresStore};
use test_support::StoreFixture;

/// A database of its own, which goes when the fixture goes.
struct PostgresFixture {
    database: test_postgres::Database,
}

impl PostgresFixture {
    async fn new() -> Option<Self> {
        Some(Self { database: test_postgres::prepared_database(migrate).await? })
    }
}

/// Brings the schema up to date once, instead of for each test.
async fn migrate(url: &str) {
    let store = open(url).await;
    store.migrate().await.expect("the schema is brought up to date");
    store.close().await;
}

async fn open(url: &str) -> PostgresStore {
    let options = PostgresOptions::parse(url).expect("the address is one");
    PostgresStore::open(options).await.expect("the database opens")
}

#[async_trait]
impl StoreFixture for PostgresFixture {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(open(self.database.url()).await)
    }
}

test_support::store_contract!(match PostgresFixture::new().await {
    Some(fixture) => fixture,
    None => return,
});
