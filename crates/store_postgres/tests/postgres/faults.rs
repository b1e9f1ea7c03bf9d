//! Sessions that are killed, servers that crash: writes fail cleanly, and the store recovers by itself.

use std::time::Duration;

use engine::port::{Appended, BeginError, CommitError, ReadError, Store, Unused, Wanted};
use ledger::EntryNumber;
use sqlx::Connection as _;
use store_postgres::PostgresStore;
use test_support::{StoreFixture, append, decide_batch, head_before, transfer};

use crate::{Place, chain, options};

const KILL_OTHERS: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()";

/// Tries until the store answers, for a few seconds at most.
async fn recovered(store: &dyn Store, main: &ledger::LedgerName) {
    tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            match store.begin(main, Wanted::default()).await {
                Ok(_) => return,
                Err(BeginError::Unavailable(_)) => tokio::task::yield_now().await,
                Err(error) => panic!("{error:?}"),
            }
        }
    })
    .await
    .expect("the store recovers");
    store.ping().await.unwrap();
}

#[tokio::test]
async fn sessions_killed_while_idle_are_replaced_without_an_error() {
    let Some(place) = Place::new().await else { return };
    let (store, main) = place.with_main().await;
    let mut stranger = place.database.stranger().await;
    for round in 1..=5 {
        append(&*store, &main, &[transfer("world", "a", 1)]).await;
        assert_eq!(store.ledger(&main).await.unwrap().entries, EntryNumber(round));
        sqlx::query(KILL_OTHERS).fetch_all(&mut stranger).await.unwrap();
        store.ping().await.unwrap();
        assert_eq!(store.log(&main, EntryNumber(0), 10).await.unwrap().len() as u64, round);
    }
}

