//! Schedules: transactions that are to be posted later, once at a time or by a calendar rule.
//!
//! A schedule is administration. It is never part of a log and moves no money: when its time has come, the runner
//! submits a transaction like any other caller, under a key that stands for that occurrence and that no client can
//! send. The key makes it happen once, whoever tries how often.

mod changes;
mod codec;
mod definition;
mod port;
mod progress;
mod rule;
mod runner;
mod zone;

pub use changes::{ChangedSchedule, ScheduleChange, ScheduleError};
pub use codec::{decode_definition, encode_definition};
pub use definition::{Definition, Timing};
pub use port::{
    DueSchedule, NewSchedule, ScheduleCreation, ScheduleRequest, ScheduleStore, ScheduleUpdate, Updated,
    WriteScheduleError,
};
pub use progress::{
    Progress, RunOutcome, RunQuery, Schedule, ScheduleId, ScheduleQuery, ScheduleRun, ScheduleState,
};
pub use rule::{Recurrence, RecurrenceError, Rule, RuleError};
pub use runner::{Describe, RunnerOptions, ScheduleRunner};
pub use zone::{Zone, ZoneError};
