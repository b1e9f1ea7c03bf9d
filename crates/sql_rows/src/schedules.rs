//! Schedules as rows, and back: what both databases keep in the same columns.

use engine::idempotency::RequestFingerprint;
use engine::port::Source;
use engine::query::Page;
use engine::schedules::{
    DueSchedule, NewSchedule, Progress, RunOutcome, Schedule, ScheduleId, ScheduleRequest, ScheduleRun,
    ScheduleState, WriteScheduleError, decode_definition,
};
use ledger::{EntryNumber, LedgerName, Timestamp};

use crate::failure::{Corruption, Failure};
use crate::rows::{Reader, entry_number, stored_number};

/// Returns a schedule's number as the database has it; those beyond 64 bits with a sign are beyond every schedule.
#[must_use]
pub fn stored_schedule(id: ScheduleId) -> i64 {
    stored_number(EntryNumber(id.0))
}

/// A row of `schedules`.
pub struct ScheduleRow {
    /// Its number.
    pub id: i64,
    /// When it was created.
    pub created_at: i64,
    /// What it is to do, as JSON.
    pub definition: String,
    /// How often it was written.
    pub version: i64,
    /// The name of its state.
    pub state: String,
    /// From when on occurrences count.
    pub since: i64,
    /// The next occurrence.
    pub next_at: Option<i64>,
    /// Until when it is claimed.
    pub lease_until: Option<i64>,
    /// How often it was begun.
    pub attempts: i64,
    /// When it was changed.
    pub changed_at: i64,
}

impl ScheduleRow {
    /// Returns what the row says.
    ///
    /// # Errors
    /// Where it says nothing sensible.
    pub fn schedule(self) -> Result<Schedule, Corruption> {
        let place = || format!("schedule {}", self.id);
        let bad = |what: &str| Corruption::new(place(), what);
        let reader = Reader::at(&place);
        let time = |micros: Option<i64>| micros.map(|micros| reader.time(micros)).transpose();
        Ok(Schedule {
            id: ScheduleId(entry_number(self.id)?.0),
            created_at: reader.time(self.created_at)?,
            definition: decode_definition(&self.definition)
                .map_err(|error| Corruption::new(place(), format!("its definition: {error}")))?,
            version: u64::try_from(self.version).map_err(|_| bad("its version is negative"))?,
            progress: Progress {
                state: ScheduleState::named(&self.state).ok_or_else(|| bad("its state is not one"))?,
                since: reader.time(self.since)?,
                next_at: time(self.next_at)?,
                lease_until: time(self.lease_until)?,
                attempts: u32::try_from(self.attempts).map_err(|_| bad("its attempts are not a count"))?,
                changed_at: reader.time(self.changed_at)?,
            },
        })
    }
}

/// What of a schedule changes, as the database has it.
pub struct ProgressRow {
    /// The name of its state.
    pub state: &'static str,
    /// From when on occurrences count.
    pub since: i64,
    /// The next occurrence.
    pub next_at: Option<i64>,
    /// Until when it is claimed.
    pub lease_until: Option<i64>,
    /// When somebody has to look at it.
    pub wake_at: Option<i64>,
    /// How often it was begun.
    pub attempts: i64,
    /// When it was changed.
    pub changed_at: i64,
}

impl From<&Progress> for ProgressRow {
    fn from(progress: &Progress) -> Self {
        Self {
            state: progress.state.name(),
            since: progress.since.micros(),
            next_at: progress.next_at.map(Timestamp::micros),
            lease_until: progress.lease_until.map(Timestamp::micros),
            wake_at: progress.wake_at().map(Timestamp::micros),
            attempts: progress.attempts.into(),
            changed_at: progress.changed_at.micros(),
        }
    }
}

/// A row of `schedule_runs`.
pub struct RunRow {
    /// When it was due.
    pub due_at: i64,
    /// When it was recorded.
    pub recorded_at: i64,
    /// The name of its outcome.
    pub outcome: String,
    /// The entry that was posted.
    pub entry: Option<i64>,
    /// Why it was rejected.
    pub code: Option<String>,
    /// The same in words.
    pub detail: Option<String>,
}

const POSTED: &str = "posted";
const REJECTED: &str = "rejected";

