//! The short way: a lane that remembers all that a batch needs decides first and has the store write in one go.

use engine::port::Appended::{Stale, Written};
use engine::{EngineOptions, Outcome, Submission, SubmitError, Submitted};
use ledger::{Metadata, Reference};
use tokio::task::JoinHandle;

use crate::faulty_store::Fault;
use crate::{Bench, With, is_short_of_funds, main, transfer};

impl Bench {
    /// A bench whose lane remembers `world` and `a`, and takes the short way with the next batch.
    pub(crate) async fn warm() -> Self {
        Self::warm_with(EngineOptions::default()).await
    }

    async fn warm_with(options: EngineOptions) -> Self {
        let bench = Self::with(options).await;
        for _ in 0..3 {
            bench.submit(transfer("world", "a", 10)).await.unwrap();
        }
        assert_eq!(bench.store.appended(), [Written]);
        bench
    }

    /// Another engine on the same database, as another replica has it.
    pub(crate) async fn replica(&self) -> Self {
        let file = self.folder.path().join("florin.db");
        Self::open_file(&file, tempfile::tempdir().unwrap(), EngineOptions::default()).await
    }
}

#[tokio::test]
async fn a_lane_takes_the_short_way_once_it_has_seen_that_nobody_else_writes() {
    let bench = Bench::warm().await;
    for _ in 0..5 {
        bench.submit(transfer("world", "a", 10)).await.unwrap();
    }
    assert_eq!(bench.store.appended(), [Written; 5]);
    // A balance that is missing is looked up first.
    for _ in 0..2 {
        bench.submit(transfer("world", "b", 10)).await.unwrap();
    }
    assert_eq!(bench.store.appended(), [Written; 2]);
    assert_eq!((bench.posted("a").await, bench.posted("b").await, bench.entries().await), (80, 20, 10));
}

#[tokio::test]
async fn a_head_that_moved_on_is_noticed_and_the_batch_decided_anew() {
    let bench = Bench::warm().await;
    let replica = bench.replica().await;
    replica.submit(transfer("a", "b", 25)).await.unwrap();
    // On what this lane remembers there are 30.
    let result = bench.submit(transfer("a", "world", 10)).await;
    assert!(is_short_of_funds(&result), "{result:?}");
    assert_eq!(bench.store.appended(), [Stale]);
    assert_eq!(bench.posted("a").await, 5);
    bench.submit(transfer("a", "world", 5)).await.unwrap();
    assert_eq!((bench.posted("a").await, bench.posted("b").await, bench.entries().await), (0, 25, 5));
}

#[tokio::test]
async fn two_engines_that_take_turns_keep_to_the_long_way() {
    let bench = Bench::warm().await;
    let replica = bench.replica().await;
    for _ in 0..10 {
        replica.submit(transfer("world", "a", 1)).await.unwrap();
        bench.submit(transfer("world", "a", 1)).await.unwrap();
    }
    assert_eq!(bench.store.appended(), [Stale], "tried again although somebody else writes");
    assert_eq!(replica.store.appended(), []);
    assert_eq!((bench.posted("a").await, bench.entries().await), (50, 23));
}

#[tokio::test]
async fn a_key_in_use_is_replayed_and_never_written_again() {
    let bench = Bench::warm().await;
    let first = bench.submit(transfer("a", "world", 10).key("k")).await.unwrap();
    bench.store.appended();
    let again = bench.submit(transfer("a", "world", 10).key("k")).await.unwrap();
    assert_eq!((again.outcome, &again.entry), (Outcome::Replayed, &first.entry));
    assert_eq!(bench.store.appended(), [Stale]);
    let other = bench.submit(transfer("a", "world", 11).key("k")).await;
    assert!(matches!(other, Err(SubmitError::KeyReused)), "{other:?}");
    assert_eq!((bench.posted("a").await, bench.entries().await), (20, 4));
}

