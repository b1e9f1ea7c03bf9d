//! Which part of the audit trail is asked for.

use identity::{Action, Actor, AuditRecord};
use ledger::Timestamp;

use crate::query::TimeRange;

/// Which records to list, the latest first. All filters have to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// Who did it.
    pub actor: Option<Actor>,
    /// What they did.
    pub action: Option<Action>,
    /// What they did it to, in full.
    pub subject: Option<String>,
    /// When.
    pub time: TimeRange,
    /// Only what comes after this place.
    pub after: Option<AuditPosition>,
    /// The largest page.
    pub limit: usize,
}

/// A place in the audit trail: its order is by time, then by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AuditPosition {
    /// When it happened.
    pub at: Timestamp,
    /// Its number.
    pub id: u64,
}

impl AuditPosition {
    /// Returns the place of a record.
    #[must_use]
    pub fn of(record: &AuditRecord) -> Self {
        Self { at: record.event.at, id: record.id }
    }
}

impl AuditQuery {
    /// Says whether a record is asked for.
    #[must_use]
    pub fn matches(&self, record: &AuditRecord) -> bool {
        let event = &record.event;
        self.actor.as_ref().is_none_or(|actor| *actor == event.actor)
            && self.action.is_none_or(|action| action == event.action)
            && self.subject.as_ref().is_none_or(|subject| *subject == event.subject)
            && self.time.contains(event.at)
            && self.after.is_none_or(|after| AuditPosition::of(record) < after)
    }
}