impl From<&ScheduleRun> for RunRow {
    fn from(run: &ScheduleRun) -> Self {
        let (outcome, entry, code, detail) = match &run.outcome {
            RunOutcome::Posted(entry) => (POSTED, Some(stored_number(*entry)), None, None),
            RunOutcome::Rejected { code, detail } => {
                (REJECTED, None, Some(code.clone()), Some(detail.clone()))
            }
        };
        let (due_at, recorded_at) = (run.due_at.micros(), run.recorded_at.micros());
        Self { due_at, recorded_at, outcome: outcome.to_owned(), entry, code, detail }
    }
}

impl RunRow {
    /// Returns what the row says.
    ///
    /// # Errors
    /// Where it says nothing sensible.
    pub fn run(self) -> Result<ScheduleRun, Corruption> {
        let place = || format!("the run of a schedule due at {}", self.due_at);
        let reader = Reader::at(&place);
        let outcome = match (&*self.outcome, self.entry, self.code, self.detail) {
            (POSTED, Some(entry), None, None) => RunOutcome::Posted(entry_number(entry)?),
            (REJECTED, None, Some(code), Some(detail)) => RunOutcome::Rejected { code, detail },
            _ => return Err(Corruption::new(place(), "its outcome is none")),
        };
        let (due_at, recorded_at) = (reader.time(self.due_at)?, reader.time(self.recorded_at)?);
        Ok(ScheduleRun { due_at, recorded_at, outcome })
    }
}

/// Makes a page of rows that were asked for with [one more](crate::one_more).
///
/// # Errors
/// Where a row says nothing sensible.
pub fn page_of_schedules(
    rows: Vec<ScheduleRow>,
    limit: usize,
) -> Result<Page<Schedule, ScheduleId>, Corruption> {
    page(rows, limit, ScheduleRow::schedule, |schedule| schedule.id)
}

/// Makes a page of rows that were asked for with [one more](crate::one_more).
///
/// # Errors
/// Where a row says nothing sensible.
pub fn page_of_runs(rows: Vec<RunRow>, limit: usize) -> Result<Page<ScheduleRun, Timestamp>, Corruption> {
    page(rows, limit, RunRow::run, |run| run.due_at)
}

fn page<R, T, P>(
    mut rows: Vec<R>,
    limit: usize,
    read: impl Fn(R) -> Result<T, Corruption>,
    place_of: impl Fn(&T) -> P,
) -> Result<Page<T, P>, Corruption> {
    let more = rows.len() > limit;
    rows.truncate(limit);
    let items = rows.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let next = items.last().filter(|_| more).map(place_of);
    Ok(Page { items, next })
}

/// Reads what a key was used for.
///
/// # Errors
/// Where the row says nothing sensible.
pub fn schedule_request(fingerprint: &[u8], schedule: ScheduleRow) -> Result<ScheduleRequest, Corruption> {
    let fingerprint = fingerprint
        .try_into()
        .map_err(|_| Corruption::new(format!("a request for schedule {}", schedule.id), "its fingerprint"))?;
    Ok(ScheduleRequest { fingerprint: RequestFingerprint(fingerprint), schedule: schedule.schedule()? })
}

/// A row of the list of schedules that somebody has to look at.
pub struct DueRow {
    /// The ledger's name.
    pub ledger: String,
    /// The schedule's number.
    pub id: i64,
    /// From when on.
    pub wake_at: i64,
}

impl DueRow {
    /// Returns what the row says.
    ///
    /// # Errors
    /// Where it says nothing sensible.
    pub fn due(self) -> Result<DueSchedule, Corruption> {
        let place = || format!("schedule {} of {}", self.id, self.ledger);
        Ok(DueSchedule {
            ledger: LedgerName::parse(&self.ledger)
                .map_err(|_| Corruption::new(place(), "its ledger's name is not one"))?,
            id: ScheduleId(entry_number(self.id)?.0),
            wake_at: Reader::at(&place).time(self.wake_at)?,
        })
    }
}

/// Returns a schedule as it was created.
///
/// # Errors
/// Where the number is negative.
pub fn created_schedule(new: &NewSchedule, id: i64) -> Result<Schedule, Corruption> {
    Ok(Schedule {
        id: ScheduleId(entry_number(id)?.0),
        created_at: new.created_at,
        definition: new.definition.clone(),
        version: 0,
        progress: new.progress,
    })
}

impl From<Failure> for WriteScheduleError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::LedgerNotFound => Self::LedgerNotFound,
            failure => Self::Unavailable(Source::from(failure)),
        }
    }
}

/// Says whether a statement was refused because a key is in use.
#[must_use]
pub fn is_in_use(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(error) if error.is_unique_violation())
}
