//! Amounts: whole minor units of an asset, never negative, never fractional.

use std::fmt;

/// A number of minor units of an asset, `0 <= amount < 2^127`.
///
/// The bound leaves one bit for the sign, so that the difference of two amounts always fits an
/// `i128`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(u128);

/// Why a text is not an [`Amount`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AmountError {
    /// There is no text at all.
    Empty,
    /// A character is not a decimal digit: a sign, a fraction, an exponent, a separator.
    NotDigits,
    /// The number is 2^127 or more.
    TooLarge,
}

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The largest amount, 2^127 − 1.
    pub const MAX: Self = Self((1 << 127) - 1);

    /// Returns the amount of that many minor units, or `None` from 2^127 on.
    #[must_use]
    pub const fn new(minor_units: u128) -> Option<Self> {
        if minor_units <= Self::MAX.0 { Some(Self(minor_units)) } else { None }
    }

    /// Parses decimal digits; leading zeros are allowed and mean nothing.
    ///
    /// # Errors
    /// When the text is empty, holds anything but `0`–`9`, or means 2^127 or more.
    pub fn parse(text: &str) -> Result<Self, AmountError> {
        if text.is_empty() {
            return Err(AmountError::Empty);
        }
        if !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(AmountError::NotDigits);
        }
        text.parse::<u128>().ok().and_then(Self::new).ok_or(AmountError::TooLarge)
    }

    /// Returns the number of minor units.
    #[must_use]
    pub const fn get(self) -> u128 {
        self.0
    }

    /// Returns the number of minor units as a signed number, which it always fits.
    #[must_use]
    pub const fn signed(self) -> i128 {
        self.0.cast_signed()
    }

    /// Returns the sum, or `None` where it reaches 2^127.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        // Two numbers below 2^127 cannot overflow a u128.
        Self::new(self.0 + other.0)
    }

    /// Returns the difference, or `None` where it would be negative.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(difference) => Some(Self(difference)),
            None => None,
        }
    }
}

impl From<u64> for Amount {
    fn from(minor_units: u64) -> Self {
        Self(u128::from(minor_units))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_up_to_the_bound_are_amounts() {
        for (text, minor_units) in [
            ("0", 0),
            ("1250", 1250),
            ("0007", 7),
            ("170141183460469231731687303715884105727", (1 << 127) - 1),
        ] {
            assert_eq!(Amount::parse(text).map(Amount::get), Ok(minor_units), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused_with_its_reason() {
        use AmountError::{Empty, NotDigits, TooLarge};
        for (text, reason) in [
            ("", Empty),
            ("-1", NotDigits),
            ("+1", NotDigits),
            ("1.0", NotDigits),
            ("1e3", NotDigits),
            ("1_000", NotDigits),
            (" 1", NotDigits),
            ("١", NotDigits),
            ("170141183460469231731687303715884105728", TooLarge),
            ("999999999999999999999999999999999999999999", TooLarge),
        ] {
            assert_eq!(Amount::parse(text), Err(reason), "{text:?}");
        }
    }

    #[test]
    fn sums_stop_below_two_to_the_127() {
        assert_eq!(Amount::MAX.checked_add(Amount::ZERO), Some(Amount::MAX));
        assert_eq!(Amount::MAX.checked_add(Amount::from(1)), None);
        assert_eq!(Amount::ZERO.checked_sub(Amount::from(1)), None);
    }
}
