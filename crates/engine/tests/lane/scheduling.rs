//! Schedules on a store that fails: what nobody could decide is tried again, and happens once.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use engine::port::Store;
use engine::schedules::{
    Definition, RunOutcome, RunQuery, RunnerOptions, Schedule, ScheduleId, ScheduleRun, ScheduleRunner,
    Timing,
};
use engine::{Engine, EngineMetrics, EngineOptions};
use ledger::{Command, EntryNumber, Metadata, Timestamp};
use prometheus_client::registry::Registry;

use crate::faulty_store::Fault;
use crate::{Bench, main, transfer};

/// A schedule that is due on an engine whose clock stands still, and a runner.
struct Due {
    bench: Bench,
    clock: Arc<AtomicI64>,
    engine: Engine,
    runner: ScheduleRunner,
}

impl Due {
    async fn with(faults: impl IntoIterator<Item = Fault>) -> Self {
        let bench = Bench::new().await;
        faults.into_iter().for_each(|fault| bench.store.fail_next_commit(fault));
        let clock = Arc::new(AtomicI64::new(1_767_225_600_000_000));
        let now = {
            let clock = Arc::clone(&clock);
            move || Timestamp::from_micros(clock.load(Ordering::SeqCst)).unwrap()
        };
        let store = Arc::clone(&bench.store) as Arc<dyn Store>;
        let metrics = EngineMetrics::register(&mut Registry::default());
        let engine = Engine::start_with_clock(store, EngineOptions::default(), metrics, now);
        let Command::PostTransaction(transaction) = transfer("world", "alice", 1).command else {
            panic!("it is a transaction")
        };
        let timing = Timing::Once(Timestamp::default());
        let definition = Definition { transaction, timing, metadata: Metadata::default() };
        engine.create_schedule(&main(), definition, None).await.unwrap();
        let options = RunnerOptions { poll: Duration::from_millis(5), lease: Duration::from_mins(1) };
        let runner = ScheduleRunner::start(engine.clone(), options, |_| unreachable!("nothing is rejected"));
        Self { bench, clock, engine, runner }
    }

    async fn schedule(&self) -> Schedule {
        let schedule = self.engine.store().scheduling().schedule(&main(), ScheduleId(0)).await;
        schedule.unwrap().unwrap()
    }

    async fn runs(&self) -> Vec<ScheduleRun> {
        let query = RunQuery { schedule: ScheduleId(0), after: None, limit: 10 };
        let runs = self.engine.store().scheduling().schedule_runs(&main(), &query).await;
        runs.unwrap().unwrap().items
    }

    /// Waits until the schedule has been put off for so long, after so many attempts.
    async fn until_put_off(&self, seconds: i64, attempts: u32) {
        let until = Some(self.clock.load(Ordering::SeqCst) + seconds * 1_000_000);
        let waited = tokio::time::timeout(Duration::from_mins(1), async {
            loop {
                let progress = self.schedule().await.progress;
                if progress.lease_until.map(Timestamp::micros) == until && progress.attempts == attempts {
                    return;
                }
                tokio::task::yield_now().await;
            }
        });
        waited.await.unwrap_or_else(|_| panic!("never put off for {seconds} s"));
    }

    async fn until_run(&self) {
        let waited = tokio::time::timeout(Duration::from_mins(1), async {
            while self.runs().await.is_empty() {
                tokio::task::yield_now().await;
            }
        });
        waited.await.expect("it is run");
    }

    fn move_clock(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn what_was_not_written_is_tried_again_after_growing_pauses() {
    let due = Due::with([Fault::RolledBack, Fault::RolledBack, Fault::RequestLost]).await;
    for (seconds, attempts) in [(1, 1), (2, 2), (4, 3)] {
        due.until_put_off(seconds, attempts).await;
        assert_eq!(due.bench.entries().await, 0);
        assert!(due.runs().await.is_empty());
        due.move_clock(seconds);
    }
    due.until_run().await;
    due.runner.stop().await;
    assert_eq!(due.bench.entries().await, 1);
}

#[tokio::test]
async fn what_was_written_without_an_answer_is_found_and_not_written_again() {
    let due = Due::with([Fault::AnswerLost]).await;
    due.until_put_off(1, 1).await;
    assert_eq!(due.bench.entries().await, 1);
    assert!(due.runs().await.is_empty());
    due.move_clock(1);
    due.until_run().await;
    assert_eq!(due.runs().await[0].outcome, RunOutcome::Posted(EntryNumber(0)));
    due.runner.stop().await;
    assert_eq!(due.bench.entries().await, 1);
}
