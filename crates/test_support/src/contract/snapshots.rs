//! Snapshots: one moment of a ledger, whatever is written meanwhile.

use engine::port::{ReadError, Snapshot};
use engine::shifted::ShiftedMovement;
use ledger::EntryNumber;

use super::sums::read_sums;
use crate::{Naive, StoreFixture, append, ledger_name, post, posting, read_movements, transfer};

/// When the last entries below are recorded, about.
const START: i64 = 1_000_000;

/// Reads a snapshot to its end, `limit` rows at a time, and holds it to a log.
async fn assert_holds(snapshot: &mut dyn Snapshot, naive: &Naive, limit: usize) {
    assert_eq!(snapshot.next(), EntryNumber(naive.records.len() as u64));
    let mut records = Vec::new();
    loop {
        let part = snapshot.records(EntryNumber(records.len() as u64), limit).await.unwrap();
        assert!(part.len() <= limit);
        if part.is_empty() {
            break;
        }
        records.extend(part);
    }
    assert_eq!(records, naive.records);
    let mut balances = Vec::new();
    loop {
        let after = balances.last().map(|(key, _)| key).cloned();
        let part = snapshot.balances(after.as_ref(), limit).await.unwrap();
        assert!(part.len() <= limit);
        if part.is_empty() {
            break;
        }
        balances.extend(part);
    }
    assert_eq!(balances, Vec::from_iter(naive.balances()));
    assert_eq!(read_sums(snapshot, limit).await, Vec::from_iter(naive.sums()));
    assert_eq!(read_movements(snapshot, limit).await.unwrap(), naive.movements());
    let mut shifted: Vec<ShiftedMovement> = Vec::new();
    loop {
        let part = snapshot.shifted_movements(shifted.last(), limit).await.unwrap();
        assert!(part.len() <= limit);
        if part.is_empty() {
            break;
        }
        shifted.extend(part);
    }
    assert_eq!(shifted, naive.shifted_movements());
}

/// Not even where it reads for the first time after the write.
pub async fn a_snapshot_does_not_see_later_writes(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let mut naive = Naive::default();
    let mut snapshots = vec![(store.snapshot(&main).await.unwrap(), naive.clone())];
    for _ in 0..3 {
        let requests = [transfer("world", "a", 5), transfer("a", "b", 2)];
        naive.records.extend(append(&*store, &main, &requests).await);
        snapshots.push((store.snapshot(&main).await.unwrap(), naive.clone()));
    }
    for (snapshot, naive) in &mut snapshots {
        assert_holds(&mut **snapshot, naive, 100).await;
    }
    append(&*store, &main, &[transfer("world", "a", 5)]).await;
    for (snapshot, naive) in &mut snapshots {
        assert_holds(&mut **snapshot, naive, 100).await;
    }
}

/// In parts of any size, from any place on.
pub async fn a_snapshot_reads_everything_in_parts(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let requests = [
        post([
            posting("world", "a", "USD/2", 5),
            posting("a", "b", "USD/2", 1),
            posting("b", "a", "USD/2", 1),
        ]),
        post([posting("world", "a-1", "EUR/2", 1 << 80)]).key("k").reference("r"),
        post([posting("world", "a:1", "USD/2", 0)]),
        post([posting("world", "a", "EUR/2", 1 << 80), posting("a", "a:1", "USD/2", 2)])
            .now(START + 9)
            .effective_at(START),
        transfer("world", "a", 3).now(START + 9).effective_at(START + 20),
        transfer("a", "world", 1).now(START + 10).effective_at(START + 9),
    ];
    let naive = Naive { records: append(&*store, &main, &requests).await };
    for limit in [1, 2, 3, 100] {
        assert_holds(&mut *store.snapshot(&main).await.unwrap(), &naive, limit).await;
    }
    let mut snapshot = store.snapshot(&main).await.unwrap();
    assert!(snapshot.records(EntryNumber(6), 10).await.unwrap().is_empty());
    assert!(snapshot.records(EntryNumber(u64::MAX), 10).await.unwrap().is_empty());
}

/// Nor does an open batch hold up a snapshot.
pub async fn a_snapshot_holds_up_no_batch(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let mut naive = Naive { records: append(&*store, &main, &[transfer("world", "a", 1)]).await };
    let (batch, records) = crate::decide_batch(&*store, &main, &[transfer("world", "a", 2)]).await;
    let mut snapshot = store.snapshot(&main).await.unwrap();
    assert_holds(&mut *snapshot, &naive, 10).await;
    batch.commit(&records).await.unwrap();
    assert_holds(&mut *snapshot, &naive, 10).await;
    drop(snapshot);
    naive.records.extend(records);
    assert_holds(&mut *store.snapshot(&main).await.unwrap(), &naive, 10).await;
}

/// As with every other read.
pub async fn a_ledger_that_is_not_there_has_no_snapshot(fixture: &dyn StoreFixture) {
    let (store, _) = fixture.with_main().await;
    let refused = store.snapshot(&ledger_name("other")).await;
    assert!(matches!(refused.map(|_| ()), Err(ReadError::LedgerNotFound)));
}
