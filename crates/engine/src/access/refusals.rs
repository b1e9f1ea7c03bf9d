//! Refused attempts on their way into the audit trail. Those that are alike become one record with a count, and so many
//! kinds are told apart between two writes and no more: whoever knocks a million times, from wherever, fills no disk.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use identity::{Actor, AuditEvent};

/// How many kinds are told apart between two writes.
const KINDS_MAX: usize = 20;

/// What stands for all that is not told apart.
const OTHERS: &str = "others, not told apart";

/// Refusals that are not written yet.
#[derive(Default)]
pub(crate) struct Refusals(Mutex<BTreeMap<Kind, AuditEvent>>);

type Kind = (Actor, Option<IpAddr>, String);

impl Refusals {
    /// Notes one.
    pub(crate) fn note(&self, event: AuditEvent) {
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kind = (event.actor.clone(), event.address, event.subject.clone());
        if let Some(known) = kinds.get_mut(&kind) {
            known.count += event.count;
        } else if kinds.len() < KINDS_MAX {
            kinds.insert(kind, event);
        } else {
            let others = AuditEvent {
                actor: Actor::Unknown,
                address: None,
                request_id: None,
                subject: OTHERS.to_owned(),
                count: 0,
                ..event
            };
            let kind = (Actor::Unknown, None, OTHERS.to_owned());
            kinds.entry(kind).or_insert(others).count += event.count;
        }
    }

    /// Takes those that are to be written.
    pub(crate) fn take(&self) -> Vec<AuditEvent> {
        let kinds = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let mut events: Vec<AuditEvent> = kinds.into_values().collect();
        events.sort_by_key(|event| event.at);
        events
    }
}

#[cfg(test)]
mod tests {
    use identity::Action;
    use ledger::Timestamp;

    use super::*;

    fn refused(subject: &str, from: u8) -> AuditEvent {
        AuditEvent {
            at: Timestamp::from_micros(0).unwrap(),
            actor: Actor::Unknown,
            action: Action::Refused,
            subject: subject.to_owned(),
            address: Some([192, 0, 2, from].into()),
            request_id: Some("sri".to_owned()),
            entry: None,
            count: 1,
        }
    }

    #[test]
    fn what_is_alike_is_counted() {
        let refusals = Refusals::default();
        for subject in ["a", "b", "a", "a"] {
            refusals.note(refused(subject, 1));
        }
        let counts: Vec<_> = refusals.take().into_iter().map(|event| (event.subject, event.count)).collect();
        assert_eq!(counts, [("a".to_owned(), 3), ("b".to_owned(), 1)]);
        assert!(refusals.take().is_empty());
    }

    #[test]
    fn so_many_kinds_are_told_apart_and_no_more() {
        let refusals = Refusals::default();
        for from in 0..=255 {
            refusals.note(refused("a", from));
        }
        let events = refusals.take();
        assert_eq!(events.len(), KINDS_MAX + 1);
        assert_eq!(events.iter().map(|event| event.count).sum::<u64>(), 256);
    }
}
