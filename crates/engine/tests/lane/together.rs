//! Commands that happen together: all of them or nothing, the long way and the short.

use std::time::Duration;

use engine::port::Appended::Written;
use engine::{EngineOptions, Outcome, Submission, SubmitError, Submitted};
use ledger::{
    Address, ChangeAccount, Command, CreateHold, Frozen, Metadata, MetadataPatch, PolicyPatch, Rejection,
    Timestamp,
};

use crate::faulty_store::Fault;
use crate::{Bench, With, is_short_of_funds, main, transaction_of, transfer};

type Answers = Vec<Result<Submitted, SubmitError>>;

impl Bench {
    async fn together(&self, submissions: Vec<Submission>) -> Answers {
        self.engine.submit_together(&main(), submissions).await
    }

    /// Submits together from a task of its own.
    fn spawn_together(&self, submissions: Vec<Submission>) -> tokio::task::JoinHandle<Answers> {
        let engine = self.engine.clone();
        tokio::spawn(async move { engine.submit_together(&main(), submissions).await })
    }
}

fn outcomes(answers: &Answers) -> Vec<Option<Outcome>> {
    answers.iter().map(|answer| answer.as_ref().ok().map(|submitted| submitted.outcome)).collect()
}

fn is_not_applied(answer: &Result<Submitted, SubmitError>) -> bool {
    matches!(answer, Err(SubmitError::NotApplied))
}

fn freeze(account: &str) -> Submission {
    let policy = PolicyPatch { frozen: Some(Frozen::All), ..PolicyPatch::default() };
    let account = Address::parse(account).unwrap();
    let command =
        Command::ChangeAccount(ChangeAccount { account, policy, metadata: MetadataPatch::default() });
    Submission::new(command, None)
}

fn hold(source: &str, destination: &str, amount: u64) -> Submission {
    let mut post = transfer(source, destination, amount);
    let postings = transaction_of(&mut post).postings.clone();
    let metadata = Metadata::default();
    let command = Command::CreateHold(CreateHold { postings, expires_at: None, reference: None, metadata });
    Submission::new(command, None)
}

#[tokio::test]
async fn each_sees_what_those_before_it_did_the_long_way_and_the_short() {
    for bench in [Bench::new().await, Bench::warm().await] {
        let before = bench.entries().await;
        let answers = bench.together(vec![transfer("world", "b", 5), transfer("b", "c", 5)]).await;
        assert_eq!(outcomes(&answers), [Some(Outcome::Recorded); 2]);
        let numbers = answers.iter().map(|answer| answer.as_ref().unwrap().entry.number.0);
        assert_eq!(numbers.collect::<Vec<_>>(), [before, before + 1]);
        assert_eq!((bench.posted("b").await, bench.posted("c").await), (0, 5));
    }
}

#[tokio::test]
async fn where_one_is_refused_nothing_happens_on_the_short_way() {
    let bench = Bench::warm().await;
    let answers = bench
        .together(vec![transfer("world", "a", 5), transfer("a", "world", 36), transfer("world", "a", 1)])
        .await;
    assert!(is_not_applied(&answers[0]) && is_not_applied(&answers[2]), "{answers:?}");
    assert!(is_short_of_funds(&answers[1]), "{answers:?}");
    assert_eq!((bench.posted("a").await, bench.entries().await), (30, 3));
    // What the lane remembers is as it was: all of it is there, and no more.
    assert!(is_short_of_funds(&bench.submit(transfer("a", "world", 31)).await));
    bench.submit(transfer("a", "world", 30)).await.unwrap();
    assert_eq!(bench.posted("a").await, 0);
}

#[tokio::test]
async fn a_batch_that_is_refused_leaves_its_neighbours_alone() {
    let bench = Bench::warm().await;
    bench.store.hold();
    let busy = bench.spawn(transfer("world", "a", 1));
    bench.until("florin_batch_commands_count", 4.0).await;
    let before = bench.spawn(transfer("world", "a", 1));
    bench.until("florin_lane_queue_depth", 1.0).await;
    let refused = bench.spawn_together(vec![transfer("world", "a", 1000), transfer("x", "world", 1)]);
    bench.until("florin_lane_queue_depth", 3.0).await;
    let after = bench.spawn(transfer("a", "world", 32));
    bench.until("florin_lane_queue_depth", 4.0).await;
    bench.store.release();
    for caller in [busy, before, after] {
        caller.await.unwrap().unwrap();
    }
    let refused = refused.await.unwrap();
    assert!(is_not_applied(&refused[0]) && is_short_of_funds(&refused[1]), "{refused:?}");
    assert_eq!((bench.posted("a").await, bench.entries().await), (0, 6));
}

