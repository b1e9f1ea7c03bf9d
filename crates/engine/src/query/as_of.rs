//! A moment that is asked for: which entries an answer rests on. Never says how they are found.

use ledger::{Entry, Timestamp};

use super::Clock;

/// How much a store looks at for one answer as of a moment, at most: balances that it goes back for, and what moved
/// them at another time than it was recorded. Where that is not enough there is no answer, never a wrong one.
pub const LOOKS_MAX: usize = 20_000;

/// A moment, and by which clock. The moment itself is part of it: an entry of that very microsecond counts.
///
/// By [`Clock::Recorded`], all entries count that were recorded by then. As entries are recorded in the order of their
/// times, the answer is final once something was recorded later.
///
/// By [`Clock::Effective`], of all that was recorded so far, what counts by then is what moved. What is held, what an
/// account allows, and what is kept beside it have one time only, that of their recording, by either clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AsOf {
    /// The last moment that counts.
    pub time: Timestamp,
    /// Which time of an entry is meant.
    pub clock: Clock,
}

impl AsOf {
    /// Says whether what an entry moved counts.
    #[must_use]
    pub fn counts(self, entry: &Entry) -> bool {
        let time = match self.clock {
            Clock::Recorded => entry.recorded_at,
            Clock::Effective => entry.effective_at,
        };
        time <= self.time
    }
}
