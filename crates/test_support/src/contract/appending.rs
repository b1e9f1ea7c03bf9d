//! Appending on a remembered state, on stores that offer it: written if nothing has changed, and not at all else.

use std::sync::Arc;
use std::time::Duration;

use engine::port::{Appended, Appends, CommitError, Head, LogRecord, LookedUp, Store, Unused};
use ledger::{BalanceKey, EntryBody, EntryNumber, LedgerName};

use crate::{
    Naive, Request, StoreFixture, address, append, asset, at, decide_batch, head_before, key, ledger_name,
    reference, transfer,
};

/// Decides requests on what the store has by now, and leaves the store as it is.
async fn decide(store: &dyn Store, ledger: &LedgerName, requests: &[Request]) -> Vec<LogRecord> {
    decide_batch(store, ledger, requests).await.1
}

fn short(store: &dyn Store) -> &dyn Appends {
    store.appends().expect("asked for before")
}

async fn append_records(store: &dyn Store, main: &LedgerName, records: &[LogRecord]) -> Appended {
    short(store).append(main, head_before(records), &Unused::default(), records).await.unwrap()
}

/// The log, the balances and the head all show the entries.
pub async fn entries_that_follow_the_head_are_appended_in_one_go(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    if store.appends().is_none() {
        return;
    }
    let mut written = Vec::new();
    for size in [1, 3, 100] {
        let requests = vec![transfer("world", "a", 1); size];
        let records = decide(&*store, &main, &requests).await;
        assert_eq!(append_records(&*store, &main, &records).await, Appended::Written);
        written.extend(records);
    }
    assert_eq!(store.log(&main, EntryNumber(0), 1_000).await.unwrap(), written);
    assert_eq!(store.ledger(&main).await.unwrap().entries, EntryNumber(104));
    let account = store.account(&main, &address("a")).await.unwrap().unwrap();
    assert_eq!(account.balances[0].1.posted_in.get(), 104);
    let more = append(&*store, &main, &[transfer("world", "a", 1)]).await;
    assert_eq!(more[0].entry.number, EntryNumber(104));
}

/// Also where it is found by its metadata, or comes with others that count when they are recorded.
pub async fn what_counts_at_another_time_is_appended_as_well(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    if store.appends().is_none() {
        return;
    }
    let mut naive = Naive::default();
    let early = transfer("world", "a", 1).effective_at(7);
    let found = early.clone().metadata(&[("tier", "gold")]);
    for requests in [vec![early.clone()], vec![transfer("world", "b", 1), early, found]] {
        let records = decide(&*store, &main, &requests).await;
        assert_eq!(append_records(&*store, &main, &records).await, Appended::Written);
        naive.records.extend(records);
        let mut snapshot = store.snapshot(&main).await.unwrap();
        assert_eq!(snapshot.shifted_movements(None, 10).await.unwrap(), naive.shifted_movements());
        let found = snapshot.transactions_by_pair(None, 10).await.unwrap();
        assert_eq!(found, Vec::from_iter(naive.transactions_by_pair()));
    }
    assert_eq!(naive.shifted_movements().len(), 6);
}

/// Too early, too late, or in no ledger at all.
pub async fn a_head_that_stands_elsewhere_is_stale(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    if store.appends().is_none() {
        return;
    }
    let stale = decide(&*store, &main, &[transfer("world", "a", 1)]).await;
    let written = append(&*store, &main, &[transfer("world", "b", 1)]).await;
    assert_eq!(append_records(&*store, &main, &stale).await, Appended::Stale);
    let mut early = decide(&*store, &main, &vec![transfer("world", "a", 1); 2]).await;
    assert_eq!(append_records(&*store, &main, &early.split_off(1)).await, Appended::Stale);
    assert_eq!(append_records(&*store, &ledger_name("other"), &early).await, Appended::Stale);
    let gap = short(&*store).append(&main, Head::default(), &Unused::default(), &early).await;
    assert!(matches!(gap, Err(CommitError::RolledBack(_))), "{gap:?}");
    assert_eq!(store.log(&main, EntryNumber(0), 10).await.unwrap(), written);
    assert!(store.account(&main, &address("a")).await.unwrap().is_none());
}

