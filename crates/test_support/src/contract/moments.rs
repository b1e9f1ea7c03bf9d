//! Accounts, lists and sums as they were at a moment, by either clock.

use engine::port::{LogRecord, ReadError, Store};
use engine::query::{Account, AccountQuery, AsOf, BalanceGroup, BalanceQuery, Clock, LOOKS_MAX};
use ledger::{Address, Floors, Frozen, LedgerName, PolicyPatch, Posting, ReleaseCause};

use super::{accounts, balances};
use crate::{
    Naive, Request, StoreFixture, address, append, asset, at, capture, change, drain, head_before, hold,
    post, posting, release, transfer,
};

const CLOCKS: [Clock; 2] = [Clock::Recorded, Clock::Effective];

/// The first moment of the histories below; they are over before the thousandth after it.
const START: i64 = 1_000_000;

fn recorded(micros: i64) -> AsOf {
    AsOf { time: at(START + micros), clock: Clock::Recorded }
}

fn effective(micros: i64) -> AsOf {
    AsOf { time: at(START + micros), clock: Clock::Effective }
}

fn groups(as_of: AsOf, depth: usize) -> BalanceQuery {
    BalanceQuery { prefix: None, depth, as_of: Some(as_of), after: None, limit: 1_000 }
}

/// Holds everything that can be asked as of a moment to the log.
async fn assert_as_of(store: &dyn Store, main: &LedgerName, naive: &Naive, as_of: AsOf) {
    let all = AccountQuery { limit: usize::MAX, ..AccountQuery::default() };
    let ever: Vec<Address> = naive.accounts(&all).into_iter().map(|account| account.address).collect();
    for account in ever.iter().chain([&address("nobody")]) {
        let found = store.account_as_of(main, account, as_of).await.unwrap();
        assert_eq!(found, naive.account_as_of(account, as_of), "{account} {as_of:?}");
    }
    let query = AccountQuery { as_of: Some(as_of), ..AccountQuery::default() };
    accounts::assert_listed(store, main, naive, &query).await;
    let of_asset = AccountQuery { asset: Some(asset("EUR/2")), ..query.clone() };
    accounts::assert_listed(store, main, naive, &of_asset).await;
    let gold = AccountQuery { metadata: vec![("tier".into(), "gold".into())], ..query };
    accounts::assert_listed(store, main, naive, &gold).await;
    for depth in [1, 2] {
        balances::assert_listed(store, main, naive, &groups(as_of, depth)).await;
    }
}

/// What the account has in `USD/2`; `None` where it is not there.
async fn posted(store: &dyn Store, main: &LedgerName, account: &str, as_of: AsOf) -> Option<i128> {
    let account = store.account_as_of(main, &address(account), as_of).await.unwrap()?;
    let own = account.balances.iter().find(|(its, _)| *its == asset("USD/2"));
    Some(own.map_or(0, |(_, balance)| balance.posted()))
}

/// Entries that count when they were recorded, long before, and long after; some of them at the same moment; accounts
/// that move by nothing, that are only changed, and that have several assets.
fn history() -> Vec<Request> {
    let closed = |closed| PolicyPatch { closed: Some(closed), ..PolicyPatch::default() };
    let now = |request: Request, micros: i64| request.now(START + micros);
    vec![
        now(transfer("world", "users:1", 100), 10),
        now(transfer("world", "users:1", 7).effective_at(START + 500), 20),
        now(change("users:1").keeping(&[("tier", Some("gold"))]), 30),
        now(transfer("users:1", "users:2", 5).effective_at(START + 15), 40),
        now(post([posting("world", "users:1", "EUR/2", 3), posting("world", "bank", "BTC/8", 0)]), 40),
        now(change("quiet").policy(closed(true)), 50),
        now(transfer("world", "later", 9).effective_at(START + 400), 60),
        now(transfer("world", "nothing", 0).effective_at(START + 5), 70),
        now(transfer("world", "users:2", 1).effective_at(START + 300), 80),
        now(change("users:1").keeping(&[("tier", None)]).policy(closed(true)), 90),
        now(change("users:1").policy(closed(false)), 100),
        now(transfer("users:1", "users:2", 20).effective_at(START + 40), 110),
        now(transfer("world", "later", 2), 120),
        now(change("later").keeping(&[("tier", Some("gold"))]), 120),
        now(transfer("users:2", "bank", 6).effective_at(START + 120), 200),
    ]
}

