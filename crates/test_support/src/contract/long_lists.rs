//! Lists longer than what one page may look at.

use engine::port::Store;
use engine::query::{
    AccountQuery, AddressPattern, AmountRange, Clock, Order, PAGE_WEIGHT_MAX, SCAN_MAX, SORTED_MAX,
    StatementQuery, TimeRange, TransactionQuery, weight,
};
use ledger::{Amount, EntryNumber, LedgerName};

use crate::{Naive, StoreFixture, address, append, asset, drain, post, posting};

/// So many entries and up to 500 more, some of them effective long before they are recorded. Each
/// touches `world` and `hot` and an account of its own; few of them are marked.
async fn long_log(store: &dyn Store, main: &LedgerName, entries: usize) -> Naive {
    let mut naive = Naive::default();
    let mut n = 0;
    while n < entries {
        let mut requests = Vec::new();
        for _ in 0..500 {
            let micros = i64::try_from(n).unwrap();
            let own = format!("cold:{n}");
            let mut request = post([posting("world", "hot", "USD/2", 2), posting("hot", &own, "USD/2", 1)])
                .now(10_000 + micros);
            if n % 7 == 0 {
                request = request.effective_at(20_000 - micros);
            }
            if n % 500 == 10 {
                request = request.metadata(&[("marked", "yes")]);
            }
            requests.push(request);
            n += 1;
        }
        naive.records.extend(append(store, main, &requests).await);
    }
    let last = post([posting("world", "z:last", "EUR/2", 1), posting("world", "hot", "EUR/2", 1)]);
    naive.records.extend(append(store, main, &[last]).await);
    naive
}

/// A filter that hardly anything passes gives short pages that lead on, unless an index leads to what passes it.
pub async fn a_page_looks_at_a_bounded_number_of_entries(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = long_log(&*store, &main, SCAN_MAX + 200).await;
    let all = TransactionQuery { limit: 50, ..TransactionQuery::default() };
    let marked = TransactionQuery { metadata: vec![("marked".into(), "yes".into())], ..all.clone() };
    let none = AmountRange { at_least: None, at_most: Some(Amount::ZERO) };
    let nothing = TransactionQuery { amount: none, ..all };
    let exactly = |name: &str| Some(AddressPattern::Exactly(address(name)));
    for clock in [Clock::Recorded, Clock::Effective] {
        for order in [Order::Ascending, Order::Descending] {
            for account in
                [None, exactly("hot"), Some(AddressPattern::Under(address("cold"))), exactly("cold:10")]
            {
                for (filtered, leads) in [(&marked, true), (&nothing, false)] {
                    let query =
                        TransactionQuery { clock, order, account: account.clone(), ..filtered.clone() };
                    let mut pages = 0;
                    let listed = drain(query.limit, None, async |after| {
                        pages += 1;
                        let query = TransactionQuery { after, ..query.clone() };
                        store.transactions(&main, &query).await.unwrap()
                    })
                    .await;
                    assert_eq!(listed, naive.transactions(&query), "{query:?}");
                    let few = leads || query.account == exactly("cold:10");
                    let several = naive.records.len().div_ceil(SCAN_MAX);
                    assert_eq!(pages, if few { 1 } else { several }, "{query:?}");
                }
            }
        }
    }
}

/// Each of the two is on more than a page may look at, and few have both.
pub async fn transactions_that_have_two_pairs_are_found_among_many_that_have_one(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let mut naive = Naive::default();
    let requests: Vec<_> = (0..3 * SCAN_MAX)
        .map(|n| {
            let both = [("side", "left"), ("turn", "yes")];
            let own = if n % 130 == 7 { &both[..] } else { &both[n % 2..][..1] };
            post([posting("world", "hot", "USD/2", 1)]).metadata(own)
        })
        .collect();
    for part in requests.chunks(500) {
        naive.records.extend(append(&*store, &main, part).await);
    }
    let both = vec![("side".into(), "left".into()), ("turn".into(), "yes".into())];
    for account in [None, Some(AddressPattern::Exactly(address("hot")))] {
        for order in [Order::Ascending, Order::Descending] {
            for limit in [1, 5, 50, 1_000] {
                let account = account.clone();
                let query =
                    TransactionQuery { metadata: both.clone(), account, order, limit, ..Default::default() };
                let listed = drain(query.limit, None, async |after| {
                    store.transactions(&main, &TransactionQuery { after, ..query.clone() }).await.unwrap()
                })
                .await;
                assert_eq!(listed, naive.transactions(&query), "{query:?}");
            }
        }
    }
}

