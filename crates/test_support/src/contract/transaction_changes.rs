//! Changes of transactions: what is kept beside them, as it is and as it was, and what they are found by.

use std::collections::BTreeSet;

use engine::pair::MetadataPair;
use engine::port::{Snapshot, Store, Wanted};
use engine::query::{Clock, Order, TransactionChangeQuery, TransactionQuery};
use ledger::{Address, EntryNumber, LedgerName, Metadata};

use crate::contract::transactions::assert_listed;
use crate::{Naive, Request, StoreFixture, annotate, append, change, drain, ledger_name, metadata, transfer};

/// Changes among transactions and changes of accounts: of transactions of the same batch and of earlier ones, of some
/// beside which nothing was kept, and of one that was changed before.
fn requests() -> Vec<Request> {
    vec![
        transfer("world", "a", 20).metadata(&[("kind", "order"), ("order", "1")]),
        transfer("world", "a", 30),
        annotate(0, &[("order", Some("2"))]).key("k"),
        change("a").keeping(&[("kind", Some("order"))]),
        transfer("a", "b", 1).metadata(&[("kind", "order")]),
        annotate(0, &[("order", None), ("note", Some(""))]),
        annotate(1, &[("kind", Some("refund"))]),
        annotate(4, &[("kind", None)]),
        transfer("a", "b", 2).metadata(&[("kind", "refund"), ("order", "1")]),
        annotate(0, &[]),
    ]
}

async fn written(store: &dyn Store, main: &LedgerName) -> Naive {
    let mut naive = Naive::default();
    // In one batch and in several.
    for part in requests().chunks(6) {
        naive.records.extend(append(store, main, part).await);
    }
    naive
}

/// One by one and in lists. The log has what was recorded.
pub async fn a_transaction_is_as_its_last_change_left_it(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = written(&*store, &main).await;
    for number in (0..12).map(EntryNumber) {
        let transaction = store.transaction(&main, number).await.unwrap();
        assert_eq!(transaction, naive.transaction(number), "{number:?}");
        let record = store.entry(&main, number).await.unwrap();
        assert_eq!(record.as_ref(), naive.records.iter().find(|record| record.entry.number == number));
    }
    let first = store.transaction(&main, EntryNumber(0)).await.unwrap().unwrap();
    assert_eq!(first.body.metadata(), &metadata(&[("kind", "order"), ("note", "")]));
    for clock in [Clock::Recorded, Clock::Effective] {
        for order in [Order::Ascending, Order::Descending] {
            let query = TransactionQuery { clock, order, limit: 10, ..TransactionQuery::default() };
            assert_listed(&*store, &main, &naive, &query).await;
        }
    }
    assert_eq!(store.log(&main, EntryNumber(0), 100).await.unwrap(), naive.records);
}

/// By what is kept now, however they are asked for; not by what was kept before.
pub async fn transactions_are_found_by_what_is_kept_now(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = written(&*store, &main).await;
    for (pairs, found) in [
        (&[("kind", "order")][..], &[0][..]),
        (&[("kind", "refund")], &[8, 1]),
        (&[("order", "1")], &[8]),
        (&[("order", "2")], &[]),
        (&[("note", "")], &[0]),
        (&[("kind", "refund"), ("order", "1")], &[8]),
        (&[("kind", "order"), ("order", "1")], &[]),
    ] {
        let metadata = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let query = TransactionQuery { metadata, limit: 10, ..TransactionQuery::default() };
        let page = store.transactions(&main, &query).await.unwrap();
        let numbers: Vec<_> = page.items.iter().map(|entry| entry.number.0).collect();
        assert_eq!(numbers, found, "{pairs:?}");
        for clock in [Clock::Recorded, Clock::Effective] {
            for order in [Order::Ascending, Order::Descending] {
                let query = TransactionQuery { clock, order, ..query.clone() };
                assert_listed(&*store, &main, &naive, &query).await;
            }
        }
    }
}

