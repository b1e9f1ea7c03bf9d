//! Changes of accounts: policies and metadata, as they are and as they were.

use engine::port::{KeptAccount, LookedUp, Snapshot, Store, Wanted};
use engine::query::{AccountQuery, ChangeQuery, TransactionQuery};
use ledger::{Address, BalanceKey, EntryNumber, FloorsPatch, Frozen, LedgerName, Policy, PolicyPatch};

use crate::contract::accounts::assert_listed;
use crate::{
    Naive, Request, StoreFixture, address, append, asset, change, drain, ledger_name, metadata, transfer,
};

fn floor(asset_text: &str, floor: i128) -> PolicyPatch {
    let floors = FloorsPatch::PerAsset([(asset(asset_text), Some(floor))].into());
    PolicyPatch { floors: Some(floors), ..PolicyPatch::default() }
}

fn closed(closed: bool) -> PolicyPatch {
    PolicyPatch { closed: Some(closed), ..PolicyPatch::default() }
}

fn frozen(frozen: Frozen) -> PolicyPatch {
    PolicyPatch { frozen: Some(frozen), ..PolicyPatch::default() }
}

/// Changes among transactions, of accounts that have moved, will move, and never do.
fn requests() -> Vec<Request> {
    vec![
        change("a")
            .policy(floor("USD/2", -50))
            .keeping(&[("tier", Some("gold")), ("note", Some(""))])
            .key("k"),
        transfer("a", "b", 20),
        change("quiet").keeping(&[("tier", Some("gold"))]),
        change("a").policy(frozen(Frozen::Credits)).keeping(&[("note", None)]),
        transfer("a", "b", 30),
        change("b").policy(closed(true)),
        change("a").policy(PolicyPatch { floors: Some(FloorsPatch::Unbounded), ..PolicyPatch::default() }),
        change("b").policy(closed(false)),
        transfer("b", "world", 1),
    ]
}

async fn written(store: &dyn Store, main: &LedgerName) -> Naive {
    let mut naive = Naive::default();
    // In one batch and in several.
    for part in requests().chunks(5) {
        naive.records.extend(append(store, main, part).await);
    }
    naive
}

/// One by one, in lists, and in what is asked of the log.
pub async fn an_account_is_as_its_last_change_left_it(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = written(&*store, &main).await;
    for name in ["a", "b", "quiet", "world", "qui", "nobody"] {
        let account = store.account(&main, &address(name)).await.unwrap();
        assert_eq!(account, naive.account(&address(name)), "{name}");
    }
    let a = store.account(&main, &address("a")).await.unwrap().unwrap();
    assert_eq!((a.policy.frozen, a.policy.closed), (Frozen::Credits, false));
    assert_eq!((&a.metadata, a.balances[0].1.posted()), (&metadata(&[("tier", "gold")]), -50));
    let quiet = store.account(&main, &address("quiet")).await.unwrap().unwrap();
    assert_eq!((&quiet.policy, quiet.balances.len()), (Policy::standard(&quiet.address), 0));
    assert_eq!(store.log(&main, EntryNumber(0), 100).await.unwrap(), naive.records);
    for record in &naive.records {
        let read = store.entry(&main, record.entry.number).await.unwrap();
        assert_eq!(read.as_ref(), Some(record));
    }
}

/// By address, as if they had moved; an asset leaves them out, metadata finds them.
pub async fn accounts_that_were_changed_are_listed(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = written(&*store, &main).await;
    let all = AccountQuery { limit: 10, ..AccountQuery::default() };
    let page = store.accounts(&main, &all).await.unwrap();
    let names: Vec<_> = page.items.iter().map(|account| account.address.as_str()).collect();
    assert_eq!((names, page.next), (vec!["a", "b", "quiet", "world"], None));
    assert_listed(&*store, &main, &naive, &all).await;
    for prefix in ["", "a", "q", "quiet", "quieter", "w"] {
        let query = AccountQuery { prefix: Some(prefix.into()), ..all.clone() };
        assert_listed(&*store, &main, &naive, &query).await;
        let query = AccountQuery { asset: Some(asset("USD/2")), ..query };
        assert_listed(&*store, &main, &naive, &query).await;
    }
    for (pairs, found) in [(&[("tier", "gold")][..], 2), (&[("tier", "")], 0), (&[("note", "")], 0)] {
        let pairs = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let query = AccountQuery { metadata: pairs, ..all.clone() };
        assert_eq!(store.accounts(&main, &query).await.unwrap().items.len(), found, "{query:?}");
        assert_listed(&*store, &main, &naive, &query).await;
    }
}

