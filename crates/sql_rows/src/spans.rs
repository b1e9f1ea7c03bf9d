//! From times and positions to ranges that an index can walk.

use engine::query::{Order, TimeRange, TransactionPosition};
use ledger::{EntryNumber, Timestamp};

use crate::rows::stored_number;

/// Numbers of entries, from `from` on and before `before`.
#[derive(Clone, Copy, Debug)]
pub struct Numbers {
    /// The first.
    pub from: i64,
    /// The first one after.
    pub before: i64,
}

impl Numbers {
    /// Leaves out what a list has passed already.
    #[must_use]
    pub fn after(mut self, after: Option<TransactionPosition>, order: Order) -> Self {
        if let Some(after) = after {
            let after = stored_number(after.number);
            match order {
                Order::Ascending => self.from = self.from.max(after.saturating_add(1)),
                Order::Descending => self.before = self.before.min(after),
            }
        }
        self
    }
}

/// A place in the order of effective times: a time and a number, also one that no entry has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EffectivePlace {
    /// The time, in microseconds since 1970.
    pub time: i64,
    /// The number.
    pub number: i64,
}

/// Places in the order of effective times, from `from` on and before `before`.
#[derive(Clone, Copy, Debug)]
pub struct EffectivePlaces {
    /// The first.
    pub from: EffectivePlace,
    /// The first one after.
    pub before: EffectivePlace,
}

impl EffectivePlace {
    /// Returns a place.
    #[must_use]
    pub fn of(time: Timestamp, number: EntryNumber) -> Self {
        Self { time: time.micros(), number: stored_number(number) }
    }

    /// Returns the place right after.
    #[must_use]
    pub fn next(self) -> Self {
        Self { number: self.number.saturating_add(1), ..self }
    }
}

impl EffectivePlaces {
    /// Returns the places of the entries that are effective in a span of time.
    #[must_use]
    pub fn within(time: &TimeRange) -> Self {
        let start = |time: Timestamp| EffectivePlace { time: time.micros(), number: 0 };
        Self {
            from: start(time.from.unwrap_or(Timestamp::MIN)),
            before: time.to.map_or(EffectivePlace { time: Timestamp::MAX.micros(), number: i64::MAX }, start),
        }
    }

    /// Leaves out what a list has passed already.
    #[must_use]
    pub fn after(mut self, after: Option<TransactionPosition>, order: Order) -> Self {
        if let Some(after) = after {
            let after = EffectivePlace::of(after.time, after.number);
            match order {
                Order::Ascending => self.from = self.from.max(after.next()),
                Order::Descending => self.before = self.before.min(after),
            }
        }
        self
    }
}
