//! Commands whose effect depends on what balances are: quantities and expectations.

use engine::port::Appended::{Stale, Written};
use engine::{Outcome, Submission, SubmitError};
use ledger::{
    Address, Asset, Bounds, EntryBody, Expectation, Expectations, ExpectedBounds, Posting, Postings,
    Quantity, Rejection,
};

use crate::{Bench, With, transaction_of, transfer};

/// Moves all that the source has.
fn all(source: &str, destination: &str) -> Submission {
    let mut submission = transfer(source, destination, 0);
    let post = transaction_of(&mut submission);
    let [posting] = post.postings.as_slice() else { panic!("a transfer is one posting") };
    post.postings = Postings::new(vec![posting.with_amount(Quantity::All)]).unwrap();
    submission
}

/// Expects an account to have exactly so much in the end.
fn expecting(mut submission: Submission, account: &str, posted: i128) -> Submission {
    let post = transaction_of(&mut submission);
    let (account, asset) = (Address::parse(account).unwrap(), Asset::parse("USD/2").unwrap());
    let posted = Bounds { equals: Some(posted), ..Bounds::default() };
    let bounds = ExpectedBounds { posted, ..ExpectedBounds::default() };
    let one = Expectation::new(account, Some(asset), bounds).unwrap();
    post.expectations = Expectations::new(vec![one]).unwrap();
    submission
}

fn moved(body: &EntryBody) -> Vec<u128> {
    body.postings().iter().map(Posting::amount).map(ledger::Amount::get).collect()
}

#[tokio::test]
async fn all_is_what_there_is_although_the_lane_remembers_more() {
    let bench = Bench::warm().await;
    let replica = bench.replica().await;
    replica.submit(transfer("a", "b", 25)).await.unwrap();
    // On what this lane remembers there are 30.
    let swept = bench.submit(all("a", "world").key("k")).await.unwrap();
    assert_eq!(moved(&swept.entry.body), [5]);
    assert_eq!(bench.store.appended(), [Stale]);
    bench.submit(transfer("world", "a", 9)).await.unwrap();
    let again = bench.submit(all("a", "world").key("k")).await.unwrap();
    assert_eq!((again.outcome, again.entry), (Outcome::Replayed, swept.entry));
    assert_eq!(bench.posted("a").await, 9);
}

#[tokio::test]
async fn an_expectation_of_a_balance_that_nothing_moves_is_held_to_the_ledger() {
    let mut bench = Bench::warm().await;
    bench.submit(transfer("a", "b", 4)).await.unwrap();
    for way in ["remembered", "after reopening", "looked up"] {
        bench = bench.reopen().await;
        match way {
            "remembered" => {
                bench.submit(transfer("world", "b", 0)).await.unwrap();
            }
            "looked up" => {
                for _ in 0..3 {
                    bench.submit(transfer("world", "c", 0)).await.unwrap();
                }
                bench.store.appended();
            }
            _ => {}
        }
        let failed = bench.submit(expecting(transfer("world", "c", 1), "b", 5)).await;
        let Err(SubmitError::Rejected(Rejection::ExpectationFailed { unmet, .. })) = failed else {
            panic!("{way}: {failed:?}");
        };
        assert_eq!(unmet.actual, 4, "{way}");
        bench.submit(expecting(transfer("world", "c", 0), "b", 4)).await.unwrap();
        if way == "looked up" {
            assert!(bench.store.appended().contains(&Written), "the short way");
        }
    }
}

#[test]
fn expectations_take_room_where_they_are_more_than_the_postings() {
    let post = transaction_of(&mut expecting(transfer("a", "b", 1), "b", 5)).clone();
    let mut submission = transfer("a", "b", 1);
    assert_eq!(submission.weight(), 1);
    let heavy = transaction_of(&mut submission);
    heavy.expectations = Expectations::new(vec![post.expectations.as_slice()[0].clone(); 100]).unwrap();
    assert_eq!(submission.weight(), 100);
}
