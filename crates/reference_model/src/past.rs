//! The model of a past moment: a ledger that remembers only what counted by then, and knows nothing of the rest.

use ledger::Timestamp;

use crate::{Kind, Model, Movement};

/// Which of its two times decides whether an entry counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// When it was recorded.
    Recorded,
    /// When it is effective.
    Effective,
}

/// A moment, by one of the clocks. What happens at the very moment counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// When.
    pub time: Timestamp,
    /// By which clock.
    pub clock: Clock,
}

impl Model {
    /// Tells the model when each entry was recorded, in place of when it was taken to be. What is effective when it is
    /// recorded, is so still.
    ///
    /// # Panics
    /// There are not as many moments as entries.
    pub fn record_at(&mut self, times: Vec<Timestamp>) {
        assert_eq!(times.len(), self.recorded.len(), "each entry was recorded once");
        self.recorded = times;
    }

    /// Returns the ledger as it was at a moment. By the effective clock, only what is posted goes by when it counts:
    /// what is reserved, what accounts allow and what is kept beside them go by when that was recorded.
    #[must_use]
    pub fn as_of(&self, moment: Moment) -> Self {
        let is_recorded = |entry: u64| self.recorded_at(entry) <= moment.time;
        let counts = |entry: u64| match moment.clock {
            Clock::Recorded => is_recorded(entry),
            Clock::Effective => self.effective_at(entry) <= moment.time,
        };
        let mut past = Self::default();
        for movement in &self.movements {
            let Movement { entry, kind, .. } = *movement;
            let as_kind = |kind| Movement { kind, ..movement.clone() };
            // A capture does two things: it moves, and it lets go what was reserved.
            match kind {
                Kind::Posted | Kind::Reversed(_) if counts(entry) => past.movements.push(movement.clone()),
                Kind::Reserved | Kind::LetGo(_) if is_recorded(entry) => {
                    past.movements.push(movement.clone());
                }
                Kind::Captured(hold) => {
                    past.movements.extend(counts(entry).then(|| as_kind(Kind::Posted)));
                    past.movements.extend(is_recorded(entry).then(|| as_kind(Kind::LetGo(hold))));
                }
                _ => {}
            }
        }
        past.changes = self.changes.iter().filter(|(entry, _)| is_recorded(*entry)).cloned().collect();
        past
    }

    fn recorded_at(&self, entry: u64) -> Timestamp {
        self.recorded[index(entry)]
    }

    fn effective_at(&self, entry: u64) -> Timestamp {
        self.effective[index(entry)].unwrap_or(self.recorded_at(entry))
    }
}

fn index(entry: u64) -> usize {
    usize::try_from(entry).unwrap()
}
