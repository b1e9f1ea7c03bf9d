//! Lanes: one queue and one task per ledger, which turns what waits into batches.
//!
//! A lane never answers a command before the store has committed the batch that the answer rests on: a
//! rejection, too, may rest on an entry of the same batch. It never trusts what it remembers of balances
//! unless the ledger's head still stands where the lane left it.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use fail_points::Point;
use ledger::{EntryNumber, LedgerName};
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError, oneshot, watch};

use crate::clock;
use crate::engine::Shared;
use crate::idempotency::{IdempotencyKey, RequestFingerprint};
use crate::memory::{Memory, Verdict};
use crate::port::{Appended, BeginError, CommitError, Loaded, LogRecord, ReadError, Unused, Wanted};
use crate::submission::{Outcome, SharedSource, Submission, SubmitError, Submitted};

/// The way into a lane.
#[derive(Clone)]
pub(crate) struct LaneHandle {
    queue: UnboundedSender<Job>,
    /// The queue's room, in postings.
    room: Arc<Semaphore>,
    /// The keys of all commands that have not been answered yet.
    running: Arc<Mutex<HashSet<IdempotencyKey>>>,
    ended: watch::Receiver<()>,
    queue_depth: Gauge,
}

/// What came of asking a lane to take a command.
pub(crate) enum Enqueue {
    /// It waits for its batch.
    Waiting(oneshot::Receiver<Result<Submitted, SubmitError>>),
    /// It was not taken.
    Refused(SubmitError),
    /// The lane has ended; another one will take the command.
    Ended(Submission),
}

/// A command that waits.
pub(crate) struct Job {
    submission: Submission,
    fingerprint: RequestFingerprint,
    reply: oneshot::Sender<Result<Submitted, SubmitError>>,
    held: Held,
}

/// What a waiting command occupies; dropping it frees both.
struct Held {
    _room: OwnedSemaphorePermit,
    _key: Option<RunningKey>,
}

struct RunningKey {
    key: IdempotencyKey,
    running: Arc<Mutex<HashSet<IdempotencyKey>>>,
}

impl Drop for RunningKey {
    fn drop(&mut self) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

impl Job {
    fn answer(self, result: Result<Submitted, SubmitError>) {
        // Before the caller can know: who retries at once must not find its own key still running.
        drop(self.held);
        // A caller that has gone away wants no answer.
        let _ = self.reply.send(result);
    }
}

impl LaneHandle {
    pub(crate) fn enqueue(&self, submission: Submission, fingerprint: RequestFingerprint) -> Enqueue {
        let weight = u32::try_from(submission.weight()).expect("a thousand postings at most");
        let room = match Arc::clone(&self.room).try_acquire_many_owned(weight) {
            Ok(room) => room,
            Err(TryAcquireError::NoPermits) => return Enqueue::Refused(SubmitError::Overloaded),
            Err(TryAcquireError::Closed) => return Enqueue::Ended(submission),
        };
        let key = match submission.key.clone().filter(|_| !submission.dry_run) {
            Some(key) => {
                let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
                if !running.insert(key.clone()) {
                    return Enqueue::Refused(SubmitError::KeyInProgress);
                }
                Some(RunningKey { key, running: Arc::clone(&self.running) })
            }
            None => None,
        };
        let (reply, answer) = oneshot::channel();
        let job = Job { submission, fingerprint, reply, held: Held { _room: room, _key: key } };
        match self.queue.send(job) {
            Ok(()) => {
                self.queue_depth.inc();
                fail_points::reach(Point::CommandQueued);
                Enqueue::Waiting(answer)
            }
            Err(returned) => Enqueue::Ended(returned.0.submission),
        }
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.queue.is_closed()
    }

    /// Says whether this is the way into the lane that has that room.
    pub(crate) fn leads_to(&self, room: &Arc<Semaphore>) -> bool {
        Arc::ptr_eq(&self.room, room)
    }

