//! The way into a lane: a queue that is bounded in postings and takes a key once at a time.
//!
//! A command occupies its room and its key from here until it is answered. Never waits: what there is no room
//! for is refused.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use fail_points::Point;
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError, oneshot, watch};

use crate::idempotency::{IdempotencyKey, RequestFingerprint};
use crate::submission::{Submission, SubmitError, Submitted};

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
    pub(crate) submission: Submission,
    pub(crate) fingerprint: RequestFingerprint,
    reply: oneshot::Sender<Result<Submitted, SubmitError>>,
    held: Held,
}

/// Commands that were taken from the queue and are in no batch yet, with their weight in postings.
#[derive(Default)]
pub(crate) struct Waiting {
    jobs: VecDeque<Job>,
    weight: usize,
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
    pub(crate) fn answer(self, result: Result<Submitted, SubmitError>) {
        // Before the caller can know: who retries at once must not find its own key still running.
        drop(self.held);
        // A caller that has gone away wants no answer.
        let _ = self.reply.send(result);
    }
}

impl Waiting {
    pub(crate) fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    pub(crate) fn weight(&self) -> usize {
        self.weight
    }

    pub(crate) fn submissions(&self) -> impl Iterator<Item = &Submission> {
        self.jobs.iter().map(|job| &job.submission)
    }

    pub(crate) fn push(&mut self, job: Job) {
        self.weight += job.submission.weight();
        self.jobs.push_back(job);
    }

    /// Takes the first one that waits, if it is as it has to be.
    pub(crate) fn pop_if(&mut self, condition: impl FnOnce(&Submission) -> bool) -> Option<Job> {
        let job = self.jobs.pop_front_if(|job| condition(&job.submission))?;
        self.weight -= job.submission.weight();
        Some(job)
    }

    /// Lets commands wait again, before those that wait.
    pub(crate) fn take_back(&mut self, jobs: Vec<Job>) {
        for job in jobs.into_iter().rev() {
            self.weight += job.submission.weight();
            self.jobs.push_front(job);
        }
    }
}

impl LaneHandle {
    /// Makes a queue with room for so many postings. Returns the way in, the way out, and the lane's end of what
    /// tells that it has ended.
    pub(crate) fn new(
        room_max: usize,
        queue_depth: Gauge,
    ) -> (Self, UnboundedReceiver<Job>, watch::Sender<()>) {
        #[expect(clippy::disallowed_methods, reason = "`room` bounds what the queue can hold, in postings")]
        let (queue, receiver) = unbounded_channel();
        let (ended_sender, ended) = watch::channel(());
        let room = Arc::new(Semaphore::new(room_max));
        (Self { queue, room, running: Arc::default(), ended, queue_depth }, receiver, ended_sender)
    }

    /// What makes this way in different from every other one.
    pub(crate) fn room(&self) -> &Arc<Semaphore> {
        &self.room
    }

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
