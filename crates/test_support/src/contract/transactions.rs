//! Lists of transactions: their filters, both clocks, both orders.

use engine::port::Store;
use engine::query::{AddressPattern, Clock, Order, TimeRange, TransactionPosition, TransactionQuery};
use ledger::LedgerName;

use crate::{
    Naive, StoreFixture, address, append, asset, at, capture, drain, hold, post, posting, reference, transfer,
};

fn all() -> TransactionQuery {
    TransactionQuery { limit: 1_000, ..TransactionQuery::default() }
}

/// A query by each clock, in each order.
fn every_way(query: &TransactionQuery) -> [TransactionQuery; 4] {
    [
        (Clock::Recorded, Order::Ascending),
        (Clock::Recorded, Order::Descending),
        (Clock::Effective, Order::Ascending),
        (Clock::Effective, Order::Descending),
    ]
    .map(|(clock, order)| TransactionQuery { clock, order, ..query.clone() })
}

/// Holds the list that a query asks for to the log, in pages of several sizes.
pub(super) async fn assert_listed(
    store: &dyn Store,
    ledger: &LedgerName,
    naive: &Naive,
    query: &TransactionQuery,
) {
    let expected = naive.transactions(query);
    for limit in [1, 2, 3, 1_000] {
        let listed = drain(limit, query.after, async |after| {
            let query = TransactionQuery { after, limit, ..query.clone() };
            store.transactions(ledger, &query).await.unwrap()
        })
        .await;
        assert_eq!(listed, expected, "{query:?} in pages of {limit}");
    }
}

async fn assert_listed_every_way(
    store: &dyn Store,
    ledger: &LedgerName,
    naive: &Naive,
    query: &TransactionQuery,
) {
    for query in every_way(query) {
        assert_listed(store, ledger, naive, &query).await;
    }
}

async fn orders(store: &dyn Store, main: &LedgerName) -> Naive {
    let requests = [
        transfer("world", "users:1", 10).now(100).reference("order-1").metadata(&[("kind", "order")]),
        post([posting("users:1", "bank:fees", "USD/2", 1), posting("world", "users:2", "EUR/2", 5)])
            .now(100)
            .effective_at(70),
        transfer("users:1", "users:2", 2)
            .now(100)
            .effective_at(100)
            .metadata(&[("kind", "order"), ("note", "")]),
        transfer("world", "users", 1).now(200).effective_at(100).reference("order-2"),
        post([
            posting("world", "users:1", "USD/2", 1),
            posting("users:1", "users:2", "USD/2", 1),
            posting("users:2", "users:1", "USD/2", 1),
        ])
        .now(200)
        .effective_at(90)
        .metadata(&[("kind", "refund")]),
        transfer("users:2", "world", 1).now(300).effective_at(1),
        transfer("world", "users-2", 4).now(300),
    ];
    Naive { records: append(store, main, &requests).await }
}

fn numbers(entries: &[ledger::Entry]) -> Vec<u64> {
    entries.iter().map(|entry| entry.number.0).collect()
}

/// Newest first unless asked otherwise.
pub async fn transactions_are_listed_newest_first_or_oldest_first(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    assert!(store.transactions(&main, &all()).await.unwrap().items.is_empty());
    let naive = orders(&*store, &main).await;
    assert_listed_every_way(&*store, &main, &naive, &all()).await;
    let page = store.transactions(&main, &all()).await.unwrap();
    assert_eq!(numbers(&page.items), [6, 5, 4, 3, 2, 1, 0]);
    let page =
        store.transactions(&main, &TransactionQuery { order: Order::Ascending, ..all() }).await.unwrap();
    assert_eq!(numbers(&page.items), [0, 1, 2, 3, 4, 5, 6]);
    assert_eq!(page.items[3], naive.records[3].entry);
}

