//! On which days and at which times of day a rule falls, on a clock that never changes: RFC 5545, 3.3.10, but for `COUNT`
//! and `UNTIL`, which count moments. Never searches without bound.

use std::ops::RangeInclusive;

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time, Weekday};

use super::Frequency;

/// How many periods are looked at one after the other in which a rule does not fall.
const EMPTY_MAX: u32 = 100_000;

/// What a rule says of when it falls within its periods: its parts that begin with `BY`, and where weeks begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct By {
    months: Vec<i16>,
    weeks: Vec<i16>,
    year_days: Vec<i16>,
    month_days: Vec<i16>,
    /// With which of them it is in the month or the year; 0 for each.
    weekdays: Vec<(i16, Weekday)>,
    hours: Vec<i16>,
    minutes: Vec<i16>,
    seconds: Vec<i16>,
    positions: Vec<i16>,
    week_start: Weekday,
}

impl Default for By {
    fn default() -> Self {
        Self {
            months: Vec::new(),
            weeks: Vec::new(),
            year_days: Vec::new(),
            month_days: Vec::new(),
            weekdays: Vec::new(),
            hours: Vec::new(),
            minutes: Vec::new(),
            seconds: Vec::new(),
            positions: Vec::new(),
            week_start: Weekday::Monday,
        }
    }
}

impl By {
    /// Reads a part; says why it is none. Parts that are not known are left to the caller.
    pub(super) fn read(&mut self, name: &str, value: &str) -> Result<(), String> {
        let (list, range) = match name {
            "BYMONTH" => (&mut self.months, 1..=12),
            "BYWEEKNO" => (&mut self.weeks, -53..=53),
            "BYYEARDAY" => (&mut self.year_days, -366..=366),
            "BYMONTHDAY" => (&mut self.month_days, -31..=31),
            "BYHOUR" => (&mut self.hours, 0..=23),
            "BYMINUTE" => (&mut self.minutes, 0..=59),
            "BYSECOND" => (&mut self.seconds, 0..=59),
            "BYSETPOS" => (&mut self.positions, -366..=366),
            "BYDAY" => {
                let days = value.split(',').map(numbered_weekday).collect::<Option<_>>();
                self.weekdays = days.ok_or("BYDAY must be weekdays such as MO, 2FR or -1SU")?;
                return Ok(());
            }
            _ => {
                self.week_start = weekday(value).ok_or("WKST must be a weekday such as MO")?;
                return Ok(());
            }
        };
        let (first, last) = (range.start(), range.end());
        let zero = if *first < 0 { ", and not 0" } else { "" };
        *list =
            numbers(value, &range).ok_or(format!("{name} must be numbers from {first} to {last}{zero}"))?;
        Ok(())
    }

    /// Says why a rule of a frequency cannot have these parts.
    pub(super) fn check(&self, frequency: Frequency) -> Result<(), String> {
        use Frequency::{Daily, Monthly, Weekly, Yearly};
        let refused = if frequency == Weekly && !self.month_days.is_empty() {
            "BYMONTHDAY does not go with FREQ=WEEKLY"
        } else if matches!(frequency, Monthly | Weekly | Daily) && !self.year_days.is_empty() {
            "BYYEARDAY does not go with FREQ=MONTHLY, WEEKLY or DAILY"
        } else if frequency != Yearly && !self.weeks.is_empty() {
            "BYWEEKNO goes with FREQ=YEARLY alone"
        } else if frequency == Monthly && self.weekdays.iter().any(|(nth, _)| nth.abs() > 5) {
            "BYDAY must be -5 to 5 with FREQ=MONTHLY"
        } else {
            return Ok(());
        };
        Err(refused.to_owned())
    }

    /// Takes from a start what is left open.
    fn filled_in(mut self, frequency: Frequency, start: DateTime) -> Self {
        let open = self.weeks.is_empty()
            && self.year_days.is_empty()
            && self.month_days.is_empty()
            && self.weekdays.is_empty();
        match frequency {
            Frequency::Yearly if open => {
                or_this(&mut self.months, start.month());
                or_this(&mut self.month_days, start.day());
            }
            Frequency::Monthly if open => or_this(&mut self.month_days, start.day()),
            Frequency::Weekly if open => self.weekdays.push((0, start.weekday())),
            _ => {}
        }
        or_this(&mut self.seconds, start.second());
        if frequency != Frequency::Minutely {
            or_this(&mut self.minutes, start.minute());
            if frequency != Frequency::Hourly {
                or_this(&mut self.hours, start.hour());
            }
        }
        self
    }