/// Whatever the moment, be it before the first entry or after the last.
pub async fn everything_is_shown_as_it_was_at_any_moment(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    for as_of in [recorded(0), effective(0)] {
        assert_as_of(&*store, &main, &Naive::default(), as_of).await;
    }
    let naive = Naive { records: append(&*store, &main, &history()).await };
    for micros in (0..130).step_by(10).chain([39, 41, 200, 299, 300, 399, 400, 499, 500, 900]) {
        for as_of in [recorded(micros), effective(micros)] {
            assert_as_of(&*store, &main, &naive, as_of).await;
        }
    }
    for clock in CLOCKS {
        for time in [ledger::Timestamp::MIN, ledger::Timestamp::MAX] {
            assert_as_of(&*store, &main, &naive, AsOf { time, clock }).await;
        }
    }
}

/// Both ends of a microsecond: what was recorded at the moment, or counts from it on, is in the answer.
pub async fn the_moment_itself_is_part_of_an_answer(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    append(&*store, &main, &history()).await;
    for (as_of, expected) in [
        (recorded(9), None),
        (recorded(10), Some(100)),
        (recorded(19), Some(100)),
        (recorded(20), Some(107)),
        (recorded(110), Some(82)),
        (effective(9), None),
        (effective(10), Some(100)),
        (effective(14), Some(100)),
        (effective(15), Some(95)),
        (effective(39), Some(95)),
        (effective(40), Some(75)),
        (effective(499), Some(75)),
        (effective(500), Some(82)),
    ] {
        assert_eq!(posted(&*store, &main, "users:1", as_of).await, expected, "{as_of:?}");
    }
}

/// Also where all that moved it counts later, or moved nothing.
pub async fn an_account_is_there_from_when_it_had_moved_or_was_changed(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    append(&*store, &main, &history()).await;
    for (account, as_of, is_there) in [
        ("later", recorded(59), false),
        ("later", recorded(60), true),
        ("later", effective(60), false),
        ("later", effective(119), false),
        ("later", effective(120), true),
        ("nothing", recorded(69), false),
        ("nothing", recorded(70), true),
        ("nothing", effective(4), false),
        ("nothing", effective(5), true),
        ("quiet", recorded(49), false),
        ("quiet", recorded(50), true),
        ("quiet", effective(49), false),
        ("quiet", effective(50), true),
        ("nobody", effective(900), false),
    ] {
        let found = store.account_as_of(&main, &address(account), as_of).await.unwrap();
        assert_eq!(found.is_some(), is_there, "{account} {as_of:?}");
    }
}

/// By either clock: a change has one time only.
pub async fn policy_and_metadata_are_those_of_the_moment(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    append(&*store, &main, &history()).await;
    for (micros, tier, closed) in [
        (29, None, false),
        (30, Some("gold"), false),
        (89, Some("gold"), false),
        (90, None, true),
        (100, None, false),
    ] {
        for as_of in [recorded(micros), effective(micros)] {
            let account = store.account_as_of(&main, &address("users:1"), as_of).await.unwrap().unwrap();
            let found = account.metadata.get("tier");
            assert_eq!((found, account.policy.closed), (tier, closed), "{as_of:?}");
            assert_eq!(
                (&account.policy.floors, account.policy.frozen),
                (&Floors::PerAsset([].into()), Frozen::None)
            );
        }
    }
}

/// Every answer that can be had as of a moment.
#[derive(Debug, PartialEq)]
struct Answers {
    one_by_one: Vec<Option<Account>>,
    listed: Vec<Account>,
    sums: Vec<BalanceGroup>,
}

