//! Minor units as decimal numbers, for people and for programs that know no minor units. Never rounds.

use std::fmt;

use ledger::{Amount, Asset};

/// The most decimal places that are written: as many as the largest amount has digits. Amounts of an asset with a
/// larger scale, which no currency has, are left in minor units.
pub const PLACES_MAX: u32 = 39;

/// Returns how many decimal places amounts of an asset are written with.
#[must_use]
pub fn places(asset: &Asset) -> u32 {
    Some(asset.scale()).filter(|scale| *scale <= PLACES_MAX).unwrap_or_default()
}

/// A number of minor units of an asset, as a decimal number: `12.50` for 1250 of `USD/2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    minor_units: u128,
    places: u32,
}

impl Decimal {
    /// Writes a number that may be negative.
    #[must_use]
    pub fn signed(minor_units: i128, asset: &Asset) -> Self {
        Self { negative: minor_units < 0, minor_units: minor_units.unsigned_abs(), places: places(asset) }
    }

    /// Writes a sum of amounts.
    #[must_use]
    pub fn sum(minor_units: u128, asset: &Asset) -> Self {
        Self { negative: false, minor_units, places: places(asset) }
    }

    /// Writes an amount.
    #[must_use]
    pub fn of(amount: Amount, asset: &Asset) -> Self {
        Self::signed(amount.signed(), asset)
    }

    /// Writes an amount that goes away.
    #[must_use]
    pub fn less(amount: Amount, asset: &Asset) -> Self {
        Self::signed(-amount.signed(), asset)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = self.places as usize;
        // One digit more than there are places, so that there is one before the point.
        let digits = format!("{:0>width$}", self.minor_units, width = places + 1);
        let (whole, fraction) = digits.split_at(digits.len() - places);
        f.write_str(if self.negative { "-" } else { "" })?;
        f.write_str(whole)?;
        if fraction.is_empty() { Ok(()) } else { write!(f, ".{fraction}") }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(minor_units: i128, asset: &str) -> String {
        Decimal::signed(minor_units, &Asset::parse(asset).unwrap()).to_string()
    }

    #[test]
    fn the_point_stands_where_the_scale_says() {
        for (minor_units, asset, text) in [
            (1250, "USD/2", "12.50"),
            (-1250, "USD/2", "-12.50"),
            (-5, "USD/2", "-0.05"),
            (0, "USD/2", "0.00"),
            (7, "POINTS", "7"),
            (7, "POINTS/000003", "0.007"),
            (1, "TINY/39", "0.000000000000000000000000000000000000001"),
            (1, "TINIER/40", "1"),
            (1, "TINIEST/999999", "1"),
            (i128::MIN, "USD/2", "-1701411834604692317316873037158841057.28"),
        ] {
            assert_eq!(written(minor_units, asset), text, "{minor_units} {asset}");
        }
    }

    proptest! {
        #[test]
        fn no_digit_is_lost(minor_units: i128, scale in 0..=PLACES_MAX) {
            let text = written(minor_units, &format!("A/{scale}"));
            let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
            prop_assert_eq!(fraction.len(), scale as usize);
            prop_assert_eq!(format!("{whole}{fraction}").parse(), Ok(minor_units));
        }
    }
}
