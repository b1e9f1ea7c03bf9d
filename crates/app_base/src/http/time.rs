//! Points in time as text: RFC 3339.
//!
//! Reading never rounds and never guesses: what cannot be kept to the microsecond is refused. Writing
//! is always UTC with six decimals.

use std::fmt::{self, Display};
use std::time::Duration;

use engine::query::TimeRange;
use jiff::SignedDuration;
use jiff::civil::DateTime;
use jiff::fmt::StdFmtWrite;
use jiff::fmt::temporal::DateTimePrinter;
use ledger::Timestamp;
use schemars::JsonSchema;

use super::fields::FieldErrors;
use super::query::QueryReader;
use super::text::{FromText, Message};
use super::values::TimeText;

const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(6));

/// A time as replies show it: `2026-01-31T12:00:00.000000Z`.
pub struct Rfc3339(pub Timestamp);

impl Display for Rfc3339 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Civil time, because jiff's own timestamps end two hours before the last that Florin keeps.
        let civil =
            EPOCH.checked_add(SignedDuration::from_micros(self.0.micros())).map_err(|_| fmt::Error)?;
        PRINTER.print_datetime(&civil, StdFmtWrite(&mut *f)).map_err(|_| fmt::Error)?;
        f.write_str("Z")
    }
}

/// How long somebody has to wait, in whole seconds: who comes when they were told must not come too early.
#[must_use]
pub fn seconds_to_wait(wait: Duration) -> u32 {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    u32::try_from(seconds).unwrap_or(u32::MAX)
}

impl FromText for Timestamp {
    fn from_text(text: &str) -> Result<Self, Message> {
        parse(text).map_err(|fault| match fault {
            Fault::Form if text.contains(' ') => {
                "must be an RFC 3339 time such as 2026-01-31T12:00:00Z; a + in a query is written %2B".into()
            }
            Fault::Form => "must be an RFC 3339 time such as 2026-01-31T12:00:00Z".into(),
            Fault::NoSuchTime => "is a date or time that does not exist".into(),
            Fault::LeapSecond => "is a leap second, which cannot be told from the next one".into(),
            Fault::TooFine => "has more than six decimals; microseconds are the finest that is kept".into(),
            Fault::OutOfRange => "must be in the years 0001 to 9999 of UTC".into(),
        })
    }
}

/// The parameters of a span of time, as the API's description shows them.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used: requests are read into TimeRange")]
pub struct TimeRangeParameters {
    /// The first moment in the span.
    #[schemars(with = "Option<TimeText>")]
    from: Option<Timestamp>,
    /// The first moment after the span.
    #[schemars(with = "Option<TimeText>")]
    to: Option<Timestamp>,
}

/// Takes the span of time `from=…&to=…`.
pub fn take_time_range(query: &mut QueryReader<'_>, errors: &mut FieldErrors) -> TimeRange {
    let range = TimeRange { from: query.optional("from", errors), to: query.optional("to", errors) };
    if let (Some(from), Some(to)) = (range.from, range.to)
        && to < from
    {
        errors.add("to", "must not be before from");
    }
    range
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Form,
    NoSuchTime,
    LeapSecond,
    TooFine,
    OutOfRange,
}

/// Reads `date "T" time offset` of RFC 3339, section 5.6.
fn parse(text: &str) -> Result<Timestamp, Fault> {
    let mut rest = Rest(text.as_bytes());
    let year = rest.number(4)?;
    rest.one_of(b"-")?;
    let month = rest.number(2)?;
    rest.one_of(b"-")?;
    let day = rest.number(2)?;
    rest.one_of(b"Tt")?;
    let hour = rest.number(2)?;
    rest.one_of(b":")?;
    let minute = rest.number(2)?;
    rest.one_of(b":")?;
    let second = rest.number(2)?;
    let micros = rest.fraction()?;
    let offset_minutes = rest.offset_minutes()?;
    if !rest.0.is_empty() {
        return Err(Fault::Form);
    }
    if second == 60 {
        return Err(Fault::LeapSecond);
    }
    let small = |number: i32| i8::try_from(number).map_err(|_| Fault::NoSuchTime);
    let year = i16::try_from(year).map_err(|_| Fault::OutOfRange)?;
    let civil =
        DateTime::new(year, small(month)?, small(day)?, small(hour)?, small(minute)?, small(second)?, 0)
            .map_err(|_| Fault::NoSuchTime)?;
    let seconds = civil.duration_since(EPOCH).as_secs() - i64::from(offset_minutes) * 60;
    Timestamp::from_micros(seconds * 1_000_000 + i64::from(micros?)).ok_or(Fault::OutOfRange)
}

/// What of the text has not been read yet.
struct Rest<'t>(&'t [u8]);

