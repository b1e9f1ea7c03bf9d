//! What the engine asks of a store for schedules. A store keeps them and never judges: every change comes finished,
//! and is written only if the schedule still is as whoever made the change saw it.

use async_trait::async_trait;
use ledger::{LedgerName, Timestamp};

use super::definition::Definition;
use super::progress::{Progress, RunQuery, Schedule, ScheduleId, ScheduleQuery, ScheduleRun};
use crate::idempotency::{IdempotencyKey, KeyedRequest, RequestFingerprint};
use crate::port::{ReadError, Source};
use crate::query::Page;

/// A place that keeps schedules durably, beside the ledgers that they are for. All that it returns is read where it
/// is written, never from a copy that lags behind.
#[async_trait]
pub trait ScheduleStore: Send + Sync {
    /// Creates a schedule, unless its ledger has too many open ones or its key is in use.
    ///
    /// # Errors
    /// Those of [`WriteScheduleError`].
    async fn create_schedule(
        &self,
        ledger: &LedgerName,
        new: &NewSchedule,
    ) -> Result<ScheduleCreation, WriteScheduleError>;

    /// Writes a change of a schedule with all that comes with it, or nothing. What it says is durable when this
    /// returns.
    ///
    /// # Errors
    /// Those of [`WriteScheduleError`].
    async fn update_schedule(
        &self,
        ledger: &LedgerName,
        update: &ScheduleUpdate,
    ) -> Result<Updated, WriteScheduleError>;

    /// Reads one schedule.
    ///
    /// # Errors
    /// Those of [`ReadError`].
    async fn schedule(&self, ledger: &LedgerName, id: ScheduleId) -> Result<Option<Schedule>, ReadError>;

    /// Lists schedules, newest first.
    ///
    /// # Errors
    /// Those of [`ReadError`].
    async fn schedules(
        &self,
        ledger: &LedgerName,
        query: &ScheduleQuery,
    ) -> Result<Page<Schedule, ScheduleId>, ReadError>;

    /// Lists what came of a schedule's occurrences, the latest due first; `None` where there is no such schedule.
    ///
    /// # Errors
    /// Those of [`ReadError`].
    async fn schedule_runs(
        &self,
        ledger: &LedgerName,
        query: &RunQuery,
    ) -> Result<Option<Page<ScheduleRun, Timestamp>>, ReadError>;

    /// Reads what a key was used for.
    ///
    /// # Errors
    /// Those of [`ReadError`].
    async fn schedule_request(
        &self,
        ledger: &LedgerName,
        key: &IdempotencyKey,
    ) -> Result<Option<ScheduleRequest>, ReadError>;

    /// Lists the schedules of all ledgers that somebody has to look at by a time, the earliest first.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`], [`ReadError::Corrupt`].
    async fn due_schedules(&self, by: Timestamp, limit: usize) -> Result<Vec<DueSchedule>, ReadError>;
}

/// A schedule to create. The store gives it its number.
#[derive(Clone, Debug)]
pub struct NewSchedule {
    /// When it is created.
    pub created_at: Timestamp,
    /// What is to be posted, and when.
    pub definition: Definition,
    /// How it stands at first.
    pub progress: Progress,
    /// How many open schedules its ledger may have, it included.
    pub open_max: u64,
    /// The caller's key and what it stands for.
    pub request: Option<KeyedRequest>,
}

/// What came of creating a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one of them at a time, and it is taken apart at once"
)]
pub enum ScheduleCreation {
    /// It is there now.
    Created(Schedule),
    /// Nothing is written: the ledger has too many open ones.
    TooMany,
    /// Nothing is written: the key is in use.
    KeyInUse,
}

/// A change of a schedule.
#[derive(Clone, Debug)]
pub struct ScheduleUpdate {
    /// The schedule.
    pub id: ScheduleId,
    /// The version that the change rests on.
    pub version: u64,
    /// How it stands from now on.
    pub progress: Progress,
    /// Whether it was open and is not any more.
    pub closes: bool,
    /// What came of an occurrence. Of two runs of one occurrence, the one that was posted stays.
    pub run: Option<ScheduleRun>,
    /// The caller's key and what it stands for.
    pub request: Option<KeyedRequest>,
}

/// What came of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Updated {
    /// It is written, and durable.
    Written,
    /// Nothing is written: the schedule is another one by now, or the key is in use.
    Stale,
}

/// What a key was used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleRequest {
    /// The request.
    pub fingerprint: RequestFingerprint,
    /// The schedule as the request left it.
    pub schedule: Schedule,
}

/// A schedule that somebody has to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueSchedule {
    /// Its ledger.
    pub ledger: LedgerName,
    /// Its number there.
    pub id: ScheduleId,
    /// From when on.
    pub wake_at: Timestamp,
}

/// Why a schedule could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteScheduleError {
    /// There is no such ledger.
    #[error("there is no such ledger")]
    LedgerNotFound,
    /// The database did not answer as it should: it is written or it is not, and looking again tells.
    #[error("the store is unavailable")]
    Unavailable(#[source] Source),
}
