//! The way into a lane: a queue that is bounded in postings and takes a key once at a time.
//!
//! A job is one command, or several that happen together or not at all. It occupies its room and its keys from here
//! until it is answered. Never waits: what there is no room
//! for is refused.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use fail_points::Point;
use foldhash::HashSet;
use prometheus_client::metrics::gauge::Gauge;
use smallvec::{SmallVec, smallvec};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError, oneshot, watch};

use crate::idempotency::{IdempotencyKey, RequestFingerprint};
use crate::port::Accompanies;
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
    Waiting(oneshot::Receiver<Answers>),
    /// It was not taken: for this reason, because of the command of this place.
    Refused(usize, SubmitError),
    /// The lane has ended; another one will take it.
    Ended(AskedTogether, Accompanied),
}

/// A command with what it stands for.
pub(crate) struct Asked {
    pub(crate) submission: Submission,
    pub(crate) fingerprint: RequestFingerprint,
}

/// Commands that happen together or not at all; mostly it is one.
pub(crate) type AskedTogether = SmallVec<[Asked; 1]>;

/// What writes rows of its own with a command; mostly nothing does.
pub(crate) type Accompanied = Option<Box<dyn Accompanies>>;

/// What came of each of them, in order.
pub(crate) type Answers = SmallVec<[Result<Submitted, SubmitError>; 1]>;

/// Commands that wait.
pub(crate) struct Job {
    pub(crate) asked: AskedTogether,
    /// Only of a command that is alone.
    pub(crate) companion: Accompanied,
    reply: oneshot::Sender<Answers>,
    held: Held,
}

/// Jobs that were taken from the queue and are in no batch yet, with their weight in postings.
#[derive(Default)]
pub(crate) struct Waiting {
    jobs: VecDeque<Job>,
    weight: usize,
}

/// What a waiting job occupies; dropping it frees all of it.
struct Held {
    _room: OwnedSemaphorePermit,
    _keys: SmallVec<[RunningKey; 1]>,
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

impl Asked {
    pub(crate) fn new(submission: Submission) -> Self {
        let fingerprint = submission.fingerprint();
        Self { submission, fingerprint }
    }
}

impl Job {
    /// Returns how much room the commands take.
    pub(crate) fn weight(&self) -> usize {
        weight(&self.asked)
    }

    pub(crate) fn submissions(&self) -> impl Iterator<Item = &Submission> {
        self.asked.iter().map(|asked| &asked.submission)
    }

    /// Answers each command, in order.
    pub(crate) fn answer(self, answers: Answers) {
        // Before the caller can know: who retries at once must not find its own key still running.
        drop(self.held);
        // A caller that has gone away wants no answer.
        let _ = self.reply.send(answers);
    }

    /// Answers all commands alike.
    pub(crate) fn answer_all(self, error: &SubmitError) {
        let answers = self.asked.iter().map(|_| Err(error.clone())).collect();
        self.answer(answers);
    }
}

/// Returns how much room commands take together.
pub(crate) fn weight(asked: &[Asked]) -> usize {
    asked.iter().map(|asked| asked.submission.weight()).sum()
}

impl Waiting {
    pub(crate) fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    pub(crate) fn weight(&self) -> usize {
        self.weight
    }

    pub(crate) fn submissions(&self) -> impl Iterator<Item = &Submission> {
        self.jobs.iter().flat_map(Job::submissions)
    }

    pub(crate) fn push(&mut self, job: Job) {
        self.weight += job.weight();
        self.jobs.push_back(job);
    }

    /// Takes the first one that waits, if it is as it has to be.
    pub(crate) fn pop_if(&mut self, mut condition: impl FnMut(&Job) -> bool) -> Option<Job> {
        let job = self.jobs.pop_front_if(|job| condition(job))?;
        self.weight -= job.weight();
        Some(job)
    }

    /// Lets jobs wait again, before those that wait.
    pub(crate) fn take_back(&mut self, jobs: Vec<Job>) {
        for job in jobs.into_iter().rev() {
            self.weight += job.weight();
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

    pub(crate) fn enqueue(&self, asked: AskedTogether, companion: Accompanied) -> Enqueue {
        // More than a queue has room for is refused as well: nothing is that large.
        let weight = u32::try_from(weight(&asked)).unwrap_or(u32::MAX);
        let room = match Arc::clone(&self.room).try_acquire_many_owned(weight) {
            Ok(room) => room,
            Err(TryAcquireError::NoPermits) => return Enqueue::Refused(0, SubmitError::Overloaded),
            Err(TryAcquireError::Closed) => return Enqueue::Ended(asked, companion),
        };
        let keys = match self.take_keys(&asked) {
            Ok(keys) => keys,
            Err(place) => return Enqueue::Refused(place, SubmitError::KeyInProgress),
        };
        let commands = i64::try_from(asked.len()).expect("a batch is small");
        let (reply, answers) = oneshot::channel();
        let job = Job { asked, companion, reply, held: Held { _room: room, _keys: keys } };
        match self.queue.send(job) {
            Ok(()) => {
                self.queue_depth.inc_by(commands);
                fail_points::reach(Point::CommandQueued);
                Enqueue::Waiting(answers)
            }
            Err(returned) => Enqueue::Ended(returned.0.asked, returned.0.companion),
        }
    }

    /// Takes the keys of commands that are to be recorded, or returns the place of one whose key is running.
    fn take_keys(&self, asked: &[Asked]) -> Result<SmallVec<[RunningKey; 1]>, usize> {
        let mut taken: SmallVec<[RunningKey; 1]> = smallvec![];
        for (place, Asked { submission, .. }) in asked.iter().enumerate() {
            let Some(key) = submission.key.as_ref().filter(|_| !submission.dry_run) else { continue };
            // The same again in one job is no other request: the lane tells them apart.
            if taken.iter().any(|other| other.key == *key) {
                continue;
            }
            let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            let is_free = running.insert(key.clone());
            drop(running);
            if !is_free {
                return Err(place);
            }
            taken.push(RunningKey { key: key.clone(), running: Arc::clone(&self.running) });
        }
        Ok(taken)
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
