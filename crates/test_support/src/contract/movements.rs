//! Histories of accounts, read by which entries moved their balances. Stores may keep that in lists that end
//! anywhere, so pages begin and end everywhere in them, at both ends and by both clocks.

use engine::port::Store;
use engine::query::{
    AddressPattern, Clock, Order, StatementPosition, StatementQuery, TimeRange, TransactionPosition,
    TransactionQuery,
};
use ledger::{EntryNumber, LedgerName};
use proptest::prelude::*;
use proptest::sample::select;

use crate::{
    Naive, Request, Seed, StoreFixture, address, append, assert_pages, asset, at, post, posting,
    read_movements,
};

/// How many entries the history of [`fund`] has, with no more lines than a page may look at; and how many random questions
/// are asked about it.
const ENTRIES: i64 = 480;
const QUESTIONS: usize = 100;
/// When it begins; four entries have the same time.
const START: i64 = 1_000_000;
/// From hundreds of movements down to one, early or late, and to none.
const ASSETS: &[&str] = &["USD/2", "EUR/2", "BTC/8", "GBP/2", "JPY", "CHF/2"];
const LIMITS: &[usize] = &[1, 2, 7, 50, 300, 900];

/// An account that most entries move in `USD/2`, every third in `EUR/2`, mostly together with it, and few in others;
/// some of them twice and both ways. Most of the log is written in small batches, so that no list has to be long.
async fn fund(store: &dyn Store, main: &LedgerName) -> Naive {
    let mut requests = (0..ENTRIES).map(|n| {
        let mut postings = Vec::new();
        if n % 6 != 5 {
            postings.push(posting("world", "fund", "USD/2", 3));
        }
        if n % 3 == 0 {
            postings.push(posting("world", "fund", "EUR/2", 2));
        }
        if n % 4 == 1 {
            postings.push(posting("world", "fund", "USD/2", 1));
            postings.push(posting("fund", "side", "USD/2", 2));
        }
        if n % 250 == 30 {
            postings.push(posting("world", "fund", "BTC/8", 1));
            postings.push(posting("fund", "side", "BTC/8", 1));
        }
        if n == 7 || n == ENTRIES - 2 {
            postings.push(posting("world", "fund", if n == 7 { "GBP/2" } else { "JPY" }, 1));
        }
        if postings.is_empty() {
            postings.push(posting("world", "side", "USD/2", 1));
        }
        let request = post(postings).now(START + n / 4);
        if n % 5 == 2 { request.effective_at(START + n * 769 % ENTRIES / 4) } else { request }
    });
    let mut naive = Naive::default();
    let mut small = [1, 2, 4, 1, 3, 2, 8, 1].into_iter().cycle();
    loop {
        let size = if (150..350).contains(&naive.next().0) { Some(100) } else { small.next() };
        let batch: Vec<Request> = requests.by_ref().take(size.unwrap_or(1)).collect();
        if batch.is_empty() {
            return naive;
        }
        naive.records.extend(append(store, main, &batch).await);
    }
}

fn statement_of(account: &str, clock: Clock) -> StatementQuery {
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

/// Reads pages of a statement from somewhere in it on, and holds each of them to the log. Returns how
/// many pages were read.
async fn assert_statement(
    store: &dyn Store,
    main: &LedgerName,
    naive: &Naive,
    query: &StatementQuery,
    place: f64,
    pages: usize,
) -> usize {
    let whole = naive.statement(query).unwrap();
    let behind = behind(whole.len(), place);
    let after = behind.checked_sub(1).map(|last| &whole[last]).map(|line| StatementPosition {
        time: match query.clock {
            Clock::Recorded => line.recorded_at,
            Clock::Effective => line.effective_at,
        },
        entry: line.line.entry,
        posting: line.line.posting,
    });
    assert_pages(&whole[behind..], after, query.limit, pages, query, async |after| {
        store.statement(main, &StatementQuery { after, ..query.clone() }).await.unwrap().unwrap()
    })
    .await
}

/// Reads pages of transactions from somewhere in their list on, and holds each of them to the log. Returns how
/// many pages were read.
async fn assert_transactions(
    store: &dyn Store,
    main: &LedgerName,
    naive: &Naive,
    query: &TransactionQuery,
    place: f64,
    pages: usize,
) -> usize {
    let whole = naive.transactions(query);
    let behind = behind(whole.len(), place);
    let after = behind.checked_sub(1).map(|last| TransactionPosition::of(&whole[last], query.clock));
    assert_pages(&whole[behind..], after, query.limit, pages, query, async |after| {
        store.transactions(main, &TransactionQuery { after, ..query.clone() }).await.unwrap()
    })
    .await
}

/// Returns how much of a list lies behind a place between 0, its beginning, and 1, its end.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn behind(length: usize, place: f64) -> usize {
    (length as f64 * place).round() as usize
}