/// Holds the list of a transaction's changes to the log, in pages of several sizes.
async fn assert_changes(store: &dyn Store, ledger: &LedgerName, naive: &Naive, transaction: EntryNumber) {
    let query = |after, limit| TransactionChangeQuery { transaction, after, limit };
    let Some(expected) = naive.transaction_changes(&query(None, 0)) else {
        assert_eq!(store.transaction_changes(ledger, &query(None, 10)).await.unwrap(), None);
        return;
    };
    for limit in [1, 2, 1_000] {
        let listed = drain(limit, None, async |after| {
            let page = store.transaction_changes(ledger, &query(after, limit)).await.unwrap();
            page.expect("the transaction is there")
        })
        .await;
        assert_eq!(listed, expected, "{transaction:?} in pages of {limit}");
    }
}

/// Newest first; of one that was never changed there are none, and no list of what is no transaction.
pub async fn the_changes_of_a_transaction_are_listed_newest_first(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = written(&*store, &main).await;
    for number in 0..12 {
        assert_changes(&*store, &main, &naive, EntryNumber(number)).await;
    }
    let query = |after, limit| TransactionChangeQuery { transaction: EntryNumber(0), after, limit };
    let numbers = async |after, limit| {
        let page = store.transaction_changes(&main, &query(after, limit)).await.unwrap().unwrap();
        let numbers: Vec<_> = page.items.iter().map(|entry| entry.number.0).collect();
        (numbers, page.next)
    };
    assert_eq!(numbers(None, 3).await, (vec![9, 5, 2], None));
    assert_eq!(numbers(None, 2).await, (vec![9, 5], Some(EntryNumber(5))));
    assert_eq!(numbers(Some(EntryNumber(5)), 10).await, (vec![2], None));
}

/// As it is now, of those that are transactions of this ledger, and of no others.
pub async fn what_is_kept_beside_transactions_is_loaded(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    written(&*store, &main).await;
    let other = ledger_name("other");
    crate::fixture::create(&*store, &other).await;
    append(&*store, &other, &[transfer("world", "a", 1).metadata(&[("other", "yes")])]).await;
    let loaded = async |ledger, wanted: &[u64]| {
        let transactions = wanted.iter().copied().map(EntryNumber).collect();
        let wanted = Wanted { transactions, ..Wanted::default() };
        let mut loaded = store.begin(ledger, wanted).await.unwrap().loaded.transactions;
        loaded.sort_by_key(|(number, _)| *number);
        loaded
    };
    let kept = |number, pairs| (EntryNumber(number), metadata(pairs));
    assert_eq!(loaded(&main, &[]).await, []);
    assert_eq!(
        loaded(&main, &[8, 0, 1, 2, 3, 4, 99, u64::MAX]).await,
        [
            kept(0, &[("kind", "order"), ("note", "")]),
            kept(1, &[("kind", "refund")]),
            kept(4, &[]),
            kept(8, &[("kind", "refund"), ("order", "1")]),
        ]
    );
    assert_eq!(loaded(&other, &[0, 1]).await, [kept(0, &[("other", "yes")])]);
}

