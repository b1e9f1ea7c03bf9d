//! What is committed stays, and everybody sees it.

use ledger::EntryNumber;

use crate::{StoreFixture, address, append, transfer};

/// Closing ends every call and loses nothing.
pub async fn a_database_opened_again_has_everything(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let records = append(&*store, &main, &[transfer("world", "a", 1).key("k").reference("r")]).await;
    let ledger = store.ledger(&main).await.unwrap();
    store.ping().await.unwrap();
    store.close().await;
    assert!(store.ping().await.is_err());
    assert!(store.ledger(&main).await.is_err());
    assert!(store.begin(&main, engine::port::Wanted::default()).await.is_err());

    let store = fixture.open().await;
    assert_eq!(store.ledger(&main).await.unwrap(), ledger);
    assert_eq!(store.log(&main, EntryNumber(0), 10).await.unwrap(), records);
    let more = append(&*store, &main, &[transfer("a", "b", 1)]).await;
    assert_eq!(more[0].entry.number, EntryNumber(1));
    let account = store.account(&main, &address("a")).await.unwrap().unwrap();
    assert_eq!(account.balances[0].1.posted(), 0);
}

/// As several processes on one database would.
pub async fn what_one_opening_commits_another_one_reads(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let other = fixture.open().await;
    for n in 1..=5u64 {
        let records = append(&*store, &main, &[transfer("world", "a", 1)]).await;
        let read = other.entry(&main, EntryNumber(n - 1)).await.unwrap();
        assert_eq!(read.as_ref(), records.first());
        let account = other.account(&main, &address("a")).await.unwrap().unwrap();
        assert_eq!(account.balances[0].1.posted_in.get(), u128::from(n));
    }
}
