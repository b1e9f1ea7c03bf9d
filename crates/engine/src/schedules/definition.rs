//! What a schedule is to post, and when. It never changes.

use ledger::{Command, Metadata, PostTransaction, Timestamp};

use super::rule::Recurrence;

/// What is to be posted, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// The transaction. Where it does not say when it counts, it counts when it is due.
    pub transaction: PostTransaction,
    /// When it is due.
    pub timing: Timing,
    /// What the caller keeps beside the schedule.
    pub metadata: Metadata,
}

/// When a schedule's transaction is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Timing {
    /// Once.
    Once(Timestamp),
    /// Whenever a rule says.
    Rule(Recurrence),
}

impl Timing {
    /// Returns from when on occurrences count for a schedule that is created now. A single time may have passed: it
    /// is due at once. What a rule would have had before is left out.
    #[must_use]
    pub fn since(&self, now: Timestamp) -> Timestamp {
        match self {
            Self::Once(at) => now.min(*at),
            Self::Rule(_) => now,
        }
    }

    /// Returns the first occurrence at `since` or later. For a rule, this may take a while: see [`Recurrence::next`].
    #[must_use]
    pub fn next(&self, since: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Once(at) => (*at >= since).then_some(*at),
            Self::Rule(recurrence) => recurrence.next(since),
        }
    }
}

impl Definition {
    /// Returns the command of an occurrence: the same whenever it is tried.
    #[must_use]
    pub fn command(&self, due_at: Timestamp) -> Command {
        let effective_at = self.transaction.effective_at.or(Some(due_at));
        Command::PostTransaction(PostTransaction { effective_at, ..self.transaction.clone() })
    }
}
