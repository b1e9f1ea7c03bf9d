//! The contract of all stores, kept on PostgreSQL.

use std::sync::Arc;

use async_trait::async_trait;
use engine::companion::StoreTransaction;
use engine::port::{Accompanies, AccompanyError, Source, Store};
use ledger::Entry;
use sqlx::{Connection, PgConnection};
use store_postgres::{PostgresOptions, PostgresStore, connection};
use test_support::contract::companions::KeepsRows;
use test_support::{StoreFixture, append, decide_batch, transfer};

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

impl PostgresFixture {
    /// Connects to the database beside the store.
    async fn connect(&self) -> PgConnection {
        PgConnection::connect(self.database.url()).await.expect("the database can be reached")
    }
}

#[async_trait]
impl KeepsRows for PostgresFixture {
    async fn make_rows(&self) {
        let made = sqlx::query("CREATE TABLE own (place BIGSERIAL, content TEXT)")
            .execute(&mut self.connect().await)
            .await;
        made.expect("the table is made");
    }

    async fn write_row(&self, transaction: &mut StoreTransaction<'_>, row: &str) -> Result<(), Source> {
        let connection = connection(transaction).ok_or("no transaction of PostgreSQL")?;
        sqlx::query("INSERT INTO own (content) VALUES ($1)").bind(row).execute(connection).await?;
        Ok(())
    }

    async fn rows(&self) -> Vec<String> {
        let rows = sqlx::query_scalar("SELECT content FROM own ORDER BY place");
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
        let connection = connection(transaction).expect("a transaction of PostgreSQL");
        let done = if self.0 == "nest" {
            let nested = connection.begin().await.unwrap();
            nested.commit().await
        } else {
            sqlx::query(self.0).execute(connection).await.map(drop)
        };
        done.map_err(|error| AccompanyError::Failed(error.into()))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_companion_that_ends_the_transaction_is_found_out_and_one_that_nests_is_not() {
    let Some(fixture) = PostgresFixture::new().await else { return };
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

test_support::companion_contract!(match PostgresFixture::new().await {
    Some(fixture) => fixture,
    None => return,
});
test_support::store_contract!(match PostgresFixture::new().await {
    Some(fixture) => fixture,
    None => return,
});
