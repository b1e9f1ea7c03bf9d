//! Rules: what is taken, and when they fall.

use super::*;

fn time(text: &str) -> Timestamp {
    let time: jiff::Timestamp = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
    Timestamp::from_micros(time.as_microsecond()).unwrap()
}

fn shown(time: Timestamp) -> String {
    jiff::Timestamp::from_microsecond(time.micros()).unwrap().to_string()
}

fn recurrence(rule: &str, starts_at: &str, zone: &str) -> Recurrence {
    let rule = Rule::parse(rule).unwrap_or_else(|error| panic!("{rule} {error}"));
    Recurrence::new(rule, time(starts_at), Zone::parse(zone).unwrap()).unwrap()
}

/// The first occurrences from a time on.
fn first(recurrence: &Recurrence, since: Timestamp, count: usize) -> Vec<String> {
    let mut since = since;
    let mut found = Vec::new();
    while found.len() < count
        && let Some(next) = recurrence.next(since)
    {
        found.push(shown(next));
        since = Timestamp::from_micros(next.micros() + 1).unwrap();
    }
    found
}

fn falls(rule: &str, starts_at: &str, zone: &str, expected: &[&str]) {
    let recurrence = recurrence(rule, starts_at, zone);
    assert_eq!(first(&recurrence, time(starts_at), expected.len()), expected, "{rule}");
}

#[test]
fn rules_fall_as_the_standard_says() {
    for (rule, starts_at, expected) in [
        (
            "FREQ=DAILY",
            "2026-01-30T09:00:00Z",
            &["2026-01-30T09:00:00Z", "2026-01-31T09:00:00Z", "2026-02-01T09:00:00Z"][..],
        ),
        (
            "freq=weekly;interval=2;byday=mo,we",
            "2026-01-01T09:00:00Z",
            &["2026-01-12T09:00:00Z", "2026-01-14T09:00:00Z", "2026-01-26T09:00:00Z"],
        ),
        (
            "FREQ=MONTHLY;BYMONTHDAY=-1",
            "2026-01-15T00:00:00Z",
            &["2026-01-31T00:00:00Z", "2026-02-28T00:00:00Z", "2026-03-31T00:00:00Z"],
        ),
        (
            "FREQ=MONTHLY",
            "2026-01-31T00:00:00Z",
            &["2026-01-31T00:00:00Z", "2026-03-31T00:00:00Z", "2026-05-31T00:00:00Z"],
        ),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            "2026-01-01T17:00:00Z",
            &["2026-01-30T17:00:00Z", "2026-02-27T17:00:00Z", "2026-03-31T17:00:00Z"],
        ),
        ("FREQ=MONTHLY;BYDAY=2FR", "2026-01-01T17:00:00Z", &["2026-01-09T17:00:00Z", "2026-02-13T17:00:00Z"]),
        (
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
            "2026-01-01T00:00:00Z",
            &["2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"],
        ),
        ("FREQ=YEARLY", "2024-02-29T00:00:00Z", &["2024-02-29T00:00:00Z", "2028-02-29T00:00:00Z"]),
        (
            "FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO",
            "2026-01-01T00:00:00Z",
            &["2027-01-04T00:00:00Z", "2028-01-03T00:00:00Z"],
        ),
        (
            "FREQ=HOURLY;INTERVAL=5",
            "2026-01-01T00:30:15Z",
            &["2026-01-01T00:30:15Z", "2026-01-01T05:30:15Z", "2026-01-01T10:30:15Z"],
        ),
        (
            "FREQ=MINUTELY;INTERVAL=90",
            "2026-01-01T23:00:00Z",
            &["2026-01-01T23:00:00Z", "2026-01-02T00:30:00Z"],
        ),
        (
            "FREQ=DAILY;BYHOUR=9,17;BYMINUTE=0,30",
            "2026-01-01T17:15:00Z",
            &["2026-01-01T17:30:00Z", "2026-01-02T09:00:00Z"],
        ),
    ] {
        falls(rule, starts_at, "UTC", expected);
    }
}

