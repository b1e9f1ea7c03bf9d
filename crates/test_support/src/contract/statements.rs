//! Statements: an account's lines, newest first.

use engine::port::Store;
use engine::query::{Clock, Order, StatementPosition, StatementQuery, TimeRange};
use ledger::{EntryNumber, LedgerName};

use crate::{Naive, StoreFixture, address, append, assert_pages, asset, at, drain, post, posting, transfer};

/// By either clock, in either order.
const WAYS: [(Clock, Order); 4] = [
    (Clock::Recorded, Order::Descending),
    (Clock::Recorded, Order::Ascending),
    (Clock::Effective, Order::Descending),
    (Clock::Effective, Order::Ascending),
];

fn of(account: &str, clock: Clock) -> StatementQuery {
    StatementQuery {
        account: address(account),
        asset: None,
        time: TimeRange::default(),
        clock,
        order: Order::Descending,
        after: None,
        limit: 1_000,
    }
}

/// Holds the statement that a query asks for to the log, in pages of several sizes.
pub(super) async fn assert_listed(
    store: &dyn Store,
    ledger: &LedgerName,
    naive: &Naive,
    query: &StatementQuery,
) {
    for order in [Order::Descending, Order::Ascending] {
        let query = &StatementQuery { order, ..query.clone() };
        let Some(expected) = naive.statement(query) else {
            assert_eq!(store.statement(ledger, query).await.unwrap(), None, "{query:?}");
            return;
        };
        for limit in [1, 2, 3, 1_000] {
            let listed = drain(limit, query.after, async |after| {
                let query = StatementQuery { after, limit, ..query.clone() };
                store.statement(ledger, &query).await.unwrap().expect("the account has moved")
            })
            .await;
            assert_eq!(listed, expected, "{query:?} in pages of {limit}");
        }
    }
}

/// Transactions with several postings, recorded and effective in different orders, with equal times.
async fn movements(store: &dyn Store, main: &LedgerName) -> Naive {
    let requests = [
        transfer("world", "a", 10).now(100).effective_at(500),
        post([posting("a", "b", "USD/2", 3), posting("b", "a", "USD/2", 1), posting("a", "c", "USD/2", 2)])
            .now(200),
        post([posting("world", "a", "EUR/2", 7), posting("a", "b", "EUR/2", 0)]).now(200).effective_at(50),
        transfer("world", "b", 1).now(250).effective_at(500),
        transfer("a", "world", 1).now(300).effective_at(500),
        transfer("world", "a", 2).now(300).effective_at(-7),
    ];
    Naive { records: append(store, main, &requests).await }
}

/// With the balance after each line.
pub async fn a_statement_lists_the_newest_line_first(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = movements(&*store, &main).await;
    for account in ["a", "b", "c", "world"] {
        assert_listed(&*store, &main, &naive, &of(account, Clock::Recorded)).await;
    }
    let page = store.statement(&main, &of("a", Clock::Recorded)).await.unwrap().unwrap();
    assert_eq!(page.next, None);
    let figures: Vec<_> = page
        .items
        .iter()
        .filter(|line| line.line.asset == asset("USD/2"))
        .map(|line| (line.line.entry.0, line.line.posting, line.line.balance))
        .collect();
    assert_eq!(figures, [(5, 0, 7), (4, 0, 5), (1, 2, 6), (1, 1, 8), (1, 0, 7), (0, 0, 10)]);
}

/// Lines that count at the same time are ordered by entry and posting.
pub async fn a_statement_by_effective_time_sorts_by_it(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = movements(&*store, &main).await;
    for account in ["a", "b", "c", "world"] {
        assert_listed(&*store, &main, &naive, &of(account, Clock::Effective)).await;
    }
    let page = store.statement(&main, &of("a", Clock::Effective)).await.unwrap().unwrap();
    let places: Vec<_> = page.items.iter().map(|line| (line.line.entry.0, line.line.posting)).collect();
    assert_eq!(places, [(4, 0), (0, 0), (1, 2), (1, 1), (1, 0), (2, 1), (2, 0), (5, 0)]);
}

/// By either clock, with bounds on and between the times of entries.
pub async fn an_asset_and_a_span_of_time_narrow_a_statement(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = movements(&*store, &main).await;
    let bounds = [None, Some(-7), Some(99), Some(100), Some(200), Some(201), Some(300), Some(301), Some(500)];
    for clock in [Clock::Recorded, Clock::Effective] {
        for wanted in [None, Some(asset("EUR/2")), Some(asset("GBP/2"))] {
            for from in bounds {
                for to in bounds {
                    let time = TimeRange { from: from.map(at), to: to.map(at) };
                    let query = StatementQuery { asset: wanted.clone(), time, ..of("a", clock) };
                    let expected = naive.statement(&query).unwrap();
                    let page = store.statement(&main, &query).await.unwrap().unwrap();
                    assert_eq!(page.items, expected, "{query:?}");
                    assert_eq!(page.next, None, "{query:?}");
                }
            }
        }
    }
}

