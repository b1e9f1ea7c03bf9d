//! Schemas that are older, newer, or other than this version knows.

use std::time::Duration;

use engine::port::Store;
use store_postgres::{MigrateError, PostgresStore, SchemaState};
use test_support::{StoreFixture, append, ledger_name, transfer};

use crate::{Place, chain};

#[tokio::test]
async fn migrating_tells_what_was_missing_and_is_done_once() {
    let Some(place) = Place::new().await else { return };
    let store = PostgresStore::open(place.options()).await.unwrap();
    let found = store.schema().await.unwrap();
    assert_eq!(found.missing[0].description, "ledgers");
    assert!(store.ledger(&ledger_name("main")).await.is_err());
    assert!(store.ping().await.is_err());
    assert_eq!(store.migrate().await.unwrap(), found);
    assert_eq!(store.migrate().await.unwrap(), SchemaState::default());
    assert_eq!(store.schema().await.unwrap(), SchemaState::default());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_start_together_migrate_once() {
    let Some(place) = Place::new().await else { return };
    let mut tasks = Vec::new();
    for _ in 0..6 {
        let store = PostgresStore::open(place.options()).await.unwrap();
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
    let Some(place) = Place::new().await else { return };
    let (_, main) = place.with_main().await;
    place
        .migrated_by_a_newer_version(9002, "expand wings", "ALTER TABLE entries ADD COLUMN wings text")
        .await;
    place.migrated_by_a_newer_version(9003, "contract wheels", "SELECT 1").await;
    let store = PostgresStore::open(place.options()).await.unwrap();
    for error in [store.migrate().await.unwrap_err(), store.schema().await.unwrap_err()] {
        let MigrateError::FromTheFuture(step) = &error else { panic!("{error:?}") };
        assert_eq!((step.version, step.description.as_str()), (9003, "contract wheels"));
        assert!(chain(&error).contains("newer version"), "{}", chain(&error));
    }
    // The refusal holds no lock, and what is there goes on working.
    append(&store, &main, &[transfer("world", "a", 1)]).await;
    assert!(matches!(place.store_again().await, Err(MigrateError::FromTheFuture(_))));
}

#[tokio::test]
async fn steps_of_a_newer_version_that_expand_are_left_alone_and_worked_with() {
    let Some(place) = Place::new().await else { return };
    let (running, main) = place.with_main().await;
    append(&*running, &main, &[transfer("world", "a", 1)]).await;
    place
        .migrated_by_a_newer_version(9002, "expand wings", "ALTER TABLE entries ADD COLUMN wings text")
        .await;
    place.migrated_by_a_newer_version(9003, "expand seats", "CREATE TABLE seats (number integer)").await;
    // Whoever runs goes on, and whoever starts finds all that it needs.
    append(&*running, &main, &[transfer("world", "a", 1)]).await;
    let started = PostgresStore::open(place.options()).await.unwrap();
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

/// Building an index beside the traffic waits for every snapshot to end, those of waiting processes included.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_for_its_turn_does_not_hold_up_the_one_that_migrates() {
    let Some(place) = Place::new().await else { return };
    let store = std::sync::Arc::new(place.store().await);
    let mut migrating = place.database.stranger().await;
    let lock = "SELECT pg_advisory_lock(('x' || encode('florin', 'hex'))::bit(48)::bigint)";
    sqlx::query(lock).execute(&mut migrating).await.unwrap();
    let waiting: Vec<_> = (0..3)
        .map(|_| {
            let store = std::sync::Arc::clone(&store);
            tokio::spawn(async move { store.migrate().await.unwrap() })
        })
        .collect();
    let mut stranger = place.database.stranger().await;
    let asking = "SELECT count(DISTINCT pid) FROM pg_stat_activity
        WHERE datname = current_database() AND query LIKE '%pg_try_advisory_lock%' AND pid <> pg_backend_pid()";
    tokio::time::timeout(Duration::from_mins(1), async {
        while sqlx::query_scalar::<_, i64>(asking).fetch_one(&mut stranger).await.unwrap() < 3 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("all of them ask for the lock");
    assert!(waiting.iter().all(|waits| !waits.is_finished()));
    let index = "CREATE INDEX CONCURRENTLY newer ON earlier_movements (numbers)";
    sqlx::query(index).execute(&mut migrating).await.unwrap();
    drop(migrating);
    for waits in waiting {
        assert_eq!(waits.await.unwrap(), SchemaState::default());
    }
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
    sqlx::query("CREATE TABLE earlier_movements (theirs integer)").execute(&mut stranger).await.unwrap();
    let error = place.store_again().await.unwrap_err();
    assert!(matches!(error, MigrateError::Failed(_)), "{error:?}");
    assert!(chain(&error).contains("earlier_movements"), "{}", chain(&error));
    let tables = "SELECT count(*) FROM pg_tables WHERE tablename IN ('ledgers', 'entries', 'balances')";
    let count: i64 = sqlx::query_scalar(tables).fetch_one(&mut stranger).await.unwrap();
    assert_eq!(count, 0);
}

impl Place {
    async fn store_again(&self) -> Result<(), MigrateError> {
        PostgresStore::open(self.options()).await.unwrap().migrate().await.map(|_| ())
    }

    /// Does to the database what a version would that has one more step.
    async fn migrated_by_a_newer_version(&self, version: i64, description: &str, step: &'static str) {
        let mut stranger = self.database.stranger().await;
        sqlx::query(step).execute(&mut stranger).await.unwrap();
        sqlx::query(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
            VALUES ($1, $2, TRUE, '\\x00', 0)",
        )
        .bind(version)
        .bind(description)
        .execute(&mut stranger)
        .await
        .unwrap();
    }
}
