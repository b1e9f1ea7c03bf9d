//! The only place that reads the time of day.

use std::time::{SystemTime, UNIX_EPOCH};

use ledger::Timestamp;

/// Tells an engine the time of day.
pub(crate) type TimeOfDay = Box<dyn Fn() -> Timestamp + Send + Sync>;

/// Returns the time of day, in UTC with microseconds. A clock set outside the years 1 to 9999 counts as
/// the nearer end.
pub(crate) fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the time of day")]
    let now = SystemTime::now();
    let micros = match now.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |micros| -micros),
    };
    Timestamp::from_micros(micros.clamp(Timestamp::MIN.micros(), Timestamp::MAX.micros()))
        .expect("clamped into range")
}
