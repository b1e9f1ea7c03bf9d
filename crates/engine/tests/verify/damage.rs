//! Every kind of damage is found, named, and told apart from what it leaves whole.

use engine::verify::{Finding, Report, verify};
use ledger::{Amount, Balance, EntryNumber, Posting, Postings};

use crate::stored::{Stored, address, key, micros, posting, reference};

/// Damages a small ledger and returns the report.
async fn report_after(damage: impl FnOnce(&mut Stored)) -> Report {
    let mut stored = Stored::small();
    damage(&mut stored);
    verify(&mut stored, |_| {}).await.unwrap()
}

/// Damages a small ledger and returns all findings as operators read them.
pub(crate) async fn findings_after(damage: impl FnOnce(&mut Stored)) -> Vec<String> {
    report_after(damage).await.findings.iter().map(Finding::to_string).collect()
}

#[tokio::test]
async fn an_undamaged_ledger_is_clean() {
    assert_eq!(findings_after(|_| {}).await, [""; 0]);
}

#[tokio::test]
async fn a_changed_balance_is_found() {
    let found = findings_after(|stored| stored.balance("b", "USD/2").posted_in = Amount::from(31)).await;
    assert_eq!(
        found,
        [
            "the balance of b USD/2 is: posted in 31, posted out 10, the log says: posted in 30, posted out 10",
            "all balances in USD/2 sum to 1, not to 0",
        ]
    );
}

#[tokio::test]
async fn counters_that_changed_alike_are_found_though_they_sum_to_the_same() {
    let found = findings_after(|stored| {
        let balance = stored.balance("b", "USD/2");
        (balance.posted_in, balance.posted_out) = (Amount::from(31), Amount::from(11));
    })
    .await;
    assert_eq!(
        found,
        ["the balance of b USD/2 is: posted in 31, posted out 11, the log says: posted in 30, posted out 10"]
    );
}

#[tokio::test]
async fn held_money_that_the_log_knows_nothing_of_is_found() {
    let found = findings_after(|stored| stored.balance("b", "USD/2").pending_out = Amount::from(1)).await;
    assert_eq!(
        found,
        ["the balance of b USD/2 is: posted in 30, posted out 10, pending in 0, pending out 1, \
          the log says: posted in 30, posted out 10"]
    );
}

