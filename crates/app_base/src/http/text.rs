//! The text forms of what requests name: what each may look like, and what is said where it does not.
//!
//! The same form holds wherever a thing is named: in a path, in a query, in a body.

use std::borrow::Cow;

use engine::idempotency::IdempotencyKey;
use engine::query::{AddressPattern, Clock, Order};
use ledger::{
    Address, AddressError, Amount, AmountError, Asset, EntryNumber, HoldState, LedgerName, Reference,
    ReferenceError,
};

use super::fields::FieldErrors;
use super::json::{FromJson, Value};

/// What is wrong with a text, to be read after the name of the field: "must be …".
pub type Message = Cow<'static, str>;

/// A type with a text form.
pub trait FromText: Sized {
    /// Reads the text.
    ///
    /// # Errors
    /// When the text is not of the type's form; the message says what that is.
    fn from_text(text: &str) -> Result<Self, Message>;
}

/// Makes what stands in replies for a type with a text form, and has the type read from requests: a name for it, what it is
/// called in the description of the API, its schema there, and what is said where a text is not of its form.
macro_rules! text {
    ($(#[$doc:meta])* $name:ident($inner:ty), $shown:literal, $schema:tt, $wanted:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(pub $inner);

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.0.as_str())
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $shown.into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!($schema)
            }
        }

        impl $crate::http::text::FromText for $inner {
            fn from_text(text: &str) -> Result<Self, $crate::http::text::Message> {
                Self::parse(text).map_err(|_| $wanted.into())
            }
        }

        impl $crate::http::json::FromJson for $inner {
            fn from_json(
                value: $crate::http::json::Value<'_>,
                errors: &mut $crate::http::fields::FieldErrors,
            ) -> Option<Self> {
                value.parse(errors)
            }
        }
    };
}
pub(crate) use text;

impl FromText for LedgerName {
    fn from_text(text: &str) -> Result<Self, Message> {
        Self::parse(text)
            .map_err(|_| "must be 1 to 63 of a-z, 0-9, _ and -, and begin with a letter or digit".into())
    }
}

impl FromText for Address {
    fn from_text(text: &str) -> Result<Self, Message> {
        Self::parse(text).map_err(|error| match error {
            AddressError::TooLong => "is an address of more than 255 characters".into(),
            AddressError::EmptySegment => {
                "must be an address: segments with one colon between them, none of them empty".into()
            }
            AddressError::BadCharacter => {
                "must be an address: segments of a-z, A-Z, 0-9, _ and - with colons between them".into()
            }
        })
    }
}

impl FromText for Asset {
    fn from_text(text: &str) -> Result<Self, Message> {
        Self::parse(text).map_err(|_| {
            "must be an asset such as USD/2: a code of up to 17 upper-case letters and digits, perhaps a _ with \
             up to 16 upper-case letters, perhaps a / with a scale of up to 6 digits"
                .into()
        })
    }
}

/// The most digits that an amount may be written with; 2^127 − 1 has as many.
pub const AMOUNT_DIGITS_MAX: usize = 39;

impl FromText for Amount {
    fn from_text(text: &str) -> Result<Self, Message> {
        if text.len() > AMOUNT_DIGITS_MAX && text.bytes().all(|b| b.is_ascii_digit()) {
            return Err("must be less than 2^127, written with at most 39 digits".into());
        }
        Self::parse(text).map_err(|error| match error {
            AmountError::Empty => "is empty; it must be a whole number of minor units".into(),
            AmountError::NotDigits => {
                "must be a whole number of minor units: digits only, no sign, fraction or exponent".into()
            }
            AmountError::TooLarge => "must be less than 2^127".into(),
        })
    }
}

/// A number of minor units that may be negative, between the largest amount and its negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedAmount(pub i128);

