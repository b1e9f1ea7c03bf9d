//! The contract of all stores, kept in memory, with and without the short way to write.

use std::sync::Arc;

use async_trait::async_trait;
use engine::port::Store;
use store_memory::{MemoryDatabase, MemoryStore};
use test_support::StoreFixture;

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

mod in_batches {
    use super::MemoryFixture;

    test_support::store_contract!(MemoryFixture::new(false));
}

mod appending_where_it_may {
    use super::MemoryFixture;

    test_support::store_contract!(MemoryFixture::new(true));
}
