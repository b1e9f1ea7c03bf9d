//! Lanes: one task per ledger, which turns what waits in its queue into batches.
//!
//! A lane never answers a command before the store has committed the batch that the answer rests on: a
//! rejection, too, may rest on an entry of the same batch. It never trusts what it remembers of balances
//! unless the ledger's head still stands where the lane left it.
//!
//! There are two ways. The long way takes the ledger's head, loads what the batch touches, decides and
//! writes. The short way, which not every store offers, decides on what is remembered while the batch before is
//! still being written, and has the store write only if the head stands where it should.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fail_points::Point;
use futures_util::FutureExt;
use ledger::{BalanceKey, EntryNumber, LedgerName};
use smallvec::SmallVec;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

use crate::batch::Batch;
use crate::companion::accompany;
use crate::engine::Shared;
use crate::memory::{Draft, Memory, Verdict};
use crate::packed::Packed;
use crate::port::{
    self, AccompanyError, Appended, Appends, BeginError, CommitError, LookedUp, ReadError, Store,
};
use crate::queue::{Answers, Job, LaneHandle, Waiting};
use crate::submission::{Outcome, SharedSource, SubmitError, Submitted};

/// Smaller batches than this cost more than they gain.
const HALVED_FROM: usize = 16;

/// How long to wait for balances that are looked up beside others who read, before a batch loads them by itself.
const LOOK_UP_PATIENCE: Duration = Duration::from_millis(500);

/// The task of one ledger.
pub(crate) struct Lane {
    shared: Arc<Shared>,
    ledger: LedgerName,
    queue: UnboundedReceiver<Job>,
    room: Arc<Semaphore>,
    waiting: Waiting,
    memory: Memory,
    _ended: watch::Sender<()>,
}

/// Why a lane left the short way.
enum Left {
    /// Nothing waits.
    Idle,
    /// The first that waits has to take the long way.
    ForTheLongWay,
}

type Underway<T> = Option<Pin<Box<dyn Future<Output = T> + Send>>>;
type Written = (Batch, Instant, Result<Appended, CommitError>);
type Looked = (Vec<BalanceKey>, Option<LookedUp>);

impl Lane {
    /// Opens a ledger's lane. It ends when it has been idle for long, or when nobody holds its handle.
    pub(crate) fn open(shared: Arc<Shared>, ledger: LedgerName) -> LaneHandle {
        let (handle, queue, ended) =
            LaneHandle::new(shared.options.queue_max, shared.metrics.queue_depth.clone());
        let packed = Packed::new(Arc::clone(&shared.packed_bytes));
        let memory = Memory::new(shared.options.cached_balances_max, packed);
        let (room, waiting) = (Arc::clone(handle.room()), Waiting::default());
        tokio::spawn(Self { shared, ledger, queue, room, waiting, memory, _ended: ended }.run());
        handle
    }

    async fn run(mut self) {
        let lanes = self.shared.metrics.lanes.clone();
        lanes.inc();
        while self.has_work().await {
            self.take_what_waits(0);
            let short = self.shared.store.appends().is_some() && self.memory.is_undisturbed();
            if !short || matches!(self.append_batches().await, Left::ForTheLongWay) {
                self.run_batch().await;
            }
        }
        lanes.dec();
    }

    /// Waits for a command; says no when there will be none.
    async fn has_work(&mut self) -> bool {
        if !self.waiting.is_empty() {
            return true;
        }
        let first = tokio::time::timeout(self.shared.options.lane_idle, self.queue.recv()).await;
        let first = if let Ok(first) = first {
            first
        } else {
            self.retire();
            self.queue.recv().await
        };
        if let Some(job) = first {
            self.waiting.push(job);
        }
        !self.waiting.is_empty()
    }

    /// Lets the lane end once its queue is empty: what slipped in before this is still received, what
    /// comes after goes to another lane.
    fn retire(&mut self) {
        self.shared.retire(&self.ledger, &self.room);
        self.queue.close();
    }

