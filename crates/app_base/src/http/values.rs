//! The values that replies are made of, with the JSON form and the schema of each.
//!
//! Everything that counts money is a string, because many clients read numbers as floating point.

use std::borrow::Cow;
use std::fmt::Display;

use engine::schedules::{Rule, ScheduleId, ScheduleState, Zone};
use ledger::{Address, Amount, Asset, EntryNumber, LedgerName, Metadata, Quantity, Reference, Timestamp};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::time::Rfc3339;

macro_rules! schema {
    ($name:ident, $shown:literal, $schema:tt) => {
        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                $shown.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident($inner:ty), $shown:literal, $schema:tt) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(pub $inner);

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.0.as_str())
            }
        }

        schema!($name, $shown, $schema);
    };
}

text!(
    /// The name of a ledger.
    LedgerNameText(LedgerName), "LedgerName", {
        "description": "The name of a ledger.",
        "type": "string",
        "pattern": "^[a-z0-9][a-z0-9_-]{0,62}$",
        "examples": ["main"]
    }
);

text!(
    /// The address of an account.
    AddressText(Address), "Address", {
        "description": "The address of an account: segments with colons between them. `world` is the outside, \
                        whose balance may fall without bound unless that is changed.",
        "type": "string",
        "pattern": "^[a-zA-Z0-9_-]+(:[a-zA-Z0-9_-]+)*$",
        "maxLength": 255,
        "examples": ["users:42:wallet"]
    }
);

text!(
    /// An asset: what an amount is an amount of.
    AssetText(Asset), "Asset", {
        "description": "What an amount is an amount of, and how many decimal places its minor unit stands for: \
                        1250 of `USD/2` is 12.50 USD.",
        "type": "string",
        "pattern": "^[A-Z][A-Z0-9]{0,16}(_[A-Z]{1,16})?(/[0-9]{1,6})?$",
        "examples": ["USD/2"]
    }
);

text!(
    /// The caller's own name for a transaction.
    ReferenceText(Reference), "Reference", {
        "description": "The caller's own name for a transaction, unique in its ledger: at most 255 bytes of \
                        UTF-8 without control characters.",
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "examples": ["order-1001"]
    }
);

/// An amount in whole minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AmountText(pub Amount);

impl Serialize for AmountText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(itoa::Buffer::new().format(self.0.get()))
    }
}

schema!(AmountText, "Amount", {
    "description": "An amount in whole minor units, less than 2^127.",
    "type": "string",
    "pattern": "^[0-9]{1,39}$",
    "examples": ["1250"]
});

/// The schema of an amount in requests. Has no values: requests are read into [`Amount`].
pub enum AmountInput {}

schema!(AmountInput, "AmountInput", {
    "description": "An amount in whole minor units, less than 2^127: a string of digits, or an integer of any \
                    length. Neither sign nor fraction nor exponent.",
    "anyOf": [
        { "type": "string", "pattern": "^[0-9]{1,39}$" },
        { "type": "integer", "minimum": 0 }
    ],
    "examples": ["1250"]
});

/// The schema of a number of minor units that may be negative, in requests. Has no values: requests are read
/// into [`SignedAmount`](super::text::SignedAmount).
pub enum SignedInput {}

schema!(SignedInput, "SignedInput", {
    "description": "A number of whole minor units between -2^127 and 2^127: a string of digits, perhaps with a `-` \
                    before them, or an integer of any length. Neither fraction nor exponent.",
    "anyOf": [
        { "type": "string", "pattern": "^-?[0-9]{1,39}$" },
        { "type": "integer" }
    ],
    "examples": ["1250", "-300"]
});

/// The schema of a filter by address. Has no values: requests are read into
/// [`AddressPattern`](engine::query::AddressPattern).
pub enum AddressPatternInput {}

schema!(AddressPatternInput, "AddressPattern", {
    "description": "An account, `users:42`, or with a colon at the end everything under an address: `users:` or \
                    `users:*`.",
    "type": "string",
    "pattern": "^[a-zA-Z0-9_-]+(:[a-zA-Z0-9_-]+)*(:\\*?)?$",
    "maxLength": 257,
    "examples": ["users:42:wallet", "users:"]
});

/// The schema of the beginning of an address. Has no values: requests are read into
/// [`AddressPrefix`](super::text::AddressPrefix).
pub enum AddressPrefixInput {}

schema!(AddressPrefixInput, "AddressPrefix", {
    "description": "The beginning of an address, which need not be whole segments: `users:4` begins `users:42`.",
    "type": "string",
    "pattern": "^[a-zA-Z0-9_-]+(:[a-zA-Z0-9_-]+)*:?$",
    "maxLength": 255,
    "examples": ["users:"]
});