async fn answers(store: &dyn Store, main: &LedgerName, as_of: AsOf) -> Answers {
    let mut one_by_one = Vec::new();
    for account in ["world", "users:1", "users:2", "later", "nothing", "quiet", "bank", "new"] {
        one_by_one.push(store.account_as_of(main, &address(account), as_of).await.unwrap());
    }
    let query = AccountQuery { as_of: Some(as_of), limit: 1_000, ..AccountQuery::default() };
    let listed = store.accounts(main, &query).await.unwrap().items;
    let sums = store.balances(main, &groups(as_of, 1)).await.unwrap().items;
    Answers { one_by_one, listed, sums }
}

/// Whatever is written later: transactions that count before it or at it, changes of accounts, new accounts.
pub async fn an_answer_as_of_a_recorded_moment_never_changes(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let mut rest = &*history();
    let mut known: Vec<(AsOf, Answers)> = Vec::new();
    let mut naive = Naive::default();
    while let Some((first, others)) = rest.split_first() {
        // As of the last moment before what comes next, which is past as soon as that is recorded.
        let before = first.now.map(|now| at(now.micros() - 1)).unwrap();
        naive.records.extend(append(&*store, &main, std::slice::from_ref(first)).await);
        let as_of = AsOf { time: before, clock: Clock::Recorded };
        known.push((as_of, answers(&*store, &main, as_of).await));
        rest = others;
    }
    let closed = PolicyPatch { closed: Some(true), ..PolicyPatch::default() };
    let late: Vec<Request> = (0..130)
        .step_by(10)
        .flat_map(|micros| {
            let effective_at = START + micros;
            [
                transfer("world", "users:1", 1).effective_at(effective_at),
                transfer("world", "new", 1).effective_at(effective_at),
                post([posting("world", "bank", "EUR/2", 4)]).effective_at(effective_at),
            ]
        })
        .chain(["users:2", "quiet", "nothing"].map(|account| change(account).policy(closed.clone())))
        .map(|request| request.now(START + 900))
        .collect();
    naive.records.extend(append(&*store, &main, &late).await);
    for (as_of, before) in known {
        assert_eq!(answers(&*store, &main, as_of).await, before, "{as_of:?}");
        assert_as_of(&*store, &main, &naive, as_of).await;
        // By the other clock they do count.
        assert_as_of(&*store, &main, &naive, AsOf { clock: Clock::Effective, ..as_of }).await;
    }
    let (then, later) = (recorded(130), effective(130));
    assert_eq!(posted(&*store, &main, "new", then).await, None);
    assert_eq!(posted(&*store, &main, "new", later).await, Some(13));
}

/// Also where a capture is backdated to before its hold: what is pending has one time only.
pub async fn what_is_held_counts_from_its_recording_on_by_either_clock(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let requests = [
        transfer("world", "a", 100).now(START + 10),
        hold([posting("a", "b", "USD/2", 40)]).now(START + 20),
        capture(1).only([posting("a", "b", "USD/2", 15)]).effective_at(START + 5).now(START + 30),
        capture(1).only([posting("a", "b", "USD/2", 10)]).effective_at(START + 90).now(START + 40),
        release(1, ReleaseCause::Voided).now(START + 50),
        hold([posting("a", "c", "USD/2", 5)]).now(START + 60),
    ];
    let naive = Naive { records: append(&*store, &main, &requests).await };
    for micros in (0..100).step_by(5).chain([4, 9, 19, 29, 39, 49, 59, 89]) {
        for as_of in [recorded(micros), effective(micros)] {
            assert_as_of(&*store, &main, &naive, as_of).await;
        }
    }
    for (as_of, expected) in [
        (effective(5), Some((-15, 0))),
        (effective(20), Some((85, 40))),
        (effective(30), Some((85, 25))),
        (effective(40), Some((85, 15))),
        (effective(50), Some((85, 0))),
        (effective(90), Some((75, 5))),
        (recorded(5), None),
        (recorded(20), Some((100, 40))),
        (recorded(30), Some((85, 25))),
        (recorded(40), Some((75, 15))),
    ] {
        let account = store.account_as_of(&main, &address("a"), as_of).await.unwrap();
        let found = account.map(|account| {
            let (_, balance) = account.balances[0];
            (balance.posted(), balance.pending_out.get())
        });
        assert_eq!(found, expected, "{as_of:?}");
    }
    for clock in CLOCKS {
        for (micros, is_there) in [(59, false), (60, true)] {
            let as_of = AsOf { time: at(START + micros), clock };
            let found = store.account_as_of(&main, &address("c"), as_of).await.unwrap();
            assert_eq!(found.is_some(), is_there, "{as_of:?}");
        }
    }
}