    /// Takes all that waits by now, up to a full batch together with what is taken already.
    fn take_what_waits(&mut self, taken: usize) {
        while taken + self.waiting.weight() < self.shared.options.batch_max
            && let Ok(job) = self.queue.try_recv()
        {
            self.waiting.push(job);
        }
    }

    /// Takes the first that wait, up to a full batch. What has a companion is a batch of its own.
    fn full_batch(&mut self) -> Vec<Job> {
        let (mut jobs, mut weight) = (Vec::new(), 0);
        if let Some(job) = self.waiting.pop_if(|job| job.companion.is_some()) {
            return vec![job];
        }
        while weight < self.shared.options.batch_max
            && let Some(job) = self.waiting.pop_if(|job| job.companion.is_none())
        {
            weight += job.weight();
            jobs.push(job);
        }
        jobs
    }

    /// The long way: one batch of what waits.
    async fn run_batch(&mut self) {
        let mut jobs = self.full_batch();
        let companion = jobs.first_mut().and_then(|job| job.companion.take());
        self.count_begun(jobs.iter().map(|job| job.asked.len()).sum());
        let started = Instant::now();
        let wanted = self.memory.wanted(jobs.iter().flat_map(Job::submissions));
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
                for job in jobs {
                    job.answer_all(&error);
                }
                return;
            }
        };
        fail_points::reach(Point::HeadTaken);
        let mut batch = Batch { started, ..Batch::new(self.memory.load(wanted, opened.loaded)) };
        for job in jobs {
            self.decide(&mut batch, job);
        }
        fail_points::reach(Point::BatchDecided);
        if batch.draft.records.is_empty() && !batch.tells_of_entries() {
            drop(opened.batch);
        } else {
            let writing = Instant::now();
            let mut opened = opened.batch;
            if let (Some(mut companion), [record]) = (companion, &*batch.draft.records) {
                let limit = self.shared.options.companion_timeout;
                match accompany(&mut *opened, &mut *companion, &record.entry, limit).await {
                    Ok(()) => {}
                    Err(AccompanyError::Refused) => {
                        // What was decided does not happen, so that what is remembered does not hold.
                        self.memory.forget();
                        return batch.refuse(opened).await;
                    }
                    Err(AccompanyError::Failed(source)) => {
                        self.memory.forget();
                        return batch.fail(CommitError::RolledBack(source));
                    }
                }
            }
            if let Err(error) = write(opened, &batch).await {
                self.memory.forget();
                return batch.fail(error);
            }
            if !batch.draft.records.is_empty() {
                self.note_written(&batch, writing);
            }
        }
        self.memory.shrink();
        self.answer(batch);
    }

    /// The short way, for as long as it lasts: while one batch is being written, the next one is decided as its
    /// commands come, and balances that are not remembered are looked up.
    async fn append_batches(&mut self) -> Left {
        let mut next = Batch::new(self.memory.draft());
        let mut writing: Underway<Written> = None;
        // What the batch that is being written weighs, or the last one did.
        let mut last_weight = 0;
        let mut looking: Underway<Looked> = None;
        // Nothing new is decided: what is under way is finished first.
        let mut leaving = false;
        let mut queue_open = true;
        // Waits for its answers until the next batch is on its way.
        let mut written: Option<Batch> = None;
        let left = loop {
            let lacks_a_balance = !leaving && self.decide_what_is_known(&mut next, last_weight);
            if writing.is_none() && !next.jobs.is_empty() {
                if next.draft.records.is_empty() {
                    // Without an entry to write, nothing would show whether what is remembered still holds.
                    self.waiting.take_back(next.jobs);
                    break Left::ForTheLongWay;
                }
                let batch = std::mem::replace(&mut next, Batch::new(self.memory.draft()));
                last_weight = batch.weight;
                let mut future = self.write(batch);
                // Sent before anything else is done.
                if let Some(written) = (&mut future).now_or_never() {
                    future = Box::pin(std::future::ready(written));
                }
                writing = Some(future);
            }
            if let Some(batch) = written.take() {
                self.answer(batch);
                // What waits is the next batch's now.
                continue;
            }
            if !leaving && self.memory.is_full() {
                // While a batch is being written, for it takes its time.
                leaving = !self.memory.pack();
            }
            if lacks_a_balance && looking.is_none() {
                looking = self.look_up();
            }
            if writing.is_none() && looking.is_none() {
                break if self.waiting.is_empty() { Left::Idle } else { Left::ForTheLongWay };
            }
            let taken = next.weight + self.waiting.weight();
            let has_room = !leaving && queue_open && taken < self.shared.options.batch_max;
            tokio::select! {
                biased;
                (batch, began, result) = done(&mut writing) => {
                    writing = None;
                    match result {
                        Ok(Appended::Written) => {
                            self.note_written(&batch, began);
                            written = Some(batch);
                        }
                        Ok(Appended::Stale) => {
                            self.memory.forget();
                            self.shared.metrics.queue_depth.inc_by(whole(batch.commands()));
                            self.waiting.take_back(next.jobs);
                            self.waiting.take_back(batch.jobs);
                            break Left::ForTheLongWay;
                        }
                        Err(error) => {
                            self.memory.forget();
                            self.waiting.take_back(next.jobs);
                            batch.fail(error);
                            break if self.waiting.is_empty() { Left::Idle } else { Left::ForTheLongWay };
                        }
                    }
                }
                (asked, result) = done(&mut looking) => {
                    looking = None;
                    match result {
                        Some(found) => self.memory.learn(asked, found),
                        None => leaving = true,
                    }
                }
                job = self.queue.recv(), if has_room => {
                    queue_open = job.is_some();
                    if let Some(job) = job {
                        self.waiting.push(job);
                    }
                    self.take_what_waits(next.weight);
                }
            }
        };
        if let Some(batch) = written {
            self.answer(batch);
        }
        self.memory.shrink();
        left
    }

    /// Decides what waits, in order, up to the batch's part or a command that touches what is not remembered. Says
    /// whether there is such a command.
    fn decide_what_is_known(&mut self, batch: &mut Batch, last_weight: usize) -> bool {
        let part = self.part(last_weight + batch.weight + self.waiting.weight());
        while batch.weight < part
            && let Some(job) = self.waiting.pop_if(|job| goes_the_short_way(&mut self.memory, job))
        {
            self.decide(batch, job);
        }
        batch.weight < part && !self.waiting.is_empty()
    }

    /// Returns how much of what is in the lane a batch takes: half of it. Callers ask again once they are answered, so
    /// a batch of all that waits is followed by one of the few that did not: while the large one is written nobody is
    /// left to serve, and then the database waits for those who come back. Two halves take turns.
    fn part(&self, in_lane: usize) -> usize {
        in_lane.div_ceil(2).max(HALVED_FROM).min(self.shared.options.batch_max)
    }

    fn decide(&mut self, batch: &mut Batch, job: Job) {
        let verdicts = self.memory.decide(&mut batch.draft, &job.asked, self.shared.now());
        batch.push(job, verdicts);
    }

    fn write(&self, batch: Batch) -> Pin<Box<dyn Future<Output = Written> + Send>> {
        self.count_begun(batch.commands());
        let (store, ledger) = (Arc::clone(&self.shared.store), self.ledger.clone());
        Box::pin(async move {
            let began = Instant::now();
            let Draft { expected, unused, records, .. } = &batch.draft;
            let result = short_way(&*store).append(&ledger, *expected, unused, records).await;
            (batch, began, result)
        })
    }

    /// Looks up what the commands that wait touch and is not remembered, if there is any.
    fn look_up(&mut self) -> Underway<Looked> {
        let asked = self.memory.missing(self.waiting.submissions());
        if asked.is_empty() {
            return None;
        }
        let (store, ledger) = (Arc::clone(&self.shared.store), self.ledger.clone());
        Some(Box::pin(async move {
            let short_way = short_way(&*store);
            let result = timeout(LOOK_UP_PATIENCE, short_way.balances_of(&ledger, &asked)).await;
            (asked, result.ok().and_then(Result::ok))
        }))
    }

    fn count_begun(&self, commands: usize) {
        fail_points::reach(Point::BatchFilled);
        self.shared.metrics.queue_depth.dec_by(whole(commands));
        self.shared.metrics.batch_commands.observe(size(commands));
    }

    fn note_written(&self, batch: &Batch, writing: Instant) {
        let Draft { expected, records, .. } = &batch.draft;
        self.shared.account_reads.written(&self.ledger, *expected, records);
        let metrics = &self.shared.metrics;
        metrics.commit_duration.observe(writing.elapsed().as_secs_f64());
        metrics.batch_duration.observe(batch.started.elapsed().as_secs_f64());
        metrics.batch_entries.observe(size(batch.draft.records.len()));
        metrics.entries.inc_by(batch.draft.records.len() as u64);
    }

    /// Answers every command of a batch that holds.
    fn answer(&self, batch: Batch) {
        fail_points::reach(Point::BatchCommitted);
        let mut records = batch.draft.records.into_iter();
        for (job, verdicts) in batch.jobs.into_iter().zip(batch.verdicts) {
            let mut replayed: SmallVec<[(usize, EntryNumber); 1]> = SmallVec::new();
            let mut answers = Answers::with_capacity(verdicts.len());
            for (place, verdict) in verdicts.into_iter().enumerate() {
                answers.push(match verdict {
                    Verdict::Record(number) => {
                        let entry = records.next().expect("a record for each such verdict, in order").entry;
                        debug_assert_eq!(entry.number, number);
                        Ok(Submitted { entry, outcome: Outcome::Recorded })
                    }
                    Verdict::DryRun(entry) => Ok(Submitted { entry, outcome: Outcome::DryRun }),
                    Verdict::Refuse(error) => Err(error),
                    Verdict::Replay(number) => {
                        replayed.push((place, number));
                        // Stands in until it is read.
                        Err(SubmitError::NotApplied)
                    }
                });
            }
            if replayed.is_empty() {
                job.answer(answers);
            } else {
                self.replay(job, answers, replayed);
            }
        }
    }

    /// Answers with what was recorded under the same keys, without holding up the lane.
    fn replay(&self, job: Job, mut answers: Answers, replayed: SmallVec<[(usize, EntryNumber); 1]>) {
        let (shared, ledger) = (Arc::clone(&self.shared), self.ledger.clone());
        tokio::spawn(async move {
            for (place, number) in replayed {
                answers[place] = recorded_before(&*shared.store, &ledger, number).await;
            }
            job.answer(answers);
        });
    }
}