#[test]
fn a_rule_ends_after_its_count_or_with_its_until() {
    for (rule, count) in
        [("COUNT=3", 3), ("COUNT=1", 1), ("UNTIL=20260103T090000Z", 3), ("UNTIL=20260103T085959Z", 2)]
    {
        let recurrence = recurrence(&format!("FREQ=DAILY;{rule}"), "2026-01-01T09:00:00Z", "UTC");
        assert_eq!(first(&recurrence, time("2026-01-01T00:00:00Z"), 9).len(), count, "{rule}");
        // Those before a later time count as well.
        assert_eq!(first(&recurrence, time("2026-01-02T00:00:00Z"), 9).len(), count - 1, "{rule}");
    }
}

/// 02:20 in Berlin does not exist on 29 March and falls at 01:20 in UTC: after 03:00, which is 01:00 in UTC.
#[test]
fn an_end_behind_a_gap_does_not_hide_what_falls_before_it() {
    let rule = "FREQ=MINUTELY;INTERVAL=40;UNTIL=20260329T011000Z";
    let recurrence = recurrence(rule, "2026-03-29T00:00:00Z", "Europe/Berlin");
    let expected = ["2026-03-29T00:00:00Z", "2026-03-29T00:40:00Z", "2026-03-29T01:00:00Z"];
    assert_eq!(first(&recurrence, time("2026-03-29T00:00:00Z"), 9), expected);
}

#[test]
fn a_time_of_day_stays_as_it_is_when_clocks_change() {
    let expected = ["2026-03-28T08:00:00Z", "2026-03-29T07:00:00Z", "2026-03-30T07:00:00Z"];
    falls("FREQ=DAILY", "2026-03-28T08:00:00Z", "Europe/Berlin", &expected);
    let expected = ["2026-10-24T07:00:00Z", "2026-10-25T08:00:00Z", "2026-10-26T08:00:00Z"];
    falls("FREQ=DAILY", "2026-10-24T07:00:00Z", "Europe/Berlin", &expected);
}

