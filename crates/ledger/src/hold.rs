//! Holds: how they stand. What may be done with one is not said here but by [`decide`](crate::decide()).

use crate::{Remainder, Timestamp};

/// How far a hold has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HoldState {
    /// It can be captured and voided.
    #[default]
    Open,
    /// Nothing is left of it, or its last capture let the rest go.
    Captured,
    /// The caller let go what was left of it.
    Voided,
    /// What was left of it was let go when its time came.
    Expired,
}

/// How a hold stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldStanding {
    /// How far it has come.
    pub state: HoldState,
    /// What was never captured of it: reserved as long as it is open, let go afterwards.
    pub left: Remainder,
    /// When what is left of it is let go, if ever.
    pub expires_at: Option<Timestamp>,
}

impl HoldStanding {
    /// Says whether its time has come.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|expires_at| expires_at <= now)
    }
}
