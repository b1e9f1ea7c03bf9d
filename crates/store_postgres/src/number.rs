//! How amounts and balances stand in the database: as `numeric` without a fraction. Never rounds: a number with
//! a fraction, or one that is too large for what it is read as, is refused.

use std::fmt::Write as _;

use ledger::{Amount, Total};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo, PgValueFormat, PgValueRef};
use sqlx::{Decode, Encode, Postgres, Type};

const NUMERIC: Oid = Oid(1700);
const NUMERIC_ARRAY: Oid = Oid(1231);

/// The base in which PostgreSQL sends a `numeric`.
const BASE: u128 = 10_000;
const SMALL_BASE: u64 = 10_000;
const NEGATIVE: u16 = 0x4000;
/// How many digits of that base a total may have.
const TOTAL_DIGITS_MAX: usize = 19;

/// A whole number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StoredNumber(pub(crate) i128);

/// A sum of whole numbers that are not negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StoredSum(pub(crate) u128);

/// A sum of numbers that may take more than 128 bits, or what one changes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StoredTotal(pub(crate) Total);

/// A value that is no number of ours.
#[derive(Debug, thiserror::Error)]
#[error("a stored number is not whole, or out of bounds")]
struct NotANumber;

impl From<StoredNumber> for i128 {
    fn from(number: StoredNumber) -> Self {
        number.0
    }
}

impl From<Amount> for StoredNumber {
    fn from(amount: Amount) -> Self {
        Self(amount.signed())
    }
}

impl From<StoredTotal> for Total {
    fn from(total: StoredTotal) -> Self {
        total.0
    }
}

impl Type<Postgres> for StoredNumber {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(NUMERIC)
    }
}

impl PgHasArrayType for StoredNumber {
    fn array_type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(NUMERIC_ARRAY)
    }
}

impl Type<Postgres> for StoredSum {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(NUMERIC)
    }
}

impl Type<Postgres> for StoredTotal {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(NUMERIC)
    }
}

/// A number as PostgreSQL takes it.
pub(crate) trait WriteNumeric {
    /// Writes the number.
    fn write(&self, buffer: &mut Vec<u8>);
}

impl WriteNumeric for StoredNumber {
    fn write(&self, buffer: &mut Vec<u8>) {
        write_magnitude(self.0 < 0, self.0.unsigned_abs(), buffer);
    }
}

impl WriteNumeric for Amount {
    fn write(&self, buffer: &mut Vec<u8>) {
        write_magnitude(false, self.get(), buffer);
    }
}

impl WriteNumeric for Total {
    fn write(&self, buffer: &mut Vec<u8>) {
        if let Some(magnitude) = self.magnitude().get() {
            return write_magnitude(self.is_negative(), magnitude, buffer);
        }
        let text = self.magnitude().to_string();
        let digits: Vec<u16> = text
            .as_bytes()
            .rchunks(4)
            .rev()
            .map(|part| part.iter().fold(0, |digit, byte| digit * 10 + u16::from(byte - b'0')))
            .collect();
        write_digits(self.is_negative(), &digits, buffer);
    }
}

fn write_magnitude(is_negative: bool, magnitude: u128, buffer: &mut Vec<u8>) {
    let mut digits = [0_u16; 10];
    let mut first = digits.len();
    let mut put = |digit| {
        first -= 1;
        digits[first] = digit;
    };
    let mut rest = magnitude;
    // Dividing 128 bits takes many times as long as dividing 64.
    while rest > u128::from(u64::MAX) {
        put(u16::try_from(rest % BASE).expect("a digit is smaller than its base"));
        rest /= BASE;
    }
    let mut rest = u64::try_from(rest).expect("what is left is small");
    while rest > 0 {
        put(u16::try_from(rest % SMALL_BASE).expect("a digit is smaller than its base"));
        rest /= SMALL_BASE;
    }
    write_digits(is_negative, &digits[first..], buffer);
}

fn write_digits(is_negative: bool, digits: &[u16], buffer: &mut Vec<u8>) {
    let count = u16::try_from(digits.len()).expect("256 bits are twenty digits");
    let sign = if is_negative { NEGATIVE } else { 0 };
    // How many digits, the power of the first one, the sign, no decimal places, then the digits.
    for part in [count, count.saturating_sub(1), sign, 0].iter().chain(digits) {
        buffer.extend_from_slice(&part.to_be_bytes());
    }
}

impl Encode<'_, Postgres> for StoredTotal {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        self.0.write(buffer);
        Ok(IsNull::No)
    }
}

impl<'r> Decode<'r, Postgres> for StoredTotal {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(Self(parse_total(binary(&value)?).ok_or(NotANumber)?))
    }
}

impl Encode<'_, Postgres> for StoredNumber {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        self.write(buffer);
        Ok(IsNull::No)
    }
}

impl<'r> Decode<'r, Postgres> for StoredNumber {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        let (negative, magnitude) = read(&value)?;
        let number = match i128::try_from(magnitude) {
            Ok(number) if negative => -number,
            Ok(number) => number,
            Err(_) if negative && magnitude == i128::MIN.unsigned_abs() => i128::MIN,
            Err(_) => return Err(NotANumber.into()),
        };
        Ok(Self(number))
    }
}

