//! Schemas that are older, newer, or other than this version knows.

use engine::port::Store;
use store_sqlite::{MigrateError, SqliteStore};
use test_support::{StoreFixture, append, ledger_name, transfer};

use crate::{Place, chain};

#[tokio::test]
async fn migrating_tells_what_was_missing_and_is_done_once() {
    let place = Place::new();
    let store = SqliteStore::open(place.options()).await.unwrap();
    let applied = store.migrate().await.unwrap();
    let versions: Vec<_> = applied.iter().map(|migration| migration.version).collect();
    assert!(!versions.is_empty() && versions.is_sorted(), "{versions:?}");
    assert_eq!(applied[0].description, "ledgers");
    assert_eq!(store.migrate().await.unwrap(), []);
    assert_eq!(SqliteStore::open(place.options()).await.unwrap().migrate().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_start_together_migrate_once() {
    let place = Place::new();
    let mut tasks = Vec::new();
    for _ in 0..4 {
        let store = SqliteStore::open(place.options()).await.unwrap();
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
    let place = Place::new();
    let (_, main) = place.with_main().await;
    let mut stranger = place.stranger().await;
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
        VALUES (9999, 'flying cars', TRUE, x'00', 0)",
    )
    .execute(&mut stranger)
    .await
    .unwrap();
    let store = SqliteStore::open(place.options()).await.unwrap();
    let error = store.migrate().await.unwrap_err();
    assert!(matches!(error, MigrateError::FromTheFuture(9999)), "{error:?}");
    assert!(chain(&error).contains("newer version"), "{}", chain(&error));
    // The refusal holds no lock.
    append(&store, &main, &[transfer("world", "a", 1)]).await;
}

#[tokio::test]
async fn a_migration_that_was_altered_is_refused() {
    let place = Place::new();
    place.store().await;
    sqlx::query("UPDATE _sqlx_migrations SET checksum = x'00'")
        .execute(&mut place.stranger().await)
        .await
        .unwrap();
    let error = SqliteStore::open(place.options()).await.unwrap().migrate().await.unwrap_err();
    assert!(matches!(error, MigrateError::Altered(1)), "{error:?}");
}

#[tokio::test]
async fn a_migration_that_fails_changes_nothing() {
    let place = Place::new();
    let mut stranger = {
        // A file that is somebody else's and has a table of the same name.
        SqliteStore::open(place.options()).await.unwrap();
        place.stranger().await
    };
    sqlx::query("CREATE TABLE balances (theirs INTEGER)").execute(&mut stranger).await.unwrap();
    let store = SqliteStore::open(place.options()).await.unwrap();
    let error = store.migrate().await.unwrap_err();
    assert!(matches!(error, MigrateError::Failed(_)), "{error:?}");
    assert!(chain(&error).contains("balances"), "{}", chain(&error));
    let tables: Vec<String> = sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'table'")
        .fetch_all(&mut stranger)
        .await
        .unwrap();
    assert_eq!(tables, ["balances"]);
}

#[tokio::test]
async fn a_store_that_is_not_migrated_is_unavailable() {
    let place = Place::new();
    let store = SqliteStore::open(place.options()).await.unwrap();
    assert!(store.ping().await.is_err());
    assert!(store.ledger(&ledger_name("main")).await.is_err());
}
