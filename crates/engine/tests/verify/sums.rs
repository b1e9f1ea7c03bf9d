//! Sums of balances that are not those of the accounts are found and named.

use engine::verify::{Finding, verify};
use ledger::{BalanceTotal, Root, RootKey, Total};

use crate::stored::{Stored, key, micros, posting, transaction};

/// Accounts under two roots, and one that is named like a root.
fn stored() -> Stored {
    Stored::after([
        (transaction(vec![posting("world", "users", "USD/2", 100)]), micros(1)),
        (transaction(vec![posting("users", "users:1", "USD/2", 60)]), micros(2)),
        (transaction(vec![posting("users:1", "users:2", "USD/2", 20)]), micros(3)),
        (transaction(vec![posting("users:2", "shops:1", "USD/2", 5)]), micros(4)),
    ])
}

fn root(name: &str) -> RootKey {
    RootKey { root: Root::parse(name).unwrap(), asset: key("a", "USD/2").asset }
}

async fn findings_after(damage: impl FnOnce(&mut Stored)) -> Vec<String> {
    let mut stored = stored();
    damage(&mut stored);
    let report = verify(&mut stored, |_| {}).await.unwrap();
    report.findings.iter().map(Finding::to_string).collect()
}

#[tokio::test]
async fn sums_that_are_those_of_the_accounts_are_clean() {
    let report = verify(&mut stored(), |_| {}).await.unwrap();
    assert!(report.is_clean(), "{report:?}");
    assert_eq!((report.sums, report.balances), (2, 5));
}

#[tokio::test]
async fn a_changed_sum_is_found() {
    let found = findings_after(|stored| stored.sums[1].1.posted_in = Total::from(81)).await;
    assert_eq!(
        found,
        ["the sum of all under users: in USD/2 is: posted in 81, posted out 25, \
          the log says: posted in 80, posted out 25"]
    );
    let found = findings_after(|stored| stored.sums[0].1.pending_out = Total::from(1)).await;
    assert_eq!(
        found,
        ["the sum of all under shops: in USD/2 is: posted in 5, posted out 0, pending in 0, pending out 1, \
          the log says: posted in 5, posted out 0"]
    );
}

#[tokio::test]
async fn a_missing_sum_is_found_wherever_it_stood() {
    for (place, name, counters) in
        [(0, "shops", "posted in 5, posted out 0"), (1, "users", "posted in 80, posted out 25")]
    {
        let found = findings_after(|stored| drop(stored.sums.remove(place))).await;
        assert_eq!(
            found,
            [format!("the sum of all under {name}: in USD/2 is: nothing, the log says: {counters}")]
        );
    }
}

#[tokio::test]
async fn an_extra_sum_is_found_wherever_it_stands() {
    for (place, name) in [(0, "a"), (1, "shops-1"), (2, "world")] {
        let found = findings_after(|stored| {
            stored.sums.insert(place, (root(name), BalanceTotal::default()));
            assert!(stored.sums.is_sorted_by(|(a, _), (b, _)| a < b));
        })
        .await;
        let extra = "posted in 0, posted out 0, the log says: nothing";
        assert_eq!(found, [format!("the sum of all under {name}: in USD/2 is: {extra}")]);
    }
}