/// The schema of filters by metadata. Has no values: requests are read into pairs.
pub enum MetadataFilterInput {}

schema!(MetadataFilterInput, "MetadataFilter", {
    "description": "Metadata by key, each with the value that it has to have: `metadata[order]=1001`.",
    "type": "object",
    "maxProperties": 16,
    "propertyNames": { "minLength": 1, "maxLength": 64, "pattern": r"^[^\u0000-\u001f\u007f-\u009f]+$" },
    "additionalProperties": { "type": "string", "maxLength": 1024, "pattern": r"^[^\u0000]*$" },
    "examples": [{ "order": "1001" }]
});

/// The schema of bounds of an amount. Has no values: requests are read into
/// [`AmountRange`](engine::query::AmountRange).
pub enum AmountRangeInput {}

schema!(AmountRangeInput, "AmountRange", {
    "description": "Bounds of an amount in whole minor units, each of which may be left out: `amount[at_least]=1000`.",
    "type": "object",
    "properties": {
        "at_least": { "type": "string", "pattern": "^[0-9]{1,39}$" },
        "at_most": { "type": "string", "pattern": "^[0-9]{1,39}$" }
    },
    "additionalProperties": false,
    "examples": [{ "at_least": "1000" }]
});

/// The schema of a choice of clock. Has no values: requests are read into
/// [`Clock`](engine::query::Clock).
pub enum ClockInput {}

schema!(ClockInput, "Clock", {
    "description": "Which time counts: when a transaction was `recorded`, or when it is `effective`.",
    "type": "string",
    "enum": ["recorded", "effective"],
    "default": "recorded"
});

/// The schema of a choice of order. Has no values: requests are read into
/// [`Order`](engine::query::Order).
pub enum OrderInput {}

schema!(OrderInput, "Order", {
    "description": "Which end comes first: `desc` is newest first, `asc` oldest first.",
    "type": "string",
    "enum": ["asc", "desc"],
    "default": "desc"
});

/// The schema of a choice of an export's format. Has no values: requests are read into the format itself.
pub enum ExportFormatInput {}

schema!(ExportFormatInput, "ExportFormat", {
    "description": "What an export is written in.",
    "type": "string",
    "enum": ["ndjson", "csv", "hledger", "ledger", "beancount"],
    "default": "ndjson"
});

/// The schema of a choice of a statement's format. Has no values: requests are read into the format itself.
pub enum StatementFormatInput {}

schema!(StatementFormatInput, "StatementFormat", {
    "description": "What a statement is written in: `html` is a page that prints well.",
    "type": "string",
    "enum": ["json", "csv", "html"],
    "default": "json"
});

/// A sum of many amounts, which may pass the bound of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SumText(pub u128);

impl Serialize for SumText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(itoa::Buffer::new().format(self.0))
    }
}

schema!(SumText, "Sum", {
    "description": "A sum of amounts in whole minor units. 2^128 − 1 stands for that and for all that is more.",
    "type": "string",
    "pattern": "^[0-9]+$",
    "examples": ["1250"]
});

/// A number of minor units that may be negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedText {
    negative: bool,
    minor_units: u128,
}

impl SignedText {
    /// Returns the difference of two sums.
    #[must_use]
    pub fn difference(plus: u128, minus: u128) -> Self {
        Self { negative: plus < minus, minor_units: plus.abs_diff(minus) }
    }
}

impl From<i128> for SignedText {
    fn from(number: i128) -> Self {
        Self { negative: number < 0, minor_units: number.unsigned_abs() }
    }
}

impl Display for SignedText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", if self.negative { "-" } else { "" }, self.minor_units)
    }
}

impl Serialize for SignedText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.negative {
            serializer.collect_str(self)
        } else {
            serializer.serialize_str(itoa::Buffer::new().format(self.minor_units))
        }
    }
}

schema!(SignedText, "SignedAmount", {
    "description": "A number of whole minor units, negative where more went out than came in.",
    "type": "string",
    "pattern": "^-?[0-9]+$",
    "examples": ["1250", "-300"]
});

/// A point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeText(pub Timestamp);

impl Serialize for TimeText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Rfc3339(self.0))
    }
}

schema!(TimeText, "Time", {
    "description": "An RFC 3339 time. Replies are in UTC with microseconds; requests may have any offset and up \
                    to six decimals.",
    "type": "string",
    "format": "date-time",
    "examples": ["2026-01-31T12:00:00.000000Z"]
});

/// The number of an entry, which is also the id of its transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryNumberValue(pub EntryNumber);

impl Serialize for EntryNumberValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0.0)
    }
}

schema!(EntryNumberValue, "EntryNumber", {
    "description": "The place of an entry in its ledger's log: 0, 1, 2, … without gaps. A transaction's id is the \
                    number of its entry.",
    "type": "integer",
    "minimum": 0,
    "examples": [1001]
});

