//! Damage to what is kept beside accounts, and to the lists of their changes.

use engine::port::KeptAccount;
use engine::verify::{AccountFault, Finding, verify};
use ledger::{EntryBody, EntryNumber, Floors, Frozen, Metadata, Policy};

use crate::stored::{Stored, address, key};

async fn findings_after(damage: impl FnOnce(&mut Stored)) -> Vec<String> {
    let mut stored = Stored::changed();
    damage(&mut stored);
    let report = verify(&mut stored, |_| {}).await.unwrap();
    report.findings.iter().map(Finding::to_string).collect()
}

#[tokio::test]
async fn every_part_of_a_kept_account_is_held_to_the_log() {
    assert_eq!(findings_after(|_| {}).await, [""; 0]);
    let policy = ["the policy of a differs from the log"];
    assert_eq!(findings_after(|stored| stored.account("a").policy.closed = true).await, policy);
    assert_eq!(findings_after(|stored| stored.account("a").policy.frozen = Frozen::All).await, policy);
    assert_eq!(findings_after(|stored| stored.account("a").policy.floors = Floors::Unbounded).await, policy);
    let metadata = ["the metadata of a differs from the log"];
    assert_eq!(findings_after(|stored| stored.account("a").metadata = Metadata::default()).await, metadata);
    // As an earlier change had left it.
    let gold = Metadata::new([("tier".to_owned(), "gold".to_owned())].into()).unwrap();
    assert_eq!(findings_after(|stored| stored.account("a").metadata = gold).await, metadata);
}

#[tokio::test]
async fn accounts_that_are_missing_or_too_many_are_found_wherever_they_stand() {
    for (place, name) in ["a", "b", "quiet"].into_iter().enumerate() {
        let found = findings_after(|stored| drop(stored.accounts.remove(place))).await;
        assert_eq!(found, [format!("the log changes account {name}, which is missing")]);
    }
    for (place, name) in [(0, "A"), (1, "aa"), (3, "zebra")] {
        let found = findings_after(|stored| {
            let (address, metadata) = (address(name), Metadata::default());
            let policy = Policy::standard(&address).clone();
            stored.accounts.insert(place, KeptAccount { address, policy, metadata });
            assert!(stored.accounts.is_sorted_by(|a, b| a.address < b.address));
        })
        .await;
        assert_eq!(found, [format!("account {name} is kept, and the log never changed it")]);
    }
}

#[tokio::test]
async fn changes_that_are_missing_too_many_or_others_are_found() {
    for place in 0..4 {
        let mut name = String::new();
        let found = findings_after(|stored| name = stored.changes.remove(place).0.as_str().to_owned()).await;
        assert_eq!(found, [format!("the changes of {name} differ from the log")]);
    }
    let found = findings_after(|stored| stored.changes[0].1 = EntryNumber(0)).await;
    assert_eq!(found, ["the changes of a differ from the log"]);
    let found = findings_after(|stored| stored.changes.insert(0, (address("A"), EntryNumber(0)))).await;
    assert_eq!(found, ["the changes of A differ from the log"]);
}

#[tokio::test]
async fn payments_are_judged_by_the_policies_that_the_log_gave() {
    // Without the change that gave credit.
    let found = findings_after(|stored| {
        let EntryBody::Account(change) = &mut stored.entry(6).body else { panic!("entry 6 changes b") };
        change.policy.floors = Floors::PerAsset([].into());
    })
    .await;
    assert_eq!(
        found,
        [
            "entry 8 would be rejected: posting 0 takes 60 from b USD/2, which has 20",
            "the policy of b differs from the log",
        ]
    );
    let found = findings_after(|stored| {
        let EntryBody::Account(change) = &mut stored.entry(6).body else { panic!("entry 6 changes b") };
        change.policy.closed = true;
    })
    .await;
    assert_eq!(found[0], "entry 8 would be rejected: posting 0 moves money of b, which is closed");
}

#[tokio::test]
async fn a_change_that_records_a_balance_is_found() {
    let found = findings_after(|stored| {
        stored.entry(5).balances.push((key("quiet", "USD/2"), ledger::Balance::default()));
    })
    .await;
    assert_eq!(
        found,
        [
            "entry 5 records for quiet USD/2: posted in 0, posted out 0, expected: nothing",
            "the balance of quiet USD/2 is: nothing, the log says: posted in 0, posted out 0",
        ]
    );
}

#[tokio::test]
async fn findings_are_readable_for_machines() {
    let mut stored = Stored::changed();
    stored.account("a").policy.closed = true;
    let report = verify(&mut stored, |_| {}).await.unwrap();
    let fault = Finding::AccountDiffers { account: address("a"), fault: AccountFault::Policy };
    assert_eq!(report.findings, [fault]);
    let json = serde_json::to_value(&report.findings[0]).unwrap();
    assert_eq!(json, serde_json::json!({ "kind": "account_differs", "account": "a", "fault": "policy" }));
}