/// Makes what questions about the fund differ in: asset, time, clock, page, and from where in the list on.
fn any_part() -> impl Strategy<Value = (Option<&'static str>, TimeRange, Clock, usize, f64)> {
    let bound = || prop::option::weighted(0.4, (START - 2..START + ENTRIES / 4 + 2).prop_map(at));
    (
        prop::option::weighted(0.7, select(ASSETS)),
        (bound(), bound()).prop_map(|(from, to)| TimeRange { from, to }),
        select(&[Clock::Recorded, Clock::Effective][..]),
        select(LIMITS),
        prop_oneof![1 => Just(0.0), 3 => 0.0..1.0, 1 => Just(1.0)],
    )
}

/// From anywhere on, in pages of any size, of any asset and time.
pub async fn any_part_of_a_statement_is_read_from_any_place_on(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = fund(&*store, &main).await;
    let mut seed = Seed::draw();
    for _ in 0..QUESTIONS {
        let (wanted, time, clock, limit, place) = seed.pick(&any_part());
        let wanted = wanted.map(asset);
        let query = StatementQuery { asset: wanted, time, limit, ..statement_of("fund", clock) };
        assert_statement(&*store, &main, &naive, &query, place, 3).await;
    }
}

/// In both orders, whether the account has to be on one side or on any.
pub async fn any_part_of_an_accounts_transactions_is_read_from_any_place_on(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = fund(&*store, &main).await;
    let mut seed = Seed::draw();
    let sides = (
        prop::option::weighted(0.8, Just("fund")),
        prop::option::weighted(0.2, select(&["fund", "world", "nobody"][..])),
        prop::option::weighted(0.2, select(&["fund", "side"][..])),
        select(&[Order::Ascending, Order::Descending][..]),
    );
    let exactly = |name: &str| AddressPattern::Exactly(address(name));
    for _ in 0..QUESTIONS {
        let (account, source, destination, order) = seed.pick(&sides);
        let (wanted, time, clock, limit, place) = seed.pick(&any_part());
        let query = TransactionQuery {
            account: account.map(exactly),
            source: source.map(exactly),
            destination: destination.map(exactly),
            asset: wanted.map(asset),
            time,
            clock,
            order,
            limit,
            ..TransactionQuery::default()
        };
        assert_transactions(&*store, &main, &naive, &query, place, 3).await;
    }
}

/// From one end to the other: nothing twice, though an entry moved two assets, and nothing left out, though one
/// asset moved rarely and another one always. Nor is there an empty page behind the last one.
pub async fn a_history_in_several_assets_is_read_whole(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = fund(&*store, &main).await;
    for (wanted, limit) in [
        (None, 50),
        (None, 300),
        (Some("USD/2"), 300),
        (Some("EUR/2"), 50),
        (Some("BTC/8"), 1),
        (Some("JPY"), 2),
    ] {
        let wanted = wanted.map(asset);
        let hold = |pages: usize, items: usize| {
            assert!(wanted.is_some() || pages == items.div_ceil(limit), "{pages} pages of {items} items");
        };
        for clock in [Clock::Recorded, Clock::Effective] {
            let query = StatementQuery { asset: wanted.clone(), limit, ..statement_of("fund", clock) };
            let pages = assert_statement(&*store, &main, &naive, &query, 0.0, usize::MAX).await;
            hold(pages, naive.statement(&query).unwrap().len());
            for order in [Order::Ascending, Order::Descending] {
                let account = Some(AddressPattern::Exactly(address("fund")));
                let wanted = wanted.clone();
                let query =
                    TransactionQuery { account, asset: wanted, clock, order, limit, ..Default::default() };
                let pages = assert_transactions(&*store, &main, &naive, &query, 0.0, usize::MAX).await;
                hold(pages, naive.transactions(&query).len());
            }
        }
    }
    let mut snapshot = store.snapshot(&main).await.unwrap();
    for limit in [1, 10, 1_000] {
        assert_eq!(read_movements(&mut *snapshot, limit).await.unwrap(), naive.movements());
    }
}

