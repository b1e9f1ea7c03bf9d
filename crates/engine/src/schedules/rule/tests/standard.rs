//! The examples of RFC 5545, 3.8.5.3, and rules that are easily misread.

use super::*;

/// When a rule falls that starts at 09:00 in New York, as the clock there shows it: the first occurrences, without the
/// time where it is 09:00.
fn in_new_york(rule: &str, start: &str, count: usize) -> Vec<String> {
    let zone = Zone::parse("America/New_York").unwrap();
    let start: DateTime = format!("{start}T09:00").parse().unwrap();
    let start = zone.clock().to_timestamp(start).unwrap();
    let found = first(&recurrence(rule, &start.to_string(), zone.name()), time(&start.to_string()), count);
    let local = found.iter().map(|found| {
        let local = zone.clock().to_datetime(found.parse().unwrap());
        if local.time() == jiff::civil::time(9, 0, 0, 0) {
            local.date().to_string()
        } else {
            local.strftime("%Y-%m-%dT%H:%M").to_string()
        }
    });
    local.collect()
}

/// Months with their days, such as `1997-09: 02 09, 1997-10: 07`.
fn days(text: &str) -> Vec<String> {
    let months = text.split(", ").flat_map(|month| {
        let (month, days) = month.split_once(": ").unwrap();
        days.split(' ').map(move |day| format!("{month}-{day}"))
    });
    months.collect()
}

const FIRST_FRIDAYS: &str = "1997-09: 05, 1997-10: 03, 1997-11: 07, 1997-12: 05";
const TUESDAYS_AND_THURSDAYS: &str = "1997-09: 02 04 09 11 16 18 23 25 30, 1997-10: 02";

#[test]
fn examples_that_end_fall_as_the_standard_lists_them() {
    for (rule, start, expected) in [
        ("FREQ=DAILY;COUNT=10", "1997-09-02", "1997-09: 02 03 04 05 06 07 08 09 10 11"),
        ("FREQ=DAILY;INTERVAL=10;COUNT=5", "1997-09-02", "1997-09: 02 12 22, 1997-10: 02 12"),
        ("FREQ=WEEKLY;COUNT=10", "1997-09-02", "1997-09: 02 09 16 23 30, 1997-10: 07 14 21 28, 1997-11: 04"),
        ("FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH", "1997-09-02", TUESDAYS_AND_THURSDAYS),
        ("FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH", "1997-09-02", TUESDAYS_AND_THURSDAYS),
        (
            "FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR",
            "1997-09-01",
            "1997-09: 01 03 05 15 17 19 29, 1997-10: 01 03 13 15 17 27 29 31, 1997-11: 10 12 14 24 26 28, \
             1997-12: 08 10 12 22",
        ),
        (
            "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH",
            "1997-09-02",
            "1997-09: 02 04 16 18 30, 1997-10: 02 14 16",
        ),
        (
            "FREQ=MONTHLY;COUNT=10;BYDAY=1FR",
            "1997-09-05",
            "1997-09: 05, 1997-10: 03, 1997-11: 07, 1997-12: 05, 1998-01: 02, 1998-02: 06, 1998-03: 06, \
             1998-04: 03, 1998-05: 01, 1998-06: 05",
        ),
        ("FREQ=MONTHLY;UNTIL=19971224T000000Z;BYDAY=1FR", "1997-09-05", FIRST_FRIDAYS),
        (
            "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU",
            "1997-09-07",
            "1997-09: 07 28, 1997-11: 02 30, 1998-01: 04 25, 1998-03: 01 29, 1998-05: 03 31",
        ),
        (
            "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO",
            "1997-09-22",
            "1997-09: 22, 1997-10: 20, 1997-11: 17, 1997-12: 22, 1998-01: 19, 1998-02: 16",
        ),
        (
            "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15",
            "1997-09-02",
            "1997-09: 02 15, 1997-10: 02 15, 1997-11: 02 15, 1997-12: 02 15, 1998-01: 02 15",
        ),
        (
            "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1",
            "1997-09-30",
            "1997-09: 30, 1997-10: 01 31, 1997-11: 01 30, 1997-12: 01 31, 1998-01: 01 31, 1998-02: 01",
        ),
        (
            "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15",
            "1997-09-10",
            "1997-09: 10 11 12 13 14 15, 1999-03: 10 11 12 13",
        ),
        (
            "FREQ=YEARLY;COUNT=10;BYMONTH=6,7",
            "1997-06-10",
            "1997-06: 10, 1997-07: 10, 1998-06: 10, 1998-07: 10, 1999-06: 10, 1999-07: 10, 2000-06: 10, \
             2000-07: 10, 2001-06: 10, 2001-07: 10",
        ),
        (
            "FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3",
            "1997-03-10",
            "1997-03: 10, 1999-01: 10, 1999-02: 10, 1999-03: 10, 2001-01: 10, 2001-02: 10, 2001-03: 10, \
             2003-01: 10, 2003-02: 10, 2003-03: 10",
        ),
        (
            "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200",
            "1997-01-01",
            "1997-01: 01, 1997-04: 10, 1997-07: 19, 2000-01: 01, 2000-04: 09, 2000-07: 18, 2003-01: 01, \
             2003-04: 10, 2003-07: 19, 2006-01: 01",
        ),
        (
            "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3",
            "1997-09-04",
            "1997-09: 04, 1997-10: 07, 1997-11: 06",
        ),
        ("FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T170000Z", "1997-09-02", "1997-09: 02 02T12:00"),
        (
            "FREQ=MINUTELY;INTERVAL=15;COUNT=6",
            "1997-09-02",
            "1997-09: 02 02T09:15 02T09:30 02T09:45 02T10:00 02T10:15",
        ),
        ("FREQ=MINUTELY;INTERVAL=90;COUNT=4", "1997-09-02", "1997-09: 02 02T10:30 02T12:00 02T13:30"),
        ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "1997-08-05", "1997-08: 05 10 19 24"),
        ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "1997-08-05", "1997-08: 05 17 19 31"),
        (
            "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5",
            "2007-01-15",
            "2007-01: 15 30, 2007-02: 15, 2007-03: 15 30",
        ),
    ] {
        let expected = days(expected);
        assert_eq!(in_new_york(rule, start, expected.len() + 1), expected, "{rule}");
    }
}

