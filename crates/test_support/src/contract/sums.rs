//! Sums of balances by root: they are those of the accounts, whatever entries come in whichever way.

use engine::port::{Appended, Snapshot, Store, Unused};
use engine::query::{BalanceQuery, BalanceSum};
use ledger::{Amount, BalanceTotal, LedgerName, ReleaseCause, RootKey, Total};

use crate::{
    Naive, Request, StoreFixture, address, annotate, append, asset, capture, change, decide_batch, drain,
    head_before, hold, post, posting, release, reverse, transfer,
};

/// Reads all sums, `limit` at a time.
pub(super) async fn read_sums(snapshot: &mut dyn Snapshot, limit: usize) -> Vec<(RootKey, BalanceTotal)> {
    let mut sums: Vec<(RootKey, BalanceTotal)> = Vec::new();
    loop {
        let after = sums.last().map(|(key, _)| key.clone());
        let part = snapshot.sums(after.as_ref(), limit).await.unwrap();
        assert!(part.len() <= limit);
        if part.is_empty() {
            return sums;
        }
        sums.extend(part);
    }
}

async fn assert_kept(store: &dyn Store, ledger: &LedgerName, naive: &Naive) {
    let mut snapshot = store.snapshot(ledger).await.unwrap();
    assert_eq!(read_sums(&mut *snapshot, 2).await, Vec::from_iter(naive.sums()));
    assert_eq!(snapshot.balances(None, 10_000).await.unwrap(), Vec::from_iter(naive.balances()));
    for prefix in [None, Some("users"), Some("users:")] {
        let query = whole(prefix, 1_000);
        let listed = store.balances(ledger, &query).await.unwrap();
        assert_eq!((listed.items, listed.next), (naive.groups(&query), None), "{prefix:?}");
    }
}

fn whole(prefix: Option<&str>, limit: usize) -> BalanceQuery {
    BalanceQuery { prefix: prefix.map(str::to_owned), depth: 1, as_of: None, after: None, limit }
}

/// One entry at a time, and the account of a root's own name is none of the root's.
pub async fn sums_follow_every_kind_of_entry(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let part = [posting("users:1", "shops:1", "USD/2", 5)];
    let requests: Vec<Request> = vec![
        transfer("world", "users", 1_000),
        transfer("users", "users:1", 100),
        post([
            posting("users:1", "users:2:x", "USD/2", 30),
            posting("users:2:x", "shops:1", "USD/2", 3),
            posting("world", "users:1", "EUR/2", 0),
        ])
        .metadata(&[("k", "v")]),
        hold([posting("users:1", "shops:1", "USD/2", 20), posting("users:2:x", "users:1", "USD/2", 9)]),
        capture(3).only(part.clone()),
        capture(3).only(part.clone()).finally(),
        hold([posting("users:1", "shops", "USD/2", 7)]),
        release(6, ReleaseCause::Voided),
        reverse(4),
        change("users:1").keeping(&[("k", Some("v"))]),
        annotate(1, &[("k", Some("w"))]),
        hold([posting("users:1", "shops:2", "USD/2", 7)]),
        capture(11),
    ];
    let mut naive = Naive::default();
    for request in requests {
        naive.records.extend(append(&*store, &main, &[request]).await);
        assert_kept(&*store, &main, &naive).await;
    }
    let users =
        &naive.sums()[&RootKey { root: ledger::Root::parse("users").unwrap(), asset: asset("USD/2") }];
    assert_eq!(users.posted_in, Total::from(135), "100 from without, 30 from within, 5 taken back");
}

/// As a lane writes that nobody disturbs: alone or with others, with metadata or without, from and to any root.
pub async fn sums_follow_entries_that_go_the_short_way(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let Some(short) = store.appends() else { return };
    let pairs =
        [("world", "a"), ("world", "a:1"), ("a:1", "a:2"), ("a:2", "b:1"), ("b:1", "b"), ("world", "a:1")];
    let one = |metadata: &[(&str, &str)]| -> Vec<Request> {
        pairs.map(|(source, destination)| transfer(source, destination, 1).metadata(metadata)).into()
    };
    let mut naive = Naive::default();
    let alone = [one(&[]), one(&[("k", "v")]), one(&[])].concat();
    let together = [one(&[]), one(&[("k", "v")])];
    // Often enough for lists of movements to end as well.
    let alone = alone.into_iter().map(|request| vec![request]).cycle().take(60);
    for requests in alone.chain(together.into_iter().cycle().take(20)) {
        let records = decide_batch(&*store, &main, &requests).await.1;
        let head =
            if naive.records.is_empty() { engine::port::Head::default() } else { head_before(&records) };
        let appended = short.append(&main, head, &Unused::default(), &records).await.unwrap();
        assert_eq!(appended, Appended::Written);
        // Nobody takes it for what is to be written again.
        let again = short.append(&main, head, &Unused::default(), &records).await.unwrap();
        assert_eq!(again, Appended::Stale);
        naive.records.extend(records);
    }
    assert_kept(&*store, &main, &naive).await;
}