impl<'r> Decode<'r, Postgres> for StoredSum {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        match read(&value)? {
            (false, sum) => Ok(Self(sum)),
            (true, _) => Err(NotANumber.into()),
        }
    }
}

fn read(value: &PgValueRef<'_>) -> Result<(bool, u128), BoxDynError> {
    Ok(parse(binary(value)?).ok_or(NotANumber)?)
}

fn binary<'r>(value: &PgValueRef<'r>) -> Result<&'r [u8], BoxDynError> {
    if value.format() != PgValueFormat::Binary {
        return Err("a number did not come in the binary format".into());
    }
    value.as_bytes()
}

/// Reads the binary form: whether it is negative, and its magnitude.
fn parse(bytes: &[u8]) -> Option<(bool, u128)> {
    let (is_negative, mut digits) = digits(bytes)?;
    let magnitude = digits.try_fold(0_u128, |sum, digit| sum.checked_mul(BASE)?.checked_add(digit.into()))?;
    Some((is_negative, magnitude))
}

/// Reads the binary form of a number that may take more than 128 bits.
fn parse_total(bytes: &[u8]) -> Option<Total> {
    let (is_negative, digits) = digits(bytes)?;
    let mut text = String::new();
    for digit in digits.take(TOTAL_DIGITS_MAX + 1) {
        write!(text, "{digit:04}").ok()?;
    }
    let text = if text.is_empty() { "0" } else { text.trim_start_matches('0') };
    let magnitude = Total::parse(text)?;
    Some(if is_negative { Total::ZERO.minus(magnitude) } else { magnitude })
}

/// Returns whether the binary form is negative, and its digits, of which the first is not zero.
fn digits(bytes: &[u8]) -> Option<(bool, impl Iterator<Item = u16>)> {
    let mut parts = bytes.chunks_exact(2).map(|part| u16::from_be_bytes([part[0], part[1]]));
    let (count, weight, sign, scale) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    // A fraction, infinity, or not a number.
    if scale != 0 || !matches!(sign, 0 | NEGATIVE) {
        return None;
    }
    // Zeros at the end are left out.
    let zeros = if count == 0 { 0 } else { weight.checked_add(1)?.checked_sub(count)? };
    Some((sign == NEGATIVE, parts.take(count.into()).chain(std::iter::repeat_n(0, zeros.into()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(number: i128) -> Vec<u8> {
        let mut buffer = PgArgumentBuffer::default();
        let _ = StoredNumber(number).encode_by_ref(&mut buffer).unwrap();
        buffer.to_vec()
    }

    #[test]
    fn numbers_of_every_size_come_back() {
        let mut numbers = vec![0, 1, -1, 9_999, 10_000, 10_001, 100_000_000, -100_000_000];
        numbers.extend([i64::MAX.into(), i64::MIN.into(), i128::MAX, i128::MIN + 1]);
        for number in numbers {
            let (negative, magnitude) = parse(&encoded(number)).unwrap();
            assert_eq!((negative, magnitude), (number < 0, number.unsigned_abs()), "{number}");
        }
    }

    #[test]
    fn totals_of_every_size_come_back() {
        let most = "9".repeat(76);
        let four_full = "680564733841876926926749214863536422908";
        for text in ["0", "1", "-1", "10000", "100000000000000000000", "-7", four_full, &most] {
            let mut bytes = Vec::new();
            Total::parse(text).unwrap().write(&mut bytes);
            assert_eq!(parse_total(&bytes).map(|total| total.to_string()).as_deref(), Some(text));
        }
        let below = Total::ZERO.minus(Total::parse(four_full).unwrap());
        let mut bytes = Vec::new();
        below.write(&mut bytes);
        assert_eq!(parse_total(&bytes), Some(below));
        // 10^76.
        assert_eq!(parse_total(&[0, 1, 0, 19, 0, 0, 0, 0, 0, 1]), None);
    }

    #[test]
    fn zeros_that_the_server_leaves_out_are_put_back() {
        assert_eq!(parse(&[0, 1, 0, 2, 0, 0, 0, 0, 0, 7]), Some((false, 700_000_000)));
    }

    #[test]
    fn fractions_and_values_that_are_no_numbers_are_refused() {
        // 0.5, 1.0, NaN, infinity, 10^40, and a text cut short.
        for bytes in [
            &[0, 1, 255, 255, 0, 0, 0, 1, 19, 136][..],
            &[0, 1, 0, 0, 0, 0, 0, 1, 0, 1],
            &[0, 0, 0, 0, 192, 0, 0, 0],
            &[0, 0, 0, 0, 208, 0, 0, 32],
            &[0, 1, 0, 10, 0, 0, 0, 0, 0, 1],
            &[0, 1, 0],
        ] {
            assert_eq!(parse(bytes), None, "{bytes:?}");
        }
    }
}