#[test]
fn examples_without_an_end_fall_as_the_standard_lists_them() {
    for (rule, start, expected) in [
        (
            "FREQ=DAILY;INTERVAL=2",
            "1997-09-02",
            "1997-09: 02 04 06 08 10 12 14 16 18 20 22 24 26 28 30, 1997-10: 02",
        ),
        (
            "FREQ=WEEKLY;INTERVAL=2;WKST=SU",
            "1997-09-02",
            "1997-09: 02 16 30, 1997-10: 14 28, 1997-11: 11 25, 1997-12: 09 23, 1998-01: 06 20, 1998-02: 03 17",
        ),
        (
            "FREQ=MONTHLY;BYMONTHDAY=-3",
            "1997-09-28",
            "1997-09: 28, 1997-10: 29, 1997-11: 28, 1997-12: 29, 1998-01: 29, 1998-02: 26",
        ),
        (
            "FREQ=MONTHLY;INTERVAL=2;BYDAY=TU",
            "1997-09-02",
            "1997-09: 02 09 16 23 30, 1997-11: 04 11 18 25, 1998-01: 06 13 20 27, 1998-03: 03 10 17 24 31",
        ),
        ("FREQ=YEARLY;BYDAY=20MO", "1997-05-19", "1997-05: 19, 1998-05: 18, 1999-05: 17"),
        ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "1997-05-12", "1997-05: 12, 1998-05: 11, 1999-05: 17"),
        (
            "FREQ=YEARLY;BYMONTH=3;BYDAY=TH",
            "1997-03-13",
            "1997-03: 13 20 27, 1998-03: 05 12 19 26, 1999-03: 04 11 18 25",
        ),
        (
            "FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8",
            "1997-06-05",
            "1997-06: 05 12 19 26, 1997-07: 03 10 17 24 31, 1997-08: 07 14 21 28, 1998-06: 04 11 18 25",
        ),
        (
            "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
            "1997-09-02",
            "1998-02: 13, 1998-03: 13, 1998-11: 13, 1999-08: 13, 2000-10: 13",
        ),
        (
            "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13",
            "1997-09-13",
            "1997-09: 13, 1997-10: 11, 1997-11: 08, 1997-12: 13, 1998-01: 10, 1998-02: 07, 1998-03: 07, \
             1998-04: 11, 1998-05: 09, 1998-06: 13",
        ),
        (
            "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
            "1996-11-05",
            "1996-11: 05, 2000-11: 07, 2004-11: 02",
        ),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
            "1997-09-29",
            "1997-09: 29, 1997-10: 30, 1997-11: 27, 1997-12: 30, 1998-01: 29, 1998-02: 26, 1998-03: 30",
        ),
    ] {
        let expected = days(expected);
        assert_eq!(in_new_york(rule, start, expected.len()), expected, "{rule}");
    }
}