/// However the lists of what moved an account happen to end, in one asset or in several.
pub async fn any_moment_of_a_long_history_is_shown(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let mut naive = Naive::default();
    for batch in 0..12_i64 {
        let requests: Vec<Request> = (0..40_i64)
            .map(|n| {
                let micros = START + batch * 40 + n;
                let asset = ["USD/2", "EUR/2", "BTC/8"][usize::try_from(n % 7).unwrap().min(2)];
                let account = ["a", "b", "a:b"][usize::try_from(n % 3).unwrap()];
                let request = post([posting("world", account, asset, 1)]).now(micros);
                if n % 5 == 0 { request.effective_at(micros - 77 + 40 * (n % 4)) } else { request }
            })
            .collect();
        naive.records.extend(append(&*store, &main, &requests).await);
    }
    for micros in (0..480).step_by(37) {
        for as_of in [recorded(micros), effective(micros)] {
            for account in ["world", "a", "b", "a:b"].map(address) {
                let found = store.account_as_of(&main, &account, as_of).await.unwrap();
                assert_eq!(found, naive.account_as_of(&account, as_of), "{account} {as_of:?}");
            }
            let expected = naive.groups(&groups(as_of, 1));
            assert_eq!(store.balances(&main, &groups(as_of, 1)).await.unwrap().items, expected, "{as_of:?}");
        }
    }
}

/// As in a ledger that was imported.
pub async fn entries_that_count_at_another_time_may_be_many(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let mut naive = Naive::default();
    let entries: Vec<i64> = (0..1_050).collect();
    for part in entries.chunks(1_000) {
        let request = |n: &i64| {
            let account = if n % 40 == 0 { "a:b" } else { "a" };
            transfer("world", account, 1).now(START + 10_000 + n).effective_at(START - n)
        };
        let requests: Vec<Request> = part.iter().map(request).collect();
        naive.records.extend(append(&*store, &main, &requests).await);
    }
    for as_of in [effective(-100), effective(0), effective(10_020), recorded(10_020)] {
        for account in ["world", "a", "a:b"].map(address) {
            let found = store.account_as_of(&main, &account, as_of).await.unwrap();
            assert_eq!(found, naive.account_as_of(&account, as_of), "{account} {as_of:?}");
        }
        // Pages may end early.
        let query = AccountQuery { as_of: Some(as_of), limit: 10, ..AccountQuery::default() };
        let listed = drain(10, None, async |after| {
            store.accounts(&main, &AccountQuery { after, ..query.clone() }).await.unwrap()
        });
        assert_eq!(listed.await, naive.accounts(&query), "{as_of:?}");
        let query = groups(as_of, 1);
        let summed = drain(query.limit, None, async |after| {
            store.balances(&main, &BalanceQuery { after, ..query.clone() }).await.unwrap()
        });
        assert_eq!(summed.await, naive.groups(&query), "{as_of:?}");
    }
}