/// Holds the list of an account's changes to the log, in pages of several sizes.
pub(super) async fn assert_changes(store: &dyn Store, ledger: &LedgerName, naive: &Naive, account: &Address) {
    let query = |after, limit| ChangeQuery { account: account.clone(), until: None, after, limit };
    let Some(expected) = naive.account_changes(&query(None, 0)) else {
        assert_eq!(store.account_changes(ledger, &query(None, 10)).await.unwrap(), None);
        return;
    };
    for limit in [1, 2, 1_000] {
        let listed = drain(limit, None, async |after| {
            store.account_changes(ledger, &query(after, limit)).await.unwrap().expect("the account is there")
        })
        .await;
        assert_eq!(listed, expected, "{account} in pages of {limit}");
    }
}

/// Newest first; of an account that was never changed there are none, and no list of one that is not there.
pub async fn the_changes_of_an_account_are_listed_newest_first(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = written(&*store, &main).await;
    for name in ["a", "b", "quiet", "world", "nobody", "qui"] {
        assert_changes(&*store, &main, &naive, &address(name)).await;
    }
    let query = |after, limit| ChangeQuery { account: address("a"), until: None, after, limit };
    let numbers = async |after, limit| {
        let page = store.account_changes(&main, &query(after, limit)).await.unwrap().unwrap();
        let numbers: Vec<_> = page.items.iter().map(|entry| entry.number.0).collect();
        (numbers, page.next)
    };
    assert_eq!(numbers(None, 3).await, (vec![6, 3, 0], None));
    assert_eq!(numbers(None, 2).await, (vec![6, 3], Some(EntryNumber(3))));
    assert_eq!(numbers(Some(EntryNumber(5)), 10).await, (vec![3, 0], None));
    assert_eq!(numbers(Some(EntryNumber(0)), 10).await, (vec![], None));
}

/// However the list is asked for.
pub async fn changes_of_accounts_are_no_transactions(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = written(&*store, &main).await;
    for clock in [engine::query::Clock::Recorded, engine::query::Clock::Effective] {
        for order in [engine::query::Order::Ascending, engine::query::Order::Descending] {
            let query = TransactionQuery { clock, order, ..TransactionQuery::default() };
            super::transactions::assert_listed(&*store, &main, &naive, &query).await;
        }
    }
    let all = TransactionQuery { limit: 3, ..TransactionQuery::default() };
    let listed = drain(3, None, async |after| {
        store.transactions(&main, &TransactionQuery { after, ..all.clone() }).await.unwrap()
    })
    .await;
    let numbers: Vec<_> = listed.iter().map(|entry| entry.number.0).collect();
    assert_eq!(numbers, [8, 4, 1]);
}

/// With every balance that is loaded comes what its account allows, moved or not; with accounts that are wanted, their
/// metadata too.
pub async fn policies_are_loaded_with_balances(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = written(&*store, &main).await;
    let other = ledger_name("other");
    crate::fixture::create(&*store, &other).await;
    append(&*store, &other, &[change("never").policy(closed(true)), change("world").policy(closed(true))])
        .await;
    let key = |account: &str, asset_text| BalanceKey { account: address(account), asset: asset(asset_text) };
    let policy_of = |name: &str| (address(name), naive.changed()[&address(name)].policy.clone());
    let sorted = |mut policies: Vec<(Address, Policy)>| {
        policies.sort_by(|(a, _), (b, _)| a.cmp(b));
        policies.dedup();
        policies
    };
    let missing = || vec![key("a", "EUR/2"), key("a", "BTC/8"), key("world", "USD/2"), key("never", "USD/2")];
    let cached = || vec![key("quiet", "USD/2")];
    let head = store.begin(&main, Wanted::default()).await.unwrap().loaded.head;
    for (cached_at, expected) in [(Some(head), &["a"][..]), (None, &["a", "quiet"])] {
        let wanted = Wanted { cached_at, cached: cached(), missing: missing(), ..Wanted::default() };
        let loaded = store.begin(&main, wanted).await.unwrap().loaded;
        let expected: Vec<_> = expected.iter().map(|name| policy_of(name)).collect();
        assert_eq!(sorted(loaded.policies), expected, "{cached_at:?}");
        assert!(loaded.metadata.is_empty());
    }
    let accounts = ["b", "quiet", "never", "world"].map(address).to_vec();
    let loaded = store.begin(&main, Wanted { accounts, ..Wanted::default() }).await.unwrap().loaded;
    assert_eq!(sorted(loaded.policies), [policy_of("b"), policy_of("quiet")]);
    let mut kept = loaded.metadata;
    kept.sort_by(|(a, _), (b, _)| a.cmp(b));
    assert_eq!(kept, [(address("b"), metadata(&[])), (address("quiet"), metadata(&[("tier", "gold")]))]);

    let Some(short) = store.appends() else { return };
    let asked = [missing(), cached()].concat();
    let LookedUp { balances, policies } = short.balances_of(&main, &asked).await.unwrap();
    assert_eq!(sorted(policies), [policy_of("a"), policy_of("quiet")]);
    let found: Vec<_> = balances.iter().map(|(key, _)| key.clone()).collect();
    assert_eq!(found, [key("world", "USD/2")]);
}