impl FromText for SignedAmount {
    fn from_text(text: &str) -> Result<Self, Message> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(
                "must be a whole number of minor units: digits only, perhaps with a - before them".into()
            );
        }
        let amount = Amount::from_text(digits).map_err(|_| {
            Message::from("must be between -2^127 and 2^127, both excluded, written with at most 39 digits")
        })?;
        Ok(Self(if digits.len() < text.len() { -amount.signed() } else { amount.signed() }))
    }
}

impl FromText for Reference {
    fn from_text(text: &str) -> Result<Self, Message> {
        Self::parse(text).map_err(|error| match error {
            ReferenceError::Empty => "is empty; leave it out or make it 1 to 255 bytes".into(),
            ReferenceError::TooLong => "is longer than 255 bytes".into(),
            ReferenceError::ControlCharacter => "holds a control character".into(),
        })
    }
}

/// What keys begin with that the service makes itself, so that no client chooses one of them.
pub const RESERVED_KEYS: &str = "florin:";

impl FromText for IdempotencyKey {
    fn from_text(text: &str) -> Result<Self, Message> {
        if text.starts_with(RESERVED_KEYS) {
            return Err("must not begin with florin:, which is kept for the service".into());
        }
        Self::parse(text).map_err(|_| "must be 1 to 255 visible ASCII characters".into())
    }
}

impl FromText for EntryNumber {
    fn from_text(text: &str) -> Result<Self, Message> {
        // One number, one text: an id with a sign or leading zeros is nobody's.
        let canonical = text == "0" || text.as_bytes().first().is_some_and(|b| (b'1'..=b'9').contains(b));
        let number = if canonical { text.parse().ok() } else { None };
        number.map(Self).ok_or_else(|| "must be the number of an entry: 0, 1, 2, …".into())
    }
}

/// An account (`users:42`), or everything under an address (`users:` or `users:*`).
impl FromText for AddressPattern {
    fn from_text(text: &str) -> Result<Self, Message> {
        match text.strip_suffix(":*").or_else(|| text.strip_suffix(':')) {
            Some(prefix) => Address::from_text(prefix).map(Self::Under),
            None => Address::from_text(text).map(Self::Exactly),
        }
    }
}

/// The beginning of an address, which need not be whole segments: `users:4` begins `users:42`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressPrefix(pub String);

impl FromText for AddressPrefix {
    fn from_text(text: &str) -> Result<Self, Message> {
        // What some address can begin with is what an address is once a letter follows.
        let fits = text.len() < Address::MAX_LENGTH && Address::parse(&format!("{text}x")).is_ok();
        if fits || Address::parse(text).is_ok() {
            Ok(Self(text.to_owned()))
        } else {
            Err("must be the beginning of an address: a-z, A-Z, 0-9, _, - and single colons".into())
        }
    }
}

impl FromText for Clock {
    fn from_text(text: &str) -> Result<Self, Message> {
        match text {
            "recorded" => Ok(Self::Recorded),
            "effective" => Ok(Self::Effective),
            _ => Err("must be recorded or effective".into()),
        }
    }
}

impl FromText for Order {
    fn from_text(text: &str) -> Result<Self, Message> {
        match text {
            "asc" => Ok(Self::Ascending),
            "desc" => Ok(Self::Descending),
            _ => Err("must be asc or desc".into()),
        }
    }
}

impl FromText for HoldState {
    fn from_text(text: &str) -> Result<Self, Message> {
        match text {
            "open" => Ok(Self::Open),
            "captured" => Ok(Self::Captured),
            "voided" => Ok(Self::Voided),
            "expired" => Ok(Self::Expired),
            _ => Err("must be open, captured, voided or expired".into()),
        }
    }
}

/// Reads a whole number in decimal digits within bounds.
///
/// # Errors
/// When the text is anything else.
pub fn whole_number(text: &str, min: usize, max: usize) -> Result<usize, Message> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    match text.parse() {
        Ok(number) if digits && (min..=max).contains(&number) => Ok(number),
        _ => Err(format!("must be a whole number from {min} to {max}").into()),
    }
}

