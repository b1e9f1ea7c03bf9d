//! Amounts: whole minor units below 2^127, decimal digits as text wherever they are shown.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

/// An amount that a request moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Amount(pub(crate) i128);

impl TryFrom<String> for Amount {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(units) if digits => Ok(Self(units)),
            _ => Err("must be a whole number of minor units: digits only, no sign, fraction or exponent"),
        }
    }
}

/// Minor units, with a sign where they have one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Units(pub(crate) i128);

impl fmt::Display for Units {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Units {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Amount;

    #[test]
    fn amounts_are_digits_below_two_to_the_127() {
        let read = |text: &str| Amount::try_from(text.to_owned()).map(|amount| amount.0);
        assert_eq!(read("1250"), Ok(1250));
        assert_eq!(read("170141183460469231731687303715884105727"), Ok(i128::MAX));
        for text in ["", "-1", "+1", "1.0", "170141183460469231731687303715884105728"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
