//! The moments that histories know, and how they are written.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::SignedDuration;
use jiff::civil::DateTime;
use ledger::Timestamp;

/// When the model takes everything to be recorded until the log has shown when it was. It is past, so that nothing that
/// is to expire later than now has expired by then.
pub(crate) const NOW: Timestamp = micros(1_600_000_000_000_000);

pub(crate) const PAST: Timestamp = micros(1_577_836_800_000_000);
pub(crate) const FUTURE: Timestamp = Timestamp::MAX;

/// When something can be said to have counted: never when it is recorded.
pub(crate) const EFFECTIVE: [Timestamp; 4] = [PAST, FUTURE, Timestamp::MIN, micros(1_769_860_800_000_001)];

/// How long a moment is as the service writes it.
pub(crate) const LENGTH: usize = "2020-01-01T00:00:00.000000Z".len();

const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// Writes a moment.
pub(crate) fn text(time: Timestamp) -> String {
    let written = EPOCH.checked_add(SignedDuration::from_micros(time.micros()));
    format!("{:.6}Z", written.expect("moments are within ten thousand years"))
}

/// Reads a moment as the service writes it.
pub(crate) fn read(text: &str) -> Option<Timestamp> {
    let written: DateTime = text.strip_suffix('Z').filter(|_| text.len() == LENGTH)?.parse().ok()?;
    Timestamp::from_micros(i64::try_from(written.duration_since(EPOCH).as_micros()).ok()?)
}

/// Returns the moment so many microseconds later, or the last one.
pub(crate) fn later(time: Timestamp, by: i64) -> Timestamp {
    Timestamp::from_micros(time.micros().saturating_add(by)).unwrap_or(FUTURE)
}

/// Returns what the machine's clock shows, which is the service's as well.
#[expect(clippy::disallowed_methods, reason = "it asks for what expires by the clock of the service")]
pub(crate) fn by_the_clock() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).ok().and_then(Timestamp::from_micros).unwrap_or(FUTURE)
}

const fn micros(micros: i64) -> Timestamp {
    match Timestamp::from_micros(micros) {
        Some(time) => time,
        None => panic!("it is within ten thousand years"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_they_are_written() {
        for (time, written) in [
            (PAST, "2020-01-01T00:00:00.000000Z"),
            (FUTURE, "9999-12-31T23:59:59.999999Z"),
            (Timestamp::MIN, "0001-01-01T00:00:00.000000Z"),
            (EFFECTIVE[3], "2026-01-31T12:00:00.000001Z"),
        ] {
            assert_eq!((text(time).as_str(), read(written)), (written, Some(time)));
        }
        assert_eq!(read("2020-01-01T00:00:00Z"), None);
        assert_eq!(read("today, as far as it is known"), None);
        assert_eq!(later(FUTURE, 1), FUTURE);
    }
}
