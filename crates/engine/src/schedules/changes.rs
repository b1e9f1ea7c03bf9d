//! What callers do with schedules: create, pause, resume, cancel. Each change is worked out here from the schedule as
//! it stands, and written only if it still stands so.

use std::sync::Arc;

use fail_points::Point;
use ledger::{LedgerName, Timestamp};

use super::definition::{Definition, Timing};
use super::port::{
    NewSchedule, ScheduleCreation, ScheduleRequest, ScheduleUpdate, Updated, WriteScheduleError,
};
use super::progress::{Progress, Schedule, ScheduleId, ScheduleState};
use crate::Engine;
use crate::idempotency::{IdempotencyKey, KeyedRequest, RequestFingerprint};
use crate::port::ReadError;
use crate::submission::SharedSource;

/// What a caller does with a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScheduleChange {
    /// Nothing of it is run until it is resumed.
    Pause,
    /// It goes on with what is due from now on.
    Resume,
    /// It ends.
    Cancel,
}

impl ScheduleChange {
    /// Returns its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Cancel => "cancel",
        }
    }
}

/// What came of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedSchedule {
    /// The schedule as the change left it.
    pub schedule: Schedule,
    /// Whether the same request had made the change before.
    pub replayed: bool,
}

/// Why a schedule was not created or changed.
#[derive(Debug, thiserror::Error)]
pub enum ScheduleError {
    /// There is no such ledger.
    #[error("there is no such ledger")]
    LedgerNotFound,
    /// There is no such schedule.
    #[error("there is no such schedule")]
    NotFound,
    /// The key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// It is not active.
    #[error("the schedule is {}", .0.name())]
    NotActive(ScheduleState),
    /// It is not paused.
    #[error("the schedule is {}", .0.name())]
    NotPaused(ScheduleState),
    /// It has ended already.
    #[error("the schedule is {}", .0.name())]
    Ended(ScheduleState),
    /// The rule has no occurrence from now on.
    #[error("the rule never falls from now on")]
    NeverFalls,
    /// The ledger has as many open ones as it may.
    #[error("the ledger has too many open schedules")]
    TooMany,
    /// The store holds something unreadable.
    #[error("the store holds something unreadable")]
    Corrupt(#[source] SharedSource),
    /// It was not written, or nobody can tell: asking again with the same key is safe.
    #[error("the store is unavailable")]
    Unavailable(#[source] SharedSource),
}

impl From<ReadError> for ScheduleError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::LedgerNotFound => Self::LedgerNotFound,
            error @ ReadError::Unavailable(_) => Self::Unavailable(SharedSource(Arc::new(error))),
            // No question about schedules takes too much to answer.
            error @ (ReadError::Corrupt(_) | ReadError::TooMuchToLookAt) => {
                Self::Corrupt(SharedSource(Arc::new(error)))
            }
        }
    }
}

impl From<WriteScheduleError> for ScheduleError {
    fn from(error: WriteScheduleError) -> Self {
        match error {
            WriteScheduleError::LedgerNotFound => Self::LedgerNotFound,
            error @ WriteScheduleError::Unavailable(_) => Self::Unavailable(SharedSource(Arc::new(error))),
        }
    }
}

impl Schedule {
    /// How many open schedules, active or paused, a ledger may have.
    pub const OPEN_MAX: u64 = 10_000;
}

impl Engine {
    /// Creates a schedule.
    ///
    /// # Errors
    /// Those of [`ScheduleError`].
    pub async fn create_schedule(
        &self,
        ledger: &LedgerName,
        definition: Definition,
        key: Option<IdempotencyKey>,
    ) -> Result<ChangedSchedule, ScheduleError> {
        let request = key
            .map(|key| KeyedRequest { key, fingerprint: RequestFingerprint::of_new_schedule(&definition) });
        let mut never_falls = false;
        loop {
            if let Some(replayed) = self.asked_before(ledger, request.as_ref()).await? {
                return Ok(replayed);
            }
            if never_falls {
                // Where there is no such ledger, that comes first.
                self.store().ledger(ledger).await?;
                return Err(ScheduleError::NeverFalls);
            }
            let created_at = self.now();
            let since = definition.timing.since(created_at);
            let Some(first) = next(&definition.timing, since).await else {
                never_falls = true;
                continue;
            };
            let new = NewSchedule {
                created_at,
                definition: definition.clone(),
                progress: Progress {
                    state: ScheduleState::Active,
                    since,
                    next_at: Some(first),
                    lease_until: None,
                    attempts: 0,
                    changed_at: created_at,
                },
                open_max: Schedule::OPEN_MAX,
                request: request.clone(),
            };
            let creation = self.store().scheduling().create_schedule(ledger, &new).await?;
            fail_points::reach(Point::ScheduleCreated);
            match creation {
                ScheduleCreation::Created(schedule) => {
                    self.schedules_changed().notify_one();
                    return Ok(ChangedSchedule { schedule, replayed: false });
                }
                ScheduleCreation::TooMany => return Err(ScheduleError::TooMany),
                // Somebody else was faster: what it was used for is there now.
                ScheduleCreation::KeyInUse => {}
            }
        }
    }

