//! Moments that are asked for: `at` and `clock`. Never lets a caller ask what the log will have recorded.

use engine::query::{AsOf, Clock, TimeRange};
use ledger::Timestamp;
use schemars::JsonSchema;

use super::fields::FieldErrors;
use super::input::InputError;
use super::problem::Problem;
use super::query::QueryReader;
use super::values::{ClockInput, TimeText};

/// The parameters of a moment, as the API's description shows them.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used: requests are read into AsOf")]
pub struct AsOfParameters {
    /// As of which moment, by `clock`; as it stands now, where left out. What happened at the very moment counts. By
    /// `recorded`, the moment has to be past.
    #[schemars(with = "Option<TimeText>")]
    at: Option<Timestamp>,
    /// Which time `at` means; only together with it.
    #[schemars(with = "Option<ClockInput>")]
    clock: Option<Clock>,
}

/// The parameter of a moment that ends a list, as the API's description shows it.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used: requests are read into a span of time")]
pub struct UntilParameter {
    /// The last moment that counts, in the place of `to`. By `recorded`, it has to be past.
    #[schemars(with = "Option<TimeText>")]
    at: Option<Timestamp>,
}

/// Takes the moment `at=…&clock=…`.
pub fn take_as_of(query: &mut QueryReader<'_>, errors: &mut FieldErrors) -> Option<AsOf> {
    let at = query.optional("at", errors);
    let clock: Option<Clock> = query.optional("clock", errors);
    if at.is_none() && clock.is_some() && !query.has("at") {
        errors.add("clock", "says which time at means, and there is no at");
    }
    at.map(|time| AsOf { time, clock: clock.unwrap_or_default() })
}

/// Takes the moment `at=…`, by the clock of a list, and ends the list's span of time with it.
pub fn take_until(
    query: &mut QueryReader<'_>,
    clock: Clock,
    span: &mut TimeRange,
    errors: &mut FieldErrors,
) -> Option<AsOf> {
    let time: Timestamp = query.optional("at", errors)?;
    if span.to.is_some() {
        errors.add("at", "ends the list as to does; there may be one of them only");
    } else if span.from.is_some_and(|from| time < from) {
        errors.add("at", "must not be before from");
    } else {
        span.to = time.next();
    }
    Some(AsOf { time, clock })
}

/// By the recorded clock, the moment has not passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what will be recorded by a moment cannot be known before it has passed")]
pub struct NotYet;

impl NotYet {
    /// Makes sure that a moment that is asked for has passed where it is one of recording: until then, anybody may
    /// record something that belongs into the answer.
    ///
    /// # Errors
    /// [`NotYet`].
    pub fn check(as_of: Option<AsOf>, now: Timestamp) -> Result<(), Self> {
        match as_of {
            Some(AsOf { time, clock: Clock::Recorded }) if time >= now => Err(Self),
            _ => Ok(()),
        }
    }
}

impl From<NotYet> for Problem {
    fn from(_: NotYet) -> Self {
        let mut errors = FieldErrors::default();
        errors.add("at", "must be in the past, by the recorded clock");
        Self::from(&InputError::Invalid(errors))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::query::{FromQuery, read_query};

    #[derive(Debug, PartialEq)]
    struct Moment(Option<AsOf>);

    impl FromQuery for Moment {
        fn from_query(query: &mut QueryReader<'_>, errors: &mut FieldErrors) -> Self {
            Self(take_as_of(query, errors))
        }
    }

    #[derive(Debug, PartialEq)]
    struct Until(TimeRange, Option<AsOf>);

    impl FromQuery for Until {
        fn from_query(query: &mut QueryReader<'_>, errors: &mut FieldErrors) -> Self {
            let mut span = crate::http::time::take_time_range(query, errors);
            let as_of = take_until(query, Clock::Effective, &mut span, errors);
            Self(span, as_of)
        }
    }

    fn read<Q: FromQuery>(query: &str) -> Result<Q, Vec<String>> {
        let mut errors = FieldErrors::default();
        let read = read_query("/accounts", Some(query), &mut errors);
        let fields = errors.as_slice().iter().map(|error| error.field.clone()).collect();
        if errors.is_empty() { Ok(read) } else { Err(fields) }
    }

    fn time(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros).unwrap()
    }

    #[test]
    fn a_moment_is_one_of_recording_unless_said_otherwise() {
        let at = |clock| Moment(Some(AsOf { time: time(1_000_001), clock }));
        assert_eq!(read(""), Ok(Moment(None)));
        assert_eq!(read("at=1970-01-01T00:00:01.000001Z"), Ok(at(Clock::Recorded)));
        assert_eq!(read("at=1970-01-01T00:00:01.000001Z&clock=effective"), Ok(at(Clock::Effective)));
        for (query, fields) in [
            ("clock=effective", &["clock"][..]),
            ("at=now&clock=recorded", &["at"]),
            ("at=now&clock=wall", &["at", "clock"]),
            ("at=", &["at"]),
        ] {
            assert_eq!(read::<Moment>(query).unwrap_err(), fields, "{query}");
        }
    }

    #[test]
    fn a_moment_ends_a_list_behind_itself() {
        let Until(span, as_of) = read("at=1970-01-01T00:00:01Z").unwrap();
        assert_eq!(span, TimeRange { from: None, to: Some(time(1_000_001)) });
        assert_eq!(as_of, Some(AsOf { time: time(1_000_000), clock: Clock::Effective }));
        let Until(span, _) = read("at=9999-12-31T23:59:59.999999Z").unwrap();
        assert_eq!(span, TimeRange::default());
        for query in [
            "at=1970-01-01T00:00:01Z&to=1970-01-01T00:00:01Z",
            "at=1970-01-01T00:00:01Z&from=1970-01-01T00:00:02Z",
            "at=1",
        ] {
            assert_eq!(read::<Until>(query).unwrap_err(), ["at"], "{query}");
        }
    }

    #[test]
    fn only_a_moment_of_recording_has_to_be_past() {
        let as_of = |micros, clock| Some(AsOf { time: time(micros), clock });
        assert_eq!(NotYet::check(None, time(5)), Ok(()));
        assert_eq!(NotYet::check(as_of(4, Clock::Recorded), time(5)), Ok(()));
        for micros in [5, 6] {
            assert_eq!(NotYet::check(as_of(micros, Clock::Recorded), time(5)), Err(NotYet));
            assert_eq!(NotYet::check(as_of(micros, Clock::Effective), time(5)), Ok(()));
        }
        assert_eq!(Problem::from(NotYet).code(), "request.invalid");
    }
}