/// A log that was set back, and went on otherwise, may stand at the same number.
pub async fn a_head_of_another_time_is_stale(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    if store.appends().is_none() {
        return;
    }
    let begins = Head { next: EntryNumber(0), last_recorded_at: Some(at(1)) };
    let first = decide(&*store, &main, &[transfer("world", "a", 1)]).await;
    let append_at = async |head, records: &[LogRecord]| {
        short(&*store).append(&main, head, &Unused::default(), records).await.unwrap()
    };
    assert_eq!(append_at(begins, &first).await, Appended::Stale);
    assert_eq!(append_at(head_before(&first), &first).await, Appended::Written);
    let second = decide(&*store, &main, &[transfer("world", "a", 1)]).await;
    let there = head_before(&second);
    let micros = there.last_recorded_at.unwrap().micros();
    for other in [None, Some(at(micros - 1)), Some(at(micros + 1))] {
        let head = Head { last_recorded_at: other, ..there };
        assert_eq!(append_at(head, &second).await, Appended::Stale, "{other:?}");
    }
    assert_eq!(append_at(there, &second).await, Appended::Written);
}

/// Of the entries themselves, whatever the caller has overlooked.
pub async fn a_key_or_reference_in_use_is_stale(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    if store.appends().is_none() {
        return;
    }
    let written = append(&*store, &main, &[transfer("world", "a", 1).key("k").reference("r")]).await;
    let key_again =
        decide(&*store, &main, &[transfer("world", "a", 1), transfer("world", "b", 1).key("k")]).await;
    assert_eq!(append_records(&*store, &main, &key_again).await, Appended::Stale);
    let mut reference_again = decide(&*store, &main, &[transfer("world", "b", 1)]).await;
    let mut body = reference_again[0].entry.body.transaction().unwrap().clone();
    body.reference = Some(reference("r"));
    reference_again[0].entry.body = EntryBody::Transaction(body);
    assert_eq!(append_records(&*store, &main, &reference_again).await, Appended::Stale);
    assert_eq!(store.log(&main, EntryNumber(0), 10).await.unwrap(), written);
    assert!(store.account(&main, &address("b")).await.unwrap().is_none());
}

/// Keys and references of commands that nothing is recorded of; those of another ledger do not count.
pub async fn what_decisions_rest_on_has_to_be_unused(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    if store.appends().is_none() {
        return;
    }
    let other = ledger_name("other");
    crate::fixture::create(&*store, &other).await;
    append(&*store, &other, &[transfer("world", "a", 1).key("free").reference("free")]).await;
    append(&*store, &main, &[transfer("world", "a", 1).key("used").reference("used")]).await;
    let records = decide(&*store, &main, &[transfer("world", "a", 1)]).await;
    let unused = |keys: &[&str], references: &[&str]| Unused {
        keys: keys.iter().map(|text| key(text)).collect(),
        references: references.iter().map(|text| reference(text)).collect(),
    };
    let expected = head_before(&records);
    for wrong in [unused(&["free", "used"], &[]), unused(&[], &["free", "used"])] {
        assert_eq!(short(&*store).append(&main, expected, &wrong, &records).await.unwrap(), Appended::Stale);
    }
    let right = unused(&["free", "new"], &["free", "new"]);
    assert_eq!(short(&*store).append(&main, expected, &right, &records).await.unwrap(), Appended::Written);
}