    /// Pauses, resumes or cancels a schedule.
    ///
    /// # Errors
    /// Those of [`ScheduleError`].
    pub async fn change_schedule(
        &self,
        ledger: &LedgerName,
        id: ScheduleId,
        change: ScheduleChange,
        key: Option<IdempotencyKey>,
    ) -> Result<ChangedSchedule, ScheduleError> {
        let request = key
            .map(|key| KeyedRequest { key, fingerprint: RequestFingerprint::of_schedule_change(id, change) });
        loop {
            let schedule = self.store().scheduling().schedule(ledger, id).await?;
            let schedule = schedule.ok_or(ScheduleError::NotFound)?;
            if let Some(replayed) = self.asked_before(ledger, request.as_ref()).await? {
                return Ok(replayed);
            }
            let progress = changed(&schedule, change, self.now()).await?;
            let closes = schedule.progress.state.is_open() && !progress.state.is_open();
            let update = ScheduleUpdate {
                id,
                version: schedule.version,
                progress,
                closes,
                run: None,
                request: request.clone(),
            };
            let updated = self.store().scheduling().update_schedule(ledger, &update).await?;
            fail_points::reach(Point::ScheduleChanged);
            if updated == Updated::Written {
                self.schedules_changed().notify_one();
                let schedule = Schedule { version: schedule.version + 1, progress, ..schedule };
                return Ok(ChangedSchedule { schedule, replayed: false });
            }
        }
    }

    /// Looks up what a request did when it came before.
    async fn asked_before(
        &self,
        ledger: &LedgerName,
        request: Option<&KeyedRequest>,
    ) -> Result<Option<ChangedSchedule>, ScheduleError> {
        let Some(request) = request else { return Ok(None) };
        match self.store().scheduling().schedule_request(ledger, &request.key).await? {
            None => Ok(None),
            Some(ScheduleRequest { fingerprint, .. }) if fingerprint != request.fingerprint => {
                Err(ScheduleError::KeyReused)
            }
            Some(ScheduleRequest { schedule, .. }) => Ok(Some(ChangedSchedule { schedule, replayed: true })),
        }
    }
}

/// Works out what a change makes of a schedule.
async fn changed(
    schedule: &Schedule,
    change: ScheduleChange,
    now: Timestamp,
) -> Result<Progress, ScheduleError> {
    let before = schedule.progress;
    // What was begun is brought to its end: it may have been posted already.
    let begun = before.next_at.filter(|_| before.lease_until.is_some());
    let after = |state| Progress { state, next_at: begun, changed_at: now, ..before };
    match (change, before.state) {
        (ScheduleChange::Pause, ScheduleState::Active) => Ok(after(ScheduleState::Paused)),
        (ScheduleChange::Resume, ScheduleState::Paused) => {
            let since = before.since.max(now);
            if begun.is_some() {
                return Ok(Progress { since, ..after(ScheduleState::Active) });
            }
            let next_at = next(&schedule.definition.timing, since).await;
            let state = if next_at.is_some() { ScheduleState::Active } else { ScheduleState::Completed };
            Ok(Progress { since, next_at, ..after(state) })
        }
        (ScheduleChange::Cancel, ScheduleState::Active | ScheduleState::Paused) => {
            Ok(after(ScheduleState::Cancelled))
        }
        (ScheduleChange::Pause, state) => Err(ScheduleError::NotActive(state)),
        (ScheduleChange::Resume, state) => Err(ScheduleError::NotPaused(state)),
        (ScheduleChange::Cancel, state) => Err(ScheduleError::Ended(state)),
    }
}

/// Finds the first occurrence at `since` or later, where a rule has to be followed on a thread that nobody waits for.
pub(super) async fn next(timing: &Timing, since: Timestamp) -> Option<Timestamp> {
    match timing {
        Timing::Once(_) => timing.next(since),
        Timing::Rule(recurrence) => {
            let recurrence = recurrence.clone();
            let searching = tokio::task::spawn_blocking(move || recurrence.next(since));
            searching.await.expect("a rule is followed to an end, and the runtime lives as long")
        }
    }
}
