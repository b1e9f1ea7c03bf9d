//! Holds and reversals: how far they have come, and what batches that use them are given.

use engine::port::{DueHold, KeptHold, Snapshot, Store, Wanted};
use engine::query::{AccountQuery, Clock, HoldQuery, Order, StatementQuery, TimeRange, TransactionQuery};
use ledger::{Address, Amount, BalanceKey, EntryNumber, HoldState, LedgerName, PolicyPatch, ReleaseCause};

use crate::contract::{accounts, statements, transactions};
use crate::fixture::create;
use crate::{
    Naive, Request, StoreFixture, address, append, asset, at, capture, change, drain, hold, ledger_name,
    posting, release, reverse, transfer,
};

const USD: &str = "USD/2";
/// When the holds of these histories expire, in microseconds.
const SOON: i64 = 1_700_000_000_020_000;

/// Holds in every state, and transactions reversed in whole, in part, and not at all.
fn requests() -> Vec<Vec<Request>> {
    vec![
        vec![
            transfer("world", "a", 1_000),
            hold([posting("a", "b", USD, 100), posting("a", "c", USD, 50), posting("a", "b", USD, 10)])
                .reference("first"),
            hold([posting("a", "b", USD, 7)]).key("k"),
        ],
        vec![
            capture(1).only([posting("a", "b", USD, 105)]),
            hold([posting("b", "world", USD, 20)]).expires_at(SOON),
            hold([posting("a", "c", USD, 0)]),
            capture(2),
        ],
        vec![
            capture(1).only([posting("a", "c", USD, 1)]).finally().reference("last"),
            release(4, ReleaseCause::Voided),
            hold([posting("a", "d", USD, 30)]).expires_at(SOON + 1),
            hold([posting("d", "a", "EUR/2", 0), posting("world", "d", "EUR/2", 9)]).expires_at(SOON),
            reverse(3).only([posting("b", "a", USD, 5)]),
        ],
        vec![
            reverse(3).only([posting("b", "a", USD, 4)]),
            reverse(0).only([posting("a", "world", USD, 1)]).reference("back"),
            release(9, ReleaseCause::Expired).now(SOON + 5),
            capture(5),
            hold([posting("a", "b", USD, 8)]),
        ],
    ]
}

async fn written(store: &dyn Store, main: &LedgerName) -> Naive {
    let mut naive = Naive::default();
    for batch in requests() {
        naive.records.extend(append(store, main, &batch).await);
    }
    naive
}

/// Holds a list of holds, and each of them, to the log.
pub(super) async fn assert_listed(store: &dyn Store, ledger: &LedgerName, naive: &Naive, query: &HoldQuery) {
    let expected = naive.holds(query);
    for limit in [1, 2, query.limit.max(1), 1_000] {
        let listed = drain(limit, query.after, async |after| {
            store.holds(ledger, &HoldQuery { after, limit, ..query.clone() }).await.unwrap()
        })
        .await;
        assert_eq!(listed, expected, "{query:?} in pages of {limit}");
    }
    for expected in expected {
        let found = store.hold(ledger, expected.entry.number).await.unwrap();
        assert_eq!(found.as_ref(), Some(&expected));
    }
}

/// Reads what a snapshot has of holds and reversals, in parts of any size, and holds it to a log.
pub(super) async fn assert_snapshot_has(snapshot: &mut dyn Snapshot, naive: &Naive, limit: usize) {
    let mut holds: Vec<KeptHold> = Vec::new();
    loop {
        let part = snapshot.holds(holds.last().map(|last| last.hold), limit).await.unwrap();
        assert!(part.len() <= limit);
        if part.is_empty() {
            break;
        }
        holds.extend(part);
    }
    let expected: Vec<_> = naive.all_holds().into_iter().map(|(_, kept)| kept).collect();
    assert_eq!(holds, expected);
    let mut accounts: Vec<(Address, EntryNumber)> = Vec::new();
    loop {
        let part = snapshot.hold_accounts(accounts.last(), limit).await.unwrap();
        assert!(part.len() <= limit);
        if part.is_empty() {
            break;
        }
        accounts.extend(part);
    }
    assert_eq!(accounts, naive.hold_accounts());
    let mut reversals: Vec<(EntryNumber, Vec<Amount>)> = Vec::new();
    loop {
        let part = snapshot.reversals(reversals.last().map(|(last, _)| *last), limit).await.unwrap();
        assert!(part.len() <= limit);
        if part.is_empty() {
            break;
        }
        reversals.extend(part);
    }
    assert_eq!(reversals, naive.reversed());
}