/// Beyond what may be sorted for a page, and for an account with few lines in a long log.
pub async fn a_statement_of_many_lines_is_listed_by_either_clock(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = long_log(&*store, &main, SORTED_MAX + 200).await;
    for account in ["hot", "cold:14"] {
        for clock in [Clock::Recorded, Clock::Effective] {
            for (wanted, order) in [
                (None, Order::Descending),
                (Some(asset("EUR/2")), Order::Descending),
                (None, Order::Ascending),
                (Some(asset("EUR/2")), Order::Ascending),
            ] {
                let query = StatementQuery {
                    account: address(account),
                    asset: wanted,
                    time: TimeRange::default(),
                    clock,
                    order,
                    after: None,
                    limit: 999,
                };
                let listed = drain(query.limit, None, async |after| {
                    let query = StatementQuery { after, ..query.clone() };
                    store.statement(&main, &query).await.unwrap().unwrap()
                })
                .await;
                assert!(listed == naive.statement(&query).unwrap(), "{query:?}");
            }
        }
    }
}

/// An account with more entries in one asset than may be sorted for a page, and as many later ones in another.
pub async fn what_moved_another_asset_is_passed_by_however_much_it_is(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let mut naive = Naive::default();
    for name in ["USD/2", "EUR/2"] {
        for _ in 0..=SORTED_MAX / 500 {
            let requests = vec![post([posting("world", "hot", name, 1)]); 500];
            naive.records.extend(append(&*store, &main, &requests).await);
        }
    }
    for clock in [Clock::Recorded, Clock::Effective] {
        for name in ["USD/2", "EUR/2"] {
            let (account, wanted, time) = (address("hot"), Some(asset(name)), TimeRange::default());
            let query = StatementQuery {
                account,
                asset: wanted,
                time,
                clock,
                order: Order::Descending,
                after: None,
                limit: 999,
            };
            let listed = drain(query.limit, None, async |after| {
                let query = StatementQuery { after, ..query.clone() };
                store.statement(&main, &query).await.unwrap().unwrap()
            })
            .await;
            assert!(listed == naive.statement(&query).unwrap(), "{query:?}");
            let account = Some(AddressPattern::Exactly(address("hot")));
            for order in [Order::Ascending, Order::Descending] {
                let (account, asset) = (account.clone(), Some(asset(name)));
                let query =
                    TransactionQuery { account, asset, clock, order, limit: 999, ..Default::default() };
                let listed = drain(query.limit, None, async |after| {
                    let query = TransactionQuery { after, ..query.clone() };
                    store.transactions(&main, &query).await.unwrap()
                })
                .await;
                assert!(listed == naive.transactions(&query), "{query:?}");
            }
        }
    }
}

/// In one page, however many others lie between them.
pub async fn accounts_that_moved_an_asset_are_found_past_all_others(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = long_log(&*store, &main, SCAN_MAX + 200).await;
    let query = AccountQuery { asset: Some(asset("EUR/2")), limit: 10, ..AccountQuery::default() };
    let mut pages = 0;
    let listed = drain(query.limit, None, async |after| {
        pages += 1;
        store.accounts(&main, &AccountQuery { after, ..query.clone() }).await.unwrap()
    })
    .await;
    assert_eq!(listed, naive.accounts(&query));
    assert_eq!((listed.len(), pages), (3, 1));
}

/// A page is bounded in bytes, too: it ends once its entries are large together, and the list goes on.
pub async fn a_page_of_large_entries_ends_early_and_leads_on(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let mut naive = Naive::default();
    for _ in 0..3 {
        let wide: Vec<_> = (0..1_000).map(|n| posting("world", &format!("users:{n}"), "USD/2", 1)).collect();
        naive.records.extend(append(&*store, &main, &vec![post(wide); 10]).await);
    }
    let large = weight(&naive.records[0].entry);
    assert!(large * 15 > PAGE_WEIGHT_MAX, "{large} bytes are not large");

    let first = store.log(&main, EntryNumber(0), 1_000).await.unwrap();
    assert_eq!(first.len(), PAGE_WEIGHT_MAX.div_ceil(large));
    let rest = store.log(&main, EntryNumber(first.len() as u64), 1_000).await.unwrap();
    assert_eq!(rest[..], naive.records[first.len()..][..rest.len()]);

    let query = TransactionQuery { limit: 1_000, order: Order::Ascending, ..TransactionQuery::default() };
    let mut longest = 0;
    let listed = drain(query.limit, None, async |after| {
        let page = store.transactions(&main, &TransactionQuery { after, ..query.clone() }).await.unwrap();
        longest = longest.max(page.items.len());
        page
    })
    .await;
    assert_eq!(longest, first.len());
    assert_eq!(listed, naive.transactions(&query));

    // A statement shows a line of each, but all of each is read.
    for clock in [Clock::Recorded, Clock::Effective] {
        let account = address("users:7");
        let time = TimeRange::default();
        let query = StatementQuery {
            account,
            asset: None,
            time,
            clock,
            order: Order::Descending,
            after: None,
            limit: 1_000,
        };
        let listed = drain(query.limit, None, async |after| {
            store.statement(&main, &StatementQuery { after, ..query.clone() }).await.unwrap().unwrap()
        })
        .await;
        assert_eq!(listed, naive.statement(&query).unwrap(), "{query:?}");
    }
}
