//! The engine's face: finds or opens the lane of a ledger, and hands reads to the store.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fail_points::Point;
use foldhash::HashMap;
use ledger::{Address, LedgerName, Metadata, Postings, Timestamp};
use smallvec::smallvec;
use tokio::sync::{Notify, Semaphore};

use crate::access::{KeyCache, Refusals};
use crate::account_reads::AccountReads;
use crate::clock::{self, TimeOfDay};
use crate::companion::{AccompaniedError, COMPANION_TIMEOUT, Companion, Underway};
use crate::idempotency::{IdempotencyKey, KeyedRequest, RequestFingerprint};
use crate::lane::Lane;
use crate::metrics::{CommandOutcome, EngineMetrics};
use crate::packed::PackedBytes;
use crate::port::{LedgerCreation, ReadError, Store};
use crate::query::{Account, NewLedger};
use crate::queue::{Accompanied, Answers, Asked, AskedTogether, Enqueue, LaneHandle};
use crate::sessions::{LoginThrottle, SessionCache};
use crate::submission::{CreateLedgerError, CreatedLedger, SharedSource, Submission, SubmitError, Submitted};
use crate::users::{PasswordOptions, Passwords};

/// Bounds of the engine. Counts are per ledger, where nothing else is said.
#[derive(Clone, Copy, Debug)]
pub struct EngineOptions {
    /// How much may wait: the postings of all queued commands.
    pub queue_max: usize,
    /// When a batch is full: the postings of its commands. The command that fills it may go over.
    pub batch_max: usize,
    /// How many balances a lane has at hand between batches. Others that it remembers are packed.
    pub cached_balances_max: usize,
    /// About how many bytes packed balances may take, of all ledgers together.
    pub packed_balances_bytes_max: usize,
    /// About how many bytes copies of accounts that were read may take, of all ledgers together.
    pub copied_accounts_bytes_max: usize,
    /// After how long without a command a lane ends and frees what it remembers.
    pub lane_idle: Duration,
    /// How long a companion may take. Its lane waits for it.
    pub companion_timeout: Duration,
    /// What digests of passwords cost, and how many may be made at a time.
    pub passwords: PasswordOptions,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            queue_max: 16_384,
            batch_max: 2_048,
            cached_balances_max: 16_384,
            packed_balances_bytes_max: 128 << 20,
            copied_accounts_bytes_max: 8 << 20,
            lane_idle: Duration::from_mins(1),
            companion_timeout: COMPANION_TIMEOUT,
            passwords: PasswordOptions::default(),
        }
    }
}

/// Turns commands into durable entries, one lane per ledger. Cheap to clone: clones are the same engine.
#[derive(Clone)]
pub struct Engine(Arc<Shared>);

/// What the engine's clones and its lanes share.
pub(crate) struct Shared {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) options: EngineOptions,
    pub(crate) metrics: EngineMetrics,
    pub(crate) account_reads: Arc<AccountReads>,
    pub(crate) packed_bytes: Arc<PackedBytes>,
    clock: TimeOfDay,
    lanes: Mutex<Lanes>,
    /// Wakes the runner of schedules.
    schedules_changed: Notify,
    keys: KeyCache,
    refusals: Refusals,
    sessions: SessionCache,
    sign_ins: LoginThrottle,
    passwords: Passwords,
}

#[derive(Default)]
struct Lanes {
    open: HashMap<LedgerName, LaneHandle>,
    draining: bool,
}

impl Shared {
    /// Returns the time of day.
    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Takes a lane that wants to end off the list, so that the next command opens a new one.
    pub(crate) fn retire(&self, ledger: &LedgerName, room: &Arc<Semaphore>) {
        let mut lanes = self.lanes();
        if lanes.open.get(ledger).is_some_and(|open| open.leads_to(room)) {
            lanes.open.remove(ledger);
        }
    }

    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        // The list is whole between any two of its statements, whoever panicked while holding it.
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// Starts an engine on a store. Lanes open with their ledger's first command.
    ///
    /// # Panics
    /// When the queue has no room for the largest transaction, a bound is zero, or Argon2 knows no such costs.
    #[must_use]
    pub fn start(store: Arc<dyn Store>, options: EngineOptions, metrics: EngineMetrics) -> Self {
        Self::start_with_clock(store, options, metrics, clock::now)
    }

