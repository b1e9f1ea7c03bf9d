//! Damage to what is kept beside transactions, to the lists of its changes, and to what things are found by.

use engine::pair::MetadataPair;
use engine::verify::{Finding, TransactionFault, verify};
use ledger::{EntryBody, EntryNumber, Metadata};

use crate::stored::{Stored, address};

async fn findings_after(damage: impl FnOnce(&mut Stored)) -> Vec<String> {
    let mut stored = Stored::changed();
    damage(&mut stored);
    let report = verify(&mut stored, |_| {}).await.unwrap();
    report.findings.iter().map(Finding::to_string).collect()
}

#[tokio::test]
async fn what_is_kept_beside_a_transaction_is_held_to_the_log() {
    assert_eq!(findings_after(|_| {}).await, [""; 0]);
    let found = findings_after(|stored| stored.changed_transactions[0].1 = Metadata::default()).await;
    assert_eq!(found, ["the metadata of transaction 0 differs from the log"]);
    for (place, number) in [0, 8].into_iter().enumerate() {
        let found = findings_after(|stored| drop(stored.changed_transactions.remove(place))).await;
        assert_eq!(found, [format!("the log changes transaction {number}, of which no change is kept")]);
    }
    let found = findings_after(|stored| {
        stored.changed_transactions.insert(1, (EntryNumber(1), Metadata::default()));
    })
    .await;
    assert_eq!(found, ["a change of transaction 1 is kept, and the log never changed it"]);
}

#[tokio::test]
async fn changes_of_transactions_that_are_missing_too_many_or_others_are_found() {
    for (place, number) in [0, 0, 8].into_iter().enumerate() {
        let found = findings_after(|stored| {
            stored.transaction_changes.remove(place);
        })
        .await;
        assert_eq!(found, [format!("the changes of transaction {number} differ from the log")]);
    }
    let found = findings_after(|stored| stored.transaction_changes[0].1 = EntryNumber(8)).await;
    assert_eq!(found, ["the changes of transaction 0 differ from the log"]);
    let found =
        findings_after(|stored| stored.transaction_changes.insert(2, (EntryNumber(3), EntryNumber(9)))).await;
    assert_eq!(found, ["the changes of transaction 3 differ from the log"]);
}

#[tokio::test]
async fn what_finds_something_else_or_nothing_is_found() {
    let index = |what: &str| [format!("what {what} is found by differs from its metadata")];
    let place = |stored: &Stored, number| {
        stored.transactions_by_pair.iter().position(|(_, found)| *found == EntryNumber(number)).unwrap()
    };
    let found = findings_after(|stored| {
        stored.transactions_by_pair.remove(place(stored, 8));
    })
    .await;
    assert_eq!(found, index("transaction 8"));
    let found = findings_after(|stored| {
        let place = place(stored, 0);
        stored.transactions_by_pair[place].0 = MetadataPair::of("order", "1");
        stored.transactions_by_pair.sort();
    })
    .await;
    assert_eq!(found, index("transaction 0"));
    let found = findings_after(|stored| {
        stored.transactions_by_pair.push((MetadataPair::of("order", "2"), EntryNumber(2)));
        stored.transactions_by_pair.sort();
    })
    .await;
    assert_eq!(found, index("transaction 2"));
    let found =
        findings_after(|stored| stored.accounts_by_pair.retain(|(_, account)| *account != address("a")))
            .await;
    assert_eq!(found, index("a"));
    let found = findings_after(|stored| {
        stored.accounts_by_pair.push((MetadataPair::of("tier", "gold"), address("zebra")));
        stored.accounts_by_pair.sort();
    })
    .await;
    assert_eq!(found, index("zebra"));
}

#[tokio::test]
async fn a_change_of_what_is_no_transaction_is_found_in_the_log() {
    for number in [4, 9, 10, 99] {
        let found = findings_after(|stored| {
            let EntryBody::TransactionChange(change) = &mut stored.entry(10).body else {
                panic!("entry 10 changes a transaction")
            };
            change.transaction = EntryNumber(number);
        })
        .await;
        assert_eq!(
            found[0],
            format!("entry 10 would be rejected: there is no transaction {number} before it")
        );
    }
}

#[tokio::test]
async fn findings_of_transactions_are_readable_for_machines() {
    let mut stored = Stored::changed();
    stored.transaction_changes.pop();
    let report = verify(&mut stored, |_| {}).await.unwrap();
    let fault = Finding::TransactionDiffers { transaction: EntryNumber(8), fault: TransactionFault::Changes };
    assert_eq!(report.findings, [fault]);
    let json = serde_json::to_value(&report.findings[0]).unwrap();
    let expected = serde_json::json!({ "kind": "transaction_differs", "transaction": 8, "fault": "changes" });
    assert_eq!(json, expected);
}