impl Rest<'_> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn one_of(&mut self, wanted: &[u8]) -> Result<u8, Fault> {
        self.next().filter(|found| wanted.contains(found)).ok_or(Fault::Form)
    }

    fn number(&mut self, digits: usize) -> Result<i32, Fault> {
        let mut number = 0;
        for _ in 0..digits {
            number = number * 10 + i32::from(self.one_of(b"0123456789")? - b'0');
        }
        Ok(number)
    }

    /// Reads the decimals, if any, as microseconds. That they are too many is said later, once the rest
    /// is known to be a time at all.
    fn fraction(&mut self) -> Result<Result<i32, Fault>, Fault> {
        if self.0.first() != Some(&b'.') {
            return Ok(Ok(0));
        }
        self.next();
        let digits = self.0.iter().take_while(|b| b.is_ascii_digit()).count();
        let kept = digits.min(6);
        if digits == 0 {
            return Err(Fault::Form);
        }
        let mut micros = self.number(kept)?;
        for _ in kept..6 {
            micros *= 10;
        }
        self.0 = &self.0[digits - kept..];
        Ok(if digits > 6 { Err(Fault::TooFine) } else { Ok(micros) })
    }

    fn offset_minutes(&mut self) -> Result<i32, Fault> {
        let sign = match self.one_of(b"Zz+-")? {
            b'+' => 1,
            b'-' => -1,
            _ => return Ok(0),
        };
        let hours = self.number(2)?;
        self.one_of(b":")?;
        let minutes = self.number(2)?;
        if hours > 23 || minutes > 59 { Err(Fault::NoSuchTime) } else { Ok(sign * (hours * 60 + minutes)) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(micros: i64) -> String {
        Rfc3339(Timestamp::from_micros(micros).unwrap()).to_string()
    }

    #[test]
    fn times_are_written_in_utc_with_six_decimals() {
        assert_eq!(written(0), "1970-01-01T00:00:00.000000Z");
        assert_eq!(written(1_769_860_800_000_001), "2026-01-31T12:00:00.000001Z");
        assert_eq!(written(-1), "1969-12-31T23:59:59.999999Z");
        assert_eq!(written(Timestamp::MIN.micros()), "0001-01-01T00:00:00.000000Z");
        assert_eq!(written(Timestamp::MAX.micros()), "9999-12-31T23:59:59.999999Z");
    }

    #[test]
    fn times_of_any_offset_mean_their_moment() {
        for (text, utc) in [
            ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000000Z"),
            ("2026-01-31t12:00:00z", "2026-01-31T12:00:00.000000Z"),
            ("2026-01-31T12:00:00.5Z", "2026-01-31T12:00:00.500000Z"),
            ("2026-01-31T12:00:00.000001+00:00", "2026-01-31T12:00:00.000001Z"),
            ("2026-01-31T12:00:00-00:00", "2026-01-31T12:00:00.000000Z"),
            ("2026-01-31T12:00:00+02:00", "2026-01-31T10:00:00.000000Z"),
            ("2026-01-31T23:30:00-05:45", "2026-02-01T05:15:00.000000Z"),
            ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000000Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"),
            ("0000-12-31T23:59:59-01:00", "0001-01-01T00:59:59.000000Z"),
            ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
        ] {
            assert_eq!(parse(text).map(|time| Rfc3339(time).to_string()), Ok(utc.to_owned()), "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused_with_their_reason() {
        use Fault::{Form, LeapSecond, NoSuchTime, OutOfRange, TooFine};
        for (text, fault) in [
            ("", Form),
            ("now", Form),
            ("2026-01-31", Form),
            ("2026-01-31T12:00Z", Form),
            ("2026-01-31T12:00:00", Form),
            ("2026-01-31 12:00:00Z", Form),
            ("2026-01-31T12:00:00 02:00", Form),
            ("2026-01-31T12:00:00.Z", Form),
            ("2026-01-31T12:00:00,5Z", Form),
            ("2026-01-31T12:00:00+0200", Form),
            ("2026-01-31T12:00:00ZZ", Form),
            ("2026-01-31T12:00:00Z[UTC]", Form),
            ("+002026-01-31T12:00:00Z", Form),
            ("-001-01-31T12:00:00Z", Form),
            ("２026-01-31T12:00:00Z", Form),
            ("1769860800", Form),
            ("2026-02-29T12:00:00Z", NoSuchTime),
            ("2026-13-01T12:00:00Z", NoSuchTime),
            ("2026-00-01T12:00:00Z", NoSuchTime),
            ("2026-01-31T24:00:00Z", NoSuchTime),
            ("2026-01-31T12:60:00Z", NoSuchTime),
            ("2026-01-31T12:00:61Z", NoSuchTime),
            ("2026-01-31T12:00:00+24:00", NoSuchTime),
            ("2026-01-31T12:00:00+02:60", NoSuchTime),
            ("2016-12-31T23:59:60Z", LeapSecond),
            ("2026-01-31T12:00:00.1234567Z", TooFine),
            ("2026-01-31T12:00:00.0000000Z", TooFine),
            ("0000-12-31T23:59:59Z", OutOfRange),
            ("0001-01-01T00:00:00+00:01", OutOfRange),
            ("9999-12-31T23:59:59.999999-00:01", OutOfRange),
        ] {
            assert_eq!(parse(text), Err(fault), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_the_same(micros in Timestamp::MIN.micros()..=Timestamp::MAX.micros()) {
            prop_assert_eq!(parse(&written(micros)).map(Timestamp::micros), Ok(micros));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
            let _ = parse(&text);
        }

        #[test]
        fn any_nearly_right_text_is_read_or_refused(text in "[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9:]{8}(\\.[0-9]{0,9})?[Zz+-][0-9:]{0,6}") {
            let _ = parse(&text);
        }
    }
}
