//! Rules of schedules: occurrences lie where they are looked for, and a definition comes back from where it is kept.

use app_base::http::text::FromText;
use engine::schedules::{Recurrence, Rule, Timing, Zone, decode_definition, encode_definition};
use ledger::Timestamp;

/// 2026-02-01T00:00:00Z, in microseconds.
const START: i64 = 1_769_904_000_000_000;

pub(crate) fn schedules(text: &str) {
    if let Ok(definition) = decode_definition(text) {
        let stored = encode_definition(&definition);
        let again = decode_definition(&stored).expect("what is kept is read");
        assert_eq!(again, definition);
        assert_eq!(encode_definition(&again), stored);
        follow(&definition.timing);
    }
    // A rule, and the name of a time zone in a line of its own.
    let (rule, zone) = text.split_once('\n').unwrap_or((text, "Europe/Berlin"));
    let zone = match Zone::from_text(zone) {
        Ok(zone) => {
            assert_eq!(Zone::parse(zone.name()), Ok(zone.clone()));
            zone
        }
        Err(_) => Zone::utc(),
    };
    if let Ok(rule) = Rule::from_text(rule) {
        assert_eq!(Rule::parse(rule.as_str()), Ok(rule.clone()));
        let start = Timestamp::from_micros(START).expect("a time");
        if let Ok(recurrence) = Recurrence::new(rule, start, zone) {
            follow(&Timing::Rule(recurrence));
        }
    }
}

/// Looks for two occurrences: looking from one finds itself, and the next one comes later.
fn follow(timing: &Timing) {
    let start = match timing {
        Timing::Once(at) => *at,
        Timing::Rule(recurrence) => recurrence.starts_at(),
    };
    let Some(first) = timing.next(start) else { return };
    assert!(first >= start, "nothing falls before the start");
    assert_eq!(timing.next(first), Some(first), "an occurrence is found from itself on");
    if let Some(second) = first.next().and_then(|after| timing.next(after)) {
        assert!(second > first);
    }
}
