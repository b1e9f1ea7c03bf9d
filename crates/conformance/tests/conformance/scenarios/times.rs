//! Times as scenarios write them: `2026-03-02T09:00:00Z`, to the second, in UTC, and in no other way.

use ledger::Timestamp;

use super::span::{Fault, Span};

/// Where the parts of a time begin, and how many digits each has.
const PARTS: [(usize, usize); 6] = [(0, 4), (5, 2), (8, 2), (11, 2), (14, 2), (17, 2)];

/// What stands between them.
const FORM: &str = "____-__-__T__:__:__Z";

/// Reads a time.
///
/// # Errors
/// When it is not written so, or there is no such day or second.
pub(crate) fn read(span: Span<'_>) -> Result<Timestamp, Fault> {
    moment(span.text).ok_or_else(|| span.fault("a time is written as 2026-03-02T09:00:00Z"))
}

fn moment(text: &str) -> Option<Timestamp> {
    let fits = |(byte, form): (u8, u8)| if form == b'_' { byte.is_ascii_digit() } else { byte == form };
    if text.len() != FORM.len() || !text.bytes().zip(FORM.bytes()).all(fits) {
        return None;
    }
    let [year, month, day, hour, minute, second] =
        PARTS.map(|(start, length)| text[start..start + length].parse::<i64>().unwrap_or_default());
    let is_there = (1..=12).contains(&month)
        && (1..=days_of(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    let days = days_before(year, month) + day - 1 - days_before(1970, 1);
    let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
    Timestamp::from_micros(seconds * 1_000_000).filter(|_| is_there)
}

/// Returns how many days there were since the beginning of a year long ago before a month began.
fn days_before(year: i64, month: i64) -> i64 {
    let years = year - 1;
    let of_years = years * 365 + years / 4 - years / 100 + years / 400;
    of_years + (1..month).map(|month| days_of(year, month)).sum::<i64>()
}

fn days_of(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[test]
fn times_are_read_to_the_second() {
    let seconds = |text: &str| moment(text).map(|time| time.micros() / 1_000_000);
    for (text, expected) in [
        ("1970-01-01T00:00:00Z", 0),
        ("1969-12-31T23:59:59Z", -1),
        ("2000-02-29T12:00:00Z", 951_825_600),
        ("2026-01-01T00:00:00Z", 1_767_225_600),
        ("2026-12-31T23:59:59Z", 1_798_761_599),
        ("9999-12-31T23:59:59Z", 253_402_300_799),
    ] {
        assert_eq!(seconds(text), Some(expected), "{text}");
    }
    for text in [
        "",
        "2026-01-01",
        "2026-01-01 00:00:00Z",
        "2026-01-01T00:00:00",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "0000-01-01T00:00:00Z",
    ] {
        assert_eq!(moment(text), None, "{text}");
    }
}
