//! Ledgers: created once, read, listed.

use std::sync::Arc;

use engine::idempotency::{KeyedRequest, RequestFingerprint};
use engine::port::{LedgerCreation, ReadError, Store};
use engine::query::{
    AccountQuery, BalanceQuery, Clock, Ledger, NewLedger, Order, StatementQuery, TimeRange, TransactionQuery,
};
use ledger::{EntryNumber, Metadata};

use crate::fixture::create;
use crate::{StoreFixture, address, append, at, drain, key, ledger_name, metadata, transfer};

fn new_ledger(name: &str, micros: i64, pairs: &[(&str, &str)], key_text: Option<&str>) -> NewLedger {
    let (name, metadata) = (ledger_name(name), metadata(pairs));
    let request = key_text.map(|text| KeyedRequest {
        key: key(text),
        fingerprint: RequestFingerprint::of_new_ledger(&name, &metadata),
    });
    NewLedger { name, created_at: at(micros), metadata, request }
}

fn as_created(new: &NewLedger) -> Ledger {
    Ledger {
        name: new.name.clone(),
        created_at: new.created_at,
        entries: EntryNumber(0),
        metadata: new.metadata.clone(),
    }
}

/// A new ledger has what it was created with, and no entries.
pub async fn a_created_ledger_is_empty(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    let new = new_ledger("eu-1_cards", -5, &[("owner", "Ärger \"\\\n"), ("empty", "")], None);
    let created = store.create_ledger(new.clone()).await.unwrap();
    assert_eq!(created, LedgerCreation::Created(as_created(&new)));
    assert_eq!(store.ledger(&new.name).await.unwrap(), as_created(&new));
    assert!(store.log(&new.name, EntryNumber(0), 10).await.unwrap().is_empty());
}

/// With or without a key, a second ledger of the same name is not created.
pub async fn a_name_is_taken_once(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    store.create_ledger(new_ledger("main", 1, &[], Some("k-1"))).await.unwrap();
    for key in [None, Some("k-2")] {
        let again = store.create_ledger(new_ledger("main", 2, &[("a", "b")], key)).await.unwrap();
        assert_eq!(again, LedgerCreation::NameTaken);
    }
    // The refused key is free.
    let other = store.create_ledger(new_ledger("other", 3, &[], Some("k-2"))).await.unwrap();
    assert!(matches!(other, LedgerCreation::Created(_)), "{other:?}");
    let kept = store.ledger(&ledger_name("main")).await.unwrap();
    assert_eq!((kept.created_at, kept.metadata), (at(1), Metadata::default()));
}

/// A request that is sent again gets the ledger as it was created, whatever happened to it since.
pub async fn the_same_request_creates_once_and_is_answered_alike(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    let new = new_ledger("main", 1, &[("a", "b")], Some("k"));
    store.create_ledger(new.clone()).await.unwrap();
    append(&*store, &new.name, &[transfer("world", "a", 1)]).await;
    let later = NewLedger { created_at: at(9), ..new.clone() };
    let again = store.create_ledger(later).await.unwrap();
    assert_eq!(again, LedgerCreation::Replayed(as_created(&new)));
}

/// The same key with another request is refused, also where the name is free or taken.
pub async fn a_key_stands_for_one_request(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    store.create_ledger(new_ledger("main", 1, &[], Some("k"))).await.unwrap();
    store.create_ledger(new_ledger("taken", 1, &[], None)).await.unwrap();
    for (name, pairs) in [("main", &[("a", "b")][..]), ("free", &[]), ("taken", &[])] {
        let refused = store.create_ledger(new_ledger(name, 2, pairs, Some("k"))).await.unwrap();
        assert_eq!(refused, LedgerCreation::KeyReused, "{name}");
    }
    assert!(matches!(store.ledger(&ledger_name("free")).await, Err(ReadError::LedgerNotFound)));
}

/// Without a key nobody can tell a repeated request from another one.
pub async fn a_request_without_a_key_is_never_a_replay(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    let new = new_ledger("main", 1, &[], None);
    store.create_ledger(new.clone()).await.unwrap();
    assert_eq!(store.create_ledger(new).await.unwrap(), LedgerCreation::NameTaken);
}

/// All ledgers, in pages of any size.
pub async fn ledgers_are_listed_by_name(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    assert!(store.ledgers(None, 10).await.unwrap().items.is_empty());
    let names = ["main", "a", "z", "0", "a-b", "a_b", "ab"];
    for name in names {
        create(&*store, &ledger_name(name)).await;
    }
    append(&*store, &ledger_name("z"), &[transfer("world", "a", 1)]).await;
    for limit in [1, 2, 7, 8, 100] {
        let listed = drain(limit, None, async |after| {
            let page = store.ledgers(after.as_ref(), limit).await.unwrap();
            assert!(!page.items.is_empty(), "an empty page where the list was full");
            page
        })
        .await;
        let listed: Vec<_> = listed.iter().map(|ledger| (ledger.name.as_str(), ledger.entries.0)).collect();
        assert_eq!(
            listed,
            [("0", 0), ("a", 0), ("a-b", 0), ("a_b", 0), ("ab", 0), ("main", 0), ("z", 1)],
            "{limit}"
        );
    }
}

/// Every read says so instead of answering with nothing.
pub async fn nothing_is_read_from_a_ledger_that_is_not_there(fixture: &dyn StoreFixture) {
    let (store, _) = fixture.with_main().await;
    let other = ledger_name("other");
    let statement = StatementQuery {
        account: address("a"),
        asset: None,
        time: TimeRange::default(),
        clock: Clock::Recorded,
        order: Order::Descending,
        after: None,
        limit: 10,
    };
    let balances = BalanceQuery { prefix: None, depth: 1, as_of: None, after: None, limit: 10 };
    let transactions = TransactionQuery { limit: 10, ..TransactionQuery::default() };
    let accounts = AccountQuery { limit: 10, ..AccountQuery::default() };
    assert_not_found(store.ledger(&other).await);
    assert_not_found(store.entry(&other, EntryNumber(0)).await);
    assert_not_found(store.log(&other, EntryNumber(0), 10).await);
    assert_not_found(store.transactions(&other, &transactions).await);
    assert_not_found(store.account(&other, &address("a")).await);
    assert_not_found(store.accounts(&other, &accounts).await);
    assert_not_found(store.statement(&other, &statement).await);
    assert_not_found(store.balances(&other, &balances).await);
}

fn assert_not_found<T: std::fmt::Debug>(result: Result<T, ReadError>) {
    assert!(matches!(result, Err(ReadError::LedgerNotFound)), "{result:?}");
}

/// Of several callers with the same request one creates the ledger and the others hear of it.
pub async fn ledgers_created_at_the_same_time_are_created_once(fixture: &dyn StoreFixture) {
    let stores = [fixture.open().await, fixture.open().await];
    let tasks: Vec<_> = (0..8)
        .map(|n| {
            let store: Arc<dyn Store> = Arc::clone(&stores[n % 2]);
            tokio::spawn(async move { store.create_ledger(new_ledger("main", 1, &[], Some("k"))).await })
        })
        .collect();
    let mut created = 0;
    for task in tasks {
        match task.await.unwrap().unwrap() {
            LedgerCreation::Created(_) => created += 1,
            LedgerCreation::Replayed(_) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(created, 1);
}
