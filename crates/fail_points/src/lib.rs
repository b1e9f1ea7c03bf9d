//! Fail points: places between two steps of the write path where a test can have the service killed, as
//! `kill -9` does. They never do anything else, and nothing at all in what is delivered: release builds have them only
//! with the feature `armed`, which is for tests. Debug builds always have them, so that `cargo run` and `cargo test`
//! compile the packages from `engine` up to `server` once, and not once each.

#[cfg(any(debug_assertions, feature = "armed"))]
mod armed;
mod points;

pub use points::{Point, Stores, Writes};

/// Says where to die: the name of a point, a colon, and how many times it is passed before that, plus one.
/// `batch-committed:3` lets two batches pass. Heeded in debug builds, and where the feature `armed` is on.
const VARIABLE: &str = "FLORIN_KILL_AT";

/// Returns the name of the variable, for tests.
///
/// # Panics
/// Nothing heeds it: an optimised build without the feature `armed` passes every point.
#[must_use]
pub fn variable() -> &'static str {
    let is_heeded = cfg!(any(debug_assertions, feature = "armed"));
    assert!(is_heeded, "optimised builds have no fail points: add `--features fail_points/armed`");
    VARIABLE
}

/// Marks a place. Where the [`variable`] names it, the process may end here.
#[cfg(any(debug_assertions, feature = "armed"))]
pub fn reach(point: Point) {
    armed::reach(point);
}

/// Marks a place, and does nothing.
#[cfg(not(any(debug_assertions, feature = "armed")))]
#[inline]
pub const fn reach(_: Point) {}