/// Says whether a job can go the short way: all that it touches is remembered, and nothing goes with its entries.
fn goes_the_short_way(memory: &mut Memory, job: &Job) -> bool {
    job.companion.is_none()
        && job.submissions().all(|submission| submission.audit.is_none() && memory.knows(submission))
}

/// Reads what was recorded under a key that is in use.
async fn recorded_before(
    store: &dyn Store,
    ledger: &LedgerName,
    number: EntryNumber,
) -> Result<Submitted, SubmitError> {
    let lost = || format!("entry {} of a key in use is missing", number.0);
    match store.entry(ledger, number).await {
        Ok(Some(record)) => Ok(Submitted { entry: record.entry, outcome: Outcome::Replayed }),
        Ok(None) => Err(ReadError::Corrupt(lost().into())),
        Err(error) => Err(error),
    }
    .map_err(|error| SubmitError::Unavailable(SharedSource(Arc::new(error))))
}

/// Waits for what is under way; for ever, where nothing is.
async fn done<T>(underway: &mut Underway<T>) -> T {
    match underway {
        Some(future) => future.await,
        None => std::future::pending().await,
    }
}

/// Writes what a batch of the long way has decided, together with what the audit trail says of it.
async fn write(mut opened: Box<dyn port::Batch>, batch: &Batch) -> Result<(), CommitError> {
    let events = batch.audit();
    if !events.is_empty() {
        opened.record(&events).await?;
    }
    opened.commit(&batch.draft.records).await
}

fn short_way(store: &dyn Store) -> &dyn Appends {
    store.appends().expect("asked for before")
}

/// A size as histograms take it.
fn size(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// A size as gauges take it.
fn whole(count: usize) -> i64 {
    i64::try_from(count).expect("a batch is small")
}