/// A page may end between two entries of the same time.
pub async fn entries_recorded_at_the_same_time_are_ordered_by_number(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let requests: Vec<_> = (0..9).map(|n| transfer("world", "a", 1).now(100 + n / 4)).collect();
    let naive = Naive { records: append(&*store, &main, &requests).await };
    assert_listed_every_way(&*store, &main, &naive, &all()).await;
    for record in &naive.records {
        for query in every_way(&all()) {
            let after = Some(TransactionPosition::of(&record.entry, query.clock));
            let query = TransactionQuery { after, ..query };
            let page = store.transactions(&main, &query).await.unwrap();
            assert_eq!(page.items, naive.transactions(&query), "{query:?}");
        }
    }
}

/// Entries that count at the same time are ordered by number.
pub async fn transactions_by_effective_time_are_ordered_by_it_then_by_number(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = orders(&*store, &main).await;
    let query = TransactionQuery { clock: Clock::Effective, ..all() };
    let page = store.transactions(&main, &query).await.unwrap();
    assert_eq!(numbers(&page.items), [6, 3, 2, 0, 4, 1, 5]);
    for account in ["users:1", "users:2", "world", "users"] {
        let query =
            TransactionQuery { account: Some(AddressPattern::Exactly(address(account))), ..query.clone() };
        assert_listed_every_way(&*store, &main, &naive, &query).await;
    }
}

/// A capture that counts at another time moves accounts to which it posts nothing, by what it lets go of.
pub async fn what_a_capture_lets_go_has_no_place_by_effective_time(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let mut requests = vec![
        transfer("world", "a:1", 100).now(10),
        transfer("world", "b:1", 100).now(20),
        hold([posting("a:1", "world", "USD/2", 40), posting("b:1", "world", "USD/2", 5)]).now(30),
        capture(2).only([posting("a:1", "world", "USD/2", 40)]).finally().effective_at(15).now(40),
    ];
    requests.extend((0..5).map(|n| transfer("b:1", "a:1", 1).now(50 + n)));
    requests.push(transfer("b:1", "a:1", 1).now(60).effective_at(12));
    let naive = Naive { records: append(&*store, &main, &requests).await };
    for account in ["a:1", "b:1"].map(address) {
        let under = address(&account.as_str()[..1]);
        for account in [AddressPattern::Exactly(account), AddressPattern::Under(under)] {
            let query = TransactionQuery { account: Some(account), ..all() };
            assert_listed_every_way(&*store, &main, &naive, &query).await;
        }
    }
}

/// One posting has to have all of them; that others have them between them is not enough.
pub async fn accounts_sources_destinations_and_assets_hold_for_one_posting(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = orders(&*store, &main).await;
    let exactly = |name: &str| Some(AddressPattern::Exactly(address(name)));
    let names = [None, exactly("world"), exactly("users:1"), exactly("users:2"), exactly("nobody")];
    for account in &names {
        for source in &names {
            for destination in &names {
                let query = TransactionQuery {
                    account: account.clone(),
                    source: source.clone(),
                    destination: destination.clone(),
                    ..all()
                };
                assert_listed_every_way(&*store, &main, &naive, &query).await;
            }
        }
        for name in ["USD/2", "EUR/2", "GBP/2"] {
            let query = TransactionQuery { account: account.clone(), asset: Some(asset(name)), ..all() };
            assert_listed_every_way(&*store, &main, &naive, &query).await;
        }
    }
    let query = TransactionQuery { source: exactly("users:1"), asset: Some(asset("EUR/2")), ..all() };
    assert!(store.transactions(&main, &query).await.unwrap().items.is_empty());
}

/// What begins with the address and a colon; neither the address itself nor its neighbours.
pub async fn a_prefix_means_what_lies_under_it(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = orders(&*store, &main).await;
    for name in ["users", "bank", "world", "users:1"] {
        let under = Some(AddressPattern::Under(address(name)));
        let query = TransactionQuery { account: under.clone(), ..all() };
        assert_listed_every_way(&*store, &main, &naive, &query).await;
        let query = TransactionQuery {
            source: under,
            destination: Some(AddressPattern::Exactly(address("users:2"))),
            ..all()
        };
        assert_listed_every_way(&*store, &main, &naive, &query).await;
    }
    let query = TransactionQuery { account: Some(AddressPattern::Under(address("users"))), ..all() };
    assert_eq!(numbers(&store.transactions(&main, &query).await.unwrap().items), [5, 4, 2, 1, 0]);
}