    fn falls_on(&self, day: Date, frequency: Frequency) -> bool {
        let in_year = (day.day_of_year(), day.days_in_year());
        let in_month = (i16::from(day.day()), i16::from(day.days_in_month()));
        let month = i16::from(day.month());
        (self.months.is_empty() || self.months.contains(&month))
            && has(&self.month_days, in_month)
            && has(&self.year_days, in_year)
            && (self.weeks.is_empty() || self.week(day).is_some_and(|week| has(&self.weeks, week)))
            && (self.weekdays.is_empty() || {
                let within = match frequency {
                    Frequency::Yearly if self.months.is_empty() => Some(in_year),
                    Frequency::Yearly | Frequency::Monthly => Some(in_month),
                    // No weekday is there twice.
                    _ => None,
                };
                self.weekdays.iter().any(|&(nth, weekday)| {
                    day.weekday() == weekday && (nth == 0 || within.is_none_or(|within| is_nth(nth, within)))
                })
            })
    }

    /// Returns which week of its year a day is in, and how many that year has. The first week is the first that has four
    /// days of the year.
    fn week(&self, day: Date) -> Option<(i16, i16)> {
        let fourth = self.fourth_day(day)?;
        let in_last = self.fourth_day(Date::new(fourth.year(), 12, 28).ok()?)?;
        let number = |day: Date| (day.day_of_year() - 1) / 7 + 1;
        Some((number(fourth), number(in_last)))
    }

    fn fourth_day(&self, day: Date) -> Option<Date> {
        days_after(day, 3 - self.since_week_start(day))
    }

    fn since_week_start(&self, day: Date) -> i64 {
        day.weekday().since(self.week_start).into()
    }

    /// Lists the times of day in order, of those hours and minutes.
    fn times(&self, hours: &[i16], minutes: &[i16]) -> Vec<Time> {
        let mut times = Vec::with_capacity(hours.len() * minutes.len());
        for hour in hours {
            for minute in minutes {
                for second in &self.seconds {
                    let [hour, minute, second] = [hour, minute, second].map(|number| i8::try_from(*number));
                    let (Ok(hour), Ok(minute), Ok(second)) = (hour, minute, second) else { continue };
                    times.extend(Time::new(hour, minute, second, 0));
                }
            }
        }
        times
    }

    /// Picks from all times of a period those at the positions that are asked for.
    fn picked(&self, all: Vec<DateTime>) -> Vec<DateTime> {
        if self.positions.is_empty() {
            return all;
        }
        let at = |position: &i16| {
            let from_end = usize::from(position.unsigned_abs());
            let index = if *position > 0 { Some(from_end - 1) } else { all.len().checked_sub(from_end) };
            index.filter(|index| *index < all.len())
        };
        let mut picked: Vec<usize> = self.positions.iter().filter_map(at).collect();
        picked.sort_unstable();
        picked.dedup();
        picked.into_iter().map(|index| all[index]).collect()
    }
}

/// Reads numbers with commas between them; puts them in order, each once.
fn numbers(value: &str, range: &RangeInclusive<i16>) -> Option<Vec<i16>> {
    let number = |text: &str| {
        let number = text.parse().ok().filter(|number| range.contains(number))?;
        (number != 0 || *range.start() == 0).then_some(number)
    };
    let mut numbers = value.split(',').map(number).collect::<Option<Vec<i16>>>()?;
    numbers.sort_unstable();
    numbers.dedup();
    Some(numbers)
}

/// Reads `MO`, `2FR` or `-1SU`.
fn numbered_weekday(text: &str) -> Option<(i16, Weekday)> {
    let (number, name) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let number = match number {
        "" => 0,
        number => number.parse().ok().filter(|number: &i16| *number != 0 && number.abs() <= 53)?,
    };
    Some((number, weekday(name)?))
}

fn weekday(name: &str) -> Option<Weekday> {
    Some(match name {
        "MO" => Weekday::Monday,
        "TU" => Weekday::Tuesday,
        "WE" => Weekday::Wednesday,
        "TH" => Weekday::Thursday,
        "FR" => Weekday::Friday,
        "SA" => Weekday::Saturday,
        "SU" => Weekday::Sunday,
        _ => return None,
    })
}

fn or_this(list: &mut Vec<i16>, number: i8) {
    if list.is_empty() {
        list.push(number.into());
    }
}

/// Says whether a list has a place: from the front, or from the end as a number below 0. An empty one has all.
fn has(list: &[i16], (place, of): (i16, i16)) -> bool {
    list.is_empty() || list.contains(&place) || list.contains(&(place - of - 1))
}

