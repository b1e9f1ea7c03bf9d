//! Amounts and balances of every size, exactly.

use engine::query::{BalanceQuery, BalanceSum, Clock, Order, StatementQuery, TimeRange};
use ledger::{Amount, EntryNumber};

use crate::{Naive, StoreFixture, address, append, asset, post, posting};

/// Around every bound that a store might have inside.
const SIZES: &[u128] = &[
    0,
    1,
    (1 << 31) - 1,
    1 << 31,
    1 << 32,
    (1 << 53) + 1,
    (1 << 63) - 1,
    1 << 63,
    (1 << 63) + 1,
    (1 << 64) - 1,
    1 << 64,
    (1 << 96) + 12_345,
    (1 << 127) - 1,
];

fn everything() -> BalanceQuery {
    BalanceQuery { prefix: None, depth: 1, as_of: None, after: None, limit: 1_000 }
}

fn whole_statement(account: &str) -> StatementQuery {
    StatementQuery {
        account: address(account),
        asset: None,
        time: TimeRange::default(),
        clock: Clock::Recorded,
        order: Order::Descending,
        after: None,
        limit: 1_000,
    }
}

/// Each size as an amount, in the log, in balances and on statements.
pub async fn amounts_of_every_size_come_back_exactly(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let mut naive = Naive::default();
    for (n, size) in SIZES.iter().enumerate() {
        // Every account receives one size only, each in an asset of its own.
        let request = post([posting("world", &format!("a:{n}"), &format!("A{n}"), *size)]);
        naive.records.extend(append(&*store, &main, &[request]).await);
    }
    assert_eq!(store.log(&main, EntryNumber(0), 100).await.unwrap(), naive.records);
    for (n, size) in SIZES.iter().enumerate() {
        let owner = address(&format!("a:{n}"));
        let account = store.account(&main, &owner).await.unwrap().unwrap();
        assert_eq!(account.balances[0].1.posted_in.get(), *size);
        assert_eq!(Some(account), naive.account(&owner));
        let query = whole_statement(owner.as_str());
        let page = store.statement(&main, &query).await.unwrap().unwrap();
        assert_eq!(Some(page.items), naive.statement(&query));
    }
    assert_eq!(store.balances(&main, &everything()).await.unwrap().items, naive.groups(&everything()));
}

/// The outside goes below zero as far as amounts reach.
pub async fn negative_balances_of_every_size_come_back_exactly(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let mut naive = Naive::default();
    for (n, size) in SIZES.iter().enumerate() {
        let request = post([posting("world", "a", &format!("A{n}"), *size)]);
        naive.records.extend(append(&*store, &main, &[request]).await);
    }
    let page = store.statement(&main, &whole_statement("world")).await.unwrap().unwrap();
    let lowest = page.items.iter().map(|line| line.line.balance).min();
    assert_eq!(lowest, Some(-Amount::MAX.signed()));
    assert_eq!(Some(page.items), naive.statement(&whole_statement("world")));
}

/// A sum over accounts may be larger than an amount, up to 2^128 − 1.
pub async fn sums_pass_the_bound_of_a_single_amount(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let max = Amount::MAX.get();
    // The outside has no more than that to give, so each account passes on what it gets.
    for (source, destination) in [("world", "a:0"), ("a:0", "a:1"), ("a:1", "a:2")] {
        append(&*store, &main, &[post([posting(source, destination, "A", max)])]).await;
    }
    let page = store.balances(&main, &everything()).await.unwrap();
    let group = page.items.iter().find(|group| group.address == address("a")).unwrap();
    let expected = BalanceSum { posted_in: u128::MAX, posted_out: 2 * max, ..BalanceSum::default() };
    assert_eq!(group.balances, [(asset("A"), expected)]);
}

/// Many counters that 64 bits hold, whose sum they do not, next to some that they do not hold.
pub async fn sums_mix_small_and_large_counters(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let mut naive = Naive::default();
    let sizes = [(1u128 << 63) - 1, (1 << 63) - 1, (1 << 63) - 1, 3, 1 << 70, (1 << 62) + 1, 1 << 63];
    for asset in ["A", "B"] {
        let requests: Vec<_> = sizes
            .iter()
            .enumerate()
            .map(|(n, size)| post([posting("world", &format!("a:{n}"), asset, *size)]))
            .collect();
        naive.records.extend(append(&*store, &main, &requests).await);
    }
    let small =
        post([posting("world", "b:0", "C", u128::from(u64::MAX >> 1)), posting("world", "b:1", "C", 1)]);
    naive.records.extend(append(&*store, &main, &[small]).await);
    for depth in [1, 2] {
        let query = BalanceQuery { depth, ..everything() };
        assert_eq!(store.balances(&main, &query).await.unwrap().items, naive.groups(&query));
    }
}