#[tokio::test]
async fn a_session_killed_in_a_batch_rolls_it_back() {
    let Some(place) = Place::new().await else { return };
    let (store, main) = place.with_main().await;
    let mut stranger = place.database.stranger().await;
    let (batch, records) = decide_batch(&*store, &main, &[transfer("world", "a", 1)]).await;
    sqlx::query(KILL_OTHERS).fetch_all(&mut stranger).await.unwrap();
    let error = batch.commit(&records).await.unwrap_err();
    assert!(matches!(error, CommitError::RolledBack(_)), "{error:?}");
    assert_eq!(store.ledger(&main).await.unwrap().entries, EntryNumber(0));
    append(&*store, &main, &[transfer("world", "a", 1)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_crashes_and_comes_back_is_used_again() {
    let Some(mut server) = test_postgres::own_server() else { return };
    let place = Place { database: server.database().await };
    let (store, main) = place.with_main().await;
    let records = append(&*store, &main, &[transfer("world", "a", 1)]).await;
    let open = decide_batch(&*store, &main, &[transfer("world", "a", 1)]).await;
    let mut server = tokio::task::spawn_blocking(move || (server.crash(), server).1).await.unwrap();
    assert!(matches!(open.0.commit(&open.1).await, Err(CommitError::RolledBack(_))));
    for _ in 0..100 {
        let error = store.begin(&main, Wanted::default()).await.map(|_| ()).unwrap_err();
        assert!(matches!(error, BeginError::Unavailable(_)), "{error:?}");
        assert!(matches!(store.ping().await, Err(ReadError::Unavailable(_))));
    }
    let _server = tokio::task::spawn_blocking(move || (server.start_again(), server).1).await.unwrap();
    recovered(&*store, &main).await;
    assert_eq!(store.log(&main, EntryNumber(0), 10).await.unwrap(), records);
    append(&*store, &main, &[transfer("world", "a", 1)]).await;
}

#[tokio::test]
async fn a_commit_without_an_answer_is_of_unknown_outcome() {
    let Some(place) = Place::new().await else { return };
    let (store, main) = place.with_main().await;
    let mut stranger = place.database.stranger().await;
    // Kills the session when it has nothing left to do but to commit.
    for statement in [
        "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$",
        "CREATE CONSTRAINT TRIGGER die AFTER INSERT ON entries DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION die()",
    ] {
        sqlx::query(statement).execute(&mut stranger).await.unwrap();
    }
    let (batch, records) = decide_batch(&*store, &main, &[transfer("world", "a", 1)]).await;
    let error = batch.commit(&records).await.unwrap_err();
    assert!(matches!(error, CommitError::OutcomeUnknown(_)), "{error:?}");
    assert_eq!(store.ledger(&main).await.unwrap().entries, EntryNumber(0));
}

/// One statement, which the server commits by itself.
#[tokio::test]
async fn an_append_without_an_answer_is_of_unknown_outcome_and_one_with_an_error_rolled_back() {
    let Some(place) = Place::new().await else { return };
    let (store, main) = place.with_main().await;
    append(&*store, &main, &[transfer("world", "a", 1)]).await;
    let mut stranger = place.database.stranger().await;
    let (batch, records) = decide_batch(&*store, &main, &[transfer("world", "a", 1)]).await;
    drop(batch);
    for (body, unknown) in [
        ("PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL;", true),
        ("RAISE EXCEPTION 'not today';", false),
    ] {
        let function =
            format!("CREATE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$");
        sqlx::query(sqlx::AssertSqlSafe(function)).execute(&mut stranger).await.unwrap();
        let trigger =
            "CREATE TRIGGER trouble AFTER INSERT ON entries FOR EACH ROW EXECUTE FUNCTION trouble()";
        sqlx::query(trigger).execute(&mut stranger).await.unwrap();
        let error = store
            .appends()
            .unwrap()
            .append(&main, head_before(&records), &Unused::default(), &records)
            .await
            .unwrap_err();
        assert_eq!(matches!(error, CommitError::OutcomeUnknown(_)), unknown, "{error:?}");
        sqlx::query("DROP FUNCTION trouble() CASCADE").execute(&mut stranger).await.unwrap();
        assert_eq!(store.ledger(&main).await.unwrap().entries, EntryNumber(1));
    }
    let appended = store
        .appends()
        .unwrap()
        .append(&main, head_before(&records), &Unused::default(), &records)
        .await
        .unwrap();
    assert_eq!(appended, Appended::Written);
}

#[tokio::test]
async fn a_commit_that_the_server_refuses_is_rolled_back() {
    let Some(place) = Place::new().await else { return };
    let (store, main) = place.with_main().await;
    let mut stranger = place.database.stranger().await;
    for statement in [
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'not today'; END $$",
        "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON entries DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION refuse()",
    ] {
        sqlx::query(statement).execute(&mut stranger).await.unwrap();
    }
    let (batch, records) = decide_batch(&*store, &main, &[transfer("world", "a", 1)]).await;
    let error = batch.commit(&records).await.unwrap_err();
    assert!(matches!(error, CommitError::RolledBack(_)), "{error:?}");
    assert!(chain(&error).contains("not today"), "{}", chain(&error));
    sqlx::query("DROP TRIGGER refuse ON entries").execute(&mut stranger).await.unwrap();
    append(&*store, &main, &[transfer("world", "a", 1)]).await;
}

#[tokio::test]
async fn a_server_that_takes_connections_and_says_nothing_holds_nobody_up_for_ever() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("postgres://florin@{}/florin", listener.local_addr().unwrap());
    let mut options = options(&url);
    options.connect_timeout = Duration::from_millis(50);
    let error = PostgresStore::open(options).await.map(|_| ()).unwrap_err();
    assert!(chain(&error).contains("timed out"), "{}", chain(&error));
}

/// Long before a statement's time is up: whoever asks whether the database is there wants to know now.
#[tokio::test]
async fn a_database_that_does_not_answer_the_smallest_question_is_given_up_soon() {
    let Some(place) = Place::new().await else { return };
    let (store, _) = place.with_main().await;
    store.ping().await.unwrap();
    let mut stranger = place.database.stranger().await;
    let mut locked = stranger.begin().await.unwrap();
    sqlx::query("LOCK TABLE ledgers").execute(&mut *locked).await.unwrap();
    let error = store.ping().await.unwrap_err();
    assert!(chain(&error).contains("timed out"), "{}", chain(&error));
    locked.rollback().await.unwrap();
    store.ping().await.unwrap();
}
