//! The moments that histories know. None of them is near now, so that no answer depends on the clock.

use ledger::Timestamp;

/// When the model takes everything to be recorded. Replies show the service's own time in its place.
pub(crate) const NOW: Timestamp = micros(1_790_000_000_000_000);

/// What stands where a reply shows when something was recorded.
pub(crate) const NOW_TEXT: &str = "now";

pub(crate) const PAST: Timestamp = micros(1_577_836_800_000_000);
pub(crate) const FUTURE: Timestamp = Timestamp::MAX;

/// Moments, and how the service writes them.
const KNOWN: [(Timestamp, &str); 5] = [
    (NOW, NOW_TEXT),
    (PAST, "2020-01-01T00:00:00.000000Z"),
    (FUTURE, "9999-12-31T23:59:59.999999Z"),
    (Timestamp::MIN, "0001-01-01T00:00:00.000000Z"),
    (micros(1_769_860_800_000_001), "2026-01-31T12:00:00.000001Z"),
];

/// When something can be said to have counted.
pub(crate) const EFFECTIVE: [Timestamp; 4] = [PAST, FUTURE, Timestamp::MIN, micros(1_769_860_800_000_001)];

/// How long a moment is as the service writes it.
pub(crate) const LENGTH: usize = "2020-01-01T00:00:00.000000Z".len();

/// Writes a moment.
pub(crate) fn text(time: Timestamp) -> &'static str {
    let known = KNOWN.iter().find(|(known, _)| *known == time);
    known.map(|(_, text)| *text).expect("only these moments are used")
}

const fn micros(micros: i64) -> Timestamp {
    match Timestamp::from_micros(micros) {
        Some(time) => time,
        None => panic!("it is within ten thousand years"),
    }
}