#[tokio::test]
async fn a_missing_balance_is_found_wherever_it_stood() {
    for (account, asset, counters, sum) in [
        ("a", "EUR/2", "posted in 5, posted out 5", None),
        ("c", "USD/2", "posted in 10, posted out 0", Some(-10)),
        ("d", "USD/2", "posted in 0, posted out 0", None),
        ("world", "USD/2", "posted in 0, posted out 100", Some(100)),
    ] {
        let found = findings_after(|stored| stored.balances.retain(|(k, _)| *k != key(account, asset))).await;
        let missing = format!("the balance of {account} {asset} is: nothing, the log says: {counters}");
        let sums = sum.map(|sum| format!("all balances in USD/2 sum to {sum}, not to 0"));
        assert_eq!(found, [missing].into_iter().chain(sums).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn an_extra_balance_is_found_wherever_it_stands() {
    for (place, account) in [(0, "A"), (5, "c:x"), (8, "zebra")] {
        let found = findings_after(|stored| {
            stored.balances.insert(place, (key(account, "USD/2"), Balance::default()));
            assert!(stored.balances.is_sorted_by(|(a, _), (b, _)| a < b));
        })
        .await;
        let extra =
            format!("the balance of {account} USD/2 is: posted in 0, posted out 0, the log says: nothing");
        assert_eq!(found, [extra]);
    }
}

#[tokio::test]
async fn a_gap_in_the_log_is_found_where_it_is() {
    let report = report_after(|stored| drop(stored.records.remove(1))).await;
    assert_eq!(report.entries, 3);
    assert_eq!(
        report.findings[0],
        Finding::NumberDiffers { expected: EntryNumber(1), found: EntryNumber(2) }
    );
    let texts: Vec<_> = report.findings.iter().map(Finding::to_string).collect();
    assert_eq!(
        texts,
        [
            "entry 2 stands where entry 1 should",
            "entry 3 would be rejected: posting 0 takes 10 from b USD/2, which has 0",
            "entry 3 changes the sum of all balances in USD/2 by 30",
            "the balance of a USD/2 is: posted in 100, posted out 30, \
             the log says: posted in 100, posted out 0",
            "the movements of a USD/2 differ from the log (entries found: 2, expected: 1)",
            "the movements of b USD/2 differ from the log (entries found: 2, expected: 1)",
        ]
    );
}

#[tokio::test]
async fn entries_that_swapped_their_content_are_found() {
    let found = findings_after(|stored| {
        stored.records.swap(0, 1);
        for (number, record) in (0..).zip(&mut stored.records) {
            record.entry.number = EntryNumber(number);
        }
    })
    .await;
    assert_eq!(found[0], "entry 0 would be rejected: posting 0 takes 30 from a USD/2, which has 0");
    assert!(found.contains(&"entry 1 was recorded 1000 µs before the entry ahead of it".to_owned()));
    // Both move the balance of a.
    for (account, entries) in [("b", 2), ("world", 1)] {
        let counts = format!("entries found: {entries}, expected: {entries}");
        let differs = format!("the movements of {account} USD/2 differ from the log ({counts})");
        assert!(found.contains(&differs), "{found:?}");
    }
}

#[tokio::test]
async fn entries_that_come_in_another_order_are_found() {
    let found = findings_after(|stored| stored.records.swap(2, 3)).await;
    assert_eq!(found, ["entry 3 stands where entry 2 should", "entry 2 stands where entry 4 should",]);
}

#[tokio::test]
async fn a_changed_amount_in_a_recorded_posting_is_found_at_its_entry() {
    let found = findings_after(|stored| {
        let postings = vec![posting("a", "b", "USD/2", 29)];
        stored.transaction(1).postings = Postings::new(postings).unwrap();
    })
    .await;
    assert_eq!(
        found,
        [
            "entry 1 records for a USD/2: posted in 100, posted out 30, \
             expected: posted in 100, posted out 29",
            "entry 1 records for b USD/2: posted in 30, posted out 0, expected: posted in 29, posted out 0",
        ]
    );
}

#[tokio::test]
async fn a_recorded_posting_that_passes_the_floor_is_found() {
    let found = findings_after(|stored| {
        let postings = vec![posting("a", "b", "USD/2", 101)];
        stored.transaction(1).postings = Postings::new(postings).unwrap();
    })
    .await;
    assert_eq!(found[0], "entry 1 would be rejected: posting 0 takes 101 from a USD/2, which has 100");
}

#[tokio::test]
async fn a_changed_balance_in_an_entry_is_found_there_and_where_it_is_next_used() {
    let found = findings_after(|stored| stored.entry(1).balances[1].1.posted_in = Amount::from(31)).await;
    assert_eq!(
        found,
        [
            "entry 1 records for b USD/2: posted in 31, posted out 0, expected: posted in 30, posted out 0",
            "entry 1 changes the sum of all balances in USD/2 by 1",
            "entry 3 records for b USD/2: posted in 30, posted out 10, \
             expected: posted in 31, posted out 10",
            "entry 3 changes the sum of all balances in USD/2 by -1",
        ]
    );
}

#[tokio::test]
async fn balances_that_an_entry_lacks_or_should_not_have_are_found() {
    let found = findings_after(|stored| {
        let entry = stored.entry(3);
        entry.balances.remove(2);
        entry.balances.insert(0, (key("a", "USD/2"), Balance::default()));
    })
    .await;
    assert_eq!(
        found,
        [
            "entry 3 records for a USD/2: posted in 0, posted out 0, expected: nothing",
            "entry 3 records for d USD/2: nothing, expected: posted in 0, posted out 0",
            "entry 3 changes the sum of all balances in USD/2 by -70",
            "the balance of a USD/2 is: posted in 100, posted out 30, \
             the log says: posted in 0, posted out 0",
        ]
    );
}

#[tokio::test]
async fn balances_of_an_entry_that_are_out_of_order_are_found() {
    let found = findings_after(|stored| stored.entry(3).balances.swap(0, 2)).await;
    assert_eq!(found, ["entry 3 records balances out of order or twice"]);
}

#[tokio::test]
async fn a_reference_used_twice_is_found_with_both_entries() {
    let found = findings_after(|stored| stored.transaction(3).reference = Some(reference("order-1"))).await;
    assert_eq!(found, ["entry 3 has the reference \"order-1\" of entry 1"]);
}

#[tokio::test]
async fn an_idempotency_key_used_twice_is_found_with_both_entries() {
    let found = findings_after(|stored| stored.records[3].request = stored.records[0].request.clone()).await;
    assert_eq!(found, ["entry 3 has the idempotency key \"key-0\" of entry 0"]);
}

#[tokio::test]
async fn a_reference_is_not_taken_for_a_key() {
    let found = findings_after(|stored| stored.transaction(3).reference = Some(reference("key-0"))).await;
    assert_eq!(found, [""; 0]);
}

#[tokio::test]
async fn a_head_that_counts_wrong_is_found() {
    for (head, text) in [
        (3, "the head counts 3 entries, but the log ends before entry 4"),
        (5, "the head counts 5 entries, but the log ends before entry 4"),
    ] {
        assert_eq!(findings_after(|stored| stored.head = EntryNumber(head)).await, [text]);
    }
}

#[tokio::test]
async fn a_log_that_lost_its_end_is_found() {
    let found = findings_after(|stored| drop(stored.records.pop())).await;
    assert_eq!(found[0], "the head counts 4 entries, but the log ends before entry 3");
    assert!(found.iter().any(|text| text.starts_with("the balance of b USD/2 is:")));
    let leftover = "the movements of d USD/2 differ from the log (entries found: 1, expected: 0)";
    assert!(found.contains(&leftover.to_owned()));
}

#[tokio::test]
async fn time_that_goes_backwards_is_found() {
    let report = report_after(|stored| stored.entry(1).recorded_at = micros(999)).await;
    assert_eq!(
        report.findings[0],
        Finding::TimeWentBack { entry: EntryNumber(1), previous: micros(1000), found: micros(999) }
    );
    let texts: Vec<_> = report.findings.iter().map(Finding::to_string).collect();
    assert_eq!(texts[0], "entry 1 was recorded 1 µs before the entry ahead of it");
    // It counts at another time than it was recorded at by now, and the projection knows nothing of that.
    let shifted =
        |text: &str| text.starts_with("what moved") && text.ends_with("(movements found: 0, expected: 1)");
    assert!(texts.len() == 3 && texts[1..].iter().all(|text| shifted(text)), "{texts:?}");
}

#[tokio::test]
async fn counters_beyond_every_bound_are_found_without_a_panic() {
    let full = Balance {
        posted_in: Amount::ZERO,
        posted_out: Amount::MAX,
        pending_in: Amount::MAX,
        pending_out: Amount::MAX,
    };
    let report = report_after(|stored| {
        for number in 0..4 {
            for (_, balance) in &mut stored.entry(number).balances {
                *balance = full;
            }
        }
        for (_, balance) in &mut stored.balances {
            *balance = full;
        }
    })
    .await;
    let entries = report.findings.iter().filter(|f| matches!(f, Finding::EntryBalanceDiffers { .. }));
    let balances = report.findings.iter().filter(|f| matches!(f, Finding::BalanceDiffers { .. }));
    assert_eq!((entries.count(), balances.count()), (10, 8));
}

#[tokio::test]
async fn postings_and_numbers_beyond_every_bound_are_found_without_a_panic() {
    let found = findings_after(|stored| {
        for number in 0..4 {
            let asset = key("a", "USD/2").asset;
            let huge = Posting::new(address("world"), address("a"), asset, Amount::MAX).unwrap();
            stored.transaction(number).postings = Postings::new(vec![huge; 2]).unwrap();
        }
        stored.entry(3).number = EntryNumber(u64::MAX);
    })
    .await;
    assert_eq!(found[0], "entry 0 would be rejected: posting 1 overflows world USD/2");
    assert!(found.contains(&format!("entry {} stands where entry 3 should", u64::MAX)));
}

#[tokio::test]
async fn an_empty_ledger_with_leftovers_in_its_projections_is_not_clean() {
    let report = report_after(|stored| {
        stored.head = EntryNumber(0);
        stored.records.clear();
    })
    .await;
    assert_eq!((report.entries, report.balances, report.movements), (0, 8, 10));
    // Eight balances, which still sum to zero, what moved each of them, and what moved three at another time.
    assert_eq!(report.findings_total, 19);
}
