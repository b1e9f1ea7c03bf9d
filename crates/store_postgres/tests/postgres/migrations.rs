//! Schemas that are older, newer, or other than this version knows.

use engine::port::Store;
use store_postgres::{MigrateError, PostgresStore};
use test_support::{StoreFixture, append, ledger_name, transfer};

use crate::{Place, chain};

#[tokio::test]
async fn migrating_tells_what_was_missing_and_is_done_once() {
    let Some(place) = Place::new().await else { return };
    let store = PostgresStore::open(place.options()).await.unwrap();
    let missing = store.missing_migrations().await.unwrap();
    assert!(store.ledger(&ledger_name("main")).await.is_err());
    assert!(store.ping().await.is_err());
    let applied = store.migrate().await.unwrap();
    assert_eq!(applied, missing);
    assert_eq!(applied[0].description, "ledgers");
    assert_eq!(store.migrate().await.unwrap(), []);
    assert_eq!(store.missing_migrations().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_start_together_migrate_once() {
    let Some(place) = Place::new().await else { return };
    let mut tasks = Vec::new();
    for _ in 0..6 {
        let store = PostgresStore::open(place.options()).await.unwrap();
        tasks.push(tokio::spawn(async move { store.migrate().await.unwrap().len() }));
    }
    let mut applied = Vec::new();
    for task in tasks {
        applied.push(task.await.unwrap());
    }
    assert_eq!(applied.iter().filter(|steps| **steps > 0).count(), 1, "{applied:?}");
}

#[tokio::test]
async fn a_database_from_the_future_is_refused_and_left_alone() {
    let Some(place) = Place::new().await else { return };
    let (_, main) = place.with_main().await;
    let mut stranger = place.database.stranger().await;
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
        VALUES (9999, 'flying cars', TRUE, '\\x00', 0)",
    )
    .execute(&mut stranger)
    .await
    .unwrap();
    let store = PostgresStore::open(place.options()).await.unwrap();
    let error = store.migrate().await.unwrap_err();
    assert!(matches!(error, MigrateError::FromTheFuture(9999)), "{error:?}");
    assert!(chain(&error).contains("newer version"), "{}", chain(&error));
    let error = store.missing_migrations().await.unwrap_err();
    assert!(matches!(error, MigrateError::FromTheFuture(9999)), "{error:?}");
    // The refusal holds no lock, and what is there goes on working.
    append(&store, &main, &[transfer("world", "a", 1)]).await;
    assert!(matches!(place.store_again().await, Err(MigrateError::FromTheFuture(9999))));
}

#[tokio::test]
async fn a_migration_that_was_altered_is_refused() {
    let Some(place) = Place::new().await else { return };
    place.store().await;
    let mut stranger = place.database.stranger().await;
    sqlx::query("UPDATE _sqlx_migrations SET checksum = '\\x00'").execute(&mut stranger).await.unwrap();
    assert!(matches!(place.store_again().await, Err(MigrateError::Altered(1))));
}

#[tokio::test]
async fn a_migration_that_fails_changes_nothing() {
    let Some(place) = Place::new().await else { return };
    let mut stranger = place.database.stranger().await;
    sqlx::query("CREATE TABLE lines (theirs integer)").execute(&mut stranger).await.unwrap();
    let error = place.store_again().await.unwrap_err();
    assert!(matches!(error, MigrateError::Failed(_)), "{error:?}");
    assert!(chain(&error).contains("lines"), "{}", chain(&error));
    let tables = "SELECT count(*) FROM pg_tables WHERE tablename IN ('ledgers', 'entries', 'balances')";
    let count: i64 = sqlx::query_scalar(tables).fetch_one(&mut stranger).await.unwrap();
    assert_eq!(count, 0);
}

impl Place {
    async fn store_again(&self) -> Result<(), MigrateError> {
        PostgresStore::open(self.options()).await.unwrap().migrate().await.map(|_| ())
    }
}
