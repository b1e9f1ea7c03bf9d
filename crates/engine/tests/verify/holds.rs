//! Damage to holds and reversals, in the log and beside it: each is found, and named.

use engine::verify::verify;
use ledger::{Amount, EntryBody, EntryNumber, HoldState, Origin};

use crate::stored::{Stored, address, micros, posting};

async fn findings(damage: impl FnOnce(&mut Stored)) -> Vec<String> {
    let mut stored = Stored::held();
    damage(&mut stored);
    let report = verify(&mut stored, |_| {}).await.unwrap();
    report.findings.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_hold_that_is_kept_otherwise_is_found() {
    let state = findings(|stored| stored.holds[1].state = HoldState::Voided).await;
    assert_eq!(state, ["hold 7 differs from the log"]);
    let ended = findings(|stored| stored.holds[0].state = HoldState::Open).await;
    assert_eq!(ended, ["hold 4 differs from the log"]);
    let captured = findings(|stored| stored.holds[0].captured[1] = Amount::from(2)).await;
    assert_eq!(captured, ["hold 4 differs from the log"]);
    let expiry = findings(|stored| stored.holds[2].expires_at = Some(micros(6001))).await;
    assert_eq!(expiry, ["hold 8 differs from the log"]);
    let missing = findings(|stored| drop(stored.holds.remove(1))).await;
    assert_eq!(missing, ["hold 7 is missing"]);
    let unexpected = findings(|stored| stored.holds[1].hold = EntryNumber(6)).await;
    assert_eq!(unexpected, ["hold 6 is kept, and the log does not have it", "hold 7 is missing"]);
}

#[tokio::test]
async fn holds_that_name_other_accounts_are_found() {
    let missing = findings(|stored| drop(stored.hold_accounts.remove(0))).await;
    assert_eq!(missing, ["the holds of a differ from the log"]);
    let more = findings(|stored| stored.hold_accounts.push((address("z"), EntryNumber(4)))).await;
    assert_eq!(more, ["the holds of z differ from the log"]);
}

#[tokio::test]
async fn reversals_that_are_kept_otherwise_are_found() {
    let other = findings(|stored| stored.reversals[0].1[0] = Amount::from(8)).await;
    assert_eq!(other, ["how far transaction 1 was reversed differs from the log"]);
    let missing = findings(|stored| drop(stored.reversals.remove(1))).await;
    assert_eq!(missing, ["how far transaction 5 was reversed is missing"]);
    let more = findings(|stored| stored.reversals.push((EntryNumber(9), vec![Amount::from(1)]))).await;
    assert_eq!(more, ["how far transaction 9 was reversed is kept, and the log does not have it"]);
}

#[tokio::test]
async fn an_entry_that_lets_go_of_more_or_less_than_is_left_is_found() {
    let less = findings(|stored| {
        let EntryBody::Release(release) = &mut stored.entry(12).body else { panic!("12 lets 8 go") };
        release.postings.clear();
    })
    .await;
    assert!(less.iter().any(|text| text.contains("entry 12 does not say of its hold")), "{less:?}");
    let more = findings(|stored| {
        let Origin::Capture(capture) = &mut stored.transaction(6).origin else { panic!("6 captures 4") };
        capture.released.push(posting("a", "c", "USD/2", 1));
    })
    .await;
    assert!(more.iter().any(|text| text.contains("entry 6 does not say of its hold")), "{more:?}");
    let open = findings(|stored| {
        let Origin::Capture(capture) = &mut stored.transaction(6).origin else { panic!("6 captures 4") };
        capture.closes = false;
    })
    .await;
    assert!(open.iter().any(|text| text.contains("entry 6 records for a USD/2")), "{open:?}");
}

#[tokio::test]
async fn an_entry_that_uses_up_what_is_not_there_is_found() {
    let hold = findings(|stored| {
        let Origin::Capture(capture) = &mut stored.transaction(5).origin else { panic!("5 captures 4") };
        capture.hold = EntryNumber(3);
    })
    .await;
    assert!(hold[0].starts_with("entry 5 would be rejected: there is no hold 3"), "{hold:?}");
    let transaction = findings(|stored| {
        let Origin::Reversal(reversal) = &mut stored.transaction(9).origin else { panic!("9 reverses 1") };
        reversal.of = EntryNumber(4);
    })
    .await;
    let expected = "entry 9 would be rejected: there is no transaction 4 before it";
    assert!(transaction[0].starts_with(expected), "{transaction:?}");
    let later = findings(|stored| {
        let Origin::Reversal(reversal) = &mut stored.transaction(9).origin else { panic!("9 reverses 1") };
        reversal.of = EntryNumber(10);
    })
    .await;
    assert!(later[0].contains("there is no transaction 10 before it"), "{later:?}");
    let early = findings(|stored| {
        let EntryBody::Release(release) = &mut stored.entry(12).body else { panic!("12 lets 8 go") };
        release.hold = EntryNumber(7);
    })
    .await;
    assert!(early[0].starts_with("entry 12 would be rejected: the time of hold 7 has not come"), "{early:?}");
}