/// Alone and with other filters, which it does not override.
pub async fn a_reference_finds_its_transaction(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = orders(&*store, &main).await;
    for name in ["order-1", "order-2", "order-3", "ORDER-1"] {
        let query = TransactionQuery { reference: Some(reference(name)), ..all() };
        assert_listed_every_way(&*store, &main, &naive, &query).await;
        for (from, to) in [(None, Some(100)), (Some(100), None), (Some(101), Some(201))] {
            let time = TimeRange { from: from.map(at), to: to.map(at) };
            assert_listed_every_way(&*store, &main, &naive, &TransactionQuery { time, ..query.clone() })
                .await;
        }
        let source = Some(AddressPattern::Exactly(address("users:1")));
        assert_listed_every_way(&*store, &main, &naive, &TransactionQuery { source, ..query.clone() }).await;
        let after = Some(TransactionPosition::of(&naive.records[2].entry, Clock::Recorded));
        let query = TransactionQuery { after, ..query };
        assert_eq!(store.transactions(&main, &query).await.unwrap().items, naive.transactions(&query));
    }
}

/// Every pair, each with its whole value.
pub async fn metadata_has_to_match_in_full(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = orders(&*store, &main).await;
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    for wanted in [
        vec![pair("kind", "order")],
        vec![pair("kind", "order"), pair("note", "")],
        vec![pair("kind", "refund"), pair("kind", "order")],
        vec![pair("kind", "ord")],
        vec![pair("kin", "order")],
        vec![pair("note", "")],
        vec![pair("' OR 1", "")],
    ] {
        let query = TransactionQuery { metadata: wanted, ..all() };
        assert_listed_every_way(&*store, &main, &naive, &query).await;
        let account = Some(AddressPattern::Exactly(address("users:2")));
        assert_listed_every_way(&*store, &main, &naive, &TransactionQuery { account, ..query }).await;
    }
}

/// On the times of entries, between them, before and behind them all, and the wrong way round.
pub async fn spans_of_time_take_their_start_and_leave_their_end(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = orders(&*store, &main).await;
    let bounds = [None, Some(0), Some(1), Some(90), Some(100), Some(101), Some(200), Some(300), Some(301)];
    for from in bounds {
        for to in bounds {
            let time = TimeRange { from: from.map(at), to: to.map(at) };
            for account in [None, Some(AddressPattern::Exactly(address("users:1")))] {
                for query in every_way(&TransactionQuery { time, account, ..all() }) {
                    let page = store.transactions(&main, &query).await.unwrap();
                    assert_eq!(page.items, naive.transactions(&query), "{query:?}");
                    assert_eq!(page.next, None, "{query:?}");
                }
            }
        }
    }
}

/// Where the last transaction fills its page, the list ends with that page.
pub async fn a_full_list_has_no_empty_last_page(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = orders(&*store, &main).await;
    for account in [None, Some(AddressPattern::Exactly(address("users:1")))] {
        for query in every_way(&TransactionQuery { account, ..all() }) {
            let whole = naive.transactions(&query);
            let query = TransactionQuery { limit: whole.len(), ..query };
            let page = store.transactions(&main, &query).await.unwrap();
            assert_eq!((page.items.len(), page.next), (whole.len(), None), "{query:?}");
            let query = TransactionQuery { limit: whole.len() - 1, ..query };
            let page = store.transactions(&main, &query).await.unwrap();
            let last = TransactionPosition::of(&whole[whole.len() - 2], query.clock);
            assert_eq!(page.next, Some(last), "{query:?}");
        }
    }
}