/// Accounts that are moved together, one entry at a time and in two assets. Each is read in pages so long that lists of
/// average length are hardly enough for one: with many accounts, some of them are too short.
pub async fn pages_are_full_however_short_the_lists_happen_to_be(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let accounts: Vec<String> = (0..12).map(|n| format!("users:{n}")).collect();
    let all_in = |name| accounts.iter().map(move |account| posting("world", account, name, 1));
    let mut naive = Naive::default();
    for n in 0..400 {
        let dollars = all_in("USD/2");
        let euros = all_in("EUR/2").filter(|_| n % 3 != 0);
        let request = post(dollars.chain(euros).collect::<Vec<_>>());
        naive.records.extend(append(&*store, &main, &[request]).await);
    }
    for account in &accounts {
        for (wanted, limit) in [(None, 100), (None, 140), (Some("USD/2"), 130), (Some("EUR/2"), 60)] {
            let wanted = wanted.map(asset);
            for order in [Order::Ascending, Order::Descending] {
                let (account, wanted) = (Some(AddressPattern::Exactly(address(account))), wanted.clone());
                let query = TransactionQuery { account, asset: wanted, order, limit, ..Default::default() };
                assert_transactions(&*store, &main, &naive, &query, 0.0, 2).await;
            }
            let query = StatementQuery { asset: wanted, limit, ..statement_of(account, Clock::Recorded) };
            assert_statement(&*store, &main, &naive, &query, 0.0, 2).await;
        }
    }
}

/// A hot account: hundreds of entries move it at once, and then one by one.
pub async fn an_account_that_every_entry_of_large_batches_moves_is_read_from_both_ends(
    fixture: &dyn StoreFixture,
) {
    let (store, main) = fixture.with_main().await;
    let mut naive = Naive::default();
    for size in [90, 1, 1, 210, 60, 1, 120, 1, 1, 1] {
        let entry = |n: u64| {
            let own = format!("users:{}", n % 13);
            let dollars = posting("world", "hot", "USD/2", 2);
            post([dollars, posting("hot", &own, if n.is_multiple_of(9) { "EUR/2" } else { "USD/2" }, 0)])
        };
        let next = naive.next().0;
        let batch: Vec<Request> = (next..next + size).map(entry).collect();
        naive.records.extend(append(&*store, &main, &batch).await);
    }
    let account = Some(AddressPattern::Exactly(address("hot")));
    for limit in [1, 2, 7, 50, 500] {
        for wanted in [None, Some(asset("USD/2")), Some(asset("EUR/2"))] {
            for clock in [Clock::Recorded, Clock::Effective] {
                for order in [Order::Ascending, Order::Descending] {
                    let (account, wanted) = (account.clone(), wanted.clone());
                    let query = TransactionQuery {
                        account,
                        asset: wanted,
                        clock,
                        order,
                        limit,
                        ..Default::default()
                    };
                    assert_transactions(&*store, &main, &naive, &query, 0.0, 2).await;
                }
                let query = StatementQuery { asset: wanted.clone(), limit, ..statement_of("hot", clock) };
                assert_statement(&*store, &main, &naive, &query, 0.0, 2).await;
                // Up to the oldest line.
                assert_statement(&*store, &main, &naive, &query, 0.99, 3).await;
            }
        }
    }
    assert_eq!(naive.next(), EntryNumber(486));
    let mut snapshot = store.snapshot(&main).await.unwrap();
    assert_eq!(read_movements(&mut *snapshot, 7).await.unwrap(), naive.movements());
}
