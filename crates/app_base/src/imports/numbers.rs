//! Reads decimal numbers, as people and programs write them, as minor units of an asset. Never rounds, and never takes
//! one mark for the other: digits stand in groups of three, or in one.

use ledger::{Amount, Asset};

use crate::http::decimal::places;

/// How numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Numbers {
    /// What stands before the decimal places.
    pub(super) decimal_mark: char,
    /// What stands between groups of three digits.
    pub(super) thousands: Option<char>,
    /// Whether they are whole numbers of minor units.
    pub(super) minor_units: bool,
}

/// A number with its sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Signed {
    pub(super) negative: bool,
    pub(super) amount: Amount,
}

impl Numbers {
    /// Reads a number of an asset.
    pub(super) fn read(&self, text: &str, asset: &Asset) -> Result<Signed, String> {
        let trimmed = text.trim();
        let (negative, digits) = unsigned(trimmed).ok_or_else(|| self.no_number(text))?;
        let (whole, fraction) = digits.split_once(self.decimal_mark).unwrap_or((digits, ""));
        let has_mark = digits.contains(self.decimal_mark);
        let is_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let whole = self.ungrouped(whole).ok_or_else(|| self.no_number(text))?;
        if !is_digits(&whole) || !is_digits(fraction) || whole.is_empty() || (has_mark && fraction.is_empty())
        {
            return Err(self.no_number(text));
        }
        let places = if self.minor_units { 0 } else { places(asset) as usize };
        let fraction = fraction.trim_end_matches('0');
        if fraction.len() > places {
            let unit = if self.minor_units {
                "minor units have none".to_owned()
            } else {
                format!("{asset} has {places}")
            };
            return Err(format!("has more decimal places than there are: {unit}; it is `{text}`"));
        }
        let units = format!("{whole}{fraction:0<places$}");
        let units = units.trim_start_matches('0');
        let amount = if units.is_empty() { Ok(Amount::ZERO) } else { Amount::parse(units) };
        let amount = amount.map_err(|_| format!("is 2^127 minor units or more: `{text}`"))?;
        Ok(Signed { negative: negative && amount != Amount::ZERO, amount })
    }

    /// Takes out the marks between groups. `None` where a group is not one.
    fn ungrouped(&self, whole: &str) -> Option<String> {
        let Some(mark) = self.thousands else { return Some(whole.to_owned()) };
        // Programs write spaces of several kinds.
        let is_mark = |character| character == mark || (mark == ' ' && "\u{a0}\u{202f}".contains(character));
        let mut groups = whole.split(is_mark);
        let first = groups.next().unwrap_or_default();
        let mut digits = first.to_owned();
        let mut grouped = false;
        for group in groups {
            grouped = true;
            if group.len() != 3 {
                return None;
            }
            digits.push_str(group);
        }
        (!grouped || (1..=3).contains(&first.len())).then_some(digits)
    }

    fn no_number(&self, text: &str) -> String {
        let Self { decimal_mark, thousands, minor_units } = self;
        let shown = match (minor_units, thousands) {
            (true, None) => "1250".to_owned(),
            (true, Some(mark)) => format!("1{mark}250"),
            (false, None) => format!("1250{decimal_mark}50"),
            (false, Some(mark)) => format!("1{mark}250{decimal_mark}50"),
        };
        format!("must be a number such as {shown}, and is `{}`", crate::http::fields::Shown(text))
    }
}

