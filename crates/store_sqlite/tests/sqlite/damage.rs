//! Damaged databases: reads say what is wrong and where, and never make something up.

use engine::port::{BeginError, ReadError, Store, Wanted};
use engine::query::{
    AccountQuery, AddressPattern, AsOf, BalanceQuery, Clock, Order, StatementQuery, TimeRange,
    TransactionQuery,
};
use ledger::{EntryNumber, FloorsPatch, LedgerName, PolicyPatch, Timestamp};
use store_sqlite::SqliteStore;
use test_support::{StoreFixture, address, append, at, change, decide_batch, transfer};

use crate::{Place, chain};

/// A ledger with three entries, which `damage` then changes.
async fn damaged(place: &Place, damage: &[&'static str]) -> (std::sync::Arc<dyn Store>, LedgerName) {
    let (store, main) = place.with_main().await;
    append(&*store, &main, &vec![transfer("world", "a", 1).reference("r"); 1]).await;
    append(&*store, &main, &vec![transfer("world", "a", 1); 2]).await;
    let mut stranger = place.stranger().await;
    // What moved the account stands in two lists, wherever the store has ended one.
    let prepared = [
        "DROP TRIGGER entries_never_change",
        "DROP TRIGGER entries_never_vanish",
        "DROP TRIGGER earlier_movements_never_change",
        "DROP TRIGGER earlier_movements_never_vanish",
        "DELETE FROM earlier_movements WHERE address = 'a'",
        "INSERT INTO earlier_movements SELECT id, 'a', 'USD/2', 1, '0 1 ' FROM ledgers",
        "UPDATE balances SET recent_movements = '2 ' WHERE address = 'a'",
    ];
    for statement in prepared.iter().chain(damage) {
        sqlx::query(*statement).execute(&mut stranger).await.unwrap();
    }
    (store, main)
}

fn assert_corrupt<T>(result: Result<T, ReadError>, parts: &[&str]) {
    let error = result.map(|_| ()).unwrap_err();
    assert!(matches!(error, ReadError::Corrupt(_)), "{error:?}");
    let text = chain(&error);
    for part in parts {
        assert!(text.contains(part), "{part:?} in {text:?}");
    }
}

fn statement(clock: Clock) -> StatementQuery {
    let time = TimeRange::default();
    StatementQuery {
        account: address("a"),
        asset: None,
        time,
        clock,
        order: Order::Descending,
        after: None,
        limit: 10,
    }
}

fn transactions_of_the_account(clock: Clock) -> TransactionQuery {
    let account = Some(AddressPattern::Exactly(address("a")));
    TransactionQuery { account, clock, limit: 10, ..TransactionQuery::default() }
}

#[tokio::test]
async fn a_body_that_no_entry_has_is_named() {
    for body in [
        "",
        "{",
        "{}",
        r#"{"postings":[],"balances":[]}"#,
        r#"{"postings":[["a","a","USD/2","1"]],"balances":[]}"#,
        r#"{"postings":[["a","b","USD/2","-1"]],"balances":[]}"#,
    ] {
        let place = Place::new();
        let (store, main) = damaged(&place, &[]).await;
        sqlx::query("UPDATE entries SET body = ?1 WHERE number = 1")
            .bind(body)
            .execute(&mut place.stranger().await)
            .await
            .unwrap();
        let everything = TransactionQuery { limit: 10, ..TransactionQuery::default() };
        assert_corrupt(store.entry(&main, EntryNumber(1)).await, &["entry 1", "body"]);
        assert_corrupt(store.log(&main, EntryNumber(0), 10).await, &["entry 1", "body"]);
        assert_corrupt(store.transactions(&main, &everything).await, &["entry 1", "body"]);
        let mut snapshot = store.snapshot(&main).await.unwrap();
        assert_corrupt(snapshot.records(EntryNumber(0), 10).await, &["entry 1", "body"]);
        // The entries beside it are as good as ever.
        assert!(store.entry(&main, EntryNumber(0)).await.unwrap().is_some());
        assert_eq!(snapshot.records(EntryNumber(2), 10).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_column_that_cannot_be_is_named() {
    for (damage, part) in [
        ("UPDATE entries SET kind = 'gift' WHERE number = 1", "gift"),
        ("UPDATE entries SET recorded_at = 9223372036854775807 WHERE number = 1", "9223372036854775807"),
        ("UPDATE entries SET effective_at = -9223372036854775808 WHERE number = 1", "time"),
        ("UPDATE entries SET reference = '' WHERE number = 1", "reference"),
        ("UPDATE entries SET idempotency_key = ' ', request_fingerprint = x'00' WHERE number = 1", "key"),
        (
            "UPDATE entries SET idempotency_key = 'k', request_fingerprint = x'00' WHERE number = 1",
            "fingerprint",
        ),
    ] {
        let place = Place::new();
        let (store, main) = damaged(&place, &[damage]).await;
        assert_corrupt(store.entry(&main, EntryNumber(1)).await, &["entry 1", part]);
    }
}

#[tokio::test]
async fn a_balance_that_cannot_be_is_named() {
    for (damage, part) in [
        ("UPDATE balances SET posted_in = -1 WHERE address = 'a'", "-1"),
        ("UPDATE balances SET posted_in = '12' WHERE address = 'a'", "12"),
        ("UPDATE balances SET posted_in = 'many' WHERE address = 'a'", "many"),
        ("UPDATE balances SET posted_in = 1.5 WHERE address = 'a'", "REAL"),
        ("UPDATE balances SET posted_in = x'01' WHERE address = 'a'", "BLOB"),
        ("UPDATE balances SET asset = 'usd' WHERE address = 'a'", "usd"),
    ] {
        let place = Place::new();
        let (store, main) = damaged(&place, &[damage]).await;
        let everything = AccountQuery { limit: 10, ..AccountQuery::default() };
        assert_corrupt(store.account(&main, &address("a")).await, &[part]);
        assert_corrupt(store.accounts(&main, &everything).await, &[part]);
        assert_corrupt(store.snapshot(&main).await.unwrap().balances(None, 10).await, &[part]);
        // Nothing is decided on it either.
        let wanted = engine::port::Wanted {
            missing: vec![ledger::BalanceKey { account: address("a"), asset: test_support::asset("USD/2") }],
            ..engine::port::Wanted::default()
        };
        let begun = store.begin(&main, wanted).await;
        if damage.contains("asset") {
            assert!(begun.unwrap().loaded.balances.is_empty());
        } else {
            assert!(matches!(begun.map(|_| ()), Err(engine::port::BeginError::Unavailable(_))));
        }
    }
}

#[tokio::test]
async fn what_is_kept_beside_an_account_and_cannot_be_is_named() {
    for (damage, part) in [
        ("UPDATE accounts SET policy = '{}'", "as a policy"),
        ("UPDATE accounts SET policy = replace(policy, '-5', 'five')", "as a policy"),
        ("UPDATE accounts SET metadata = '[]'", "as metadata"),
        ("UPDATE accounts SET metadata = '{\"\": \"\"}'", "as metadata"),
    ] {
        let place = Place::new();
        let (store, main) = place.with_main().await;
        let floors = FloorsPatch::PerAsset([(test_support::asset("USD/2"), Some(-5))].into());
        let policy = PolicyPatch { floors: Some(floors), ..PolicyPatch::default() };
        append(&*store, &main, &[change("a").policy(policy)]).await;
        sqlx::query(damage).execute(&mut place.stranger().await).await.unwrap();
        let parts = ["the account a", part];
        let everything = AccountQuery { limit: 10, ..AccountQuery::default() };
        assert_corrupt(store.account(&main, &address("a")).await, &parts);
        assert_corrupt(store.accounts(&main, &everything).await, &parts);
        assert_corrupt(store.snapshot(&main).await.unwrap().accounts(None, 10).await, &parts);
        // No account is changed on it, and where it is the policy, nothing is decided on it either.
        let wanted = Wanted { accounts: vec![address("a")], ..Wanted::default() };
        assert!(matches!(store.begin(&main, wanted).await.map(|_| ()), Err(BeginError::Unavailable(_))));
        let missing = vec![ledger::BalanceKey { account: address("a"), asset: test_support::asset("USD/2") }];
        let begun = store.begin(&main, Wanted { missing, ..Wanted::default() }).await.map(|_| ());
        assert_eq!(begun.is_err(), damage.contains("policy"), "{damage}: {begun:?}");
    }
}

#[tokio::test]
async fn a_sum_is_not_made_of_what_cannot_be() {
    for damage in [
        "UPDATE balances SET posted_in = -1 WHERE address = 'a'",
        "UPDATE balances SET posted_in = 'many' WHERE address = 'a'",
        "UPDATE balances SET posted_in = '-170141183460469231731687303715884105727' WHERE address = 'a'",
        "UPDATE balances SET posted_in = 1.5 WHERE address = 'a'",
        "UPDATE balances SET posted_in = x'01' WHERE address = 'a'",
        "UPDATE balances SET asset = 'usd' WHERE address = 'a'",
        "UPDATE balances SET address = 'a b' WHERE address = 'a'",
    ] {
        let place = Place::new();
        let (store, main) = damaged(&place, &[damage]).await;
        for depth in [1, 2] {
            let query = BalanceQuery { prefix: None, depth, as_of: None, after: None, limit: 10 };
            let result = store.balances(&main, &query).await;
            assert!(matches!(result, Err(ReadError::Corrupt(_))), "{damage}: {result:?}");
        }
    }
}

#[tokio::test]
async fn a_kept_sum_that_cannot_be_is_named_and_not_added_to() {
    for (damage, part) in [
        ("UPDATE balances SET posted_in = -1 WHERE ledger < 0", "-1"),
        ("UPDATE balances SET posted_in = '12' WHERE ledger < 0", "12"),
        (
            "UPDATE balances SET posted_in = '-680564733841876926926749214863536422908' WHERE ledger < 0",
            "-6805",
        ),
        ("UPDATE balances SET posted_in = 'many' WHERE ledger < 0", "many"),
        ("UPDATE balances SET posted_in = 1.5 WHERE ledger < 0", "REAL"),
        ("UPDATE balances SET posted_in = x'01' WHERE ledger < 0", "BLOB"),
        ("UPDATE balances SET address = 'c:1' WHERE ledger < 0", "c:1"),
    ] {
        let place = Place::new();
        let (store, main) = place.with_main().await;
        append(&*store, &main, &[transfer("world", "c:1", 1)]).await;
        sqlx::query(damage).execute(&mut place.stranger().await).await.unwrap();
        let query = BalanceQuery { prefix: None, depth: 1, as_of: None, after: None, limit: 10 };
        assert_corrupt(store.balances(&main, &query).await, &[part]);
        assert_corrupt(store.snapshot(&main).await.unwrap().sums(None, 10).await, &[part]);
        // Who wrote before remembers what the sum was.
        let started_anew = place.store().await;
        let (batch, records) = decide_batch(&started_anew, &main, &[transfer("world", "c:1", 1)]).await;
        let written = batch.commit(&records).await;
        assert_eq!(written.is_err(), !damage.contains("address"), "{damage}: {written:?}");
    }
}

/// Asserts that whatever rests on what moved the account says so.
async fn assert_movements_corrupt(store: &dyn Store, main: &LedgerName, parts: &[&str]) {
    for clock in [Clock::Recorded, Clock::Effective] {
        assert_corrupt(store.statement(main, &statement(clock)).await, parts);
        assert_corrupt(store.transactions(main, &transactions_of_the_account(clock)).await, parts);
    }
}

/// Asserts that whatever is said of the account as it was says so.
async fn assert_past_corrupt(store: &dyn Store, main: &LedgerName, clock: Clock, parts: &[&str]) {
    let as_of = AsOf { time: Timestamp::MAX, clock };
    assert_corrupt(store.account_as_of(main, &address("a"), as_of).await, parts);
    let prefix = Some("a".to_owned());
    let accounts =
        AccountQuery { prefix: prefix.clone(), as_of: Some(as_of), limit: 10, ..AccountQuery::default() };
    let sums = BalanceQuery { prefix, depth: 1, as_of: Some(as_of), after: None, limit: 10 };
    assert_corrupt(store.accounts(main, &accounts).await, parts);
    assert_corrupt(store.balances(main, &sums).await, parts);
}

#[tokio::test]
async fn movements_that_cannot_be_are_named() {
    for (damage, part) in [
        ("UPDATE balances SET recent_movements = '2 x ' WHERE address = 'a'", r#""x" as the next entry"#),
        ("UPDATE balances SET recent_movements = '-1 2 ' WHERE address = 'a'", r#""-1" as the next entry"#),
        ("UPDATE balances SET recent_movements = '2  ' WHERE address = 'a'", r#""" as the next entry"#),
        ("UPDATE balances SET recent_movements = '2 2 ' WHERE address = 'a'", r#""2" as the next entry"#),
        ("UPDATE balances SET recent_movements = '99999999999999999999 '", "99999999999999999999"),
        ("UPDATE earlier_movements SET numbers = '1 0 1 ' WHERE address = 'a'", r#""0" as the next entry"#),
        ("UPDATE earlier_movements SET numbers = '0 ' WHERE address = 'a'", "ends with entry 1"),
        ("UPDATE earlier_movements SET numbers = '' WHERE address = 'a'", "ends with entry 1"),
        ("UPDATE earlier_movements SET last = 2 WHERE address = 'a'", "ends with entry 2"),
    ] {
        let place = Place::new();
        let (store, main) = damaged(&place, &[damage]).await;
        let parts = ["the movements of a in USD/2", part];
        assert_movements_corrupt(&*store, &main, &parts).await;
        for clock in [Clock::Recorded, Clock::Effective] {
            assert_past_corrupt(&*store, &main, clock, &parts).await;
        }
        let mut snapshot = store.snapshot(&main).await.unwrap();
        assert_corrupt(snapshot.movements(None, 10).await, &parts);
    }
}

#[tokio::test]
async fn a_movement_without_its_entry_is_named() {
    for (damage, part) in [
        ("DELETE FROM entries WHERE number = 1", "entry 1 is missing"),
        ("DELETE FROM entries WHERE number = 2", "entry 2 is missing"),
    ] {
        let place = Place::new();
        let (store, main) = damaged(&place, &[damage]).await;
        assert_movements_corrupt(&*store, &main, &["the log", part]).await;
        // The last one alone says how the account was.
        for clock in [Clock::Recorded, Clock::Effective].into_iter().filter(|_| part.contains('2')) {
            assert_past_corrupt(&*store, &main, clock, &["the log", part]).await;
        }
    }
}

/// Its number does not say when it counts: so it is named wherever it could.
#[tokio::test]
async fn a_movement_without_its_entry_is_named_far_from_when_it_was_recorded() {
    let place = Place::new();
    let (store, main) = damaged(&place, &[]).await;
    append(&*store, &main, &[transfer("world", "a", 1).effective_at(5)]).await;
    sqlx::query("DELETE FROM entries WHERE number = 3").execute(&mut place.stranger().await).await.unwrap();
    let time = TimeRange { from: Some(at(5)), to: Some(at(6)) };
    let parts = ["the log", "entry 3 is missing"];
    let query = StatementQuery { time, ..statement(Clock::Effective) };
    assert_corrupt(store.statement(&main, &query).await, &parts);
    let query = TransactionQuery { time, ..transactions_of_the_account(Clock::Effective) };
    assert_corrupt(store.transactions(&main, &query).await, &parts);
}

#[tokio::test]
async fn a_change_that_changed_another_account_is_named() {
    let place = Place::new();
    let (store, main) = damaged(&place, &[]).await;
    append(
        &*store,
        &main,
        &[change("b").policy(PolicyPatch { closed: Some(true), ..PolicyPatch::default() })],
    )
    .await;
    let mut stranger = place.stranger().await;
    for damage in ["DROP TRIGGER account_changes_never_change", "UPDATE account_changes SET address = 'a'"] {
        sqlx::query(damage).execute(&mut stranger).await.unwrap();
    }
    for clock in [Clock::Recorded, Clock::Effective] {
        let parts = ["entry 3", "it does not change a"];
        let as_of = AsOf { time: Timestamp::MAX, clock };
        assert_corrupt(store.account_as_of(&main, &address("a"), as_of).await, &parts);
        let query = AccountQuery { as_of: Some(as_of), limit: 10, ..AccountQuery::default() };
        assert_corrupt(store.accounts(&main, &query).await, &parts);
    }
}

#[tokio::test]
async fn an_entry_without_its_balances_is_named() {
    let place = Place::new();
    let body = r#"UPDATE entries SET body = '{"postings":[["world","a","USD/2","1"]],"balances":[]}'"#;
    let (store, main) = damaged(&place, &[body]).await;
    for clock in [Clock::Recorded, Clock::Effective] {
        let parts = ["entry 2", "there is no balance of a"];
        assert_past_corrupt(&*store, &main, clock, &parts).await;
        assert_corrupt(store.statement(&main, &statement(clock)).await, &parts);
    }
}

/// A list of a balance that is not there helps nobody to find an entry, but verification has to see it.
#[tokio::test]
async fn lists_without_a_balance_are_part_of_a_snapshot() {
    let place = Place::new();
    let (store, main) = damaged(&place, &["DELETE FROM balances WHERE address = 'a'"]).await;
    let mut snapshot = store.snapshot(&main).await.unwrap();
    let lists = snapshot.movements(None, 10).await.unwrap();
    let orphan = lists.iter().find(|list| list.key.account == address("a")).unwrap();
    assert_eq!((orphan.until, orphan.entries.len()), (Some(EntryNumber(1)), 2));
    assert!(lists.iter().all(|list| list.until.is_some() || list.key.account == address("world")));
}

#[tokio::test]
async fn a_gap_in_the_log_shows_as_it_is() {
    let place = Place::new();
    let (store, main) = damaged(&place, &["DELETE FROM entries WHERE number = 1"]).await;
    let mut snapshot = store.snapshot(&main).await.unwrap();
    assert_eq!(snapshot.next(), EntryNumber(3));
    let records = snapshot.records(EntryNumber(0), 10).await.unwrap();
    let numbers: Vec<_> = records.iter().map(|record| record.entry.number.0).collect();
    assert_eq!(numbers, [0, 2]);
    // Times are found by halving the log, which a gap makes impossible.
    let time = TimeRange { from: Some(records[1].entry.recorded_at), to: None };
    let query = TransactionQuery { time, limit: 10, ..TransactionQuery::default() };
    assert_corrupt(store.transactions(&main, &query).await, &["entry is missing"]);
}

#[tokio::test]
async fn a_page_of_the_file_that_was_overwritten_is_corruption() {
    let place = Place::new();
    let (store, main) = place.with_main().await;
    let many: Vec<_> = (0..500).map(|n| transfer("world", &format!("a:{n}"), 1)).collect();
    append(&*store, &main, &many).await;
    let roots = sqlx::query_scalar::<_, i64>("SELECT max(rootpage) FROM sqlite_schema");
    let mut stranger = place.stranger().await;
    let last_root: i64 = roots.fetch_one(&mut stranger).await.unwrap();
    // Whoever closes last writes everything to the file.
    sqlx::Connection::close(stranger).await.unwrap();
    store.close().await;
    let mut bytes = std::fs::read(place.path()).unwrap();
    // All but the schema's pages and the first ones of the tables behind it, so that the head can be read.
    let kept = usize::try_from(last_root).unwrap() * 4096;
    assert!(kept < bytes.len());
    bytes[kept..].fill(0x5a);
    std::fs::write(place.path(), &bytes).unwrap();
    let store = SqliteStore::open(place.options()).await.unwrap();
    let result = store.log(&main, EntryNumber(0), 1_000).await;
    assert!(matches!(result, Err(ReadError::Corrupt(_))), "{result:?}");
}
