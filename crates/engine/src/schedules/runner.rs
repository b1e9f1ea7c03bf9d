//! The runner: finds occurrences that are due and has each posted once, however many runners there are and wherever
//! one of them ends.
//!
//! An occurrence is claimed in the database first, for a while, so that runners do not all try the same. It is then
//! submitted like any command, under the key that stands for it: whoever submits it again gets the first answer. Only
//! after that is what came of it recorded, together with the schedule's step to its next occurrence, in one database
//! transaction. A runner that ends in between leaves an occurrence that the next one claims when the claim has run
//! out. It never takes a rejection for the last word while another runner may be at the same occurrence.

use std::time::{Duration, Instant};

use fail_points::Point;
use futures_util::{StreamExt, stream};
use ledger::{LedgerName, Rejection, Timestamp};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::changes::{ScheduleError, next};
use super::port::{DueSchedule, ScheduleUpdate, Updated};
use super::progress::{Progress, RunOutcome, Schedule, ScheduleId, ScheduleRun, ScheduleState};
use crate::metrics::RunLabel;
use crate::submission::{Submission, SubmitError};
use crate::{Engine, idempotency::IdempotencyKey};

/// How a runner works.
#[derive(Clone, Copy, Debug)]
pub struct RunnerOptions {
    /// How long it sleeps at most: other replicas' new schedules are seen that late. Default 1 s.
    pub poll: Duration,
    /// For how long an occurrence is claimed. One that was begun by a runner that ended is run that late. Default
    /// 30 s.
    pub lease: Duration,
}

impl Default for RunnerOptions {
    fn default() -> Self {
        Self { poll: Duration::from_secs(1), lease: Duration::from_secs(30) }
    }
}

/// How many schedules are looked at in one go.
const DUE_MAX: usize = 256;
/// How many schedules are worked on at one time.
const AT_ONCE: usize = 8;
/// How many occurrences of one schedule are run before others have their turn: many may have been missed.
const IN_A_ROW: usize = 64;
/// The first and the longest pause after an attempt that failed.
const PAUSE_MIN: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_mins(1);

/// Says what a rejection is called and means: its stable code, and the reason in words.
pub type Describe = fn(&Rejection) -> (String, String);

/// A running runner. Dropping it leaves it running for as long as its runtime does.
pub struct ScheduleRunner {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl ScheduleRunner {
    /// Starts a runner on an engine.
    #[must_use]
    pub fn start(engine: Engine, options: RunnerOptions, describe: Describe) -> Self {
        let (stop, stopped) = watch::channel(false);
        let work = Work { engine, options, describe, stopped };
        Self { stop, task: tokio::spawn(work.run()) }
    }

    /// Begins nothing new, and returns when what was begun has come to its end. The engine has to take commands until
    /// then.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        // A runner that panicked has nothing in hand any more; whatever it had begun, another one finishes.
        let _ = self.task.await;
    }
}

struct Work {
    engine: Engine,
    options: RunnerOptions,
    describe: Describe,
    stopped: watch::Receiver<bool>,
}

/// What a turn at a schedule came to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// An occurrence was run.
    Ran,
    /// There is nothing to do, for now.
    Idle,
}

