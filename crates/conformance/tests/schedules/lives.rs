//! What schedules go through: paused, resumed, cancelled, rejected, and asked for again.

use engine::idempotency::IdempotencyKey;
use engine::schedules::{RunOutcome, ScheduleChange, ScheduleError, ScheduleId, ScheduleState};
use test_support::at;

use crate::bench::{BEGIN, Bench, Database, MINUTE, by_rule, is_posted, main, once, post, transfer};

async fn change(
    bench: &Bench,
    id: ScheduleId,
    change: ScheduleChange,
) -> Result<ScheduleState, ScheduleError> {
    let changed = bench.engines[0].change_schedule(&main(), id, change, None).await?;
    assert!(!changed.replayed);
    assert_eq!(bench.schedule(id).await, changed.schedule);
    Ok(changed.schedule.progress.state)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_falls_due_while_it_is_paused_is_left_out() {
    for database in Database::of_each_kind().await {
        let mut bench = Bench::open(database, 2).await;
        let rule = bench.create(by_rule(transfer("world", "a"), "FREQ=MINUTELY")).await.id;
        let single = bench.create(once(transfer("world", "b"), 2 * MINUTE)).await.id;
        bench.run();
        bench.until_run(rule, 1).await;
        bench.rest().await;
        for id in [rule, single] {
            assert_eq!(change(&bench, id, ScheduleChange::Pause).await.unwrap(), ScheduleState::Paused);
            assert_eq!(bench.schedule(id).await.progress.next_at, None);
        }
        bench.move_clock(5 * MINUTE + 1);
        assert_eq!(change(&bench, rule, ScheduleChange::Resume).await.unwrap(), ScheduleState::Active);
        // Its only time has passed.
        assert_eq!(change(&bench, single, ScheduleChange::Resume).await.unwrap(), ScheduleState::Completed);
        assert_eq!(bench.schedule(rule).await.progress.next_at, Some(at(BEGIN + 6 * MINUTE)));
        bench.move_clock(2 * MINUTE);
        bench.run();
        bench.until_run(rule, 3).await;
        bench.rest().await;
        assert_eq!(bench.due(rule).await, [0, 6 * MINUTE, 7 * MINUTE]);
        assert!(bench.runs(single).await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schedule_that_is_resumed_at_once_goes_on_where_it_was() {
    for database in Database::of_each_kind().await {
        let bench = Bench::open(database, 1).await;
        let single = bench.create(once(transfer("world", "b"), 2 * MINUTE)).await.id;
        change(&bench, single, ScheduleChange::Pause).await.unwrap();
        assert_eq!(change(&bench, single, ScheduleChange::Resume).await.unwrap(), ScheduleState::Active);
        assert_eq!(bench.schedule(single).await.progress.next_at, Some(at(BEGIN + 2 * MINUTE)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_schedule_never_runs_again() {
    for database in Database::of_each_kind().await {
        let mut bench = Bench::open(database, 2).await;
        let id = bench.create(by_rule(transfer("world", "a"), "FREQ=MINUTELY")).await.id;
        let other = bench.create(by_rule(transfer("world", "b"), "FREQ=MINUTELY")).await.id;
        bench.run();
        bench.until_run(id, 1).await;
        assert_eq!(change_while_running(&bench, id, ScheduleChange::Cancel).await, ScheduleState::Cancelled);
        bench.until_run(other, 1).await;
        bench.move_clock(5 * MINUTE);
        bench.until_run(other, 6).await;
        bench.rest().await;
        assert_eq!(bench.due(id).await, [0]);
        let refused = change(&bench, id, ScheduleChange::Cancel).await;
        assert!(matches!(refused, Err(ScheduleError::Ended(ScheduleState::Cancelled))), "{refused:?}");
    }
}

/// Changes a schedule that a runner may be at.
async fn change_while_running(bench: &Bench, id: ScheduleId, change: ScheduleChange) -> ScheduleState {
    let changed = bench.engines[0].change_schedule(&main(), id, change, None).await.unwrap();
    changed.schedule.progress.state
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_are_refused_in_other_states() {
    for database in Database::of_each_kind().await {
        let bench = Bench::open(database, 1).await;
        let id = bench.create(once(transfer("world", "a"), MINUTE)).await.id;
        let refused = change(&bench, id, ScheduleChange::Resume).await;
        assert!(matches!(refused, Err(ScheduleError::NotPaused(ScheduleState::Active))), "{refused:?}");
        change(&bench, id, ScheduleChange::Pause).await.unwrap();
        let refused = change(&bench, id, ScheduleChange::Pause).await;
        assert!(matches!(refused, Err(ScheduleError::NotActive(ScheduleState::Paused))), "{refused:?}");
        assert_eq!(change(&bench, id, ScheduleChange::Cancel).await.unwrap(), ScheduleState::Cancelled);
        for (asked, expected) in [
            (ScheduleChange::Pause, "not active"),
            (ScheduleChange::Resume, "not paused"),
            (ScheduleChange::Cancel, "ended"),
        ] {
            let kind = match change(&bench, id, asked).await {
                Err(ScheduleError::NotActive(_)) => "not active",
                Err(ScheduleError::NotPaused(_)) => "not paused",
                Err(ScheduleError::Ended(_)) => "ended",
                other => panic!("{other:?}"),
            };
            assert_eq!(kind, expected);
        }
        let missing = change(&bench, ScheduleId(9), ScheduleChange::Pause).await;
        assert!(matches!(missing, Err(ScheduleError::NotFound)), "{missing:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rejected_occurrence_is_recorded_and_the_next_one_is_tried() {
    for database in Database::of_each_kind().await {
        let mut bench = Bench::open(database, 2).await;
        let id = bench.create(by_rule(transfer("poor", "a"), "FREQ=MINUTELY;COUNT=3")).await.id;
        bench.run();
        bench.until_run(id, 1).await;
        bench.rest().await;
        post(&bench, transfer("world", "poor")).await;
        bench.move_clock(2 * MINUTE);
        bench.run();
        bench.until_state(id, ScheduleState::Completed).await;
        bench.rest().await;
        let runs = bench.runs(id).await;
        assert_eq!(runs.iter().map(is_posted).collect::<Vec<_>>(), [false, true, false]);
        for run in [&runs[0], &runs[2]] {
            let RunOutcome::Rejected { code, .. } = &run.outcome else { panic!("{run:?}") };
            assert_eq!(code, "transaction.insufficient_funds");
        }
        // What was rejected left nothing behind.
        assert_eq!(bench.entries().await, 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_has_nothing_before_its_schedule_was_created() {
    for database in Database::of_each_kind().await {
        let bench = Bench::open(database, 1).await;
        bench.move_clock(10 * MINUTE + 1);
        let schedule = bench.create(by_rule(transfer("world", "a"), "FREQ=MINUTELY;COUNT=13")).await;
        assert_eq!(schedule.progress.next_at, Some(at(BEGIN + 11 * MINUTE)));
        // A single time that has passed is due at once.
        let schedule = bench.create(once(transfer("world", "a"), 0)).await;
        assert_eq!(schedule.progress.next_at, Some(at(BEGIN)));
        let ended = by_rule(transfer("world", "a"), "FREQ=MINUTELY;COUNT=11");
        let never = bench.engines[0].create_schedule(&main(), ended, None).await;
        assert!(matches!(never, Err(ScheduleError::NeverFalls)), "{never:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_is_sent_again_gets_the_same_answer() {
    for database in Database::of_each_kind().await {
        let mut bench = Bench::open(database, 2).await;
        let key = |text| Some(IdempotencyKey::parse(text).unwrap());
        let definition = || by_rule(transfer("world", "a"), "FREQ=MINUTELY;COUNT=2");
        let create = async |engine: usize, definition, text| {
            bench.engines[engine].create_schedule(&main(), definition, key(text)).await
        };
        let created = create(0, definition(), "k").await.unwrap();
        let id = created.schedule.id;
        let other = create(1, once(transfer("world", "a"), 0), "k").await;
        assert!(matches!(other, Err(ScheduleError::KeyReused)), "{other:?}");
        let pause = async |text| {
            bench.engines[1].change_schedule(&main(), id, ScheduleChange::Pause, key(text)).await
        };
        assert!(matches!(pause("k").await, Err(ScheduleError::KeyReused)));
        let change_missing = async |text| {
            bench.engines[0].change_schedule(&main(), ScheduleId(77), ScheduleChange::Pause, key(text)).await
        };
        assert!(matches!(change_missing("k").await, Err(ScheduleError::NotFound)));
        let paused = pause("p").await.unwrap();
        change(&bench, id, ScheduleChange::Resume).await.unwrap();
        let again = pause("p").await.unwrap();
        assert_eq!((again.schedule, again.replayed), (paused.schedule, true));
        assert_eq!(bench.schedule(id).await.progress.state, ScheduleState::Active);

        bench.run();
        bench.move_clock(5 * MINUTE);
        bench.until_state(id, ScheduleState::Completed).await;
        bench.rest().await;
        // Whatever became of it since: also where the rule has nothing left.
        let again = bench.engines[1].create_schedule(&main(), definition(), key("k")).await.unwrap();
        assert_eq!((again.schedule, again.replayed), (created.schedule, true));
    }
}
