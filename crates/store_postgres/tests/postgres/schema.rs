//! What the schema refuses, and what a session is set to.

use engine::port::ReadError;
use engine::query::{AddressPattern, AsOf, Clock, Order, StatementQuery, TimeRange, TransactionQuery};
use sqlx::Row;
use test_support::{StoreFixture, append, transfer};

use crate::Place;

#[tokio::test]
async fn the_schema_refuses_to_change_what_is_recorded() {
    let Some(place) = Place::new().await else { return };
    let (store, main) = place.with_main().await;
    let records = append(&*store, &main, &[transfer("world", "a", 1)]).await;
    let mut stranger = place.database.stranger().await;
    for statement in [
        "UPDATE entries SET effective_at = 0",
        "UPDATE entries SET body = '{}' WHERE number = 0",
        "UPDATE entries SET body = '{}' WHERE number = 99",
        "DELETE FROM entries",
        "TRUNCATE entries",
        "UPDATE shifted_movements SET posted_in = 0",
        "DELETE FROM shifted_movements",
        "TRUNCATE shifted_movements",
    ] {
        let error = sqlx::query(statement).execute(&mut stranger).await.unwrap_err();
        assert!(error.to_string().contains("nothing recorded ever changes"), "{error}");
    }
    assert_eq!(store.log(&main, ledger::EntryNumber(0), 10).await.unwrap(), records);
}

#[tokio::test]
async fn what_a_writer_commits_is_flushed_and_a_reader_cannot_write() {
    let Some(place) = Place::new().await else { return };
    let mut stranger = place.database.stranger().await;
    for (servers, ours) in [("off", "on"), ("local", "on"), ("on", "on"), ("remote_apply", "remote_apply")] {
        let set = format!(
            "ALTER ROLE CURRENT_USER IN DATABASE {} SET synchronous_commit = {servers}",
            place.name()
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(set)).execute(&mut stranger).await.unwrap();
        let store = place.store().await;
        let mut session = store.session_for_tests().await;
        let row = sqlx::query("SHOW synchronous_commit").fetch_one(&mut session).await.unwrap();
        assert_eq!(row.get::<String, _>(0), ours, "the server says {servers}");
    }
}

#[tokio::test]
async fn damage_is_named_and_never_summed_up() {
    let Some(place) = Place::new().await else { return };
    let (store, main) = place.with_main().await;
    append(&*store, &main, &[transfer("world", "a", 1), transfer("world", "b", 5)]).await;
    let mut stranger = place.database.stranger().await;
    for damage in ["-1", "0.5", "1.0", "'NaN'", "2::numeric ^ 127"] {
        let statement = format!("UPDATE balances SET posted_in = {damage} WHERE address = 'a'");
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut stranger).await.unwrap();
        let account = store.account(&main, &test_support::address("a")).await;
        assert!(matches!(account, Err(ReadError::Corrupt(_))), "{damage}: {account:?}");
        let query =
            engine::query::BalanceQuery { prefix: None, depth: 1, as_of: None, after: None, limit: 10 };
        for depth in [1, 2] {
            let query = engine::query::BalanceQuery { depth, ..query.clone() };
            let sums = store.balances(&main, &query).await;
            assert!(matches!(sums, Err(ReadError::Corrupt(_))), "{damage}: {sums:?}");
        }
    }
}

#[tokio::test]
async fn a_kept_sum_that_cannot_be_is_named() {
    let Some(place) = Place::new().await else { return };
    let (store, main) = place.with_main().await;
    append(&*store, &main, &[transfer("world", "a:1", 1)]).await;
    let mut stranger = place.database.stranger().await;
    for damage in ["-1", "0.5", "1.0", "'NaN'", "'infinity'", "10::numeric ^ 76"] {
        let statement = format!("UPDATE balances SET posted_in = {damage} WHERE ledger < 0");
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut stranger).await.unwrap();
        let query =
            engine::query::BalanceQuery { prefix: None, depth: 1, as_of: None, after: None, limit: 10 };
        let sums = store.balances(&main, &query).await;
        assert!(matches!(sums, Err(ReadError::Corrupt(_))), "{damage}: {sums:?}");
        let sums = store.snapshot(&main).await.unwrap().sums(None, 10).await;
        assert!(matches!(sums, Err(ReadError::Corrupt(_))), "{damage}: {sums:?}");
    }
}

#[tokio::test]
async fn an_entry_that_moved_an_account_and_is_missing_is_named() {
    let Some(place) = Place::new().await else { return };
    let (store, main) = place.with_main().await;
    append(
        &*store,
        &main,
        &[transfer("world", "a", 1), transfer("world", "a", 2), transfer("world", "b", 3)],
    )
    .await;
    let mut stranger = place.database.stranger().await;
    let damage = "ALTER TABLE entries DISABLE TRIGGER ALL; DELETE FROM entries WHERE number = 1";
    sqlx::raw_sql(damage).execute(&mut stranger).await.unwrap();
    let account = test_support::address("a");
    for clock in [Clock::Recorded, Clock::Effective] {
        let time = TimeRange::default();
        let query = StatementQuery {
            account: account.clone(),
            asset: None,
            time,
            clock,
            order: Order::Descending,
            after: None,
            limit: 10,
        };
        let statement = store.statement(&main, &query).await;
        assert!(matches!(statement, Err(ReadError::Corrupt(_))), "{clock:?}: {statement:?}");
        let as_of = AsOf { time: ledger::Timestamp::MAX, clock: Clock::Effective };
        let then = store.account_as_of(&main, &account, as_of).await;
        assert!(matches!(then, Err(ReadError::Corrupt(_))), "{then:?}");
        let account = Some(AddressPattern::Exactly(account.clone()));
        let query = TransactionQuery { account, clock, limit: 10, ..TransactionQuery::default() };
        let transactions = store.transactions(&main, &query).await;
        assert!(matches!(transactions, Err(ReadError::Corrupt(_))), "{clock:?}: {transactions:?}");
    }
}
