//! Another process that has a ledger's head, and callers that go away.

use engine::port::{BeginError, Store, Wanted};
use ledger::EntryNumber;
use sqlx::Executor;
use store_postgres::PostgresStore;
use test_support::{StoreFixture, append, decide_batch, transfer};

use crate::{Place, chain};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_is_not_released_in_time_makes_writes_unavailable_and_nothing_else() {
    let Some(place) = Place::new().await else { return };
    let (store, main) = place.with_main().await;
    append(&*store, &main, &[transfer("world", "a", 1)]).await;
    let mut stranger = place.database.stranger().await;
    stranger.execute("BEGIN; SELECT * FROM ledgers FOR UPDATE").await.unwrap();
    for _ in 0..5 {
        let error = store.begin(&main, Wanted::default()).await.map(|_| ()).unwrap_err();
        assert!(matches!(error, BeginError::Unavailable(_)), "{error:?}");
        assert!(chain(&error).contains("lock timeout"), "{}", chain(&error));
    }
    // Readers are not held up, nor are snapshots.
    store.ping().await.unwrap();
    assert_eq!(store.ledger(&main).await.unwrap().entries, EntryNumber(1));
    assert_eq!(store.snapshot(&main).await.unwrap().next(), EntryNumber(1));
    stranger.execute("ROLLBACK").await.unwrap();
    append(&*store, &main, &[transfer("world", "a", 1)]).await;
}

/// The statement that waits for the head reads everything else as it stood before it waited.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_waited_reads_what_it_waited_for() {
    let Some(place) = Place::new().await else { return };
    let mut options = place.options();
    options.lock_timeout = std::time::Duration::from_secs(5);
    let store = std::sync::Arc::new(PostgresStore::open(options).await.unwrap());
    let (_, main) = place.with_main().await;
    for round in 0..20 {
        let (first, records) =
            decide_batch(&*store, &main, &[transfer("world", "a", 1).key(&format!("k{round}"))]).await;
        let waiting = {
            let (store, main) = (store.clone(), main.clone());
            let wanted = Wanted {
                missing: records[0].entry.balances.iter().map(|(key, _)| key.clone()).collect(),
                keys: vec![test_support::key(&format!("k{round}"))],
                ..Wanted::default()
            };
            tokio::spawn(async move { store.begin(&main, wanted).await.unwrap().loaded })
        };
        let mut stranger = place.database.stranger().await;
        loop {
            let waiting = "SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock'";
            let count: i64 = sqlx::query_scalar(waiting).fetch_one(&mut stranger).await.unwrap();
            if count > 0 {
                break;
            }
        }
        first.commit(&records).await.unwrap();
        let loaded = waiting.await.unwrap();
        assert_eq!(loaded.head.next.0, round + 1);
        assert_eq!(loaded.keys.len(), 1);
        assert_eq!(loaded.balances.len(), 2);
        for (key, balance) in &loaded.balances {
            let (_, expected) = records[0].entry.balances.iter().find(|(k, _)| k == key).unwrap();
            assert_eq!(balance, expected);
        }
    }
}

#[tokio::test]
async fn dropped_batches_give_their_connections_back() {
    let Some(place) = Place::new().await else { return };
    let (store, main) = place.with_main().await;
    let mut stranger = place.database.stranger().await;
    for _ in 0..50 {
        drop(store.begin(&main, Wanted::default()).await.unwrap());
    }
    let sessions = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'florin'";
    let count: i64 = sqlx::query_scalar(sessions).fetch_one(&mut stranger).await.unwrap();
    assert!(count <= 2, "{count} sessions");
}
