//! Batches: whole or not at all, numbered without gaps.

use std::time::Duration;

use engine::port::{BeginError, CommitError, LogRecord, Store, Wanted};
use ledger::{EntryBody, EntryNumber, LedgerName};

use crate::{Request, StoreFixture, append, decide_batch, ledger_name, post, posting, transfer};

/// The next entry of a new ledger is number 0, and nothing was recorded before it.
pub async fn a_new_log_begins_at_zero(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let loaded = store.begin(&main, Wanted::default()).await.unwrap().loaded;
    assert_eq!(loaded.head.next, EntryNumber(0));
    assert_eq!(loaded.head.last_recorded_at, None);
    assert!(loaded.balances.is_empty() && loaded.keys.is_empty() && loaded.references.is_empty());
}

/// Numbers follow each other within a batch and from batch to batch.
pub async fn entries_are_numbered_without_gaps(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let mut written = Vec::new();
    for size in [1, 3, 1, 10] {
        written.extend(append(&*store, &main, &transfers(size)).await);
        assert_head(&*store, &main, &written).await;
    }
    let log = store.log(&main, EntryNumber(0), 100).await.unwrap();
    assert_eq!(log, written);
    let numbers: Vec<u64> = log.iter().map(|record| record.entry.number.0).collect();
    assert_eq!(numbers, (0..15).collect::<Vec<_>>());
}

/// Dropping a batch that has decided entries writes nothing, and the next batch starts in its place.
pub async fn a_dropped_batch_leaves_no_trace(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let mut written = append(&*store, &main, &transfers(2)).await;
    for _ in 0..3 {
        let (batch, _) = decide_batch(&*store, &main, &transfers(2)).await;
        drop(batch);
        assert_head(&*store, &main, &written).await;
    }
    written.extend(append(&*store, &main, &transfers(2)).await);
    assert_head(&*store, &main, &written).await;
}

/// However far a start has come when nobody waits for it any more, the next batch can start.
pub async fn a_start_given_up_at_any_point_leaves_no_trace(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let written = append(&*store, &main, &transfers(2)).await;
    for patience in patiences() {
        let wanted = Wanted {
            missing: written[0].entry.balances.iter().map(|(key, _)| key.clone()).collect(),
            ..Wanted::default()
        };
        // A start that was fast enough is dropped as a batch.
        drop(tokio::time::timeout(patience, store.begin(&main, wanted)).await);
    }
    assert_head(&*store, &main, &written).await;
    append(&*store, &main, &transfers(2)).await;
}

/// However far a commit has come when nobody waits for it any more, all of it is there or nothing, and
/// the next batch can start.
pub async fn a_commit_given_up_at_any_point_holds_whole_or_not_at_all(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let mut expected = 0;
    for patience in patiences() {
        let (batch, records) = decide_batch(&*store, &main, &transfers(5)).await;
        let before = records[0].entry.number.0;
        assert!(before == expected || before + 5 == expected, "{before} is neither of {expected} − 5, + 0");
        drop(tokio::time::timeout(patience, batch.commit(&records)).await);
        expected = before + 5;
    }
    let records = append(&*store, &main, &transfers(1)).await;
    let log = store.log(&main, EntryNumber(0), 1_000).await.unwrap();
    assert_eq!(log.len() as u64, records[0].entry.number.0 + 1);
    let source = &log.last().unwrap().entry.balances.iter().find(|(key, _)| key.account.is_world());
    assert_eq!(source.unwrap().1.posted_out.get(), log.len() as u128, "each entry moves one unit");
}

/// Entries that leave a gap, or begin where entries are already, are refused as a whole.
pub async fn entries_that_do_not_follow_the_head_are_refused(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let written = append(&*store, &main, &transfers(2)).await;
    let (batch, records) = decide_batch(&*store, &main, &transfers(3)).await;
    drop(batch);
    for wrong in [&records[1..], &[records[0].clone(), records[2].clone()], &written] {
        let batch = store.begin(&main, Wanted::default()).await.unwrap().batch;
        let refused = batch.commit(wrong).await;
        assert!(matches!(refused, Err(CommitError::RolledBack(_))), "{refused:?}");
        assert_head(&*store, &main, &written).await;
    }
    let batch = store.begin(&main, Wanted::default()).await.unwrap().batch;
    batch.commit(&records).await.unwrap();
}

