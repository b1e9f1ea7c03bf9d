//! The contract of all stores, kept on SQLite.

use std::sync::Arc;

use async_trait::async_trait;
use engine::port::Store;
use store_sqlite::{SqliteOptions, SqliteStore};
use test_support::StoreFixture;

/// A database file in a folder of its own, which goes when the fixture goes.
struct SqliteFixture {
    folder: tempfile::TempDir,
}

impl SqliteFixture {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder for the test") }
    }
}

#[async_trait]
impl StoreFixture for SqliteFixture {
    async fn open(&self) -> Arc<dyn Store> {
        let options = SqliteOptions::new(self.folder.path().join("test.db"));
        let store = SqliteStore::open(options).await.expect("the database opens");
        store.migrate().await.expect("the schema is brought up to date");
        Arc::new(store)
    }
}

test_support::store_contract!(SqliteFixture::new());