#[test]
fn examples_that_say_the_same_in_two_ways_fall_alike() {
    let daily = in_new_york("FREQ=DAILY;UNTIL=19971224T000000Z", "1997-09-02", 999);
    assert_eq!((daily.len(), &*daily[112]), (113, "1997-12-23"));
    let januaries = in_new_york("FREQ=DAILY;UNTIL=20000131T140000Z;BYMONTH=1", "1998-01-01", 999);
    assert_eq!((januaries.len(), &*januaries[31], &*januaries[92]), (93, "1999-01-01", "2000-01-31"));
    let by_day = "FREQ=YEARLY;UNTIL=20000131T140000Z;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA";
    assert_eq!(in_new_york(by_day, "1998-01-01", 999), januaries);
    let by_hour = in_new_york("FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40", "1997-09-02", 49);
    assert_eq!(
        (&*by_hour[1], &*by_hour[23], &*by_hour[24]),
        ("1997-09-02T09:20", "1997-09-02T16:40", "1997-09-03")
    );
    let by_interval = "FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16";
    assert_eq!(in_new_york(by_interval, "1997-09-02", 49), by_hour);
}

#[test]
fn days_lie_in_the_weeks_of_the_year_that_has_most_of_the_week() {
    for (rule, start, expected) in [
        // 1 January 2027 is the Friday of the last week of 2026, and the rule may begin on it.
        ("FREQ=YEARLY;BYWEEKNO=53;BYDAY=FR", "2027-01-01", "2027-01: 01, 2032-12: 31, 2038-01: 01"),
        ("FREQ=YEARLY;BYWEEKNO=53;BYDAY=FR;COUNT=2", "2027-01-01", "2027-01: 01, 2032-12: 31"),
        (
            "FREQ=YEARLY;BYWEEKNO=52;BYDAY=SU",
            "2022-12-20",
            "2023-01: 01, 2023-12: 31, 2024-12: 29, 2025-12: 28",
        ),
        ("FREQ=YEARLY;BYWEEKNO=52;BYMONTH=1", "2026-01-01", "2028-01: 01 02, 2034-01: 01, 2039-01: 01 02"),
        ("FREQ=YEARLY;BYWEEKNO=1;BYMONTH=12", "2026-01-01", "2029-12: 31, 2030-12: 30 31, 2031-12: 29 30 31"),
        ("FREQ=YEARLY;BYWEEKNO=-1;BYDAY=MO", "2026-01-01", "2026-12: 28, 2027-12: 27, 2028-12: 25"),
    ] {
        let expected = days(expected);
        assert_eq!(in_new_york(rule, start, expected.len()), expected, "{rule}");
    }
    assert_eq!(in_new_york("FREQ=YEARLY;BYWEEKNO=53;BYDAY=FR;COUNT=2", "2027-01-01", 9).len(), 2);
}

#[test]
fn parts_that_stand_together_are_read_together() {
    for (rule, start, expected) in [
        // Days with a number and days without.
        ("FREQ=MONTHLY;BYDAY=MO,1FR", "2026-01-01", "2026-01: 02 05 12 19 26, 2026-02: 02 06 09"),
        ("FREQ=YEARLY;BYDAY=WE,-1FR;BYMONTH=2", "2026-01-01", "2026-02: 04 11 18 25 27, 2027-02: 03"),
        ("FREQ=MONTHLY;BYDAY=-5MO", "2026-01-01", "2026-03: 02, 2026-06: 01, 2026-08: 03"),
        // A week that a rule starts within is still a whole one.
        ("FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=1", "2026-01-07", "2026-01: 12 19 26"),
        ("FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=-1,2", "2026-01-07", "2026-01: 07 09 14 16"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1", "2026-01-15", "2026-02: 02, 2026-03: 02"),
        // Steps go on where nothing falls.
        ("FREQ=MINUTELY;BYDAY=TU;BYHOUR=7", "2026-01-01", "2026-01: 06T07:00 06T07:01"),
        (
            "FREQ=MINUTELY;INTERVAL=7;BYDAY=MO;BYMINUTE=59,45,5",
            "2026-01-01",
            "2026-01: 05T01:05 05T05:45 05T05:59 05T08:05",
        ),
        ("FREQ=MINUTELY;INTERVAL=7;BYHOUR=10", "2026-01-01", "2026-01: 01T10:03 01T10:10 01T10:17"),
        (
            "FREQ=MINUTELY;BYHOUR=9,17;BYMINUTE=59,0",
            "2026-01-01",
            "2026-01: 01 01T09:59 01T17:00 01T17:59 02",
        ),
        ("FREQ=HOURLY;INTERVAL=7;BYHOUR=9", "2026-01-01", "2026-01: 01 08 15"),
        ("FREQ=HOURLY;INTERVAL=7;BYHOUR=10", "2026-01-01", "2026-01: 03T10:00 10T10:00"),
    ] {
        let expected = days(expected);
        assert_eq!(in_new_york(rule, start, expected.len()), expected, "{rule}");
    }
}

#[test]
fn a_leap_second_is_the_second_before() {
    falls(
        "FREQ=DAILY;BYSECOND=60",
        "2026-01-01T09:00:00Z",
        "UTC",
        &["2026-01-01T09:00:59Z", "2026-01-02T09:00:59Z"],
    );
}