/// In every state, of every account, in pages of several sizes.
pub async fn holds_are_listed_newest_first(fixture: &dyn StoreFixture) {
    use HoldState::{Captured, Expired, Open, Voided};

    let (store, main) = fixture.with_main().await;
    let naive = written(&*store, &main).await;
    let states: Vec<_> = naive.all_holds().iter().map(|(_, kept)| kept.state).collect();
    assert_eq!(states, [Captured, Captured, Voided, Captured, Expired, Open, Open]);
    for state in [None, Some(Open), Some(Captured), Some(Voided), Some(Expired)] {
        for account in [None, Some("a"), Some("b"), Some("world"), Some("nobody")] {
            for after in [None, Some(EntryNumber(9)), Some(EntryNumber(1))] {
                let query = HoldQuery { state, account: account.map(address), after, limit: 3 };
                assert_listed(&*store, &main, &naive, &query).await;
            }
        }
    }
    for number in [0, 3, 7, 12, 14, 999] {
        assert_eq!(store.hold(&main, EntryNumber(number)).await.unwrap(), None, "{number}");
    }
}

/// Counters, lists of movements, and statements: what is held is no line of a statement.
pub async fn what_is_held_counts_as_pending(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = written(&*store, &main).await;
    for name in ["a", "b", "c", "d", "world", "nobody"] {
        assert_eq!(
            store.account(&main, &address(name)).await.unwrap(),
            naive.account(&address(name)),
            "{name}"
        );
        for limit in [1, 3, 100] {
            let query = StatementQuery {
                account: address(name),
                asset: None,
                time: TimeRange::default(),
                clock: Clock::default(),
                order: Order::default(),
                after: None,
                limit,
            };
            statements::assert_listed(&*store, &main, &naive, &query).await;
        }
    }
    accounts::assert_listed(&*store, &main, &naive, &AccountQuery::default()).await;
    transactions::assert_listed(&*store, &main, &naive, &TransactionQuery::default()).await;
    let mut snapshot = store.snapshot(&main).await.unwrap();
    assert_eq!(snapshot.balances(None, 100).await.unwrap(), Vec::from_iter(naive.balances()));
    assert_eq!(crate::read_movements(&mut *snapshot, 2).await.unwrap(), naive.movements());
}

/// Of those that ever were; of others there is nothing to say.
pub async fn how_far_transactions_were_reversed_is_known(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = written(&*store, &main).await;
    let asked: Vec<_> = (0..20).map(EntryNumber).collect();
    let mut reversed = store.reversed(&main, &asked).await.unwrap();
    reversed.sort();
    let amounts = |amounts: &[u64]| amounts.iter().copied().map(Amount::from).collect::<Vec<_>>();
    assert_eq!(reversed, [(EntryNumber(0), amounts(&[1])), (EntryNumber(3), amounts(&[9]))]);
    assert_eq!(reversed, naive.reversed());
    assert_eq!(store.reversed(&main, &[]).await.unwrap(), []);
    assert_eq!(store.reversed(&main, &[EntryNumber(1)]).await.unwrap(), []);
}

/// With the balances and policies of all their postings, also where the batch names none of them.
pub async fn what_commands_use_is_loaded(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let mut naive = written(&*store, &main).await;
    naive.records.extend(append(&*store, &main, &[change("d").policy(PolicyPatch::default())]).await);
    let wanted = Wanted {
        holds: vec![EntryNumber(9), EntryNumber(1), EntryNumber(0), EntryNumber(77)],
        reversals: vec![EntryNumber(0), EntryNumber(1), EntryNumber(6), EntryNumber(77)],
        versions: ["a", "b", "d", "nobody"].map(address).into(),
        ..Wanted::default()
    };
    let mut loaded = store.begin(&main, wanted).await.unwrap().loaded;
    loaded.holds.sort_by_key(|(number, _)| *number);
    let all = naive.holds(&HoldQuery { limit: usize::MAX, ..HoldQuery::default() });
    let mut expected: Vec<_> = all
        .into_iter()
        .filter(|hold| [1, 9].contains(&hold.entry.number.0))
        .map(|hold| (hold.entry.number, hold.standing))
        .collect();
    expected.sort_by_key(|(number, _)| *number);
    assert_eq!(loaded.holds, expected);

    loaded.unreversed.sort_by_key(|(number, _)| *number);
    let left: Vec<_> = loaded.unreversed.iter().map(|(number, left)| (number.0, left.used())).collect();
    assert_eq!(left, [(0, vec![Amount::from(1)]), (6, vec![Amount::from(0)])]);

    let key = |account: &str, text: &str| BalanceKey { account: address(account), asset: asset(text) };
    let balances = naive.balances();
    for key in [key("a", USD), key("b", USD), key("c", USD), key("d", USD), key("world", USD)] {
        let found = loaded.balances.iter().find(|(found, _)| *found == key).map(|(_, balance)| balance);
        assert_eq!(found, balances.get(&key), "{key:?}");
    }
    assert!(loaded.policies.iter().any(|(account, _)| *account == address("d")));

    loaded.versions.retain(|(_, version)| *version > 0);
    loaded.versions.sort();
    let versions: Vec<_> = ["a", "b", "d"].map(|name| (address(name), naive.version(&address(name)))).into();
    assert_eq!(loaded.versions, versions, "nobody was never touched");
}