    /// Lets go of the lane, which ends once its queue is empty, and waits for that.
    pub(crate) async fn finish(self) {
        let Self { queue, mut ended, .. } = self;
        drop(queue);
        // An error is what is waited for: the lane has dropped its end.
        while ended.changed().await.is_ok() {}
    }
}

/// The task of one ledger.
pub(crate) struct Lane {
    shared: Arc<Shared>,
    ledger: LedgerName,
    queue: UnboundedReceiver<Job>,
    room: Arc<Semaphore>,
    memory: Memory,
    _ended: watch::Sender<()>,
}

impl Lane {
    /// Opens a ledger's lane. It ends when it has been idle for long, or when nobody holds its handle.
    pub(crate) fn open(shared: Arc<Shared>, ledger: LedgerName) -> LaneHandle {
        #[expect(clippy::disallowed_methods, reason = "`room` bounds what the queue can hold, in postings")]
        let (queue, receiver) = unbounded_channel();
        let (ended_sender, ended) = watch::channel(());
        let room = Arc::new(Semaphore::new(shared.options.queue_max));
        let handle = LaneHandle {
            queue,
            room: Arc::clone(&room),
            running: Arc::default(),
            ended,
            queue_depth: shared.metrics.queue_depth.clone(),
        };
        let memory = Memory::new(shared.options.cached_balances_max);
        let lane = Self { shared, ledger, queue: receiver, room, memory, _ended: ended_sender };
        tokio::spawn(lane.run());
        handle
    }

    async fn run(mut self) {
        let lanes = self.shared.metrics.lanes.clone();
        lanes.inc();
        while let Some(first) = self.next().await {
            let jobs = self.fill_batch(first);
            self.run_batch(jobs).await;
        }
        lanes.dec();
    }

    /// Waits for a command; `None` when there will be none.
    async fn next(&mut self) -> Option<Job> {
        if let Ok(job) = tokio::time::timeout(self.shared.options.lane_idle, self.queue.recv()).await {
            return job;
        }
        self.retire();
        self.queue.recv().await
    }

    /// Lets the lane end once its queue is empty: what slipped in before this is still received, what
    /// comes after goes to another lane.
    fn retire(&mut self) {
        self.shared.retire(&self.ledger, &self.room);
        self.queue.close();
    }

    /// Takes all that waits by now, up to a full batch.
    fn fill_batch(&mut self, first: Job) -> Vec<Job> {
        let mut weight = first.submission.weight();
        let mut jobs = vec![first];
        while weight < self.shared.options.batch_max
            && let Ok(job) = self.queue.try_recv()
        {
            weight += job.submission.weight();
            jobs.push(job);
        }
        self.shared.metrics.queue_depth.dec_by(i64::try_from(jobs.len()).expect("a batch is small"));
        self.shared.metrics.batch_commands.observe(size(jobs.len()));
        jobs
    }

    async fn run_batch(&mut self, mut jobs: Vec<Job>) {
        fail_points::reach(Point::BatchFilled);
        let started = Instant::now();
        let mut wanted = self.wanted(&jobs);
        if self.shared.store.appends()
            && let Some(remembered) = self.memory.recall(&wanted)
        {
            let Some(returned) = self.append_batch(jobs, wanted, remembered, started).await else { return };
            jobs = returned;
            // What was remembered may be forgotten by now.
            wanted = self.wanted(&jobs);
        }
        let opened = match self.shared.store.begin(&self.ledger, wanted.clone()).await {
            Ok(opened) => opened,
            Err(error) => {
                self.memory.forget();
                let error = match error {
                    BeginError::LedgerNotFound => {
                        // Nobody can keep lanes alive by asking for ledgers that are not there.
                        self.retire();
                        SubmitError::LedgerNotFound
                    }
                    error @ BeginError::Unavailable(_) => {
                        SubmitError::Unavailable(SharedSource(Arc::new(error)))
                    }
                };
                return answer_all(jobs, &error);
            }
        };
        let batch = opened.batch;
        fail_points::reach(Point::HeadTaken);
        let (verdicts, records) = self.decide(&jobs, wanted, opened.loaded);
        fail_points::reach(Point::BatchDecided);
        if records.is_empty() {
            drop(batch);
        } else {
            let writing = Instant::now();
            if let Err(error) = batch.commit(&records).await {
                self.memory.forget();
                return fail_batch(jobs, &verdicts, error);
            }
            self.count(started, writing, &records);
        }
        self.memory.shrink();
        self.answer(jobs, verdicts, records);
    }

    fn wanted(&self, jobs: &[Job]) -> Wanted {
        self.memory.wanted(jobs.iter().map(|job| &job.submission))
    }