#[test]
fn a_time_that_a_clock_passes_over_falls_as_without_the_change_and_one_that_comes_twice_falls_once() {
    // 02:30 in Berlin does not exist on 29 March, and comes twice on 25 October.
    let expected = ["2026-03-28T01:30:00Z", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"];
    falls("FREQ=DAILY", "2026-03-28T01:30:00Z", "Europe/Berlin", &expected);
    let expected = ["2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"];
    falls("FREQ=DAILY", "2026-10-24T00:30:00Z", "Europe/Berlin", &expected);
    // Times passed over and those behind them are the same moments, in order and once.
    let expected =
        ["2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z", "2026-03-29T02:00:00Z"];
    falls("FREQ=MINUTELY;INTERVAL=30", "2026-03-29T00:30:00Z", "Europe/Berlin", &expected);
}

#[test]
fn a_rule_falls_alike_from_wherever_it_is_looked_at() {
    for (rule, zone) in [
        ("FREQ=MINUTELY;INTERVAL=7", "Europe/Berlin"),
        ("FREQ=HOURLY;INTERVAL=5;BYMINUTE=10,40", "America/New_York"),
        ("FREQ=DAILY;INTERVAL=3", "Australia/Lord_Howe"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH;WKST=SU", "UTC"),
        ("FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=1,-1", "UTC"),
        ("FREQ=MONTHLY;INTERVAL=5", "Asia/Kathmandu"),
        ("FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=9", "America/Sao_Paulo"),
        ("FREQ=YEARLY;INTERVAL=3", "UTC"),
        ("FREQ=YEARLY;BYYEARDAY=-1,100", "Pacific/Apia"),
    ] {
        let starts_at = "2024-02-29T04:20:00Z";
        let recurrence = recurrence(rule, starts_at, zone);
        let all = first(&recurrence, time(starts_at), 40);
        assert_eq!(all.len(), 40, "{rule}");
        assert!(all.is_sorted(), "{rule}");
        // Followed from its start, without any short cut.
        let start = recurrence.civil(time(starts_at)).unwrap();
        let plain = recurrence.rule.expansion(start, DateTime::MAX);
        let plain = plain.take(40).map(|local| shown(recurrence.moment(local).unwrap().0));
        assert_eq!(all, plain.collect::<Vec<_>>(), "{rule}");
    }
}

#[test]
fn a_rule_that_is_looked_at_long_after_its_start_takes_no_longer() {
    let recurrence = recurrence("FREQ=MINUTELY;INTERVAL=7", "1970-01-01T00:00:00Z", "UTC");
    let next = recurrence.next(time("9000-01-01T00:00:00Z")).unwrap();
    assert_eq!(next.micros() / 1_000_000 % 420, 0);
    assert!(next.micros() - time("9000-01-01T00:00:00Z").micros() < 420_000_000);
}

#[test]
fn a_rule_that_never_falls_is_followed_for_a_bounded_time() {
    for rule in [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;INTERVAL=9999;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MINUTELY;INTERVAL=1440;BYHOUR=5",
        "FREQ=MINUTELY;BYSECOND=0;BYSETPOS=2",
        "FREQ=HOURLY;BYYEARDAY=366;BYMONTH=1",
        "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=-2",
        "FREQ=MONTHLY;BYDAY=5MO;BYMONTHDAY=1",
        "FREQ=YEARLY;BYWEEKNO=1;BYMONTH=6",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=10000",
    ] {
        let recurrence = recurrence(rule, "2026-01-01T00:00:00Z", "UTC");
        assert_eq!(recurrence.next(time("2026-01-01T00:00:00Z")), None, "{rule}");
    }
}

#[test]
fn a_rule_with_long_steps_is_looked_at_for_longer() {
    falls(
        "FREQ=YEARLY;INTERVAL=300",
        "2026-01-01T00:00:00Z",
        "UTC",
        &["2026-01-01T00:00:00Z", "2326-01-01T00:00:00Z"],
    );
    let counted = recurrence("FREQ=YEARLY;COUNT=1000", "2026-01-01T00:00:00Z", "UTC");
    assert_eq!(first(&counted, time("3025-01-01T00:00:00Z"), 9), ["3025-01-01T00:00:00Z"]);
    // Five Fridays on a 30th within a year.
    let rare =
        recurrence("FREQ=YEARLY;INTERVAL=5;BYMONTHDAY=30;BYDAY=FR;BYSETPOS=5", "2020-01-01T00:00:00Z", "UTC");
    assert_eq!(rare.next(time("2020-01-01T00:00:00Z")), None);
}

#[test]
fn what_is_no_rule_is_refused_with_its_reason() {
    for (text, error) in [
        ("", RuleError::Form),
        ("FREQ", RuleError::Form),
        ("FREQ=DAILY;", RuleError::Form),
        ("FREQ=", RuleError::Form),
        ("FREQ=DAILY\nDTSTART:20260101T000000Z", RuleError::Form),
        ("RRULE:FREQ=DAILY", RuleError::Form),
        ("INTERVAL=2", RuleError::Frequency),
        ("FREQ=SECONDLY", RuleError::Frequency),
        ("FREQ=DAILY;FREQ=DAILY", RuleError::Repeated("FREQ".into())),
        ("FREQ=DAILY;BYEASTER=0", RuleError::UnknownPart("BYEASTER".into())),
        ("FREQ=DAILY;INTERVAL=0", RuleError::Interval),
        ("FREQ=DAILY;INTERVAL=10000", RuleError::Interval),
        ("FREQ=DAILY;COUNT=0", RuleError::Count),
        ("FREQ=DAILY;COUNT=10001", RuleError::Count),
        ("FREQ=DAILY;UNTIL=20260101", RuleError::Until),
        ("FREQ=DAILY;UNTIL=20260101T000000", RuleError::Until),
        ("FREQ=DAILY;UNTIL=20261301T000000Z", RuleError::Until),
        ("FREQ=DAILY;COUNT=1;UNTIL=20260101T000000Z", RuleError::TwoEnds),
        ("FREQ=DAILY;BYSECOND=0,30", RuleError::Seconds),
        ("FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8;BYMINUTE=0,1,2,3,4,5,6,7", RuleError::TimesOfDay),
    ] {
        assert_eq!(Rule::parse(text), Err(error), "{text}");
    }
    for text in [
        "FREQ=DAILY;BYMONTH=13",
        "FREQ=WEEKLY;BYMONTHDAY=1",
        "FREQ=DAILY;BYDAY=XX",
        "FREQ=MONTHLY;BYSETPOS=0;BYDAY=MO",
        "FREQ=DAILY;BYHOUR=24",
        "FREQ=DAILY;WKST=1",
        "FREQ=DAILY;BYHOUR=9,,10",
        "FREQ=MONTHLY;BYMONTHDAY=,",
        "FREQ=MONTHLY;BYDAY=0MO",
        "FREQ=MONTHLY;BYDAY=54MO",
        "FREQ=MONTHLY;BYDAY=-99999MO",
        "FREQ=DAILY;BYSETPOS=1",
    ] {
        assert!(matches!(Rule::parse(text), Err(RuleError::Standard(_))), "{text}");
    }
    let shown = |text| Rule::parse(text).unwrap_err().to_string();
    assert_eq!(shown("FREQ=DAILY;BYMONTH=1,13"), "is no rule of RFC 5545: BYMONTH=1,13");
    let together = "is no rule of RFC 5545: BYMONTHDAY may not be used with FREQ=WEEKLY";
    assert_eq!(shown("FREQ=WEEKLY;BYMONTHDAY=1"), together);
    assert_eq!(Rule::parse(&format!("FREQ=DAILY;BYHOUR={}1", "1,".repeat(300))), Err(RuleError::TooLong));
}

#[test]
fn a_rule_that_was_taken_once_is_read_without_the_parts_that_have_no_meaning() {
    let starts_at = time("2026-01-01T09:00:00Z");
    for (text, expected) in [
        ("FREQ=WEEKLY;BYDAY=2MO", ["2026-01-05T09:00:00Z", "2026-01-12T09:00:00Z"]),
        ("FREQ=DAILY;BYSETPOS=1", ["2026-01-01T09:00:00Z", "2026-01-02T09:00:00Z"]),
        ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=20MO", ["2027-05-17T09:00:00Z", "2028-05-15T09:00:00Z"]),
    ] {
        assert!(matches!(Rule::parse(text), Err(RuleError::Standard(_))), "{text}");
        let kept = Recurrence::new(Rule::kept(text).unwrap(), starts_at, Zone::utc()).unwrap();
        assert_eq!(first(&kept, starts_at, 2), expected, "{text}");
    }
}

#[test]
fn a_start_is_a_whole_second_before_the_end() {
    let start = |rule: &str, starts_at: &str| {
        Recurrence::new(Rule::parse(rule).unwrap(), time(starts_at), Zone::utc()).map(|_| ())
    };
    assert_eq!(start("FREQ=DAILY", "2026-01-01T00:00:00Z"), Ok(()));
    assert_eq!(start("FREQ=DAILY", "2026-01-01T00:00:00.5Z"), Err(RecurrenceError::Fraction));
    assert_eq!(start("FREQ=DAILY", "1969-12-31T23:59:59Z"), Err(RecurrenceError::OutOfRange));
    assert_eq!(start("FREQ=DAILY", "9999-01-01T00:00:00Z"), Err(RecurrenceError::OutOfRange));
    let ended = "FREQ=DAILY;UNTIL=20260101T000000Z";
    assert_eq!(start(ended, "2026-01-01T00:00:00Z"), Ok(()));
    assert_eq!(start(ended, "2026-01-01T00:00:01Z"), Err(RecurrenceError::AfterUntil));
}

mod standard;