/// A transaction, a hold, a capture that let something go, or a release; none, ahead of the first.
pub async fn the_last_movement_ahead_of_an_entry_is_found_whatever_it_was(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = written(&*store, &main).await;
    for (key, movements) in naive.movements() {
        for before in (0..=naive.next().0 + 1).map(EntryNumber) {
            let last = movements.iter().rfind(|number| **number < before);
            let found = store.last_movement(&main, &key, before).await.unwrap();
            assert_eq!(found.as_ref().map(|entry| &entry.number), last, "{key:?} ahead of {before:?}");
            let expected = naive.records.iter().find(|record| Some(&record.entry.number) == last);
            assert_eq!(found.as_ref(), expected.map(|record| &record.entry));
        }
    }
    let nobody = BalanceKey { account: address("nobody"), asset: asset(USD) };
    assert_eq!(store.last_movement(&main, &nobody, EntryNumber(9)).await.unwrap(), None);
}

/// Whatever of an account moved last, and however its lists of movements ended.
pub async fn versions_follow_the_last_entry_of_an_account(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let mut naive = Naive::default();
    for number in 0..60 {
        let request = match number % 4 {
            0 | 1 => transfer("world", "a", 1),
            2 => crate::post([posting("world", "a", "EUR/2", 1)]),
            _ => change(if number % 8 == 3 { "a" } else { "b" }),
        };
        naive.records.extend(append(&*store, &main, &[request]).await);
        let versions = ["a", "b", "world"].map(address);
        let wanted = Wanted { versions: versions.clone().into(), ..Wanted::default() };
        let mut found = store.begin(&main, wanted).await.unwrap().loaded.versions;
        found.retain(|(_, version)| *version > 0);
        found.sort();
        let expected = versions.into_iter().map(|account| (account.clone(), naive.version(&account)));
        let expected: Vec<_> = expected.filter(|(_, version)| *version > 0).collect();
        assert_eq!(found, expected, "after entry {number}");
    }
}

/// Of all ledgers, the longest due first; ended ones are not due, nor are those that never expire.
pub async fn open_holds_are_due_when_their_time_has_come(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let other = ledger_name("other");
    create(&*store, &other).await;
    written(&*store, &main).await;
    append(&*store, &other, &[hold([posting("world", "a", USD, 1)]).expires_at(SOON + 1)]).await;
    let due = async |now, limit| {
        let due = store.due_holds(at(now), limit).await.unwrap();
        due.into_iter().map(|DueHold { ledger, hold }| (ledger.to_string(), hold.0)).collect::<Vec<_>>()
    };
    let (in_main, in_other) = (("main".to_owned(), 10), ("other".to_owned(), 0));
    assert_eq!(due(SOON - 1, 10).await, []);
    let both = [in_main, in_other];
    assert_eq!(due(SOON, 10).await, both[..1]);
    assert_eq!(due(SOON + 1, 10).await, both);
    assert_eq!(due(SOON + 1, 1).await, both[..1]);
}

/// Nothing of them is left where their batch is dropped, or where another part of it cannot be written.
pub async fn a_batch_that_does_not_hold_changes_no_hold(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = written(&*store, &main).await;
    let again = [
        capture(16).only([posting("a", "b", USD, 1)]),
        release(10, ReleaseCause::Expired),
        reverse(0).only([posting("a", "world", USD, 1)]),
        hold([posting("a", "b", USD, 1)]).key("k"),
    ];
    let (batch, records) = crate::decide_batch(&*store, &main, &again).await;
    assert!(batch.commit(&records).await.is_err(), "the key is in use");
    drop(crate::decide_batch(&*store, &main, &again).await);
    assert_listed(&*store, &main, &naive, &HoldQuery { limit: 10, ..HoldQuery::default() }).await;
    assert_snapshot_has(&mut *store.snapshot(&main).await.unwrap(), &naive, 10).await;
}

/// Whatever is written meanwhile; and what it has follows from the log.
pub async fn a_snapshot_has_holds_and_reversals(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = written(&*store, &main).await;
    let mut before = store.snapshot(&main).await.unwrap();
    let mut later = naive.clone();
    let more = [release(16, ReleaseCause::Voided), reverse(7), hold([posting("a", "e", USD, 1)])];
    later.records.extend(append(&*store, &main, &more).await);
    for limit in [1, 2, 100] {
        assert_snapshot_has(&mut *before, &naive, limit).await;
        assert_snapshot_has(&mut *store.snapshot(&main).await.unwrap(), &later, limit).await;
    }
    let report = engine::verify::verify(&mut *store.snapshot(&main).await.unwrap(), |_| {}).await.unwrap();
    assert!(report.is_clean(), "{report:#?}");
    assert_eq!((report.entries, report.holds), (20, 8));
}