    /// Decides a batch on what is remembered, which is all that it needs, and has the store write it in one
    /// go. Returns the commands where they have to take the long way.
    async fn append_batch(
        &mut self,
        jobs: Vec<Job>,
        wanted: Wanted,
        remembered: Loaded,
        started: Instant,
    ) -> Option<Vec<Job>> {
        let expected = remembered.next;
        let mut unused = Unused { keys: wanted.keys.clone(), references: wanted.references.clone() };
        let (verdicts, records) = self.decide(&jobs, wanted, remembered);
        if records.is_empty() {
            // Without an entry to write, nothing would show whether what is remembered still holds.
            return Some(jobs);
        }
        unused.leave_out(&records);
        let writing = Instant::now();
        match self.shared.store.append(&self.ledger, expected, &unused, &records).await {
            Ok(Appended::Written) => {
                self.count(started, writing, &records);
                self.memory.shrink();
                self.answer(jobs, verdicts, records);
                None
            }
            Ok(Appended::Stale) => {
                self.memory.forget();
                Some(jobs)
            }
            Err(error) => {
                self.memory.forget();
                fail_batch(jobs, &verdicts, error);
                None
            }
        }
    }

    /// Decides every command, in order, on top of what was loaded.
    fn decide(&mut self, jobs: &[Job], wanted: Wanted, loaded: Loaded) -> (Vec<Verdict>, Vec<LogRecord>) {
        let mut deliberation = self.memory.deliberate(wanted, loaded);
        let now = clock::now();
        let verdicts =
            jobs.iter().map(|job| deliberation.decide(&job.submission, job.fingerprint, now)).collect();
        (verdicts, deliberation.into_records())
    }

    fn count(&self, started: Instant, writing: Instant, records: &[LogRecord]) {
        let metrics = &self.shared.metrics;
        metrics.commit_duration.observe(writing.elapsed().as_secs_f64());
        metrics.batch_duration.observe(started.elapsed().as_secs_f64());
        metrics.batch_entries.observe(size(records.len()));
        metrics.entries.inc_by(records.len() as u64);
    }

    /// Answers every command of a batch that holds.
    fn answer(&self, jobs: Vec<Job>, verdicts: Vec<Verdict>, records: Vec<LogRecord>) {
        fail_points::reach(Point::BatchCommitted);
        let mut records = records.into_iter();
        for (job, verdict) in jobs.into_iter().zip(verdicts) {
            match verdict {
                Verdict::Record(number) => {
                    let entry = records.next().expect("a record for each such verdict, in order").entry;
                    debug_assert_eq!(entry.number, number);
                    job.answer(Ok(Submitted { entry, outcome: Outcome::Recorded }));
                }
                Verdict::DryRun(entry) => job.answer(Ok(Submitted { entry, outcome: Outcome::DryRun })),
                Verdict::Replay(number) => self.replay(job, number),
                Verdict::Refuse(error) => job.answer(Err(error)),
            }
        }
    }

    /// Answers with what was recorded under the same key, without holding up the lane.
    fn replay(&self, job: Job, number: EntryNumber) {
        let (shared, ledger) = (Arc::clone(&self.shared), self.ledger.clone());
        tokio::spawn(async move {
            let result = match shared.store.entry(&ledger, number).await {
                Ok(Some(record)) => Ok(Submitted { entry: record.entry, outcome: Outcome::Replayed }),
                Ok(None) => {
                    let lost =
                        ReadError::Corrupt(format!("entry {} of a key in use is missing", number.0).into());
                    Err(SubmitError::Unavailable(SharedSource(Arc::new(lost))))
                }
                Err(error) => Err(SubmitError::Unavailable(SharedSource(Arc::new(error)))),
            };
            job.answer(result);
        });
    }
}

/// A size as histograms take it.
fn size(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

fn answer_all(jobs: Vec<Job>, error: &SubmitError) {
    for job in jobs {
        job.answer(Err(error.clone()));
    }
}

/// Answers every command of a batch that does not hold, or may not.
///
/// Verdicts other than to record fell on top of what the batch would have written, so they are void too;
/// but those callers may be told that nothing of theirs was written.
fn fail_batch(jobs: Vec<Job>, verdicts: &[Verdict], error: CommitError) {
    let unknown = matches!(error, CommitError::OutcomeUnknown(_));
    let source = SharedSource(Arc::new(error));
    for (job, verdict) in jobs.into_iter().zip(verdicts) {
        let source = source.clone();
        job.answer(Err(match verdict {
            Verdict::Record(_) if unknown => SubmitError::OutcomeUnknown(source),
            _ => SubmitError::Unavailable(source),
        }));
    }
}