/// Reads what a snapshot has of transactions and of what is found by what, in parts of any size, and holds it to a log.
pub(super) async fn assert_snapshot_has(snapshot: &mut dyn Snapshot, naive: &Naive, limit: usize) {
    let mut kept: Vec<(EntryNumber, Metadata)> = Vec::new();
    loop {
        let part = snapshot.changed_transactions(kept.last().map(|last| last.0), limit).await.unwrap();
        assert!(part.len() <= limit);
        if part.is_empty() {
            break;
        }
        kept.extend(part);
    }
    assert_eq!(kept, naive.changed_transactions().into_iter().collect::<Vec<_>>());
    let mut changes: Vec<(EntryNumber, EntryNumber)> = Vec::new();
    loop {
        let part = snapshot.transaction_changes(changes.last().copied(), limit).await.unwrap();
        if part.is_empty() {
            break;
        }
        changes.extend(part);
    }
    assert_eq!(changes, naive.all_transaction_changes().into_iter().collect::<Vec<_>>());
    let mut by_pair: Vec<(MetadataPair, EntryNumber)> = Vec::new();
    loop {
        let part = snapshot.transactions_by_pair(by_pair.last().copied(), limit).await.unwrap();
        if part.is_empty() {
            break;
        }
        by_pair.extend(part);
    }
    assert_eq!(by_pair, naive.transactions_by_pair().into_iter().collect::<Vec<_>>());
    let mut accounts: Vec<(MetadataPair, Address)> = Vec::new();
    loop {
        let part = snapshot.accounts_by_pair(accounts.last(), limit).await.unwrap();
        if part.is_empty() {
            break;
        }
        accounts.extend(part);
    }
    let expected: BTreeSet<_> = naive.accounts_by_pair();
    assert_eq!(accounts, expected.into_iter().collect::<Vec<_>>());
}

/// Whatever is written meanwhile.
pub async fn a_snapshot_has_changed_transactions_and_what_is_found_by_what(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = written(&*store, &main).await;
    let mut before = store.snapshot(&main).await.unwrap();
    let mut later = naive.clone();
    let more = [
        annotate(8, &[("order", Some("3"))]),
        change("a").keeping(&[("kind", Some("shop")), ("more", Some(""))]),
        change("b").keeping(&[("kind", Some("shop"))]),
    ];
    later.records.extend(append(&*store, &main, &more).await);
    for limit in [1, 2, 100] {
        assert_snapshot_has(&mut *before, &naive, limit).await;
        assert_snapshot_has(&mut *store.snapshot(&main).await.unwrap(), &later, limit).await;
    }
    let report = engine::verify::verify(&mut *store.snapshot(&main).await.unwrap(), |_| {}).await.unwrap();
    assert!(report.is_clean(), "{report:#?}");
    assert_eq!((report.transaction_changes, report.changed_transactions), (6, 4));
}

/// Nothing of them is left where their batch is dropped, or where another part of it cannot be written.
pub async fn a_batch_that_does_not_hold_changes_no_transaction(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let first = transfer("world", "a", 1).metadata(&[("order", "1")]).key("k");
    let naive = Naive { records: append(&*store, &main, &[first]).await };
    let again = [annotate(0, &[("order", Some("2"))]), transfer("world", "a", 1).key("k")];
    let (batch, records) = crate::decide_batch(&*store, &main, &again).await;
    assert!(batch.commit(&records).await.is_err(), "the key is in use");
    drop(crate::decide_batch(&*store, &main, &again).await);
    assert_eq!(store.transaction(&main, EntryNumber(0)).await.unwrap(), naive.transaction(EntryNumber(0)));
    assert_snapshot_has(&mut *store.snapshot(&main).await.unwrap(), &naive, 10).await;
}

/// With as much as may be kept, and more of them than one page can hold.
pub async fn a_page_of_large_changes_of_a_transaction_ends_early_and_leads_on(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let value = "\u{e9}".repeat(512);
    let keys: Vec<String> = (0..64).map(|n| format!("{n:064}")).collect();
    let all: Vec<_> = keys.iter().map(|key| (&**key, Some(&*value))).collect();
    let mut requests = vec![transfer("world", "a", 1), annotate(0, &all)];
    requests.extend((0..80).map(|_| annotate(0, &[])));
    let mut naive = Naive::default();
    for part in requests.chunks(50) {
        naive.records.extend(append(&*store, &main, part).await);
    }
    let query = TransactionChangeQuery { transaction: EntryNumber(0), after: None, limit: 1_000 };
    let page = store.transaction_changes(&main, &query).await.unwrap().unwrap();
    assert!(page.next.is_some() && page.items.len() < 80, "{}", page.items.len());
    assert_changes(&*store, &main, &naive, EntryNumber(0)).await;
}
