//! What the contract needs to know of a store: how to open one.

use std::sync::Arc;

use async_trait::async_trait;
use engine::port::{LedgerCreation, Store};
use engine::query::NewLedger;
use ledger::{LedgerName, Metadata};

use crate::builders::{at, ledger_name};

/// A database of a test's own, empty at first.
#[async_trait]
pub trait StoreFixture: Send + Sync {
    /// Opens the database, ready for use. Every call opens the same one, as another process would; what
    /// was opened before stays open.
    async fn open(&self) -> Arc<dyn Store>;

    /// Opens the database and creates the ledger `main` in it.
    ///
    /// # Panics
    /// When it is there already.
    async fn with_main(&self) -> (Arc<dyn Store>, LedgerName) {
        let store = self.open().await;
        let main = ledger_name("main");
        create(&*store, &main).await;
        (store, main)
    }
}

/// Creates a ledger.
///
/// # Panics
/// When it is there already.
pub(crate) async fn create(store: &dyn Store, name: &LedgerName) {
    let new = NewLedger {
        name: name.clone(),
        created_at: at(1_600_000_000_000_000),
        metadata: Metadata::default(),
        request: None,
    };
    let creation = store.create_ledger(new).await.expect("the store creates ledgers");
    assert!(matches!(creation, LedgerCreation::Created(_)), "{creation:?}");
}