/// Says whether a day is the nth of its weekday in a stretch, from the front or from the end.
fn is_nth(nth: i16, (place, of): (i16, i16)) -> bool {
    nth == (place - 1) / 7 + 1 || nth == -((of - place) / 7 + 1)
}

fn days_after(day: Date, days: i64) -> Option<Date> {
    day.checked_add(SignedDuration::from_hours(24 * days)).ok()
}

/// The times at which a rule falls from a start on, in order.
pub(super) struct Expansion {
    by: By,
    frequency: Frequency,
    interval: i64,
    start: DateTime,
    times: Vec<Time>,
    /// How many intervals after the start's period the next one is.
    period: i64,
    found: std::vec::IntoIter<DateTime>,
}

impl Expansion {
    pub(super) fn new(by: By, frequency: Frequency, interval: u16, start: DateTime) -> Self {
        let by = by.filled_in(frequency, start);
        let times = by.times(&by.hours, &by.minutes);
        let found = Vec::new().into_iter();
        Self { by, frequency, interval: interval.into(), start, times, period: 0, found }
    }

    /// Returns the times of the next period; `None` where the calendar ends. Where a period can be told to have none, so
    /// can others after it, which are passed over.
    fn take_period(&mut self) -> Option<Vec<DateTime>> {
        let ahead = self.period * self.interval;
        let start = self.start.date();
        let first_and_count = match self.frequency {
            Frequency::Hourly => return self.take_times(3600),
            Frequency::Minutely => return self.take_times(60),
            Frequency::Yearly => {
                let year = i16::try_from(i64::from(start.year()) + ahead).ok()?;
                let first = Date::new(year, 1, 1).ok()?;
                (first, first.days_in_year())
            }
            Frequency::Monthly => {
                let months = i64::from(start.year()) * 12 + i64::from(start.month() - 1) + ahead;
                let year = i16::try_from(months.div_euclid(12)).ok()?;
                let month = i8::try_from(months.rem_euclid(12) + 1).ok()?;
                let first = Date::new(year, month, 1).ok()?;
                (first, first.days_in_month().into())
            }
            Frequency::Weekly => (days_after(start, 7 * ahead - self.by.since_week_start(start))?, 7),
            Frequency::Daily => (days_after(start, ahead)?, 1),
        };
        self.period += 1;
        let (first, count) = first_and_count;
        let days = (0..count).filter_map(|day| days_after(first, day.into()));
        let days = days.filter(|day| self.by.falls_on(*day, self.frequency));
        let all = days.flat_map(|day| self.times.iter().map(move |time| day.to_datetime(*time)));
        Some(self.by.picked(all.collect()))
    }

    /// Does so where a period is an hour or a minute.
    fn take_times(&mut self, seconds: i64) -> Option<Vec<DateTime>> {
        let start = self.start.date().at(
            self.start.hour(),
            if seconds == 60 { self.start.minute() } else { 0 },
            0,
            0,
        );
        let step = seconds * self.interval;
        let at = start.checked_add(SignedDuration::from_secs(self.period * step)).ok()?;
        let (hour, minute) = (i16::from(at.hour()), i16::from(at.minute()));
        let is_in = |list: &[i16], number| list.is_empty() || list.contains(&number);
        let next = if !self.by.falls_on(at.date(), self.frequency) {
            at.date().tomorrow().ok()?.to_datetime(Time::midnight())
        } else if !is_in(&self.by.hours, hour) {
            at.date().at(at.hour(), 0, 0, 0).checked_add(SignedDuration::from_hours(1)).ok()?
        } else {
            self.period += 1;
            let minutes = if seconds == 60 { &[minute][..] } else { &self.by.minutes };
            if seconds == 60 && !is_in(&self.by.minutes, minute) {
                return Some(Vec::new());
            }
            let times = self.by.times(&[hour], minutes);
            return Some(self.by.picked(times.into_iter().map(|time| at.date().to_datetime(time)).collect()));
        };
        let until_next = next.duration_since(at).as_secs();
        self.period += (until_next + step - 1) / step;
        Some(Vec::new())
    }
}

impl Iterator for Expansion {
    type Item = DateTime;

    fn next(&mut self) -> Option<DateTime> {
        for _ in 0..EMPTY_MAX {
            // A period may begin before the start.
            if let Some(found) = self.found.find(|found| *found >= self.start) {
                return Some(found);
            }
            self.found = self.take_period()?.into_iter();
        }
        None
    }
}
