//! Sums of balances over groups of accounts.

use engine::port::Store;
use engine::query::BalanceQuery;
use ledger::LedgerName;

use crate::{Naive, StoreFixture, append, drain, transfer};

fn depth(depth: usize) -> BalanceQuery {
    BalanceQuery { prefix: None, depth, as_of: None, after: None, limit: 1_000 }
}

/// Holds the list that a query asks for to the log, in pages of several sizes.
pub(super) async fn assert_listed(
    store: &dyn Store,
    ledger: &LedgerName,
    naive: &Naive,
    query: &BalanceQuery,
) {
    let expected = naive.groups(query);
    for limit in [1, 2, 3, 1_000] {
        let listed = drain(limit, query.after.clone(), async |after| {
            let query = BalanceQuery { after, limit, ..query.clone() };
            let page = store.balances(ledger, &query).await.unwrap();
            let may_be_empty = query.as_of.is_some();
            assert!(
                page.next.is_none() || !page.items.is_empty() || may_be_empty,
                "a page that does not come forward"
            );
            page
        })
        .await;
        assert_eq!(listed, expected, "{query:?} in pages of {limit}");
    }
}

/// Accounts whose groups lie across each other in the order of bytes.
const ACROSS: &[&str] = &[
    "users:1:a",
    "users:1:b",
    "users-2:x",
    "users-2-3",
    "users-2-3:x",
    "users2",
    "users2:x:y",
    "usersX",
    "users:10:a",
    "users:1-0:a",
    "users:1-0-0:b",
    "users:10",
    "b:1",
    "b-1:1",
    "b-1-1",
    "b0",
    "a",
    "a:a:a:a",
    "0",
    "0:0",
    "-",
    "-:-",
    "_",
    "c-:1",
    "c:1",
];

async fn fund(store: &dyn Store, main: &LedgerName, accounts: &[&str]) -> Naive {
    let requests: Vec<_> =
        accounts.iter().enumerate().map(|(n, account)| transfer("world", account, 1 << n)).collect();
    Naive { records: append(store, main, &requests).await }
}

/// An account with fewer segments is a group by itself.
pub async fn groups_are_the_first_segments(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    assert!(store.balances(&main, &depth(1)).await.unwrap().items.is_empty());
    let naive =
        fund(&*store, &main, &["users:1:cash", "users:1:card", "users:2:cash", "users", "bank"]).await;
    let names_and_sums = async |depth_wanted| {
        let page = store.balances(&main, &depth(depth_wanted)).await.unwrap();
        assert_eq!(page.items, naive.groups(&depth(depth_wanted)));
        let figure =
            |group: &engine::query::BalanceGroup| (group.address.to_string(), group.balances[0].1.posted_in);
        page.items.iter().map(figure).collect::<Vec<_>>()
    };
    let owned = |pairs: &[(&str, u128)]| -> Vec<_> {
        pairs.iter().map(|(name, sum)| ((*name).to_owned(), *sum)).collect()
    };
    assert_eq!(names_and_sums(1).await, owned(&[("bank", 16), ("users", 15), ("world", 0)]));
    assert_eq!(
        names_and_sums(2).await,
        owned(&[("bank", 16), ("users", 8), ("users:1", 3), ("users:2", 4), ("world", 0)])
    );
    assert_eq!(names_and_sums(3).await.len(), 6);
    assert_eq!(names_and_sums(200).await.len(), 6);
}

/// `users-2` lies between `users` and `users:1`, and the list is sorted by name all the same.
pub async fn groups_come_in_the_order_of_their_names_whatever_lies_between_their_accounts(
    fixture: &dyn StoreFixture,
) {
    let (store, main) = fixture.with_main().await;
    let naive = fund(&*store, &main, ACROSS).await;
    for depth_wanted in 1..6 {
        assert_listed(&*store, &main, &naive, &depth(depth_wanted)).await;
    }
    let page = store.balances(&main, &depth(1)).await.unwrap();
    let names: Vec<_> = page.items.iter().map(|group| group.address.as_str()).collect();
    assert!(names.is_sorted(), "{names:?}");
    for expected in ["users", "users-2", "users-2-3", "b", "b-1", "c", "c-"] {
        assert!(names.contains(&expected), "{expected} of {names:?}");
    }
}

/// Also where the prefix ends within a segment, or is longer than the group's name.
pub async fn a_group_counts_only_accounts_with_the_prefix(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = fund(&*store, &main, ACROSS).await;
    for prefix in
        ["", "users", "users:", "users:1", "users:1:", "users-", "b", "b-", "-", "a:a:", "x", "ü", "c"]
    {
        for depth_wanted in 1..4 {
            let query = BalanceQuery { prefix: Some(prefix.into()), ..depth(depth_wanted) };
            assert_listed(&*store, &main, &naive, &query).await;
        }
    }
}

/// Groups of one account each, as many as several pages hold.
pub async fn pages_of_groups_neither_repeat_nor_omit(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let requests: Vec<_> = (0..150u32)
        .map(|n| transfer("world", &format!("users:{:08x}-{n}:cash", n.wrapping_mul(0x9e37_79b9)), 1))
        .collect();
    let naive = Naive { records: append(&*store, &main, &requests).await };
    for depth_wanted in [1, 2, 3] {
        assert_listed(&*store, &main, &naive, &depth(depth_wanted)).await;
    }
    let page = store.balances(&main, &BalanceQuery { limit: 151, ..depth(2) }).await.unwrap();
    assert_eq!((page.items.len(), page.next), (151, None), "a full list has no empty last page");
}

/// A cursor that was made up does no harm.
pub async fn a_continuation_may_be_any_text(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let naive = fund(&*store, &main, ACROSS).await;
    for after in ["", "!", "users", "users:", "users;", "users-2", "users-20", "b:", "ü", "\u{10ffff}", "z"]
    {
        for depth_wanted in 1..4 {
            let query = BalanceQuery { after: Some(after.into()), ..depth(depth_wanted) };
            assert_listed(&*store, &main, &naive, &query).await;
        }
    }
}