/// From every place of the statement on, also one within a transaction.
pub async fn pages_of_a_statement_break_within_a_transaction(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = movements(&*store, &main).await;
    for clock in [Clock::Recorded, Clock::Effective] {
        let lines = naive.statement(&of("a", clock)).unwrap();
        for (n, line) in lines.iter().enumerate() {
            let time = match clock {
                Clock::Recorded => line.recorded_at,
                Clock::Effective => line.effective_at,
            };
            let after = StatementPosition { time, entry: line.line.entry, posting: line.line.posting };
            let query = StatementQuery { after: Some(after), ..of("a", clock) };
            let page = store.statement(&main, &query).await.unwrap().unwrap();
            assert_eq!(page.items, lines[n + 1..], "{query:?}");
        }
        let full = StatementQuery { limit: lines.len(), ..of("a", clock) };
        let page = store.statement(&main, &full).await.unwrap().unwrap();
        assert_eq!(page.next, None, "a full list has no empty last page");
    }
}

/// Entries with many postings of the account, in several assets, between others that do not touch it.
async fn wide_entries(store: &dyn Store, main: &LedgerName) -> Naive {
    let wide = |first: u64| {
        let postings: Vec<_> = (first..first + 40)
            .map(|n| {
                let asset = if n % 13 == 5 { "EUR/2" } else { "USD/2" };
                match n % 4 {
                    0 | 2 => posting("world", "a", asset, 5),
                    1 => posting("a", "b", asset, 2),
                    _ => posting("world", "b", asset, 1),
                }
            })
            .collect();
        // Money is there before it is spent.
        post([vec![posting("world", "a", "EUR/2", 9), posting("world", "a", "USD/2", 9)], postings].concat())
    };
    let requests = [
        transfer("world", "a", 1).now(100),
        wide(0).now(200).effective_at(700),
        wide(3).now(200).effective_at(700),
        transfer("world", "b", 1).now(300).effective_at(700),
        post([posting("world", "a", "EUR/2", 1), posting("world", "b", "EUR/2", 1)]).now(400),
        wide(6).now(400).effective_at(150),
        post([posting("world", "c", "EUR/2", 1)]).now(500),
    ];
    Naive { records: append(store, main, &requests).await }
}

/// Each page ends where it is full, in the middle of an entry or not, and the next one goes on there; also where
/// what is left of the entry is in another asset.
pub async fn pages_end_in_the_middle_of_entries_with_many_postings(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = wide_entries(&*store, &main).await;
    for (clock, order) in WAYS {
        for wanted in [None, Some(asset("USD/2")), Some(asset("EUR/2")), Some(asset("GBP/2"))] {
            for account in ["a", "b", "world"] {
                for (from, to) in [(None, None), (Some(200), Some(400)), (Some(150), Some(201))] {
                    let time = TimeRange { from: from.map(at), to: to.map(at) };
                    let query = StatementQuery { asset: wanted.clone(), time, order, ..of(account, clock) };
                    let expected = naive.statement(&query).unwrap();
                    for limit in [1, 2, 7, 50] {
                        let pages = assert_pages(&expected, None, limit, usize::MAX, &query, async |after| {
                            let query = StatementQuery { after, limit, ..query.clone() };
                            store.statement(&main, &query).await.unwrap().unwrap()
                        })
                        .await;
                        if wanted.is_none() {
                            assert_eq!(pages, expected.len().div_ceil(limit).max(1), "{query:?} by {limit}");
                        }
                    }
                }
            }
        }
    }
}

/// From every line on, one or two more.
pub async fn a_statement_goes_on_from_every_line_of_entries_with_many_postings(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = wide_entries(&*store, &main).await;
    for (clock, order) in WAYS {
        let whole = naive.statement(&StatementQuery { order, ..of("a", clock) }).unwrap();
        for line in &whole {
            let time = match clock {
                Clock::Recorded => line.recorded_at,
                Clock::Effective => line.effective_at,
            };
            let after = StatementPosition { time, entry: line.line.entry, posting: line.line.posting };
            // Of an asset, the position may be that of a line in another one.
            for wanted in [None, Some(asset("EUR/2"))] {
                for limit in [1, 2] {
                    let query = StatementQuery {
                        asset: wanted.clone(),
                        after: Some(after),
                        limit,
                        order,
                        ..of("a", clock)
                    };
                    let expected = naive.statement(&query).unwrap();
                    let page = store.statement(&main, &query).await.unwrap().unwrap();
                    assert_eq!(page.items, expected[..limit.min(expected.len())], "{query:?}");
                    assert!(page.next.is_some() || expected.len() <= limit, "{query:?}");
                }
            }
        }
    }
}

/// Neither has an account that is only the beginning of others.
pub async fn an_account_that_never_moved_has_no_statement(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    append(&*store, &main, &[transfer("world", "users:1", 1)]).await;
    for account in ["users", "users:1:a", "USERS:1"] {
        for clock in [Clock::Recorded, Clock::Effective] {
            assert_eq!(store.statement(&main, &of(account, clock)).await.unwrap(), None, "{account}");
        }
    }
    // Behind its last line a statement is empty, not absent.
    let after = StatementPosition { time: at(0), entry: EntryNumber(0), posting: 0 };
    let query = StatementQuery { after: Some(after), ..of("users:1", Clock::Recorded) };
    let page = store.statement(&main, &query).await.unwrap().unwrap();
    assert!(page.items.is_empty() && page.next.is_none());
}