/// Neither where it is given up, nor where the store refuses it.
pub async fn a_batch_that_does_not_hold_changes_no_sum(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let first = transfer("world", "users:1", 10).reference("r");
    let naive = Naive { records: append(&*store, &main, &[first]).await };
    let (batch, _) = decide_batch(&*store, &main, &[transfer("world", "users:2", 1)]).await;
    drop(batch);
    let (batch, mut records) = decide_batch(&*store, &main, &[transfer("world", "users:2", 1)]).await;
    let ledger::EntryBody::Transaction(transaction) = &mut records[0].entry.body else { unreachable!() };
    transaction.reference = Some(crate::reference("r"));
    batch.commit(&records).await.unwrap_err();
    assert_kept(&*store, &main, &naive).await;
}

/// Exactly, where one amount is as much as an account may have.
pub async fn sums_may_take_more_than_128_bits(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let max = Amount::MAX.get();
    let mut naive = Naive::default();
    // The outside has no more than that to give, so each account passes on what it gets.
    let path = ["world", "a:0", "a:1", "a:2", "a:3", "a:4", "a:5", "b:1"];
    for step in path.windows(2) {
        let request = post([posting(step[0], step[1], "A", max - 1)]);
        naive.records.extend(append(&*store, &main, &[request]).await);
    }
    naive.records.extend(append(&*store, &main, &[post([posting("world", "a:6", "A", 1)])]).await);
    let held = hold([posting("b:1", "a:9", "A", max - 1)]);
    naive.records.extend(append(&*store, &main, &[held]).await);
    naive.records.extend(append(&*store, &main, &[release(8, ReleaseCause::Voided)]).await);
    assert_kept(&*store, &main, &naive).await;
    let group = store.balances(&main, &whole(Some("a"), 1)).await.unwrap().items.remove(0);
    assert_eq!(group.address, address("a"));
    let expected = BalanceSum { posted_in: u128::MAX, posted_out: u128::MAX, ..BalanceSum::default() };
    assert_eq!(group.balances, [(asset("A"), expected)]);
    let mut snapshot = store.snapshot(&main).await.unwrap();
    let sums = read_sums(&mut *snapshot, 1).await;
    let six = (0..6).fold(Total::ZERO, |sum, _| sum.plus(Total::from(max - 1)));
    assert_eq!((sums[0].1.posted_in, sums[0].1.posted_out), (six.plus(Total::from(1)), six));
}

/// More than are read at once, with accounts of one segment before, between and behind them.
pub async fn lists_of_many_roots_neither_repeat_nor_omit(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let name = |n: u32| format!("{:04x}", n.wrapping_mul(0x9e37_79b9) >> 16);
    let mut accounts: Vec<String> = (0..700).map(|n| format!("{}:1", name(n))).collect();
    accounts.extend((0..60).map(|n| name(n * 7)));
    accounts.extend((0..300).map(|n| format!("m{n}")));
    let requests: Vec<_> = accounts.iter().map(|account| transfer("world", account, 1)).collect();
    let naive = Naive { records: append(&*store, &main, &requests).await };
    let expected = naive.groups(&whole(None, 1));
    for limit in [37, 333, 1_000] {
        let listed = drain(limit, None, async |after| {
            let page = store.balances(&main, &BalanceQuery { after, ..whole(None, limit) }).await.unwrap();
            assert!(page.next.is_none() || page.items.len() == limit, "a page is full");
            page
        })
        .await;
        assert_eq!(listed, expected, "in pages of {limit}");
    }
}

/// As many as several reads of many groups.
pub async fn a_root_may_have_any_number_of_assets(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let mut postings: Vec<_> = (0..450).map(|n| posting("world", "m:1", &format!("A/{n}"), 1)).collect();
    postings.extend((0..150).map(|n| posting("world", "n", &format!("A/{n}"), 1)));
    postings.extend(["a:1", "z:1"].map(|account| posting("world", account, "A/7", 1)));
    let naive = Naive { records: append(&*store, &main, &[post(postings)]).await };
    for limit in [1, 2, 100] {
        let listed = drain(limit, None, async |after| {
            store.balances(&main, &BalanceQuery { after, ..whole(None, limit) }).await.unwrap()
        })
        .await;
        assert_eq!(listed, naive.groups(&whole(None, limit)), "in pages of {limit}");
    }
}
