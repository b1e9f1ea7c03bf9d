//! Fail points: places between two steps of the write path where a test can have the service killed, as
//! `kill -9` does. They never do anything else, and nothing at all unless the feature `armed` is on, which is
//! for tests only.

#[cfg(feature = "armed")]
mod armed;
mod points;

pub use points::{Point, Stores, Writes};

/// Says where to die: the name of a point, a colon, and how many times it is passed before that, plus one.
/// `batch-committed:3` lets two batches pass. Heeded where the feature `armed` is on.
pub const VARIABLE: &str = "FLORIN_KILL_AT";

/// Marks a place. Where the feature `armed` is on and [`VARIABLE`] names the place, the process may end here.
#[cfg(feature = "armed")]
pub fn reach(point: Point) {
    armed::reach(point);
}

/// Marks a place, and does nothing.
#[cfg(not(feature = "armed"))]
#[inline]
pub const fn reach(_: Point) {}