/// Takes the sign off: one in front, one behind, or brackets.
fn unsigned(text: &str) -> Option<(bool, &str)> {
    if let Some(inner) = text.strip_prefix('(') {
        return inner.strip_suffix(')').map(|inner| (true, inner));
    }
    let minus = ['-', '\u{2212}'];
    if let Some(rest) = text.strip_prefix(minus).or_else(|| text.strip_suffix(minus)) {
        return Some((true, rest.trim()));
    }
    Some((false, text.strip_prefix('+').unwrap_or(text)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::http::decimal::Decimal;

    const PLAIN: Numbers = Numbers { decimal_mark: '.', thousands: None, minor_units: false };
    const GERMAN: Numbers = Numbers { decimal_mark: ',', thousands: Some('.'), minor_units: false };
    const SPACED: Numbers = Numbers { decimal_mark: ',', thousands: Some(' '), minor_units: false };
    const MINOR: Numbers = Numbers { decimal_mark: '.', thousands: None, minor_units: true };

    fn read(numbers: Numbers, text: &str, asset: &str) -> Result<i128, String> {
        let read = numbers.read(text, &Asset::parse(asset).unwrap())?;
        Ok(if read.negative { -read.amount.signed() } else { read.amount.signed() })
    }

    #[test]
    fn numbers_are_minor_units_of_their_asset() {
        for (numbers, text, asset, units) in [
            (PLAIN, "12.50", "USD/2", 1250),
            (PLAIN, "12.5", "USD/2", 1250),
            (PLAIN, "12", "USD/2", 1200),
            (PLAIN, "0012.500", "USD/2", 1250),
            (PLAIN, " -12.50 ", "USD/2", -1250),
            (PLAIN, "- 12.50", "USD/2", -1250),
            (PLAIN, "\u{2212}12.50", "USD/2", -1250),
            (PLAIN, "12.50-", "USD/2", -1250),
            (PLAIN, "(12.50)", "USD/2", -1250),
            (PLAIN, "+12.50", "USD/2", 1250),
            (PLAIN, "-0.00", "USD/2", 0),
            (PLAIN, "7", "POINTS", 7),
            (PLAIN, "7", "TINIEST/999999", 7),
            (PLAIN, "0.00000001", "BTC/8", 1),
            (GERMAN, "1.234.567,8", "USD/2", 123_456_780),
            (GERMAN, "1234,5", "USD/2", 123_450),
            (SPACED, "1\u{202f}234\u{a0}567,89", "USD/2", 123_456_789),
            (MINOR, "1250", "USD/2", 1250),
            (MINOR, "1250.00", "USD/2", 1250),
            (PLAIN, "1701411834604692317316873037158841057.27", "USD/2", i128::MAX),
        ] {
            assert_eq!(read(numbers, text, asset), Ok(units), "{text} {asset}");
        }
    }

    #[test]
    fn what_is_no_number_or_would_be_rounded_is_refused() {
        for (numbers, text, asset) in [
            (PLAIN, "", "USD/2"),
            (PLAIN, "-", "USD/2"),
            (PLAIN, ".5", "USD/2"),
            (PLAIN, "5.", "USD/2"),
            (PLAIN, "1,250", "USD/2"),
            (PLAIN, "1.2.3", "USD/2"),
            (PLAIN, "12.505", "USD/2"),
            (PLAIN, "0.5", "POINTS"),
            (PLAIN, "1e3", "USD/2"),
            (PLAIN, "--1", "USD/2"),
            (PLAIN, "(1", "USD/2"),
            (PLAIN, "(-1)", "USD/2"),
            (PLAIN, "$1", "USD/2"),
            (PLAIN, "١", "USD/2"),
            (PLAIN, "1701411834604692317316873037158841057.28", "USD/2"),
            // One mark in the place of the other.
            (GERMAN, "12.50", "USD/2"),
            (GERMAN, "1234.567", "USD/2"),
            (GERMAN, ".500", "USD/2"),
            (GERMAN, "1.2345", "USD/2"),
            (GERMAN, "1,234.567", "USD/2"),
            (MINOR, "12.50", "USD/2"),
        ] {
            assert!(read(numbers, text, asset).is_err(), "{text} {asset}");
        }
    }

    proptest! {
        #[test]
        fn what_exports_write_is_read_as_it_was(units in -i128::MAX..=i128::MAX, scale in 0..45_u32) {
            let asset = format!("A/{scale}");
            let written = Decimal::signed(units, &Asset::parse(&asset).unwrap()).to_string();
            prop_assert_eq!(read(PLAIN, &written, &asset), Ok(units));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[-+(0-9., )\\PC]{0,12}") {
            for numbers in [PLAIN, GERMAN, SPACED, MINOR] {
                let _ = read(numbers, &text, "USD/2");
            }
        }
    }
}
