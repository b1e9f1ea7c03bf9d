//! Accounts: one by one and in lists.

use engine::port::{Head, ReadError, Store};
use engine::query::AccountQuery;
use ledger::LedgerName;

use crate::{
    Naive, Request, StoreFixture, address, append, asset, change, drain, ledger_name, post, posting, transfer,
};

fn all(limit: usize) -> AccountQuery {
    AccountQuery { limit, ..AccountQuery::default() }
}

/// Holds the list that a query asks for to the log, in pages of several sizes.
pub(super) async fn assert_listed(
    store: &dyn Store,
    ledger: &LedgerName,
    naive: &Naive,
    query: &AccountQuery,
) {
    let expected = naive.accounts(query);
    for limit in [1, 2, 3, 1_000] {
        let listed = drain(limit, query.after.clone(), async |after| {
            let query = AccountQuery { after, limit, ..query.clone() };
            store.accounts(ledger, &query).await.unwrap()
        })
        .await;
        assert_eq!(listed, expected, "{query:?} in pages of {limit}");
    }
}

async fn wallets(store: &dyn Store, main: &LedgerName) -> Naive {
    let requests: Vec<Request> = vec![
        transfer("world", "users:1", 10),
        post([posting("world", "users:1", "EUR/2", 4), posting("world", "users:10", "EUR/2", 1)]),
        transfer("users:1", "users-2", 3),
        transfer("world", "users", 1),
        transfer("world", "usersX", 1),
        post([posting("world", "bank:fees", "BTC/8", 1), posting("world", "Z", "BTC/8", 0)]),
    ];
    Naive { records: append(store, main, &requests).await }
}

/// Not there before, there with every asset it ever moved afterwards, be it by nothing.
pub async fn an_account_is_there_from_its_first_movement_on(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    assert_eq!(store.account(&main, &address("users:1")).await.unwrap(), None);
    assert_eq!(store.account(&main, &address("world")).await.unwrap(), None);
    let naive = wallets(&*store, &main).await;
    for name in ["users:1", "users:10", "users", "Z", "world", "users:1:a", "user", "z", "nobody"] {
        let account = store.account(&main, &address(name)).await.unwrap();
        assert_eq!(account, naive.account(&address(name)), "{name}");
    }
    let account = store.account(&main, &address("users:1")).await.unwrap().unwrap();
    let figures: Vec<_> =
        account.balances.iter().map(|(asset, balance)| (asset.as_str(), balance.posted())).collect();
    assert_eq!(figures, [("EUR/2", 4), ("USD/2", 7)]);
}

/// Each in its place, whether it is there or not and however often it is asked for, and with where the log stands.
pub async fn accounts_are_read_together_with_the_head(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let names = ["users:1", "nobody", "world", "users:1", "Z", "quiet", "users-2", "both"];
    let addresses = names.map(address);
    let mut naive = Naive::default();
    for more in [0, 1, 2] {
        if more == 1 {
            naive = wallets(&*store, &main).await;
        } else if more == 2 {
            let changes =
                [change("quiet"), change("both"), transfer("users:1", "both", 1), change("users-2")];
            naive.records.extend(append(&*store, &main, &changes).await);
        }
        let head = Head {
            next: naive.next(),
            last_recorded_at: naive.records.last().map(|record| record.entry.recorded_at),
        };
        let found = store.accounts_at_head(&main, &addresses).await.unwrap();
        assert_eq!(found.head, head);
        let accounts: Vec<_> = found.accounts.into_iter().map(Result::unwrap).collect();
        assert_eq!(accounts, addresses.each_ref().map(|address| naive.account(address)));
        let found = store.accounts_at_head(&main, &[]).await.unwrap();
        assert_eq!((found.head, found.accounts.len()), (head, 0));
    }
    let other = ledger_name("other");
    for addresses in [&addresses[..], &[]] {
        assert!(matches!(store.accounts_at_head(&other, addresses).await, Err(ReadError::LedgerNotFound)));
    }
}

/// By the bytes of their addresses, in pages of any size, from any place on.
pub async fn accounts_are_listed_by_address(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    assert!(store.accounts(&main, &all(10)).await.unwrap().items.is_empty());
    let naive = wallets(&*store, &main).await;
    assert_listed(&*store, &main, &naive, &all(0)).await;
    let page = store.accounts(&main, &all(100)).await.unwrap();
    let names: Vec<_> = page.items.iter().map(|account| account.address.as_str()).collect();
    assert_eq!(names, ["Z", "bank:fees", "users", "users-2", "users:1", "users:10", "usersX", "world"]);
    for after in ["A", "Z", "users:1", "users:2", "world", "z"] {
        let query = AccountQuery { after: Some(address(after)), ..all(0) };
        assert_listed(&*store, &main, &naive, &query).await;
    }
}

/// Accounts that never moved the asset are not listed, and of the others only that balance.
pub async fn an_asset_leaves_other_accounts_and_other_balances_out(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = wallets(&*store, &main).await;
    for name in ["USD/2", "EUR/2", "BTC/8", "USD", "GBP/2"] {
        let query = AccountQuery { asset: Some(asset(name)), ..all(0) };
        assert_listed(&*store, &main, &naive, &query).await;
        let query = AccountQuery { prefix: Some("users:".into()), ..query };
        assert_listed(&*store, &main, &naive, &query).await;
    }
}

/// A prefix is text: it may end within a segment, be empty, or fit nothing at all.
pub async fn a_prefix_need_not_end_with_a_segment(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = wallets(&*store, &main).await;
    for prefix in
        ["", "u", "users", "users:", "users:1", "users-", "U", "%", "_", "ü", "users:1\u{10ffff}", "*"]
    {
        let query = AccountQuery { prefix: Some(prefix.into()), ..all(0) };
        assert_listed(&*store, &main, &naive, &query).await;
        // A continuation from before the prefix, within, and behind.
        for after in ["A", "users:1", "zzz"] {
            let query = AccountQuery { after: Some(address(after)), ..query.clone() };
            assert_listed(&*store, &main, &naive, &query).await;
        }
    }
}

/// Where the last account fills its page, the list ends with that page.
pub async fn a_full_list_has_no_empty_last_page(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    wallets(&*store, &main).await;
    let page = store.accounts(&main, &all(8)).await.unwrap();
    assert_eq!((page.items.len(), page.next), (8, None));
    let page = store.accounts(&main, &all(7)).await.unwrap();
    assert_eq!((page.items.len(), page.next), (7, Some(address("usersX"))));
}
