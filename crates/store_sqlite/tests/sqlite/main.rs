//! What only a store on SQLite can get wrong: files, locks, damage, migrations, lists in its rows.
//!
//! These tests open the file behind the store's back, as an operator or another process would.

mod backup;
mod damage;
mod files;
mod locks;
mod migrations;
mod movements;

use std::path::PathBuf;

use sqlx::{Connection, SqliteConnection};
use store_sqlite::{SqliteOptions, SqliteStore};

/// A folder of its own for each test, which goes when the test ends.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("test.db")
    }

    fn options(&self) -> SqliteOptions {
        SqliteOptions::new(self.path())
    }

    /// Opens the store, ready for use.
    async fn store(&self) -> SqliteStore {
        let store = SqliteStore::open(self.options()).await.unwrap();
        store.migrate().await.unwrap();
        store
    }

    /// Opens the file as somebody else.
    async fn stranger(&self) -> SqliteConnection {
        SqliteConnection::connect(self.path().to_str().unwrap()).await.unwrap()
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
