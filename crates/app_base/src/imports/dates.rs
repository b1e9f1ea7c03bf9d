//! Reads dates and times as a format says. Never rounds and never guesses.

use jiff::civil::DateTime;
use jiff::fmt::strtime::BrokenDownTime;
use ledger::Timestamp;

use crate::http::fields::Shown;
use crate::http::text::FromText;

const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// How dates and times are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Dates {
    /// The format, in the conversions of `strptime`; RFC 3339 where there is none.
    pub(super) format: Option<String>,
    /// How far clocks are ahead of UTC where a time does not say so itself.
    pub(super) offset_seconds: i32,
}

impl Dates {
    /// Reads a time. A date alone is its midnight.
    pub(super) fn read(&self, text: &str) -> Result<Timestamp, String> {
        let Some(format) = &self.format else {
            return Timestamp::from_text(text).map_err(std::borrow::Cow::into_owned);
        };
        let fault =
            |what: &str| format!("{what}: it must be written as {format} says, and is `{}`", Shown(text));
        let read = BrokenDownTime::parse(format, text).map_err(|_| fault("is no such date"))?;
        let date = read.to_date().map_err(|_| fault("is no such date"))?;
        if date.year() < 1000 && !text.contains(&format!("{:04}", date.year())) {
            return Err(fault("has a year of fewer than four digits"));
        }
        let is_date_alone = read.hour().is_none() && read.minute().is_none() && read.second().is_none();
        let civil = if is_date_alone {
            date.at(0, 0, 0, 0)
        } else {
            date.to_datetime(read.to_time().map_err(|_| fault("is no such time"))?)
        };
        if civil.subsec_nanosecond() % 1000 != 0 {
            return Err(fault("is finer than a microsecond, which is the finest that is kept"));
        }
        let offset = read.offset().map_or(self.offset_seconds, jiff::tz::Offset::seconds);
        let micros = civil.duration_since(EPOCH).as_micros() - i128::from(offset) * 1_000_000;
        let time = i64::try_from(micros).ok().and_then(Timestamp::from_micros);
        time.ok_or_else(|| fault("is outside the years 0001 to 9999 of UTC"))
    }
}

/// Says what is wrong with a format: what of a time it would leave out, or leave open.
pub(super) fn check_format(format: &str) -> Result<(), &'static str> {
    let mut conversions = Vec::new();
    let mut rest = format.chars();
    while rest.by_ref().any(|character| character == '%') {
        // Between the sign and the letter may stand how it is filled up, how wide it is, and colons.
        conversions.extend(rest.by_ref().find(|character| !"-_0^#:.123456789".contains(*character)));
    }
    let has = |letters: &str| conversions.iter().any(|letter| letters.contains(*letter));
    if has("Q") {
        Err(
            "has %Q, and names of time zones are not taken: `effective_at.offset` or %z say how far clocks are ahead",
        )
    } else if has("s") {
        Err("has %s, and seconds since 1970 are not taken")
    } else if has("Il") && !has("pP") {
        Err("has hours from 1 to 12, and no %p that says of which half of the day")
    } else {
        Ok(())
    }
}

/// Reads `+01:00`, `-05:30` or `Z` as seconds.
pub(super) fn offset(text: &str) -> Option<i32> {
    if text == "Z" {
        return Some(0);
    }
    let (sign, rest) = match text.strip_prefix('+') {
        Some(rest) => (1, rest),
        None => (-1, text.strip_prefix('-')?),
    };
    let (hours, minutes) = rest.split_once(':')?;
    let number = |text: &str, max: i32| {
        let two_digits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
        text.parse::<i32>().ok().filter(|number| two_digits && *number <= max)
    };
    Some(sign * (number(hours, 23)? * 3600 + number(minutes, 59)? * 60))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::time::Rfc3339;

    fn read(format: &str, offset_text: &str, text: &str) -> Result<String, String> {
        let dates = Dates { format: Some(format.to_owned()), offset_seconds: offset(offset_text).unwrap() };
        dates.read(text).map(|time| Rfc3339(time).to_string())
    }

    #[test]
    fn formats_say_how_dates_are_written() {
        for (format, offset, text, utc) in [
            ("%Y-%m-%d", "Z", "2026-01-31", "2026-01-31T00:00:00.000000Z"),
            ("%d.%m.%Y", "+01:00", "31.01.2026", "2026-01-30T23:00:00.000000Z"),
            ("%m/%d/%y %I:%M %p", "-05:00", "01/31/26 02:30 PM", "2026-01-31T19:30:00.000000Z"),
            ("%d.%m.%Y %H:%M:%S", "Z", "29.02.2024 23:59:59", "2024-02-29T23:59:59.000000Z"),
            ("%Y%m%dT%H%M%S%z", "+05:00", "20260131T120000+0100", "2026-01-31T11:00:00.000000Z"),
            ("%Y-%m-%d %H:%M:%S%.f", "Z", "2026-01-31 12:00:00.25", "2026-01-31T12:00:00.250000Z"),
            ("%d %b %Y", "Z", "31 Jan 2026", "2026-01-31T00:00:00.000000Z"),
        ] {
            assert_eq!(read(format, offset, text).as_deref(), Ok(utc), "{text} as {format}");
        }
        let plain = Dates::default().read("2026-01-31T12:00:00+02:00").unwrap();
        assert_eq!(Rfc3339(plain).to_string(), "2026-01-31T10:00:00.000000Z");
    }

    #[test]
    fn other_texts_are_refused_with_the_format() {
        for (format, text) in [
            ("%Y-%m-%d", "31.01.2026"),
            ("%Y-%m-%d", "2026-02-30"),
            ("%Y-%m-%d", "2026-01-31 12:00"),
            ("%Y-%m", "2026-01"),
            ("%Y-%m-%d %H:%M", "2026-01-31 24:00"),
            ("%Y-%m-%d %H:%M:%S%.f", "2026-01-31 12:00:00.1234567"),
            ("%Y-%m-%d", "-001-01-01"),
            ("%d.%m.%Y", "02.01.26"),
            ("%d.%m.%Y", "02.01.126"),
            ("%Y-%m-%d %M:%S", "2026-01-31 02:30"),
            ("%Y-%m-%d", ""),
        ] {
            let refused = read(format, "Z", text).unwrap_err();
            assert!(refused.contains(format), "{refused}");
        }
        assert!(read("%Y-%m-%d", "+00:01", "0001-01-01").unwrap_err().contains("outside the years"));
    }

    #[test]
    fn formats_that_leave_a_time_open_are_refused() {
        for format in ["%Y-%m-%d %I:%M", "%Y-%m-%d %-l:%M", "%Y-%m-%d %H:%M %Q", "%Y-%m-%d %H:%M %:Q", "%s"] {
            assert!(check_format(format).is_err(), "{format}");
        }
        for format in
            ["%Y-%m-%d", "%-d.%-m.%Y %H:%M:%S%.3f %:z", "%m/%d/%y %I:%M %p", "%l %P", "100%% %Y s I"]
        {
            assert_eq!(check_format(format), Ok(()), "{format}");
        }
    }

    #[test]
    fn offsets_are_hours_and_minutes() {
        for (text, seconds) in [("Z", 0), ("+01:00", 3600), ("-05:30", -19_800), ("+00:00", 0)] {
            assert_eq!(offset(text), Some(seconds), "{text}");
        }
        for text in ["", "01:00", "+1:00", "+24:00", "+01:60", "+0100", "CET", "+-1:00"] {
            assert_eq!(offset(text), None, "{text}");
        }
    }
}