/// A reference is used once per ledger, whatever the caller has overlooked.
pub async fn a_reference_in_use_rolls_the_whole_batch_back(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let first = append(&*store, &main, &[transfer("world", "a", 1).reference("order-1")]).await;
    let fresh = transfer("world", "a", 1).reference("order-2");
    let (batch, mut records) = decide_batch(&*store, &main, &[transfer("world", "a", 1), fresh]).await;
    let mut body = records[1].entry.body.transaction().unwrap().clone();
    body.reference = Some(crate::reference("order-1"));
    records[1].entry.body = EntryBody::Transaction(body);
    let refused = batch.commit(&records).await;
    assert!(matches!(refused, Err(CommitError::RolledBack(_))), "{refused:?}");
    assert_head(&*store, &main, &first).await;
    append(&*store, &main, &transfers(1)).await;
}

/// A key is used once per ledger, whatever the caller has overlooked.
pub async fn a_key_in_use_rolls_the_whole_batch_back(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let first = append(&*store, &main, &[transfer("world", "a", 1).key("k-1")]).await;
    let again = [transfer("world", "a", 1), transfer("world", "a", 2).key("k-1")];
    let (batch, records) = decide_batch(&*store, &main, &again).await;
    let refused = batch.commit(&records).await;
    assert!(matches!(refused, Err(CommitError::RolledBack(_))), "{refused:?}");
    assert_head(&*store, &main, &first).await;
    append(&*store, &main, &transfers(1)).await;
}

/// Committing no entries is allowed and moves nothing.
pub async fn a_batch_without_entries_changes_nothing(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let written = append(&*store, &main, &transfers(1)).await;
    store.begin(&main, Wanted::default()).await.unwrap().batch.commit(&[]).await.unwrap();
    assert_head(&*store, &main, &written).await;
}

/// A batch for a ledger that is not there does not start, and does not get in the way.
pub async fn a_ledger_that_is_not_there_has_no_batches(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    for _ in 0..3 {
        let refused = store.begin(&ledger_name("other"), Wanted::default()).await;
        assert!(matches!(refused.map(|_| ()), Err(BeginError::LedgerNotFound)));
    }
    append(&*store, &main, &transfers(1)).await;
}

/// The largest transaction there is.
pub async fn a_thousand_postings_make_one_entry(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let postings: Vec<_> = (0..1_000)
        .map(|n| posting("world", &format!("users:{:x}:{}", n % 600, "x".repeat(200)), "USD/2", n + 1))
        .collect();
    let records = append(&*store, &main, &[post(postings)]).await;
    assert_eq!(records[0].entry.balances.len(), 601);
    assert_eq!(store.entry(&main, EntryNumber(0)).await.unwrap().as_ref(), records.first());
    assert_head(&*store, &main, &records).await;
}

/// A batch larger than any that a lane makes.
pub async fn a_thousand_entries_make_one_batch(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let requests: Vec<_> = (0..1_000)
        .map(|n| {
            let (to, name) = (format!("users:{}", n % 700), format!("order-{n}"));
            transfer("world", &to, 1).reference(&name).key(&name).metadata(&[("order", &name)])
        })
        .collect();
    let records = append(&*store, &main, &requests).await;
    assert_eq!(store.log(&main, EntryNumber(0), 2_000).await.unwrap(), records);
    assert_head(&*store, &main, &records).await;
}

fn transfers(count: usize) -> Vec<Request> {
    vec![transfer("world", "a", 1); count]
}

/// From hardly any to plenty, in steps that end in the middle of everything.
fn patiences() -> impl Iterator<Item = Duration> {
    (0..60).map(|step| Duration::from_micros(step * step * 2))
}

/// Holds the head and the log's length to what was written.
async fn assert_head(store: &dyn Store, ledger: &LedgerName, written: &[LogRecord]) {
    let next = EntryNumber(written.len() as u64);
    let loaded = store.begin(ledger, Wanted::default()).await.unwrap().loaded;
    assert_eq!(loaded.head.next, next);
    assert_eq!(loaded.head.last_recorded_at, written.last().map(|record| record.entry.recorded_at));
    assert_eq!(store.ledger(ledger).await.unwrap().entries, next);
    assert_eq!(store.entry(ledger, next).await.unwrap(), None);
    let last = written.last();
    if let Some(last) = last {
        assert_eq!(store.entry(ledger, last.entry.number).await.unwrap().as_ref(), Some(last));
    }
}
