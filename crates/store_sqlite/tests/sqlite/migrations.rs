//! Schemas that are older, newer, or other than this version knows.

use engine::port::Store;
use store_sqlite::{MigrateError, SchemaState, SqliteStore};
use test_support::{StoreFixture, append, ledger_name, transfer};

use crate::{Place, chain};

#[tokio::test]
async fn migrating_tells_what_was_missing_and_is_done_once() {
    let place = Place::new();
    let store = SqliteStore::open(place.options()).await.unwrap();
    let found = store.schema().await.unwrap();
    let versions: Vec<_> = found.missing.iter().map(|step| step.version).collect();
    assert!(!versions.is_empty() && versions.is_sorted(), "{versions:?}");
    assert_eq!(found.missing[0].description, "ledgers");
    assert_eq!(store.schema().await.unwrap(), found, "looking changes nothing");
    assert_eq!(store.migrate().await.unwrap(), found);
    assert_eq!(store.migrate().await.unwrap(), SchemaState::default());
    assert_eq!(store.schema().await.unwrap(), SchemaState::default());
    let again = SqliteStore::open(place.options()).await.unwrap();
    assert_eq!(again.migrate().await.unwrap(), SchemaState::default());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_start_together_migrate_once() {
    let place = Place::new();
    let mut tasks = Vec::new();
    for _ in 0..4 {
        let store = SqliteStore::open(place.options()).await.unwrap();
        tasks.push(tokio::spawn(async move { store.migrate().await.unwrap().missing.len() }));
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
    place
        .migrated_by_a_newer_version(9002, "expand wings", "ALTER TABLE entries ADD COLUMN wings TEXT")
        .await;
    place.migrated_by_a_newer_version(9003, "contract wheels", "SELECT 1").await;
    let store = SqliteStore::open(place.options()).await.unwrap();
    for error in [store.migrate().await.unwrap_err(), store.schema().await.unwrap_err()] {
        let MigrateError::FromTheFuture(step) = &error else { panic!("{error:?}") };
        assert_eq!((step.version, step.description.as_str()), (9003, "contract wheels"));
        assert!(chain(&error).contains("newer version"), "{}", chain(&error));
    }
    // The refusal holds no lock.
    append(&store, &main, &[transfer("world", "a", 1)]).await;
}

#[tokio::test]
async fn steps_of_a_newer_version_that_expand_are_left_alone_and_worked_with() {
    let place = Place::new();
    let (running, main) = place.with_main().await;
    append(&*running, &main, &[transfer("world", "a", 1)]).await;
    place
        .migrated_by_a_newer_version(9002, "expand wings", "ALTER TABLE entries ADD COLUMN wings TEXT")
        .await;
    place.migrated_by_a_newer_version(9003, "expand seats", "CREATE TABLE seats (number INTEGER)").await;
    // Whoever runs goes on, and whoever starts finds all that it needs.
    append(&*running, &main, &[transfer("world", "a", 1)]).await;
    let started = SqliteStore::open(place.options()).await.unwrap();
    let found = started.migrate().await.unwrap();
    assert_eq!(found, started.schema().await.unwrap());
    assert_eq!(found.missing, []);
    let newer: Vec<_> = found.newer.iter().map(|step| (step.version, step.description.as_str())).collect();
    assert_eq!(newer, [(9002, "expand wings"), (9003, "expand seats")]);
    append(&started, &main, &[transfer("world", "a", 1)]).await;
    append(&*running, &main, &[transfer("world", "a", 1)]).await;
    let mut snapshot = started.snapshot(&main).await.unwrap();
    let report = engine::verify::verify(&mut *snapshot, |_| {}).await.unwrap();
    assert!(report.is_clean() && report.entries == 4, "{report:?}");
}

/// Looking at the schema is what every start does, and what `verify` does beside a service that writes.
#[tokio::test]
async fn looking_at_the_schema_waits_for_no_writer() {
    let place = Place::new();
    let store = place.store().await;
    let mut stranger = place.stranger().await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut stranger).await.unwrap();
    assert_eq!(store.schema().await.unwrap(), SchemaState::default());
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

impl Place {
    /// Does to the database what a version would that has one more step.
    async fn migrated_by_a_newer_version(&self, version: i64, description: &str, step: &'static str) {
        let mut stranger = self.stranger().await;
        sqlx::query(step).execute(&mut stranger).await.unwrap();
        sqlx::query(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
            VALUES (?1, ?2, TRUE, x'00', 0)",
        )
        .bind(version)
        .bind(description)
        .execute(&mut stranger)
        .await
        .unwrap();
    }
}