    /// Starts an engine that takes the time of day from somewhere else, for tests that have to know it.
    ///
    /// # Panics
    /// As [`Self::start`].
    #[must_use]
    pub fn start_with_clock(
        store: Arc<dyn Store>,
        options: EngineOptions,
        metrics: EngineMetrics,
        clock: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Self {
        assert!(options.queue_max >= Postings::MAX, "a queue has to hold the largest transaction");
        assert!(options.batch_max > 0, "a batch has to hold a command");
        let passwords = Passwords::new(&options.passwords);
        let (clock, schedules_changed) = (Box::new(clock), Notify::new());
        Self(Arc::new(Shared {
            store,
            packed_bytes: Arc::new(PackedBytes::new(options.packed_balances_bytes_max)),
            account_reads: Arc::new(AccountReads::new(options.copied_accounts_bytes_max)),
            options,
            metrics,
            clock,
            lanes: Mutex::default(),
            schedules_changed,
            keys: KeyCache::default(),
            refusals: Refusals::default(),
            sessions: SessionCache::default(),
            sign_ins: LoginThrottle::default(),
            passwords,
        }))
    }

    pub(crate) fn metrics(&self) -> &EngineMetrics {
        &self.0.metrics
    }

    pub(crate) fn schedules_changed(&self) -> &Notify {
        &self.0.schedules_changed
    }

    pub(crate) fn keys(&self) -> &KeyCache {
        &self.0.keys
    }

    pub(crate) fn refusals(&self) -> &Refusals {
        &self.0.refusals
    }

    pub(crate) fn session_cache(&self) -> &SessionCache {
        &self.0.sessions
    }

    pub(crate) fn sign_ins(&self) -> &LoginThrottle {
        &self.0.sign_ins
    }

    pub(crate) fn passwords(&self) -> &Passwords {
        &self.0.passwords
    }

    /// Returns the store, for reads.
    #[must_use]
    pub fn store(&self) -> &dyn Store {
        &*self.0.store
    }

    /// Reads one account as it stands; `None` where it never moved and was never changed. What anybody was told before
    /// this was called, by whichever process, is in the answer.
    ///
    /// # Errors
    /// Those of [`ReadError`].
    ///
    /// # Panics
    /// When the store does.
    pub async fn account(
        &self,
        ledger: &LedgerName,
        address: &Address,
    ) -> Result<Option<Arc<Account>>, ReadError> {
        self.0.account_reads.account(&self.0.store, ledger, address).await
    }

    /// Returns the time of day, as entries get it.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.now()
    }

    /// Puts a command into its ledger's lane and waits for what comes of it. What this returns as
    /// recorded is durable. Polled once, the command is in the lane, behind those that were put in before. A caller that
    /// stops waiting does not stop it.
    ///
    /// # Errors
    /// Those of [`SubmitError`].
    ///
    /// # Panics
    /// Never: every command has an answer.
    pub async fn submit(
        &self,
        ledger: &LedgerName,
        submission: Submission,
    ) -> Result<Submitted, SubmitError> {
        let mut answers = self.ask(ledger, smallvec![Asked::new(submission)], None).await;
        answers.pop().expect("an answer for each command")
    }

    /// Does as [`Self::submit`], and has a companion write rows of its own in the SQL transaction that writes the entry:
    /// both are there or neither is. It is in a batch of its own, so that it holds up those behind it for as long as the
    /// companion takes. Of a command that was recorded before, or is only tried out, the companion hears nothing.
    ///
    /// # Errors
    /// Those of [`AccompaniedError`].
    ///
    /// # Panics
    /// Never: every command has an answer.
    pub async fn submit_with<C: Companion>(
        &self,
        ledger: &LedgerName,
        submission: Submission,
        companion: C,
    ) -> Result<Submitted, AccompaniedError<C::Refusal>> {
        let mut asked = Asked::new(submission);
        asked.fingerprint = asked.fingerprint.with_companion(&companion.identity());
        let (companion, refusal) = Underway::new(companion);
        let mut answers = self.ask(ledger, smallvec![asked], Some(Box::new(companion))).await;
        let answer = answers.pop().expect("an answer for each command");
        answer.map_err(|error| {
            let refusal = refusal.lock().unwrap_or_else(PoisonError::into_inner).take();
            match (error, refusal) {
                (SubmitError::NotApplied, Some(refusal)) => AccompaniedError::Refused(refusal),
                (error, _) => AccompaniedError::Submit(error),
            }
        })
    }

    /// Puts commands into their ledger's lane that happen together or not at all, and waits for what comes of each, in
    /// order. Where one of them is refused, the others are [not applied](SubmitError::NotApplied), unless they had been
    /// recorded before.
    pub async fn submit_together(
        &self,
        ledger: &LedgerName,
        submissions: Vec<Submission>,
    ) -> Vec<Result<Submitted, SubmitError>> {
        if submissions.is_empty() {
            return Vec::new();
        }
        self.ask(ledger, submissions.into_iter().map(Asked::new).collect(), None).await.into_vec()
    }

