//! How requests write schedules: when they fall, and which one is meant.

use engine::schedules::{Recurrence, RecurrenceError, Rule, ScheduleId, ScheduleState, Zone};
use ledger::EntryNumber;

use super::fields::FieldErrors;
use super::json::{FromJson, Slot, Value, refuse_unknown};
use super::pagination::Position;
use super::text::{FromText, Message};

impl FromText for Rule {
    fn from_text(text: &str) -> Result<Self, Message> {
        Self::parse(text).map_err(|error| error.to_string().into())
    }
}

impl FromText for Zone {
    fn from_text(text: &str) -> Result<Self, Message> {
        Self::parse(text).map_err(|error| error.to_string().into())
    }
}

impl FromJson for Rule {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        value.parse(errors)
    }
}

impl FromJson for Zone {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        value.parse(errors)
    }
}

impl FromJson for Recurrence {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let (mut rrule, mut starts_at, mut time_zone) = (Slot::default(), Slot::default(), Slot::default());
        value.members(errors, |member, value, errors| match member {
            "rrule" => rrule.read(value, errors),
            "starts_at" => starts_at.read(value, errors),
            "time_zone" => time_zone.read_optional(value, errors),
            _ => refuse_unknown(value, &["rrule", "starts_at", "time_zone"], errors),
        })?;
        let rrule = rrule.required(value, "rrule", errors);
        let starts_at = starts_at.required(value, "starts_at", errors);
        let zone = time_zone.optional().unwrap_or_else(Zone::utc);
        let refuse = |error: RecurrenceError| value.refuse_member("starts_at", error.to_string(), errors);
        Self::new(rrule?, starts_at?, zone).map_err(refuse).ok()
    }
}

impl FromText for ScheduleId {
    fn from_text(text: &str) -> Result<Self, Message> {
        let number = EntryNumber::from_text(text);
        number.map(|number| Self(number.0)).map_err(|_| "must be a schedule's number: 0, 1, 2, …".into())
    }
}

impl FromText for ScheduleState {
    fn from_text(text: &str) -> Result<Self, Message> {
        Self::named(text).ok_or_else(|| "must be active, paused, completed or cancelled".into())
    }
}

impl Position for ScheduleId {
    fn write(&self, cursor: &mut Vec<u8>) {
        EntryNumber(self.0).write(cursor);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        EntryNumber::read(bytes).map(|number| Self(number.0))
    }
}
