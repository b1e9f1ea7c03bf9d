//! A standby answers who reads, and nobody who is going to write.

use engine::port::{Appends, ReadError, Store};
use ledger::BalanceKey;
use store_postgres::PostgresStore;
use test_support::{address, append, asset, ledger_name, transfer};

use crate::options;

/// What it tells may be of before the head that the primary has, and whoever added to it would write a wrong balance.
#[tokio::test(flavor = "multi_thread")]
async fn balances_to_decide_on_are_never_those_of_a_standby() {
    let Some(mut primary) = test_postgres::own_server() else { return };
    let main = ledger_name("main");
    let key = BalanceKey { account: address("a"), asset: asset("USD/2") };
    let store = PostgresStore::open(options(&primary.url())).await.unwrap();
    store.migrate().await.unwrap();
    let new = engine::query::NewLedger {
        name: main.clone(),
        created_at: test_support::at(0),
        metadata: ledger::Metadata::default(),
        request: None,
    };
    store.create_ledger(new).await.unwrap();
    append(&store, &main, &[transfer("world", "a", 7)]).await;
    assert_eq!(store.balances_of(&main, std::slice::from_ref(&key)).await.unwrap().balances.len(), 1);

    let mut standby = primary.synchronous_standby();
    let other = PostgresStore::open(options(&standby.url())).await.unwrap();
    assert_eq!(other.ledger(&main).await.unwrap().entries.0, 1);
    let unmoved = BalanceKey { account: address("b"), ..key.clone() };
    for key in [&key, &unmoved] {
        let refused = other.balances_of(&main, std::slice::from_ref(key)).await;
        assert!(matches!(refused, Err(ReadError::Unavailable(_))), "{refused:?}");
        assert!(other.ping().await.is_err());
        assert!(other.account(&main, &address("a")).await.unwrap().is_some());
    }

    primary.stop();
    standby.promote();
    assert_eq!(other.balances_of(&main, &[key]).await.unwrap().balances.len(), 1);
    other.ping().await.unwrap();
}