#[tokio::test]
async fn what_is_taken_back_leaves_keys_references_policies_and_holds_as_they_were() {
    let bench = Bench::new().await;
    bench.submit(transfer("world", "a", 10)).await.unwrap();
    let refused = bench
        .together(vec![
            transfer("world", "a", 5).key("k").reference("r"),
            hold("a", "b", 15),
            freeze("a"),
            transfer("a", "b", 1),
        ])
        .await;
    assert!(matches!(refused[3], Err(SubmitError::Rejected(Rejection::AccountFrozen { .. }))), "{refused:?}");
    assert!(refused[..3].iter().all(is_not_applied), "{refused:?}");
    assert_eq!(bench.entries().await, 1);
    // Neither frozen nor held, and both names are free.
    let other = bench.submit(transfer("a", "b", 10).key("k").reference("r")).await.unwrap();
    assert_eq!((other.outcome, other.entry.number.0), (Outcome::Recorded, 1));
    assert_eq!((bench.posted("a").await, bench.posted("b").await), (0, 10));
}

#[tokio::test]
async fn a_whole_batch_is_replayed_by_its_keys() {
    let bench = Bench::new().await;
    let batch = || vec![transfer("world", "a", 5).key("1"), transfer("a", "b", 5).key("2")];
    let first = bench.together(batch()).await;
    assert_eq!(outcomes(&first), [Some(Outcome::Recorded); 2]);
    let again = bench.together(batch()).await;
    assert_eq!(outcomes(&again), [Some(Outcome::Replayed); 2]);
    for (first, again) in first.iter().zip(&again) {
        assert_eq!(first.as_ref().unwrap().entry, again.as_ref().unwrap().entry);
    }
    assert_eq!(bench.entries().await, 2);
}

#[tokio::test]
async fn what_was_recorded_before_is_replayed_beside_what_is_new() {
    let bench = Bench::new().await;
    bench.submit(transfer("world", "a", 5).key("1")).await.unwrap();
    let mixed =
        bench.together(vec![transfer("world", "a", 5).key("1"), transfer("a", "b", 5).key("2")]).await;
    assert_eq!(outcomes(&mixed), [Some(Outcome::Replayed), Some(Outcome::Recorded)]);
    // Also where the new one is refused.
    let refused =
        bench.together(vec![transfer("world", "a", 5).key("1"), transfer("a", "b", 5).key("3")]).await;
    assert_eq!(outcomes(&refused), [Some(Outcome::Replayed), None]);
    assert!(is_short_of_funds(&refused[1]), "{refused:?}");
    assert_eq!(bench.entries().await, 2);
}

/// Whoever hears that a command was not applied takes it that it never happened.
#[tokio::test]
async fn what_was_recorded_before_is_replayed_behind_what_is_refused() {
    for bench in [Bench::new().await, Bench::warm().await] {
        bench.submit(transfer("world", "b", 5).key("1")).await.unwrap();
        let before = bench.entries().await;
        let refused = bench
            .together(vec![
                transfer("world", "b", 5).key("2"),
                transfer("c", "b", 1),
                transfer("world", "b", 5).key("1"),
                // What was recorded under the key was another command.
                transfer("world", "b", 6).key("1"),
                transfer("world", "b", 5).key("2"),
            ])
            .await;
        assert_eq!(outcomes(&refused), [None, None, Some(Outcome::Replayed), None, None]);
        assert!(is_short_of_funds(&refused[1]), "{refused:?}");
        assert!([0, 3, 4].iter().all(|place| is_not_applied(&refused[*place])), "{refused:?}");
        assert_eq!(bench.entries().await, before);
    }
}

#[tokio::test]
async fn the_same_key_twice_in_a_batch_happens_once_or_is_reused() {
    let bench = Bench::new().await;
    let twice =
        bench.together(vec![transfer("world", "a", 5).key("k"), transfer("world", "a", 5).key("k")]).await;
    assert_eq!(outcomes(&twice), [Some(Outcome::Recorded), Some(Outcome::Replayed)]);
    assert_eq!(twice[0].as_ref().unwrap().entry, twice[1].as_ref().unwrap().entry);
    let reused =
        bench.together(vec![transfer("world", "a", 1).key("l"), transfer("world", "a", 2).key("l")]).await;
    assert!(is_not_applied(&reused[0]), "{reused:?}");
    assert!(matches!(reused[1], Err(SubmitError::KeyReused)), "{reused:?}");
    assert_eq!((bench.entries().await, bench.posted("a").await), (1, 5));
}

/// The replay points at what was taken back with the batch: at somebody else's entry, or at none.
#[tokio::test]
async fn a_replay_of_what_is_taken_back_is_not_applied_either() {
    let bench = Bench::new().await;
    let same = || transfer("world", "a", 5).key("k");
    let refused = bench.together(vec![same(), same(), transfer("b", "a", 1)]).await;
    assert!(is_not_applied(&refused[0]) && is_not_applied(&refused[1]), "{refused:?}");
    assert!(is_short_of_funds(&refused[2]), "{refused:?}");
    assert_eq!(bench.entries().await, 0);
    assert_eq!(bench.submit(same()).await.unwrap().outcome, Outcome::Recorded);
}