impl Work {
    async fn run(self) {
        let mut failures = 0;
        while !self.is_stopped() {
            let pause = match self.pass().await {
                Ok(pause) => {
                    failures = 0;
                    pause
                }
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "cannot look for due schedules");
                    failures += 1;
                    backoff(failures)
                }
            };
            let mut stopped = self.stopped.clone();
            let awake = async {
                tokio::select! {
                    () = self.engine.schedules_changed().notified() => {}
                    _ = stopped.wait_for(|stopped| *stopped) => {}
                }
            };
            // Whether it was woken or slept to the end, it looks again.
            let _ = timeout(pause, awake).await;
        }
    }

    fn is_stopped(&self) -> bool {
        *self.stopped.borrow()
    }

    /// Works on all that is due, and returns how long to sleep.
    async fn pass(&self) -> Result<Duration, ScheduleError> {
        let now = self.engine.now();
        let by = later(now, self.options.poll);
        let found = self.engine.store().scheduling().due_schedules(by, DUE_MAX).await?;
        let asleep = found.iter().find(|due| due.wake_at > now).map(|due| until(now, due.wake_at));
        let due: Vec<_> = found.into_iter().filter(|due| due.wake_at <= now).collect();
        self.engine.metrics().schedules_due.set(i64::try_from(due.len()).unwrap_or(i64::MAX));
        let turns = stream::iter(due).map(|due| self.work_on(due)).buffer_unordered(AT_ONCE);
        let turns: Vec<Turn> = turns.collect().await;
        if turns.contains(&Turn::Ran) {
            return Ok(Duration::ZERO);
        }
        Ok(asleep.unwrap_or(self.options.poll).min(self.options.poll))
    }

    /// Runs what is due of a schedule, in order, as far as its turn goes.
    async fn work_on(&self, due: DueSchedule) -> Turn {
        let DueSchedule { ledger, id, .. } = due;
        for ran in 0..IN_A_ROW {
            let turn = if self.is_stopped() { Ok(Turn::Idle) } else { self.run_next(&ledger, id).await };
            match turn {
                Ok(Turn::Ran) => {}
                Ok(Turn::Idle) if ran > 0 => return Turn::Ran,
                Ok(Turn::Idle) => return Turn::Idle,
                Err(error) => {
                    let (error, id) = (&error as &dyn std::error::Error, id.0);
                    tracing::warn!(error, %ledger, schedule = id, "an occurrence could not be run yet");
                    return Turn::Idle;
                }
            }
        }
        Turn::Ran
    }

    /// Runs the next occurrence of a schedule where it is due and nobody else is at it.
    async fn run_next(&self, ledger: &LedgerName, id: ScheduleId) -> Result<Turn, ScheduleError> {
        let began = Instant::now();
        let store = self.engine.store().scheduling();
        let Some(schedule) = store.schedule(ledger, id).await? else { return Ok(Turn::Idle) };
        let now = self.engine.now();
        let is_free = schedule.progress.wake_at().is_some_and(|wake_at| wake_at <= now);
        let Some(due_at) = schedule.progress.next_at.filter(|due_at| is_free && *due_at <= now) else {
            return Ok(Turn::Idle);
        };
        let lease = later(now, self.options.lease);
        let claimed = Progress {
            lease_until: Some(lease),
            attempts: schedule.progress.attempts.saturating_add(1),
            ..schedule.progress
        };
        if self.update(ledger, &schedule, claimed, None).await? == Updated::Stale {
            return Ok(Turn::Idle);
        }
        fail_points::reach(Point::ScheduleClaimed);
        // Whoever was held up until the claim may have run out leaves it to the next one.
        if began.elapsed() > self.options.lease / 2 {
            return Ok(Turn::Idle);
        }
        let key = IdempotencyKey::of_occurrence(id, due_at);
        let submission = Submission::new(schedule.definition.command(due_at), Some(key));
        let submitted = self.engine.submit(ledger, submission).await;
        fail_points::reach(Point::ScheduleSubmitted);
        let outcome = match submitted {
            Ok(submitted) => RunOutcome::Posted(submitted.entry.number),
            Err(SubmitError::Rejected(rejection)) => {
                let (code, detail) = (self.describe)(&rejection);
                RunOutcome::Rejected { code, detail }
            }
            Err(error) => {
                self.put_off(ledger, id, lease, claimed.attempts, &error).await?;
                return Ok(Turn::Idle);
            }
        };
        self.record(ledger, id, due_at, lease, outcome).await?;
        fail_points::reach(Point::ScheduleRecorded);
        Ok(Turn::Ran)
    }

    /// Records what came of an occurrence, and moves the schedule on where that is still to be done.
    async fn record(
        &self,
        ledger: &LedgerName,
        id: ScheduleId,
        due_at: Timestamp,
        lease: Timestamp,
        outcome: RunOutcome,
    ) -> Result<(), ScheduleError> {
        let label = RunLabel::from(&outcome);
        let is_posted = matches!(outcome, RunOutcome::Posted(_));
        loop {
            let now = self.engine.now();
            let Some(schedule) = self.engine.store().scheduling().schedule(ledger, id).await? else {
                return Ok(());
            };
            let is_next = schedule.progress.next_at == Some(due_at);
            let is_ours = schedule.progress.lease_until == Some(lease);
            if !(is_posted || is_next && is_ours) {
                // Another runner is or was at it, after this one: what it hears counts.
                return Ok(());
            }
            let progress = if is_next { moved_on(&schedule, due_at, now).await } else { schedule.progress };
            let run = ScheduleRun { due_at, recorded_at: now, outcome: outcome.clone() };
            if self.update(ledger, &schedule, progress, Some(run)).await? == Updated::Written {
                self.engine.metrics().count_run(label);
                return Ok(());
            }
        }
    }

    /// Leaves an occurrence for a while: nobody knows yet what came of it.
    async fn put_off(
        &self,
        ledger: &LedgerName,
        id: ScheduleId,
        lease: Timestamp,
        attempts: u32,
        error: &SubmitError,
    ) -> Result<(), ScheduleError> {
        self.engine.metrics().count_run(RunLabel::failed);
        tracing::warn!(
            error = error as &dyn std::error::Error,
            %ledger,
            schedule = id.0,
            attempts,
            "an occurrence has to be tried again"
        );
        let pause = match error {
            // Another replica may take it at once.
            SubmitError::ShuttingDown => Duration::ZERO,
            _ => backoff(attempts),
        };
        let Some(schedule) = self.engine.store().scheduling().schedule(ledger, id).await? else {
            return Ok(());
        };
        if schedule.progress.lease_until == Some(lease) {
            let lease_until = Some(later(self.engine.now(), pause));
            // Where somebody else changes it meanwhile, the claim runs out by itself.
            self.update(ledger, &schedule, Progress { lease_until, ..schedule.progress }, None).await?;
        }
        Ok(())
    }

    async fn update(
        &self,
        ledger: &LedgerName,
        schedule: &Schedule,
        progress: Progress,
        run: Option<ScheduleRun>,
    ) -> Result<Updated, ScheduleError> {
        let closes = schedule.progress.state.is_open() && !progress.state.is_open();
        let (id, version) = (schedule.id, schedule.version);
        let update = ScheduleUpdate { id, version, progress, closes, run, request: None };
        Ok(self.engine.store().scheduling().update_schedule(ledger, &update).await?)
    }
}

/// Works out how a schedule stands once an occurrence is behind it.
async fn moved_on(schedule: &Schedule, due_at: Timestamp, now: Timestamp) -> Progress {
    let before = schedule.progress;
    let passed = Timestamp::from_micros(due_at.micros() + 1).unwrap_or(Timestamp::MAX);
    let since = before.since.max(passed);
    let done = Progress { since, next_at: None, lease_until: None, attempts: 0, ..before };
    if before.state != ScheduleState::Active {
        return done;
    }
    match next(&schedule.definition.timing, since).await {
        Some(next_at) => Progress { next_at: Some(next_at), ..done },
        None => Progress { state: ScheduleState::Completed, changed_at: now, ..done },
    }
}

fn backoff(failures: u32) -> Duration {
    PAUSE_MIN.saturating_mul(1 << failures.saturating_sub(1).min(6)).min(PAUSE_MAX)
}

fn later(time: Timestamp, by: Duration) -> Timestamp {
    let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(time.micros().saturating_add(micros)).unwrap_or(Timestamp::MAX)
}

fn until(now: Timestamp, then: Timestamp) -> Duration {
    Duration::from_micros(u64::try_from(then.micros() - now.micros()).unwrap_or_default())
}
