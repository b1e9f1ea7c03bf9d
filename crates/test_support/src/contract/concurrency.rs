//! Batches that meet: they take turns, and none is lost.

use std::sync::Arc;
use std::time::Duration;

use engine::port::Wanted;
use ledger::EntryNumber;

use crate::fixture::create;
use crate::{StoreFixture, address, append, decide_batch, ledger_name, transfer};

/// A batch that starts while another one is open, through the same opening or another, starts on top of
/// what the first one writes.
pub async fn a_second_batch_waits_for_the_first_and_sees_its_effect(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let other = fixture.open().await;
    for (round, second) in [&store, &other].into_iter().enumerate() {
        let (first, records) = decide_batch(&*store, &main, &[transfer("world", "a", 1)]).await;
        let mut waiting = {
            let (second, main) = (Arc::clone(second), main.clone());
            tokio::spawn(async move { append(&*second, &main, &[transfer("world", "a", 1)]).await })
        };
        let early = tokio::time::timeout(Duration::from_millis(100), &mut waiting).await;
        assert!(early.is_err(), "the second batch did not wait");
        first.commit(&records).await.unwrap();
        let records = waiting.await.unwrap();
        assert_eq!(records[0].entry.number, EntryNumber(2 * round as u64 + 1));
        let (_, balance) = &records[0].entry.balances[0];
        assert_eq!(balance.posted_in.get(), 2 * round as u128 + 2);
    }
}

/// Whoever waits for a batch need not wait for ever.
pub async fn a_batch_that_ends_without_commit_lets_the_next_one_start(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let other = fixture.open().await;
    for second in [&store, &other] {
        let open = store.begin(&main, Wanted::default()).await.unwrap();
        let waiting = {
            let (second, main) = (Arc::clone(second), main.clone());
            tokio::spawn(
                async move { second.begin(&main, Wanted::default()).await.unwrap().loaded.head.next },
            )
        };
        tokio::task::yield_now().await;
        drop(open);
        assert_eq!(waiting.await.unwrap(), EntryNumber(0));
    }
}

/// Many callers append to one ledger through two openings.
pub async fn batches_at_the_same_time_lose_nothing(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let other = fixture.open().await;
    let tasks: Vec<_> = (0..8)
        .map(|n| {
            let store = Arc::clone(if n % 2 == 0 { &store } else { &other });
            let main = main.clone();
            tokio::spawn(async move {
                for _ in 0..10 {
                    append(&*store, &main, &[transfer("world", "a", 1), transfer("a", "b", 1)]).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let log = store.log(&main, EntryNumber(0), 1_000).await.unwrap();
    let numbers: Vec<u64> = log.iter().map(|record| record.entry.number.0).collect();
    assert_eq!(numbers, (0..160).collect::<Vec<_>>());
    let account = store.account(&main, &address("b")).await.unwrap().unwrap();
    assert_eq!(account.balances[0].1.posted_in.get(), 80);
}

/// Two ledgers of one database grow side by side.
pub async fn ledgers_take_turns_and_do_not_mix(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let second = ledger_name("second");
    create(&*store, &second).await;
    let tasks: Vec<_> = [(main.clone(), 1), (second.clone(), 7)]
        .into_iter()
        .map(|(ledger, amount)| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for n in 0..20 {
                    let name = format!("order-{n}");
                    let request = transfer("world", "a", amount).reference(&name).key(&name);
                    append(&*store, &ledger, &[request]).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    for (ledger, amount) in [(main, 20), (second, 140)] {
        assert_eq!(store.ledger(&ledger).await.unwrap().entries, EntryNumber(20));
        let account = store.account(&ledger, &address("a")).await.unwrap().unwrap();
        assert_eq!(account.balances[0].1.posted_in.get(), amount);
    }
}