/// On what is remembered the retry is short of funds: it is the key that says otherwise.
#[tokio::test]
async fn a_retry_that_would_be_rejected_now_is_replayed_beside_what_is_recorded() {
    let bench = Bench::warm().await;
    bench.submit(transfer("a", "world", 30).key("k")).await.unwrap();
    bench.store.appended();
    bench.store.hold();
    // The lane is busy with one batch while the next one fills.
    let busy = bench.spawn(transfer("world", "a", 1));
    bench.until("florin_batch_commands_count", 5.0).await;
    let retry = bench.spawn(transfer("a", "world", 30).key("k"));
    let fresh = bench.spawn(transfer("world", "a", 1));
    bench.until("florin_lane_queue_depth", 2.0).await;
    bench.store.release();
    busy.await.unwrap().unwrap();
    let retried = retry.await.unwrap().unwrap();
    assert_eq!(retried.outcome, Outcome::Replayed);
    assert_eq!(fresh.await.unwrap().unwrap().outcome, Outcome::Recorded);
    assert_eq!(bench.store.appended(), [Written, Stale]);
    assert_eq!((bench.posted("a").await, bench.entries().await), (2, 6));
}

#[tokio::test]
async fn a_reference_in_use_is_rejected() {
    let bench = Bench::warm().await;
    let referenced = || {
        let mut submission = transfer("world", "a", 1);
        crate::transaction_of(&mut submission).reference = Some(Reference::parse("order-1").unwrap());
        submission
    };
    bench.submit(referenced()).await.unwrap();
    let again = bench.submit(referenced()).await;
    assert!(matches!(again, Err(SubmitError::Rejected(_))), "{again:?}");
    assert_eq!(bench.store.appended(), [Written, Stale]);
    assert_eq!(bench.entries().await, 4);
}

#[tokio::test]
async fn a_rejection_alone_is_checked_against_the_ledger() {
    let bench = Bench::warm().await;
    let replica = bench.replica().await;
    replica.submit(transfer("world", "a", 100)).await.unwrap();
    // On what this lane remembers there are 30.
    bench.submit(transfer("a", "world", 130)).await.unwrap();
    assert_eq!(bench.store.appended(), []);
    assert_eq!(bench.posted("a").await, 0);
}

#[tokio::test]
async fn an_append_that_goes_wrong_fails_like_a_batch_and_is_forgotten() {
    let bench = Bench::warm().await;
    bench.store.fail_next_commit(Fault::RolledBack);
    let failed = bench.submit(transfer("a", "world", 30)).await;
    assert!(matches!(failed, Err(SubmitError::Unavailable(_))), "{failed:?}");
    assert_eq!(bench.posted("a").await, 30);
    for (fault, at_first, in_the_end) in [(Fault::RequestLost, 30, 20), (Fault::AnswerLost, 10, 10)] {
        // The lane has to learn its balances anew before it takes the short way again.
        for _ in 0..2 {
            bench.submit(transfer("world", "a", 0)).await.unwrap();
        }
        bench.store.appended();
        bench.store.fail_next_commit(fault);
        let key = format!("{fault:?}");
        let failed = bench.submit(transfer("a", "world", 10).key(&key)).await;
        assert!(matches!(failed, Err(SubmitError::OutcomeUnknown(_))), "{failed:?}");
        assert_eq!(bench.posted("a").await, at_first);
        // The key settles it, whatever happened.
        bench.submit(transfer("a", "world", 10).key(&key)).await.unwrap();
        assert_eq!(bench.posted("a").await, in_the_end);
    }
}

#[tokio::test]
async fn a_ledger_that_is_not_there_is_never_appended_to() {
    let bench = Bench::warm().await;
    let nowhere = ledger::LedgerName::parse("nowhere").unwrap();
    for _ in 0..3 {
        let refused = bench.engine.submit(&nowhere, transfer("world", "a", 1)).await;
        assert!(matches!(refused, Err(SubmitError::LedgerNotFound)), "{refused:?}");
    }
    assert_eq!(bench.store.appended(), []);
    let taken = bench.engine.create_ledger(main(), Metadata::default(), None).await;
    assert!(taken.is_err());
}

impl Bench {
    /// Lets the lane be busy with appending one command, as long as the store is held, while another one waits.
    async fn behind(&self, first: Submission, second: Submission) -> [JoinHandle<Reply>; 2] {
        let batches = self.metric("florin_batch_commands_count");
        self.store.hold();
        let first = self.spawn(first);
        self.until("florin_batch_commands_count", batches + 1.0).await;
        let second = self.spawn(second);
        self.until("florin_lane_queue_depth", 1.0).await;
        [first, second]
    }
}