    /// Returns how much commands that happen together may [weigh](Submission::weight) together.
    #[must_use]
    pub fn together_max(&self) -> usize {
        self.0.options.queue_max
    }

    async fn ask(&self, ledger: &LedgerName, asked: AskedTogether, companion: Accompanied) -> Answers {
        let answers = self.enqueue_and_wait(ledger, asked, companion).await;
        for answer in &answers {
            self.0.metrics.count(match answer {
                Ok(submitted) => submitted.outcome.into(),
                Err(SubmitError::Rejected(_)) => CommandOutcome::rejected,
                Err(SubmitError::Unavailable(_) | SubmitError::OutcomeUnknown(_)) => CommandOutcome::failed,
                Err(
                    SubmitError::LedgerNotFound
                    | SubmitError::KeyReused
                    | SubmitError::KeyInProgress
                    | SubmitError::NotApplied
                    | SubmitError::Overloaded
                    | SubmitError::ShuttingDown,
                ) => CommandOutcome::refused,
            });
        }
        answers
    }

    async fn enqueue_and_wait(
        &self,
        ledger: &LedgerName,
        mut asked: AskedTogether,
        mut companion: Accompanied,
    ) -> Answers {
        let commands = asked.len();
        let all = |error: SubmitError| (0..commands).map(|_| Err(error.clone())).collect();
        loop {
            let lane = match self.lane(ledger) {
                Ok(lane) => lane,
                Err(error) => return all(error),
            };
            match lane.enqueue(asked, companion) {
                Enqueue::Waiting(reply) => {
                    let answers = reply.await;
                    fail_points::reach(Point::CommandAnswered);
                    return answers.unwrap_or_else(|_| {
                        all(SubmitError::OutcomeUnknown(SharedSource(Arc::new(LaneLost))))
                    });
                }
                Enqueue::Refused(_, error @ SubmitError::Overloaded) => return all(error),
                Enqueue::Refused(place, error) => {
                    let mut answers: Answers = all(SubmitError::NotApplied);
                    answers[place] = Err(error);
                    return answers;
                }
                // The lane ended between being found and being asked.
                Enqueue::Ended(returned, its) => (asked, companion) = (returned, its),
            }
        }
    }

    fn lane(&self, ledger: &LedgerName) -> Result<LaneHandle, SubmitError> {
        let mut lanes = self.0.lanes();
        if lanes.draining {
            return Err(SubmitError::ShuttingDown);
        }
        if let Some(lane) = lanes.open.get(ledger)
            && !lane.has_ended()
        {
            return Ok(lane.clone());
        }
        let lane = Lane::open(Arc::clone(&self.0), ledger.clone());
        lanes.open.insert(ledger.clone(), lane.clone());
        Ok(lane)
    }

    /// Creates a ledger.
    ///
    /// # Errors
    /// Those of [`CreateLedgerError`].
    pub async fn create_ledger(
        &self,
        name: LedgerName,
        metadata: Metadata,
        key: Option<IdempotencyKey>,
    ) -> Result<CreatedLedger, CreateLedgerError> {
        let request = key.map(|key| KeyedRequest {
            key,
            fingerprint: RequestFingerprint::of_new_ledger(&name, &metadata),
        });
        let new = NewLedger { name, created_at: self.0.now(), metadata, request };
        fail_points::reach(Point::LedgerAsked);
        // In a task of its own: a caller that goes away must not leave an open transaction behind.
        let store = Arc::clone(&self.0.store);
        let creation = tokio::spawn(async move { store.create_ledger(new).await })
            .await
            .map_err(|lost| CreateLedgerError::Unavailable(SharedSource(Arc::new(lost))))?;
        fail_points::reach(Point::LedgerCreated);
        match creation {
            Ok(LedgerCreation::Created(ledger)) => Ok(CreatedLedger { ledger, replayed: false }),
            Ok(LedgerCreation::Replayed(ledger)) => Ok(CreatedLedger { ledger, replayed: true }),
            Ok(LedgerCreation::KeyReused) => Err(CreateLedgerError::KeyReused),
            Ok(LedgerCreation::NameTaken) => Err(CreateLedgerError::NameTaken),
            Err(error) => Err(CreateLedgerError::Unavailable(SharedSource(Arc::new(error)))),
        }
    }

    /// Takes nothing new, finishes what waits, and returns when every lane has ended.
    pub async fn drain(&self) {
        let open = {
            let mut lanes = self.0.lanes();
            lanes.draining = true;
            std::mem::take(&mut lanes.open)
        };
        for (_, lane) in open {
            lane.finish().await;
        }
    }
}

/// A lane that ended in the middle of a command: a bug in here, or a runtime that was shut down.
#[derive(Debug, thiserror::Error)]
#[error("the ledger's lane ended before it answered")]
struct LaneLost;
