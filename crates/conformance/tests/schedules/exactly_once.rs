//! Each occurrence is run once, in order, whoever else is at it.

use std::time::Duration;

use engine::idempotency::IdempotencyKey;
use engine::schedules::{
    Progress, RunOutcome, ScheduleChange, ScheduleId, ScheduleState, ScheduleUpdate, Updated,
};
use ledger::EntryNumber;
use test_support::at;

use crate::bench::{BEGIN, Bench, Database, MINUTE, SECOND, by_rule, is_posted, main, once, transfer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_runners_post_every_occurrence_once() {
    for database in Database::of_each_kind().await {
        let mut bench = Bench::open(database, 4).await;
        let every_minute = bench.create(by_rule(transfer("world", "a"), "FREQ=MINUTELY;COUNT=30")).await;
        let mut singles = Vec::new();
        for n in 0..20 {
            singles.push(bench.create(once(transfer("world", "b"), n % 5 * MINUTE)).await);
        }
        bench.run();
        for _ in 0..10 {
            bench.move_clock(3 * MINUTE);
        }
        bench.until_state(every_minute.id, ScheduleState::Completed).await;
        for single in &singles {
            bench.until_state(single.id, ScheduleState::Completed).await;
        }
        bench.rest().await;

        let expected: Vec<_> = (0..30).map(|n| n * MINUTE).collect();
        assert_eq!(bench.due(every_minute.id).await, expected);
        assert!(bench.runs(every_minute.id).await.iter().all(is_posted));
        assert_eq!(bench.entries().await, 50);
        assert_eq!((bench.posted("a").await, bench.posted("b").await), (30, 20));
        for single in singles {
            assert_eq!(bench.runs(single.id).await.len(), 1);
        }
        assert_each_run_is_an_entry_of_its_own(&bench).await;
    }
}

/// Every entry is that of one occurrence, and counts when it was due.
async fn assert_each_run_is_an_entry_of_its_own(bench: &Bench) {
    let log = bench.store().log(&main(), EntryNumber(0), 1000).await.expect("it can be read");
    for record in log {
        let key = record.request.expect("an occurrence has a key").key;
        let (schedule, due_at) = key.as_str().strip_prefix("schedule ").unwrap().split_once(" at ").unwrap();
        let schedule = ScheduleId(schedule.parse().unwrap());
        let due_at = at(due_at.parse().unwrap());
        assert_eq!(record.entry.effective_at, due_at);
        let runs = bench.runs(schedule).await;
        let run = runs.iter().find(|run| run.due_at == due_at).expect("it is recorded");
        assert_eq!(run.outcome, RunOutcome::Posted(record.entry.number));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_missed_is_run_in_order_when_a_runner_is_back() {
    for database in Database::of_each_kind().await {
        let mut bench = Bench::open(database, 2).await;
        let schedule = bench.create(by_rule(transfer("world", "a"), "FREQ=MINUTELY")).await;
        // More than one turn of a runner takes.
        bench.move_clock(150 * MINUTE);
        bench.run();
        bench.until_run(schedule.id, 151).await;
        bench.rest().await;
        let expected: Vec<_> = (0..=150).map(|n| n * MINUTE).collect();
        assert_eq!(bench.due(schedule.id).await, expected);
        let entries: Vec<_> = bench.runs(schedule.id).await.into_iter().map(|run| run.outcome).collect();
        let in_order: Vec<_> = (0..=150).map(|n| RunOutcome::Posted(EntryNumber(n))).collect();
        assert_eq!(entries, in_order);
        assert_eq!(bench.schedule(schedule.id).await.progress.next_at, Some(at(BEGIN + 151 * MINUTE)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_of_a_runner_that_died_runs_out() {
    for database in Database::of_each_kind().await {
        let mut bench = Bench::open(database, 1).await;
        let schedule = bench.create(once(transfer("world", "a"), 0)).await;
        // Somebody claimed it, and was never seen again.
        let lease_until = Some(at(BEGIN + 10 * SECOND));
        let progress = Progress { lease_until, attempts: 1, ..schedule.progress };
        let claim =
            ScheduleUpdate { id: schedule.id, version: 0, progress, closes: false, run: None, request: None };
        let claimed = bench.store().scheduling().update_schedule(&main(), &claim).await.unwrap();
        assert_eq!(claimed, Updated::Written);
        let other = bench.create(once(transfer("world", "b"), 0)).await;
        bench.run_one(Duration::from_secs(5));
        bench.until_run(other.id, 1).await;
        assert_eq!(bench.entries().await, 1, "what is claimed is left alone");
        bench.move_clock(10 * SECOND);
        bench.until_run(schedule.id, 1).await;
        bench.rest().await;
        assert_eq!(bench.entries().await, 2);
        assert_eq!(bench.schedule(schedule.id).await.progress.attempts, 0);
    }
}

/// A runner that posted, and died before it could say so, leaves an occurrence whose outcome is found again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_occurrence_that_was_posted_and_not_recorded_is_recorded_by_the_next_runner() {
    for database in Database::of_each_kind().await {
        let mut bench = Bench::open(database, 2).await;
        let schedule = bench.create(once(transfer("world", "a"), 0)).await;
        let progress = Progress { lease_until: Some(bench.now()), attempts: 1, ..schedule.progress };
        let claim =
            ScheduleUpdate { id: schedule.id, version: 0, progress, closes: false, run: None, request: None };
        bench.store().scheduling().update_schedule(&main(), &claim).await.unwrap();
        let key = IdempotencyKey::stored(&format!("schedule 0 at {BEGIN}")).unwrap();
        let submission = engine::Submission::new(schedule.definition.command(at(BEGIN)), Some(key));
        bench.engines[1].submit(&main(), submission).await.expect("it is posted");
        // It was paused meanwhile: what was begun is brought to its end all the same.
        let pause = ScheduleChange::Pause;
        let paused = bench.engines[1].change_schedule(&main(), schedule.id, pause, None).await.unwrap();
        assert_eq!(paused.schedule.progress.next_at, Some(at(BEGIN)));

        bench.run();
        bench.until_run(schedule.id, 1).await;
        bench.rest().await;
        assert_eq!(bench.entries().await, 1, "the money moved once");
        assert_eq!(bench.runs(schedule.id).await[0].outcome, RunOutcome::Posted(EntryNumber(0)));
        let progress = bench.schedule(schedule.id).await.progress;
        assert_eq!((progress.state, progress.next_at), (ScheduleState::Paused, None));
    }
}