type Reply = Result<Submitted, SubmitError>;

#[tokio::test]
async fn what_comes_while_a_batch_is_written_is_decided_on_what_that_leaves() {
    let bench = Bench::warm().await;
    let [first, second] = bench.behind(transfer("a", "world", 25), transfer("a", "world", 10)).await;
    let third = bench.spawn(transfer("a", "world", 5));
    bench.until("florin_lane_queue_depth", 2.0).await;
    assert!(!second.is_finished(), "answered before anything is committed");
    bench.store.release();
    assert_eq!(first.await.unwrap().unwrap().entry.number.0, 3);
    let refused = second.await.unwrap();
    assert!(is_short_of_funds(&refused), "{refused:?}");
    assert_eq!(third.await.unwrap().unwrap().entry.number.0, 4);
    assert_eq!(bench.store.appended(), [Written; 2]);
    assert_eq!((bench.posted("a").await, bench.metric("florin_lane_queue_depth")), (0, 0.0));
}

#[tokio::test]
async fn a_batch_takes_half_of_what_is_in_the_lane_and_the_next_one_the_rest() {
    let bench = Bench::warm().await;
    let before = bench.metric("florin_batch_commands_count");
    bench.store.hold();
    let mut callers = vec![bench.spawn(transfer("world", "a", 1))];
    bench.until("florin_batch_commands_count", before + 1.0).await;
    callers.extend((0..40).map(|_| bench.spawn(transfer("world", "a", 1))));
    bench.until("florin_lane_queue_depth", 40.0).await;
    bench.store.release();
    for caller in callers {
        caller.await.unwrap().unwrap();
    }
    // One alone; half of the 41; and the 19 that are left, which are no more than the 21 that come back.
    assert_eq!(bench.store.appended(), [Written; 3]);
    assert!((bench.metric("florin_batch_commands_count") - before - 3.0).abs() < f64::EPSILON);
    assert_eq!(bench.posted("a").await, 71);
}

#[tokio::test]
async fn both_batches_are_decided_anew_in_their_order_where_the_head_moved_on() {
    let bench = Bench::warm().await;
    let replica = bench.replica().await;
    let [first, second] = bench.behind(transfer("a", "b", 30), transfer("b", "world", 30)).await;
    replica.submit(transfer("world", "c", 1)).await.unwrap();
    bench.store.release();
    assert_eq!(first.await.unwrap().unwrap().entry.number.0, 4);
    assert_eq!(second.await.unwrap().unwrap().entry.number.0, 5);
    assert_eq!(bench.store.appended(), [Stale]);
    assert_eq!((bench.posted("a").await, bench.posted("b").await, bench.entries().await), (0, 0, 6));
    assert!(bench.metric("florin_lane_queue_depth").abs() < f64::EPSILON);
}

#[tokio::test]
async fn what_was_decided_on_a_batch_that_failed_is_decided_anew() {
    for (fault, unknown, holds) in [
        (Fault::RolledBack, false, false),
        (Fault::RequestLost, true, false),
        (Fault::AnswerLost, true, true),
    ] {
        let bench = Bench::warm().await;
        bench.store.fail_next_commit(fault);
        // There are 130 for the second one only if the first one holds.
        let [first, second] = bench.behind(transfer("world", "a", 100), transfer("a", "world", 130)).await;
        bench.store.release();
        let failed = first.await.unwrap();
        assert_eq!(matches!(failed, Err(SubmitError::OutcomeUnknown(_))), unknown, "{fault:?}: {failed:?}");
        assert_eq!(matches!(failed, Err(SubmitError::Unavailable(_))), !unknown, "{fault:?}: {failed:?}");
        let second = second.await.unwrap();
        assert_eq!(second.is_ok(), holds, "{fault:?}: {second:?}");
        assert_eq!(is_short_of_funds(&second), !holds, "{fault:?}: {second:?}");
        assert_eq!(bench.posted("a").await, if holds { 0 } else { 30 });
    }
}