#[tokio::test]
async fn a_batch_that_rolls_back_is_all_there_after_a_retry() {
    for bench in [Bench::new().await, Bench::warm().await] {
        let before = bench.entries().await;
        let batch = || vec![transfer("world", "a", 5).key("1"), transfer("a", "world", 5).key("2")];
        bench.store.fail_next_commit(Fault::RolledBack);
        let failed = bench.together(batch()).await;
        assert!(failed.iter().all(|answer| matches!(answer, Err(SubmitError::Unavailable(_)))), "{failed:?}");
        assert_eq!(bench.entries().await, before);
        assert_eq!(outcomes(&bench.together(batch()).await), [Some(Outcome::Recorded); 2]);
        assert_eq!(bench.entries().await, before + 2);
    }
}

#[tokio::test]
async fn an_unknown_outcome_of_a_batch_is_settled_by_its_keys() {
    for (fault, settled) in [(Fault::AnswerLost, Outcome::Replayed), (Fault::RequestLost, Outcome::Recorded)]
    {
        let bench = Bench::new().await;
        let batch = || vec![transfer("world", "a", 7).key("1"), transfer("a", "b", 7).key("2")];
        bench.store.fail_next_commit(fault);
        let unknown = bench.together(batch()).await;
        let is_unknown = |answer: &Result<_, _>| matches!(answer, Err(SubmitError::OutcomeUnknown(_)));
        assert!(unknown.iter().all(is_unknown), "{fault:?}: {unknown:?}");
        assert_eq!(outcomes(&bench.together(batch()).await), [Some(settled); 2], "{fault:?}");
        assert_eq!((bench.entries().await, bench.posted("b").await), (2, 7), "{fault:?}");
    }
}

#[tokio::test]
async fn a_batch_takes_room_for_all_of_it_or_is_refused_as_a_whole() {
    let bench = Bench::with(EngineOptions { queue_max: 1000, ..EngineOptions::default() }).await;
    assert_eq!(bench.engine.together_max(), 1000);
    let batch = |count| (0..count).map(|_| transfer("world", "a", 1)).collect::<Vec<_>>();
    bench.store.hold();
    let first = bench.spawn_together(batch(600));
    bench.until("florin_batch_commands_count", 1.0).await;
    let refused = bench.together(batch(600)).await;
    assert!(refused.iter().all(|answer| matches!(answer, Err(SubmitError::Overloaded))));
    bench.store.release();
    assert!(first.await.unwrap().iter().all(Result::is_ok));
    assert!(bench.together(batch(1001)).await.iter().all(Result::is_err));
    assert!(bench.together(batch(1000)).await.iter().all(Result::is_ok));
    assert_eq!((bench.posted("a").await, bench.entries().await), (1600, 1600));
}

#[tokio::test]
async fn a_key_that_is_still_running_refuses_the_whole_batch() {
    let bench = Bench::new().await;
    bench.store.hold();
    let first = bench.spawn(transfer("world", "a", 1).key("k"));
    bench.until("florin_batch_commands_count", 1.0).await;
    let refused =
        bench.together(vec![transfer("world", "a", 1).key("l"), transfer("world", "a", 1).key("k")]).await;
    assert!(is_not_applied(&refused[0]), "{refused:?}");
    assert!(matches!(refused[1], Err(SubmitError::KeyInProgress)), "{refused:?}");
    bench.store.release();
    first.await.unwrap().unwrap();
    // The other one's key is free again.
    assert_eq!(bench.submit(transfer("world", "a", 1).key("l")).await.unwrap().outcome, Outcome::Recorded);
}

#[tokio::test]
async fn the_short_way_writes_a_batch_in_one_go() {
    let bench = Bench::warm().await;
    bench.together((0..50).map(|_| transfer("world", "a", 1)).collect()).await;
    assert_eq!(bench.store.appended(), [Written]);
    assert_eq!((bench.posted("a").await, bench.entries().await), (80, 53));
}

#[tokio::test]
async fn holds_that_are_let_go_leave_callers_room() {
    let bench = Bench::with(EngineOptions { queue_max: 1000, ..EngineOptions::default() }).await;
    bench.submit(transfer("world", "a", 100)).await.unwrap();
    let expires_at = Timestamp::from_micros(bench.engine.now().micros() + 500_000);
    let holds = (0..60).map(|_| {
        let mut hold = hold("a", "b", 1);
        let Command::CreateHold(create) = &mut hold.command else { unreachable!("it is a hold") };
        create.expires_at = expires_at;
        hold
    });
    assert!(bench.together(holds.collect()).await.iter().all(Result::is_ok));
    tokio::time::sleep(Duration::from_millis(600)).await;
    bench.store.hold();
    let engine = bench.engine.clone();
    let sweep = tokio::spawn(async move { engine.expire_due_holds().await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let callers = bench.spawn_together((0..700).map(|_| transfer("world", "c", 1)).collect());
    tokio::time::sleep(Duration::from_millis(100)).await;
    bench.store.release();
    let answers = callers.await.unwrap();
    assert!(answers.iter().all(Result::is_ok), "{:?}", answers[0]);
    assert_eq!(sweep.await.unwrap().unwrap(), 60);
}
