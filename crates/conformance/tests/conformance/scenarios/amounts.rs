//! Amounts as people write them: with as many decimal places as their asset has, all of them.

use ledger::{Amount, Asset};

use super::span::{Fault, Span};

/// Reads an amount that is not negative.
///
/// # Errors
/// When it is none, has other places than its asset, or is larger than every amount.
pub(crate) fn read(span: Span<'_>, asset: &Asset) -> Result<Amount, Fault> {
    let units = read_signed(span, asset)?;
    let units = u128::try_from(units).map_err(|_| span.fault("an amount is not negative"))?;
    Amount::new(units).ok_or_else(|| span.fault("larger than every amount"))
}

/// Reads a number of minor units.
///
/// # Errors
/// When it is none, has other places than its asset, or is beyond every balance.
pub(crate) fn read_signed(span: Span<'_>, asset: &Asset) -> Result<i128, Fault> {
    let places = asset.scale() as usize;
    let (sign, unsigned) = match span.text.strip_prefix('-') {
        Some(unsigned) => ("-", unsigned),
        None => ("", span.text),
    };
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) || unsigned.ends_with('.') {
        return Err(span.fault(format!("{:?} is no amount", span.text)));
    }
    if fraction.len() != places {
        let has = fraction.len();
        return Err(span.fault(format!("an amount of {asset} has {places} decimal places, not {has}")));
    }
    let units = format!("{sign}{whole}{fraction}").parse();
    units.map_err(|_| span.fault("larger than every amount"))
}

/// Writes a number of minor units.
pub(crate) fn text(units: i128, asset: &Asset) -> String {
    let places = asset.scale() as usize;
    let digits = format!("{:0>1$}", units.unsigned_abs(), places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let sign = if units < 0 { "-" } else { "" };
    if places == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}