/// What callers keep beside a transaction or a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataValue(pub Metadata);

impl Serialize for MetadataValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.as_map())
    }
}

schema!(MetadataValue, "Metadata", {
    "description": "Text by key, kept and never interpreted: up to 64 keys of 1 to 64 bytes without control \
                    characters, values of up to 1024 bytes without NUL.",
    "type": "object",
    "maxProperties": 64,
    "propertyNames": { "minLength": 1, "maxLength": 64, "pattern": r"^[^\u0000-\u001f\u007f-\u009f]+$" },
    "additionalProperties": { "type": "string", "maxLength": 1024, "pattern": r"^[^\u0000]*$" },
    "examples": [{ "order": "1001" }]
});

/// How much a posting is to move, as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuantityValue(pub Quantity);

impl Serialize for QuantityValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Quantity::Exactly(amount) => AmountText(amount).serialize(serializer),
            Quantity::UpTo(most) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("up_to", &AmountText(most))?;
                map.end()
            }
            Quantity::All => serializer.serialize_str("all"),
        }
    }
}

schema!(QuantityValue, "Quantity", {
    "description": "How much a posting is to move: an amount, `{\"up_to\": amount}` or `\"all\"`.",
    "anyOf": [
        { "type": "string", "pattern": "^[0-9]{1,39}$" },
        {
            "type": "object",
            "properties": { "up_to": { "type": "string", "pattern": "^[0-9]{1,39}$" } },
            "required": ["up_to"],
            "additionalProperties": false
        },
        { "type": "string", "const": "all" }
    ],
    "examples": ["1250", { "up_to": "1250" }, "all"]
});

/// The number of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScheduleIdValue(pub ScheduleId);

impl Serialize for ScheduleIdValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0.0)
    }
}

schema!(ScheduleIdValue, "ScheduleId", {
    "description": "The number of a schedule in its ledger: 0, 1, 2, …",
    "type": "integer",
    "minimum": 0,
    "examples": [7]
});

/// Where a schedule is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScheduleStateText(pub ScheduleState);

impl Serialize for ScheduleStateText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

schema!(ScheduleStateText, "ScheduleState", {
    "description": "Where a schedule is in its life: `active`; `paused`, until it is resumed; `completed`, when it has \
                    no occurrence left; `cancelled`, by a caller.",
    "type": "string",
    "enum": ["active", "paused", "completed", "cancelled"]
});

/// What came of an occurrence of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RunOutcomeText {
    /// The transaction is in the log.
    Posted,
    /// It was rejected.
    Rejected,
}

schema!(RunOutcomeText, "ScheduleRunOutcome", {
    "description": "What came of an occurrence: it was `posted`, or the ledger `rejected` it and nothing moved.",
    "type": "string",
    "enum": ["posted", "rejected"]
});

text!(
    /// A calendar rule.
    RuleText(Rule), "RecurrenceRule", {
        "description": "A recurrence rule (RFC 5545, 3.3.10), parts with semicolons between them. FREQ is YEARLY, \
                        MONTHLY, WEEKLY, DAILY, HOURLY or MINUTELY; UNTIL is in UTC; COUNT is at most 10000, INTERVAL \
                        at most 9999; BYHOUR and BYMINUTE name at most 64 times of day.",
        "type": "string",
        "minLength": 1,
        "maxLength": 512,
        "examples": ["FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=WEEKLY;BYDAY=MO,TH"]
    }
);

/// A time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneText(pub Zone);

impl Serialize for ZoneText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

schema!(ZoneText, "TimeZone", {
    "description": "The name of a time zone in the IANA database.",
    "type": "string",
    "examples": ["UTC", "Europe/Berlin"]
});

#[cfg(test)]
mod tests {
    use super::*;

    fn json(value: impl Serialize) -> String {
        serde_json::to_string(&value).unwrap()
    }

    #[test]
    fn money_is_written_as_strings_of_digits() {
        assert_eq!(json(AmountText(Amount::MAX)), "\"170141183460469231731687303715884105727\"");
        assert_eq!(json(SumText(u128::MAX)), "\"340282366920938463463374607431768211455\"");
        assert_eq!(json(SignedText::from(i128::MIN)), "\"-170141183460469231731687303715884105728\"");
        assert_eq!(json(SignedText::from(0)), "\"0\"");
        assert_eq!(json(SignedText::difference(0, u128::MAX)), format!("\"-{}\"", u128::MAX));
        assert_eq!(json(SignedText::difference(5, 3)), "\"2\"");
    }

    #[test]
    fn numbers_of_entries_are_integers() {
        assert_eq!(json(EntryNumberValue(EntryNumber(u64::MAX))), u64::MAX.to_string());
    }
}
