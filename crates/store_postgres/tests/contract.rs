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
        Some(Self { database: test_postgres::database().await? })
    }
}

#[async_trait]
impl StoreFixture for PostgresFixture {
    async fn open(&self) -> Arc<dyn Store> {
        let options = PostgresOptions::parse(self.database.url()).expect("the address is one");
        let store = PostgresStore::open(options).await.expect("the database opens");
        store.migrate().await.expect("the schema is brought up to date");
        Arc::new(store)
    }
}

test_support::store_contract!(match PostgresFixture::new().await {
    Some(fixture) => fixture,
    None => return,
});