/// A page may end before it has found any, and leads on.
pub async fn groups_that_were_not_there_yet_are_passed_by(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let first = [posting("world", "a:first", "USD/2", 1), posting("world", "z:last", "USD/2", 1)];
    let mut naive = Naive { records: append(&*store, &main, &[post(first).now(START)]).await };
    let later: Vec<Posting> =
        (0..2_400).map(|n| posting("world", &format!("m:{n:04}"), "USD/2", 1)).collect();
    for part in later.chunks(800) {
        naive.records.extend(append(&*store, &main, &[post(part).now(START + 100)]).await);
    }
    for as_of in [recorded(50), effective(50), recorded(100)] {
        for limit in [50, 1_000] {
            let query = BalanceQuery { limit, ..groups(as_of, 2) };
            let summed = drain(query.limit, None, async |after| {
                store.balances(&main, &BalanceQuery { after, ..query.clone() }).await.unwrap()
            });
            assert_eq!(summed.await, naive.groups(&query), "{as_of:?}");
        }
    }
}

/// A store may say that it would take too much, and answers rightly or not at all.
pub async fn too_much_to_look_at_is_refused_and_never_guessed(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let accounts = LOOKS_MAX + 1;
    let postings: Vec<Posting> =
        (0..accounts).map(|n| posting("world", &format!("users:{n:06}"), "USD/2", 1)).collect();
    let mut records: Vec<LogRecord> = Vec::new();
    for part in postings.chunks(1_000) {
        records.extend(append(&*store, &main, &[post(part)]).await);
    }
    assert_eq!(head_before(&records).next.0, 0);
    let time = records.last().unwrap().entry.recorded_at;
    for clock in CLOCKS {
        let as_of = AsOf { time, clock };
        let query = BalanceQuery { prefix: Some("users:".into()), ..groups(as_of, 1) };
        match store.balances(&main, &query).await {
            Ok(page) => {
                let [sum] = &*page.items else { panic!("{page:?}") };
                assert_eq!(sum.balances[0].1.posted_in, accounts as u128);
            }
            Err(error) => assert!(matches!(error, ReadError::TooMuchToLookAt), "{error:?}"),
        }
        // Smaller groups are summed all the same.
        let query = BalanceQuery { prefix: Some("users:0000".into()), ..groups(as_of, 1) };
        let page = store.balances(&main, &query).await.unwrap();
        assert_eq!(page.items[0].balances[0].1.posted_in, 100);
        let query = BalanceQuery { prefix: Some("users:".into()), limit: 100, ..groups(as_of, 2) };
        let page = store.balances(&main, &query).await.unwrap();
        assert!(page.items.len() == 100 && page.next.is_some());
    }
}

/// All accounts together take more than may be looked at for one answer; none of them does.
pub async fn what_others_take_is_not_counted_against_an_account_or_a_group(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let accounts = 200;
    let entries = i64::try_from(LOOKS_MAX / accounts).unwrap() + 1;
    let postings: Vec<Posting> =
        (0..accounts).map(|n| posting("world", &format!("users:{n:03}"), "USD/2", 1)).collect();
    let request = |n: i64| post(&postings[..]).now(START + 10_000 + n).effective_at(START - n);
    let requests: Vec<Request> = (0..entries).map(request).collect();
    let mut naive = Naive::default();
    for part in requests.chunks(20) {
        naive.records.extend(append(&*store, &main, part).await);
    }
    let as_of = effective(-1);
    let query = AccountQuery { as_of: Some(as_of), limit: 150, ..AccountQuery::default() };
    let listed = drain(query.limit, None, async |after| {
        store.accounts(&main, &AccountQuery { after, ..query.clone() }).await.unwrap()
    });
    assert_eq!(listed.await, naive.accounts(&query));
    let each = BalanceQuery { prefix: Some("users:".into()), limit: 150, ..groups(as_of, 2) };
    let summed = drain(each.limit, None, async |after| {
        store.balances(&main, &BalanceQuery { after, ..each.clone() }).await.unwrap()
    });
    assert_eq!(summed.await, naive.groups(&each));
    let together = BalanceQuery { depth: 1, ..each };
    match store.balances(&main, &together).await {
        Ok(page) => assert_eq!(page.items, naive.groups(&together)),
        Err(error) => assert!(matches!(error, ReadError::TooMuchToLookAt), "{error:?}"),
    }
}