macro_rules! read_from_a_string {
    ($($kind:ty),*) => {$(
        impl FromJson for $kind {
            fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
                value.parse(errors)
            }
        }
    )*};
}

read_from_a_string!(Address, Asset, LedgerName, Reference, ledger::Timestamp);

macro_rules! read_from_a_string_or_a_number {
    ($($kind:ty),*) => {$(
        /// From a string of digits, or from a whole number of any length.
        impl FromJson for $kind {
            fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
                if let Some(number) = value.number() {
                    return Self::from_text(number).map_err(|message| value.refuse(errors, message)).ok();
                }
                if !value.is_string() {
                    value.refuse(errors, value.instead_of("a string of digits or a whole number"));
                    return None;
                }
                value.parse(errors)
            }
        }
    )*};
}

read_from_a_string_or_a_number!(Amount, SignedAmount);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_of_entries_have_one_text_each() {
        for (text, number) in [("0", 0), ("1", 1), ("1001", 1001), ("18446744073709551615", u64::MAX)] {
            assert_eq!(EntryNumber::from_text(text), Ok(EntryNumber(number)), "{text}");
        }
        for text in ["", "00", "01", "+1", "-1", "1.0", "1e3", " 1", "1 ", "0x1", "١", "18446744073709551616"]
        {
            assert!(EntryNumber::from_text(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn signed_amounts_reach_as_far_below_zero_as_above() {
        let max = Amount::MAX.signed();
        for (text, number) in [
            ("0", 0),
            ("-0", 0),
            ("-007", -7),
            ("170141183460469231731687303715884105727", max),
            ("-170141183460469231731687303715884105727", -max),
        ] {
            assert_eq!(SignedAmount::from_text(text), Ok(SignedAmount(number)), "{text}");
        }
        let beyond = "170141183460469231731687303715884105728";
        for text in ["", "-", "+1", "--1", "1-", "- 1", "1.0", "-1e3", "all", beyond, &format!("-{beyond}")] {
            assert!(SignedAmount::from_text(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn patterns_mean_one_account_or_all_under_an_address() {
        let users = Address::parse("users").unwrap();
        for (text, pattern) in [
            ("users", AddressPattern::Exactly(users.clone())),
            ("users:", AddressPattern::Under(users.clone())),
            ("users:*", AddressPattern::Under(users)),
        ] {
            assert_eq!(AddressPattern::from_text(text), Ok(pattern), "{text}");
        }
        for text in ["", ":", "*", ":*", "users*", "users::", "users::*", "users:**", "users:*:", "us ers"] {
            assert!(AddressPattern::from_text(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn prefixes_are_what_some_address_begins_with() {
        let longest = "a".repeat(255);
        for text in ["u", "users", "users:", "users:4", &longest] {
            assert!(AddressPrefix::from_text(text).is_ok(), "{text:?}");
        }
        let too_long = "a".repeat(256);
        let endless = format!("{}:", "a".repeat(254));
        for text in [":", "a::", "a b", "users:*", "ä", "a%", &too_long, &endless] {
            assert!(AddressPrefix::from_text(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn whole_numbers_stay_within_their_bounds() {
        assert_eq!(whole_number("7", 1, 7), Ok(7));
        for text in ["", "0", "8", "-1", "+1", "1.5", "99999999999999999999999"] {
            assert!(whole_number(text, 1, 7).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_as_anything(text in "\\PC{0,40}") {
            let _ = LedgerName::from_text(&text);
            let _ = Address::from_text(&text);
            let _ = AddressPattern::from_text(&text);
            let _ = AddressPrefix::from_text(&text);
            let _ = Asset::from_text(&text);
            let _ = Amount::from_text(&text);
            let _ = SignedAmount::from_text(&text);
            let _ = Reference::from_text(&text);
            let _ = IdempotencyKey::from_text(&text);
            let _ = EntryNumber::from_text(&text);
            let _ = whole_number(&text, 0, usize::MAX);
        }
    }
}
