//! What moved a balance, as it stands in the file: lists that end now and then, and are read across their ends.

use std::collections::BTreeMap;

use engine::port::Store;
use engine::query::{
    AddressPattern, Clock, Order, SORTED_MAX, StatementQuery, TimeRange, TransactionQuery, scan_max,
};
use ledger::{BalanceKey, EntryNumber};
use sqlx::Row;
use test_support::{Naive, StoreFixture, address, append, asset, drain, post, posting};

use crate::Place;

/// Writes a history in batches of 1 to 5 entries. `a` moves in two assets, in one of them now and then.
async fn history(store: &dyn Store, main: &ledger::LedgerName) -> Naive {
    let mut naive = Naive::default();
    for batch in 0..100_i64 {
        let mut requests = Vec::new();
        for n in 0..=batch % 5 {
            let mut postings = vec![posting("world", "a", "USD/2", 1)];
            if (batch + n) % 7 == 0 {
                postings.push(posting("world", "a", "EUR/2", 1));
            }
            if n % 2 == 1 {
                postings.push(posting("a", &format!("b:{n}"), "USD/2", 1));
            }
            let micros = 1_000_000 + batch * 10;
            requests.push(post(postings).now(micros).effective_at(micros * 7_919 % 1_000_003));
        }
        naive.records.extend(append(store, main, &requests).await);
    }
    naive
}

/// Reads the tables, and holds each list to what the schema says of it.
async fn stored(place: &Place) -> (BTreeMap<BalanceKey, Vec<EntryNumber>>, usize) {
    let rows = sqlx::query(
        "SELECT address, asset, last, numbers FROM earlier_movements
        UNION ALL SELECT address, asset, NULL, recent_movements FROM balances WHERE ledger > 0
        ORDER BY address, asset, last NULLS LAST",
    )
    .fetch_all(&mut place.stranger().await)
    .await
    .unwrap();
    let mut movements: BTreeMap<BalanceKey, Vec<EntryNumber>> = BTreeMap::new();
    let mut ended = 0;
    for row in rows {
        let (account, asset_name): (String, String) = (row.get("address"), row.get("asset"));
        let (last, text): (Option<i64>, String) = (row.get("last"), row.get("numbers"));
        assert!(text.is_empty() || text.ends_with(' '), "{text:?}");
        let numbers: Vec<u64> = text.split_terminator(' ').map(|number| number.parse().unwrap()).collect();
        if let Some(last) = last {
            assert_eq!(numbers.last().copied(), u64::try_from(last).ok(), "{text:?}");
            ended += 1;
        }
        let key = BalanceKey { account: address(&account), asset: asset(&asset_name) };
        movements.entry(key).or_default().extend(numbers.into_iter().map(EntryNumber));
    }
    (movements, ended)
}

#[tokio::test]
async fn every_movement_stands_in_one_list() {
    let place = Place::new();
    let (store, main) = place.with_main().await;
    let naive = history(&*store, &main).await;
    let (movements, ended) = stored(&place).await;
    assert_eq!(movements, naive.movements());
    let all: usize = movements.values().map(Vec::len).sum();
    assert!(ended > 10 && all / ended > 3, "{ended} lists of {all} movements have ended");
}

#[tokio::test]
async fn a_first_batch_may_end_a_list_of_a_balance_that_is_new() {
    let place = Place::new();
    let (store, main) = place.with_main().await;
    let naive = Naive { records: append(&*store, &main, &many()).await };
    let (movements, ended) = stored(&place).await;
    assert_eq!(movements, naive.movements());
    // The one of `world`, on all of them, and those of some accounts that moved once.
    assert!(ended > 5, "{ended} lists have ended");
    for name in (0..200).map(|n| format!("a:{n}")) {
        let query = of_account(&name, Clock::Recorded, Order::Ascending);
        assert_eq!(store.transactions(&main, &query).await.unwrap().items, naive.transactions(&query));
    }
}

fn many() -> Vec<test_support::Request> {
    (0..200).map(|n| test_support::transfer("world", &format!("a:{n}"), 1)).collect()
}

fn of_account(name: &str, clock: Clock, order: Order) -> TransactionQuery {
    let account = Some(AddressPattern::Exactly(address(name)));
    TransactionQuery { account, clock, order, limit: 10, ..TransactionQuery::default() }
}

#[tokio::test]
async fn short_pages_lead_across_the_ends_of_lists() {
    let place = Place::new();
    let (store, main) = place.with_main().await;
    let naive = history(&*store, &main).await;
    for clock in [Clock::Recorded, Clock::Effective] {
        for wanted in [None, Some(asset("USD/2")), Some(asset("EUR/2"))] {
            for limit in [1, 2, 7, 100] {
                for order in [Order::Ascending, Order::Descending] {
                    let query = of_account("a", clock, order);
                    let query = TransactionQuery { asset: wanted.clone(), limit, ..query };
                    let listed = drain(limit, None, async |after| {
                        let query = TransactionQuery { after, ..query.clone() };
                        store.transactions(&main, &query).await.unwrap()
                    })
                    .await;
                    assert!(listed == naive.transactions(&query), "{query:?}");
                }
                let (account, time) = (address("a"), TimeRange::default());
                let query = StatementQuery {
                    account,
                    asset: wanted.clone(),
                    time,
                    clock,
                    order: Order::Descending,
                    after: None,
                    limit,
                };
                let mut pages = 0;
                let listed = drain(limit, None, async |after| {
                    pages += 1;
                    let query = StatementQuery { after, ..query.clone() };
                    store.statement(&main, &query).await.unwrap().unwrap()
                })
                .await;
                assert!(listed == naive.statement(&query).unwrap(), "{query:?}");
                // Where nothing is filtered, no empty page comes last.
                let full = listed.len().div_ceil(limit);
                assert!(pages == full || wanted.is_some() && pages == full + 1, "{pages} {query:?}");
            }
        }
    }
}

/// An account with too many entries to sort, all of them effective long before two pages' worth of others: each page
/// begins again with the entry that the last one ended in.
#[tokio::test]
async fn pages_that_find_nothing_by_effective_time_lead_on() {
    let place = Place::new();
    let (store, main) = place.with_main().await;
    let limit = 1_000;
    let (early, late) = (SORTED_MAX + 3, 2 * scan_max(limit) + 3);
    let requests: Vec<_> = (0..early + late)
        .map(|n| {
            let (name, micros) = if n < early { ("a", 1_000) } else { ("b", 2_000) };
            test_support::transfer("world", name, 1).now(10_000).effective_at(micros)
        })
        .collect();
    let mut naive = Naive::default();
    for batch in requests.chunks(1_000) {
        naive.records.extend(append(&*store, &main, batch).await);
    }
    let (account, time) = (address("a"), TimeRange::default());
    let query = StatementQuery {
        account,
        asset: None,
        time,
        clock: Clock::Effective,
        order: Order::Descending,
        after: None,
        limit,
    };
    let mut empty = 0;
    let listed = drain(query.limit, None, async |after| {
        let page = store.statement(&main, &StatementQuery { after, ..query.clone() }).await.unwrap().unwrap();
        empty += usize::from(page.items.is_empty());
        page
    })
    .await;
    assert_eq!(listed.len(), early);
    assert!(listed == naive.statement(&query).unwrap());
    assert_eq!(empty, 2);
}