/// Reads what a snapshot has of accounts, in parts of any size, and holds it to a log.
pub(super) async fn assert_snapshot_has(snapshot: &mut dyn Snapshot, naive: &Naive, limit: usize) {
    let mut kept: Vec<KeptAccount> = Vec::new();
    loop {
        let after = kept.last().map(|last| last.address.clone());
        let part = snapshot.accounts(after.as_ref(), limit).await.unwrap();
        assert!(part.len() <= limit);
        if part.is_empty() {
            break;
        }
        kept.extend(part);
    }
    let expected: Vec<_> = naive
        .changed()
        .into_iter()
        .map(|(address, change)| {
            let (policy, metadata) = (change.policy.clone(), change.metadata.clone());
            KeptAccount { address, policy, metadata }
        })
        .collect();
    assert_eq!(kept, expected);
    let mut changes: Vec<(Address, EntryNumber)> = Vec::new();
    loop {
        let part = snapshot.account_changes(changes.last(), limit).await.unwrap();
        assert!(part.len() <= limit);
        if part.is_empty() {
            break;
        }
        changes.extend(part);
    }
    let mut expected: Vec<_> =
        naive.changes().into_iter().map(|(number, change)| (change.account.clone(), number)).collect();
    expected.sort();
    assert_eq!(changes, expected);
}

/// Whatever is written meanwhile.
pub async fn a_snapshot_has_accounts_and_their_changes(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = written(&*store, &main).await;
    let mut before = store.snapshot(&main).await.unwrap();
    let mut later = naive.clone();
    let more = [change("a").policy(closed(true)), change("more").policy(closed(true))];
    later.records.extend(append(&*store, &main, &more).await);
    for limit in [1, 2, 100] {
        assert_snapshot_has(&mut *before, &naive, limit).await;
        assert_snapshot_has(&mut *store.snapshot(&main).await.unwrap(), &later, limit).await;
    }
    let report = engine::verify::verify(&mut *store.snapshot(&main).await.unwrap(), |_| {}).await.unwrap();
    assert!(report.is_clean(), "{report:#?}");
    assert_eq!((report.account_changes, report.changed_accounts), (8, 4));
}

/// Nothing of them is left where their batch is dropped, or where another part of it cannot be written.
pub async fn a_batch_that_does_not_hold_changes_no_account(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = Naive { records: append(&*store, &main, &[change("a").policy(closed(true)).key("k")]).await };
    let again = [change("a").policy(closed(false)), change("b"), change("c").key("k")];
    let (batch, records) = crate::decide_batch(&*store, &main, &again).await;
    assert!(batch.commit(&records).await.is_err(), "the key is in use");
    drop(crate::decide_batch(&*store, &main, &again).await);
    let all = AccountQuery { limit: 10, ..AccountQuery::default() };
    assert_listed(&*store, &main, &naive, &all).await;
    assert_snapshot_has(&mut *store.snapshot(&main).await.unwrap(), &naive, 10).await;
}

/// With as much as an account may keep, and more changes than one page can hold.
pub async fn a_page_of_large_accounts_or_changes_ends_early_and_leads_on(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let value = "\u{e9}".repeat(512);
    let keys: Vec<String> = (0..64).map(|n| format!("{n:064}")).collect();
    let all: Vec<_> = keys.iter().map(|key| (&**key, Some(&*value))).collect();
    let mut requests: Vec<Request> =
        (0..80).map(|n| change(&format!("large:{n:03}")).keeping(&all)).collect();
    requests.extend((0..80).map(|n| change("one").keeping(&all[n % 64..=n % 64])));
    requests.push(change("one").keeping(&all));
    requests.extend((0..80).map(|_| change("one").policy(closed(false))));
    let mut naive = Naive::default();
    for part in requests.chunks(50) {
        naive.records.extend(append(&*store, &main, part).await);
    }
    let query = AccountQuery { limit: 1_000, ..AccountQuery::default() };
    let page = store.accounts(&main, &query).await.unwrap();
    assert!(page.next.is_some() && page.items.len() < 80, "{}", page.items.len());
    assert_listed(&*store, &main, &naive, &query).await;
    let query = ChangeQuery { account: address("one"), until: None, after: None, limit: 1_000 };
    let page = store.account_changes(&main, &query).await.unwrap().unwrap();
    assert!(page.next.is_some() && page.items.len() < 80, "{}", page.items.len());
    assert_changes(&*store, &main, &naive, &address("one")).await;
}
