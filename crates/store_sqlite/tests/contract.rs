//! The contract of all stores, kept on SQLite.

use std::sync::Arc;

use async_trait::async_trait;
use engine::companion::StoreTransaction;
use engine::port::{Accompanies, AccompanyError, Source, Store};
use ledger::Entry;
use sqlx::{Connection, SqliteConnection};
use store_sqlite::{SqliteOptions, SqliteStore, connection};
use test_support::contract::companions::KeepsRows;
use test_support::{StoreFixture, append, decide_batch, transfer};

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

impl SqliteFixture {
    /// Opens the file beside the store.
    async fn connect(&self) -> SqliteConnection {
        let url = format!("sqlite://{}", self.folder.path().join("test.db").display());
        SqliteConnection::connect(&url).await.expect("the file opens")
    }
}

#[async_trait]
impl KeepsRows for SqliteFixture {
    async fn make_rows(&self) {
        let made = sqlx::query("CREATE TABLE own (content TEXT)").execute(&mut self.connect().await).await;
        made.expect("the table is made");
    }

    async fn write_row(&self, transaction: &mut StoreTransaction<'_>, row: &str) -> Result<(), Source> {
        let connection = connection(transaction).ok_or("no transaction of SQLite")?;
        sqlx::query("INSERT INTO own VALUES (?1)").bind(row).execute(connection).await?;
        Ok(())
    }

    async fn rows(&self) -> Vec<String> {
        let rows = sqlx::query_scalar("SELECT content FROM own ORDER BY rowid");
        rows.fetch_all(&mut self.connect().await).await.expect("the rows are read")
    }
}

/// Does what a companion never may: it ends the transaction; or what it may: it begins another one within.
struct Oversteps(&'static str);

#[async_trait]
impl Accompanies for Oversteps {
    async fn write(
        &mut self,
        transaction: &mut StoreTransaction<'_>,
        _entry: &Entry,
    ) -> Result<(), AccompanyError> {
        let connection = connection(transaction).expect("a transaction of SQLite");
        let done = if self.0 == "nest" {
            let nested = connection.begin().await.unwrap();
            nested.commit().await
        } else {
            sqlx::query(self.0).execute(connection).await.map(drop)
        };
        done.map_err(|error| AccompanyError::Failed(error.into()))
    }
}

#[tokio::test]
async fn a_companion_that_ends_the_transaction_is_found_out_and_one_that_nests_is_not() {
    let fixture = SqliteFixture::new();
    let (store, main) = fixture.with_main().await;
    for statement in ["COMMIT", "ROLLBACK"] {
        let (mut batch, records) = decide_batch(&*store, &main, &[transfer("world", "a", 1)]).await;
        let found = batch.accompany(&mut Oversteps(statement), &records[0].entry).await;
        assert!(matches!(found, Err(AccompanyError::Failed(_))), "{statement}: {found:?}");
        drop(batch);
        append(&*store, &main, &[transfer("world", "a", 1)]).await;
    }
    let (mut batch, records) = decide_batch(&*store, &main, &[transfer("world", "a", 1)]).await;
    batch.accompany(&mut Oversteps("nest"), &records[0].entry).await.unwrap();
    drop(batch);
    assert_eq!(store.ledger(&main).await.unwrap().entries.0, 2);
}

test_support::companion_contract!(SqliteFixture::new());
test_support::store_contract!(SqliteFixture::new());
