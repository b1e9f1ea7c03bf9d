//! Searches: filters that lead through an index, and such as are judged on the way, by themselves and together.

use engine::port::Store;
use engine::query::{AccountQuery, AddressPattern, AmountRange, Clock, Order, TimeRange, TransactionQuery};
use ledger::{Amount, LedgerName};

use crate::contract::accounts;
use crate::{
    Naive, Request, StoreFixture, address, append, asset, at, change, drain, post, posting, transfer,
};

fn any() -> TransactionQuery {
    TransactionQuery { limit: 1_000, ..TransactionQuery::default() }
}

fn under(name: &str) -> AddressPattern {
    AddressPattern::Under(address(name))
}

fn exactly(name: &str) -> AddressPattern {
    AddressPattern::Exactly(address(name))
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// Holds what a query finds to the log, by each clock and in each order, with a span of time and without.
async fn assert_found(store: &dyn Store, main: &LedgerName, naive: &Naive, query: &TransactionQuery) {
    for clock in [Clock::Recorded, Clock::Effective] {
        for order in [Order::Ascending, Order::Descending] {
            for time in [TimeRange::default(), TimeRange { from: Some(at(2_000)), to: Some(at(9_000)) }] {
                let query = TransactionQuery { clock, order, time, ..query.clone() };
                let expected = naive.transactions(&query);
                for limit in [5, 1_000] {
                    let listed = drain(limit, None, async |after| {
                        let query = TransactionQuery { after, limit, ..query.clone() };
                        store.transactions(main, &query).await.unwrap()
                    })
                    .await;
                    assert_eq!(listed, expected, "{query:?} in pages of {limit}");
                }
            }
        }
    }
}

/// Payments of a few users with several wallets each, most with the same metadata, some of them backdated.
async fn payments(store: &dyn Store, main: &LedgerName) -> Naive {
    let mut naive = Naive::default();
    for batch in 0..4_u32 {
        let requests: Vec<Request> = (0..25_u32)
            .map(|place| {
                let number = batch * 25 + place;
                let wallet =
                    format!("users:{}:{}", number % 5, ["main", "card", "gift"][number as usize % 3]);
                let asset_text = if number.is_multiple_of(4) { "EUR/2" } else { "USD/2" };
                let amount = u128::from(number % 25);
                let mut request = post([
                    posting("world", &wallet, asset_text, amount),
                    posting("world", "fees", "USD/2", 1),
                ])
                .now(1_000 + 120 * i64::from(number));
                let order = (number / 10).to_string();
                if !number.is_multiple_of(7) {
                    request = request.metadata(&[("kind", "order"), ("order", &order)]);
                }
                if number.is_multiple_of(9) {
                    request = request.effective_at(6_000 - i64::from(number));
                }
                request
            })
            .collect();
        naive.records.extend(append(store, main, &requests).await);
    }
    naive
}

/// Bounds are of the amount that moved, and count for the posting that the other filters count for.
pub async fn amounts_are_bounded_on_the_posting_of_the_other_filters(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = payments(&*store, &main).await;
    let range = |at_least: Option<u64>, at_most: Option<u64>| AmountRange {
        at_least: at_least.map(Amount::from),
        at_most: at_most.map(Amount::from),
    };
    let count = async |query: TransactionQuery| store.transactions(&main, &query).await.unwrap().items.len();
    assert_eq!(count(TransactionQuery { amount: range(Some(24), None), ..any() }).await, 4);
    assert_eq!(count(TransactionQuery { amount: range(Some(25), None), ..any() }).await, 0);
    // Each has a posting to `fees`, and none of those is so large.
    let to_fees =
        TransactionQuery { destination: Some(exactly("fees")), amount: range(Some(2), None), ..any() };
    assert_eq!(count(to_fees).await, 0);
    for amount in [
        range(Some(0), Some(0)),
        range(Some(10), Some(12)),
        range(None, Some(1)),
        range(Some(23), None),
        range(Some(12), Some(10)),
        AmountRange { at_least: Some(Amount::MAX), at_most: Some(Amount::MAX) },
    ] {
        for account in [
            None,
            Some(under("users:1")),
            Some(exactly("users:1:main")),
            Some(exactly("world")),
            Some(exactly("fees")),
        ] {
            let query = TransactionQuery { account, amount, ..any() };
            assert_found(&*store, &main, &naive, &query).await;
            let query = TransactionQuery { asset: Some(asset("EUR/2")), ..query };
            assert_found(&*store, &main, &naive, &query).await;
        }
    }
}

/// Metadata that most have, that few have, and that none has; alone, together, and with accounts.
pub async fn metadata_and_accounts_narrow_each_other(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = payments(&*store, &main).await;
    for metadata in [
        pairs(&[("kind", "order")]),
        pairs(&[("order", "3")]),
        pairs(&[("kind", "order"), ("order", "3")]),
        pairs(&[("order", "3"), ("kind", "order")]),
        pairs(&[("kind", "refund"), ("order", "3")]),
        pairs(&[("order", "3"), ("order", "4")]),
    ] {
        for (account, source) in [
            (None, None),
            (Some(under("users:1")), None),
            (Some(exactly("users:1:main")), Some(exactly("world"))),
            (Some(under("nobody")), None),
            (Some(exactly("nobody")), None),
            (Some(exactly("world")), None),
        ] {
            let query = TransactionQuery { account, source, metadata: metadata.clone(), ..any() };
            assert_found(&*store, &main, &naive, &query).await;
        }
    }
}

/// Under an address with several accounts, some with balances in several assets, and under one whose name others begin
/// with.
pub async fn accounts_under_an_address_are_read_in_the_order_of_the_list(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let mut naive = payments(&*store, &main).await;
    let near = ["users", "users:1", "users:10:main", "users:1-x:main", "users:1:main:deep", "usersX:1"];
    let more: Vec<_> = near.iter().map(|name| transfer("world", name, 3)).collect();
    naive.records.extend(append(&*store, &main, &more).await);
    for name in ["users", "users:1", "users:4", "users:1:main", "user", "nobody", "world"] {
        assert_found(&*store, &main, &naive, &TransactionQuery { account: Some(under(name)), ..any() }).await;
        assert_found(&*store, &main, &naive, &TransactionQuery { destination: Some(under(name)), ..any() })
            .await;
        let query = TransactionQuery { source: Some(under(name)), asset: Some(asset("EUR/2")), ..any() };
        assert_found(&*store, &main, &naive, &query).await;
    }
}

/// More accounts than are merged, few of which ever moved what is asked for.
pub async fn more_accounts_under_an_address_than_are_merged_are_found_all_the_same(
    fixture: &dyn StoreFixture,
) {
    let (store, main) = fixture.with_main().await;
    let wide = |names: std::ops::Range<u32>| -> Vec<_> {
        names.map(|n| posting("world", &format!("users:{n}:main"), "USD/2", u128::from(n))).collect()
    };
    let mut naive = Naive::default();
    for (account, count) in [("a", 255), ("b", 257), ("c", 600)] {
        let own = |n: u32| posting("world", &format!("{account}:{n}"), "USD/2", 1);
        let requests = vec![post((0..count).map(own).collect::<Vec<_>>()), post(wide(0..3))];
        naive.records.extend(append(&*store, &main, &requests).await);
    }
    naive.records.extend(append(&*store, &main, &vec![transfer("world", "a:7", 1); 150]).await);
    for account in ["a", "b", "c", "users"] {
        assert_found(&*store, &main, &naive, &TransactionQuery { account: Some(under(account)), ..any() })
            .await;
    }
}

/// Alone and together, with a prefix and from any place on; by what is kept now.
pub async fn accounts_are_found_by_what_they_keep_and_by_what_they_moved(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let mut naive = payments(&*store, &main).await;
    let requests: Vec<Request> = (0..5_u32)
        .flat_map(|user| {
            let name = format!("users:{user}:main");
            [
                change(&name).keeping(&[("tier", Some("gold")), ("shop", Some(&user.to_string()))]),
                change(&format!("quiet:{user}")).keeping(&[("tier", Some("gold"))]),
            ]
        })
        .chain([
            change("users:2:main").keeping(&[("tier", Some("lead"))]),
            change("quiet:3").keeping(&[("tier", None)]),
        ])
        .collect();
    for part in requests.chunks(7) {
        naive.records.extend(append(&*store, &main, part).await);
    }
    let found = AccountQuery { metadata: pairs(&[("tier", "gold")]), limit: 10, ..AccountQuery::default() };
    let page = store.accounts(&main, &found).await.unwrap();
    let names: Vec<_> = page.items.iter().map(|account| account.address.as_str()).collect();
    let expected = ["quiet:0", "quiet:1", "quiet:2", "quiet:4"].into_iter();
    let expected = expected.chain(["users:0:main", "users:1:main", "users:3:main", "users:4:main"]);
    assert_eq!((names, page.next), (expected.collect::<Vec<_>>(), None));
    for metadata in [
        pairs(&[]),
        pairs(&[("tier", "gold")]),
        pairs(&[("tier", "lead")]),
        pairs(&[("tier", "gold"), ("shop", "4")]),
        pairs(&[("shop", "4"), ("tier", "lead")]),
        pairs(&[("tier", "none")]),
    ] {
        for asset_text in [None, Some("USD/2"), Some("EUR/2"), Some("BTC/8")] {
            for prefix in [None, Some("users:1"), Some("q")] {
                for after in [None, Some("quiet:1"), Some("users:1:gift")] {
                    let query = AccountQuery {
                        prefix: prefix.map(str::to_owned),
                        asset: asset_text.map(asset),
                        metadata: metadata.clone(),
                        as_of: None,
                        after: after.map(address),
                        limit: 0,
                    };
                    accounts::assert_listed(&*store, &main, &naive, &query).await;
                }
            }
        }
    }
}