/// Of several that begin at one place, one is written.
pub async fn appends_at_the_same_time_lose_nothing(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    if store.appends().is_none() {
        return;
    }
    let other = fixture.open().await;
    for round in 0..10 {
        let records = decide(&*store, &main, &[transfer("world", "a", 1)]).await;
        let tasks: Vec<_> = (0..6)
            .map(|n| {
                let store = Arc::clone(if n % 2 == 0 { &store } else { &other });
                let (main, records) = (main.clone(), records.clone());
                tokio::spawn(async move { append_records(&*store, &main, &records).await })
            })
            .collect();
        let mut written = 0;
        for task in tasks {
            written += usize::from(task.await.unwrap() == Appended::Written);
        }
        assert_eq!(written, 1, "round {round}");
    }
    let account = store.account(&main, &address("a")).await.unwrap().unwrap();
    assert_eq!(account.balances[0].1.posted_in.get(), 10);
    assert_eq!(store.ledger(&main).await.unwrap().entries, EntryNumber(10));
}

/// What the batch writes comes first; a batch that writes nothing leaves the append what it was.
pub async fn an_append_waits_for_an_open_batch_and_gives_way_to_it(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    if store.appends().is_none() {
        return;
    }
    for commits in [true, false] {
        let (batch, records) = decide_batch(&*store, &main, &[transfer("world", "a", 1)]).await;
        let mut waiting = {
            let (store, main, records) = (Arc::clone(&store), main.clone(), records.clone());
            tokio::spawn(async move { append_records(&*store, &main, &records).await })
        };
        let early = tokio::time::timeout(Duration::from_millis(50), &mut waiting).await;
        assert!(early.is_err(), "the append did not wait");
        let expected = if commits {
            batch.commit(&records).await.unwrap();
            Appended::Stale
        } else {
            drop(batch);
            Appended::Written
        };
        assert_eq!(waiting.await.unwrap(), expected);
    }
    assert_eq!(store.ledger(&main).await.unwrap().entries, EntryNumber(2));
}

/// However far an append has come when nobody waits for it any more.
pub async fn an_append_given_up_at_any_point_holds_whole_or_not_at_all(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    if store.appends().is_none() {
        return;
    }
    for step in 0..60 {
        let records = decide(&*store, &main, &vec![transfer("world", "a", 1); 5]).await;
        let appending = append_records(&*store, &main, &records);
        drop(tokio::time::timeout(Duration::from_micros(step * step * 2), appending).await);
    }
    append(&*store, &main, &[transfer("world", "a", 1)]).await;
    let log = store.log(&main, EntryNumber(0), 1_000).await.unwrap();
    assert_eq!(log.len() % 5, 1);
    let account = store.account(&main, &address("a")).await.unwrap().unwrap();
    assert_eq!(account.balances[0].1.posted_in.get(), log.len() as u128);
}

/// Of this ledger alone, and only those asked for.
pub async fn balances_are_looked_up_without_taking_the_head(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    if store.appends().is_none() {
        return;
    }
    let other = ledger_name("other");
    crate::fixture::create(&*store, &other).await;
    append(&*store, &other, &[transfer("world", "b", 7)]).await;
    let written = append(&*store, &main, &[transfer("world", "a", 5), transfer("world", "c", 1)]).await;
    let key = |account: &str| BalanceKey { account: address(account), asset: asset("USD/2") };
    let euros = BalanceKey { account: address("a"), asset: asset("EUR/2") };
    // Somebody has the head all the while.
    let (batch, _) = decide_batch(&*store, &main, &[transfer("world", "a", 1)]).await;
    let asked = [key("world"), key("a"), key("b"), euros];
    let mut found = short(&*store).balances_of(&main, &asked).await.unwrap();
    drop(batch);
    found.balances.sort_by(|(a, _), (b, _)| a.cmp(b));
    let expected =
        [(key("a"), written[0].entry.balances[0].1), (key("world"), written[1].entry.balances[1].1)];
    assert_eq!((&*found.balances, &*found.policies), (&expected[..], &[][..]));
    assert_eq!(short(&*store).balances_of(&main, &[]).await.unwrap(), LookedUp::default());
}
