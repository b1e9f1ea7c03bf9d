//! The contract of all stores, kept in memory, with and without the short way to write.

use std::sync::Arc;

use async_trait::async_trait;
use engine::companion::StoreTransaction;
use engine::port::{Source, Store};
use store_memory::{MemoryDatabase, MemoryStore, connection};
use test_support::StoreFixture;
use test_support::contract::companions::KeepsRows;

/// A database of its own. It outlives its openings, as a file or a server does.
struct MemoryFixture {
    database: MemoryDatabase,
    appends: bool,
}

impl MemoryFixture {
    fn new(appends: bool) -> Self {
        Self { database: MemoryDatabase::default(), appends }
    }
}

#[async_trait]
impl StoreFixture for MemoryFixture {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(MemoryStore::open(&self.database, self.appends))
    }
}

#[async_trait]
impl KeepsRows for MemoryFixture {
    async fn make_rows(&self) {}

    async fn write_row(&self, transaction: &mut StoreTransaction<'_>, row: &str) -> Result<(), Source> {
        connection(transaction).ok_or("no transaction in memory")?.insert(row);
        Ok(())
    }

    async fn rows(&self) -> Vec<String> {
        self.database.rows()
    }
}

test_support::companion_contract!(MemoryFixture::new(false));

mod in_batches {
    use super::MemoryFixture;

    test_support::store_contract!(MemoryFixture::new(false));
}

mod appending_where_it_may {
    use super::MemoryFixture;

    test_support::store_contract!(MemoryFixture::new(true));
}