#[tokio::test]
async fn balances_that_cannot_be_looked_up_are_loaded_the_long_way() {
    let bench = Bench::warm().await;
    bench.store.fail_next_look_up();
    bench.submit(transfer("world", "b", 10)).await.unwrap();
    assert_eq!(bench.store.appended(), []);
    bench.submit(transfer("b", "c", 10)).await.unwrap();
    assert_eq!(bench.store.appended(), [Written]);
    assert_eq!((bench.posted("b").await, bench.posted("c").await), (0, 10));
}

/// As where those who read have all connections.
#[tokio::test]
async fn balances_whose_look_up_takes_long_are_loaded_the_long_way() {
    let bench = Bench::warm().await;
    bench.store.hold_reads();
    bench.submit(transfer("world", "b", 10)).await.unwrap();
    assert_eq!(bench.store.appended(), []);
    bench.store.release_reads();
    bench.submit(transfer("b", "c", 10)).await.unwrap();
    assert_eq!((bench.posted("b").await, bench.posted("c").await), (0, 10));
}

#[tokio::test]
async fn a_lane_that_remembers_little_still_knows_every_balance() {
    // No room, room for a few, and for all.
    for packed_balances_bytes_max in [0, 500, 1 << 20] {
        let options = EngineOptions {
            cached_balances_max: 3,
            packed_balances_bytes_max,
            batch_max: 4,
            ..EngineOptions::default()
        };
        let bench = Bench::with(options).await;
        let posts: Vec<_> =
            (0..90).map(|n| bench.spawn(transfer("world", &format!("a{}", n % 30), 10))).collect();
        for post in posts {
            post.await.unwrap().unwrap();
        }
        for n in 0..30 {
            assert_eq!(bench.posted(&format!("a{n}")).await, 30);
            bench.submit(transfer(&format!("a{n}"), "world", 30)).await.unwrap();
            let refused = bench.submit(transfer(&format!("a{n}"), "world", 1)).await;
            assert!(is_short_of_funds(&refused), "{refused:?}");
        }
        assert_eq!((bench.posted("world").await, bench.entries().await), (0, 120));
    }
}

#[tokio::test]
async fn a_lane_with_a_full_book_keeps_to_the_short_way() {
    let bench = Bench::warm_with(EngineOptions { cached_balances_max: 4, ..EngineOptions::default() }).await;
    for n in 0..20 {
        bench.submit(transfer("world", &format!("a{n}"), 10)).await.unwrap();
    }
    assert_eq!(bench.store.appended(), [Written; 20]);
}

/// What is read while a batch is being written is of before it.
#[tokio::test]
async fn what_batches_moved_that_are_not_written_yet_is_never_read() {
    // No room, room for a dozen, and for all.
    for packed_balances_bytes_max in [0, 1_000, 1 << 20] {
        let options =
            EngineOptions { cached_balances_max: 4, packed_balances_bytes_max, ..EngineOptions::default() };
        let bench = Bench::warm_with(options).await;
        for n in 0..20 {
            bench.submit(transfer("world", &format!("a{n}"), 10)).await.unwrap();
        }
        bench.store.hold();
        let mut posts = vec![bench.spawn(transfer("a", "b", 30))];
        bench.until("florin_batch_commands_count", 24.0).await;
        // Half of what is there is decided while that one is being written.
        let given = |n| bench.spawn(transfer("world", &format!("b{n}"), 10));
        posts.extend((0..40).map(given));
        bench.until("florin_lane_queue_depth", 40.0).await;
        posts.push(bench.spawn(transfer("b", "c", 30)));
        let spent = bench.spawn(transfer("a", "c", 1));
        bench.until("florin_lane_queue_depth", 42.0).await;
        posts.extend((40..100).map(given));
        bench.until("florin_lane_queue_depth", 102.0).await;
        bench.store.release();
        for post in posts {
            post.await.unwrap().unwrap();
        }
        let spent = spent.await.unwrap();
        assert!(is_short_of_funds(&spent), "{spent:?}");
        assert_eq!((bench.posted("a").await, bench.posted("c").await), (0, 30));
    }
}
