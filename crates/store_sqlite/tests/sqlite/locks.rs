//! Another process that holds the file's lock.

use std::sync::Arc;
use std::time::Duration;

use engine::idempotency::{KeyedRequest, RequestFingerprint};
use engine::port::{BeginError, CreateLedgerError, LedgerCreation, Store, Wanted};
use engine::query::NewLedger;
use ledger::{EntryNumber, Metadata};
use store_sqlite::{SqliteOptions, SqliteStore};
use test_support::{StoreFixture, append, at, key, ledger_name, transfer};

use crate::{Place, chain};

fn impatient(place: &Place) -> SqliteOptions {
    SqliteOptions { busy_timeout: Duration::from_millis(50), ..place.options() }
}

fn second_ledger() -> NewLedger {
    let name = ledger_name("second");
    let fingerprint = RequestFingerprint::of_new_ledger(&name, &Metadata::default());
    let request = Some(KeyedRequest { key: key("k"), fingerprint });
    NewLedger { name, created_at: at(0), metadata: Metadata::default(), request }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_is_not_released_in_time_makes_writes_unavailable_and_nothing_else() {
    let place = Place::new();
    let (_, main) = place.with_main().await;
    let store = SqliteStore::open(impatient(&place)).await.unwrap();
    append(&store, &main, &[transfer("world", "a", 1)]).await;

    let mut stranger = place.stranger().await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut stranger).await.unwrap();
    for _ in 0..3 {
        let error = store.begin(&main, Wanted::default()).await.map(|_| ()).unwrap_err();
        assert!(matches!(error, BeginError::Unavailable(_)), "{error:?}");
        assert!(chain(&error).contains("locked"), "{}", chain(&error));
        let error = store.create_ledger(second_ledger()).await.unwrap_err();
        assert!(matches!(error, CreateLedgerError::Unavailable(_)), "{error:?}");
    }
    // Readers are not held up, nor are snapshots.
    store.ping().await.unwrap();
    assert_eq!(store.ledger(&main).await.unwrap().entries, EntryNumber(1));
    assert_eq!(store.snapshot(&main).await.unwrap().next(), EntryNumber(1));

    sqlx::query("ROLLBACK").execute(&mut stranger).await.unwrap();
    append(&store, &main, &[transfer("world", "a", 1)]).await;
    let created = store.create_ledger(second_ledger()).await.unwrap();
    assert!(matches!(created, LedgerCreation::Created(_)), "{created:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_is_released_in_time_only_delays() {
    let place = Place::new();
    let (store, main) = place.with_main().await;
    let mut stranger = place.stranger().await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut stranger).await.unwrap();
    let waiting = {
        let (store, main) = (Arc::clone(&store), main.clone());
        tokio::spawn(async move { append(&*store, &main, &[transfer("world", "a", 1)]).await })
    };
    tokio::task::yield_now().await;
    sqlx::query("COMMIT").execute(&mut stranger).await.unwrap();
    assert_eq!(waiting.await.unwrap()[0].entry.number, EntryNumber(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_given_up_while_it_waits_for_the_lock_never_takes_it() {
    let place = Place::new();
    let (store, main) = place.with_main().await;
    let mut stranger = place.stranger().await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut stranger).await.unwrap();
    let waited = tokio::time::timeout(Duration::from_millis(30), store.begin(&main, Wanted::default())).await;
    assert!(waited.is_err(), "the lock was free");
    sqlx::query("COMMIT").execute(&mut stranger).await.unwrap();
    // Somebody else can have the lock, which nobody here holds unasked.
    sqlx::query("BEGIN IMMEDIATE").execute(&mut stranger).await.unwrap();
    sqlx::query("COMMIT").execute(&mut stranger).await.unwrap();
    append(&*store, &main, &[transfer("world", "a", 1)]).await;
}
