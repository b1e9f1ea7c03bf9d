//! Schedules as they stand, what came of their occurrences, and what can be asked of them.

use ledger::{EntryNumber, Timestamp};

use super::definition::Definition;

/// A schedule's number in its ledger: 0, 1, 2, …
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScheduleId(pub u64);

/// Where a schedule is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScheduleState {
    /// What falls due is posted.
    Active,
    /// What falls due is left out, until it is resumed.
    Paused,
    /// It has no occurrence left.
    Completed,
    /// A caller ended it.
    Cancelled,
}

impl ScheduleState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Active, Self::Paused, Self::Completed, Self::Cancelled];

    /// Returns its name, the same in the API and in databases.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Returns the state of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Says whether something may still come of it.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Active | Self::Paused)
    }
}

/// What of a schedule changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Where it is in its life.
    pub state: ScheduleState,
    /// Occurrences before this are not run any more: they were, or they are left out.
    pub since: Timestamp,
    /// The occurrence that is run next. Of a schedule that is not active, one that had begun before and has to be
    /// brought to its end.
    pub next_at: Option<Timestamp>,
    /// Until when that occurrence is somebody's to run. Where this is given, it may have been posted already.
    pub lease_until: Option<Timestamp>,
    /// How often that occurrence was begun.
    pub attempts: u32,
    /// When a caller changed it last, or its last occurrence was run.
    pub changed_at: Timestamp,
}

impl Progress {
    /// Returns when somebody has to look at it.
    #[must_use]
    pub fn wake_at(&self) -> Option<Timestamp> {
        self.next_at.map(|next_at| self.lease_until.unwrap_or(next_at))
    }
}

/// A schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Its number in its ledger.
    pub id: ScheduleId,
    /// When it was created.
    pub created_at: Timestamp,
    /// What is to be posted, and when.
    pub definition: Definition,
    /// How often it was written, which tells one state of it from another.
    pub version: u64,
    /// What of it changes.
    pub progress: Progress,
}

/// What came of an occurrence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleRun {
    /// When it was due, which tells it from the schedule's others.
    pub due_at: Timestamp,
    /// When what came of it was recorded.
    pub recorded_at: Timestamp,
    /// What came of it.
    pub outcome: RunOutcome,
}

/// What came of an occurrence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunOutcome {
    /// The transaction is in the log.
    Posted(EntryNumber),
    /// The ledger said no, and nothing moved.
    Rejected {
        /// The stable code of the reason.
        code: String,
        /// The reason in words.
        detail: String,
    },
}

/// Which schedules to list, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScheduleQuery {
    /// Those in this state only.
    pub state: Option<ScheduleState>,
    /// Continue after this one.
    pub after: Option<ScheduleId>,
    /// How many at most.
    pub limit: usize,
}

/// Which runs of a schedule to list, the latest due first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunQuery {
    /// The schedule.
    pub schedule: ScheduleId,
    /// Continue after the one due then.
    pub after: Option<Timestamp>,
    /// How many at most.
    pub limit: usize,
}
