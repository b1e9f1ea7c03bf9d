//! How amounts and balances stand in the database: as `numeric` without a fraction. Never rounds: a number with
//! a fraction, or one that 128 bits do not hold, is refused.

use ledger::Amount;
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

/// A whole number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StoredNumber(pub(crate) i128);

/// A sum of whole numbers that are not negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StoredSum(pub(crate) u128);

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

impl StoredNumber {
    /// Writes the number as PostgreSQL takes it.
    pub(crate) fn write(self, buffer: &mut Vec<u8>) {
        let mut digits = [0_u16; 10];
        let mut first = digits.len();
        let mut put = |digit| {
            first -= 1;
            digits[first] = digit;
        };
        let mut rest = self.0.unsigned_abs();
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
        let digits = &digits[first..];
        let count = u16::try_from(digits.len()).expect("128 bits are ten digits");
        let sign = if self.0 < 0 { NEGATIVE } else { 0 };
        // How many digits, the power of the first one, the sign, no decimal places, then the digits.
        for part in [count, count.saturating_sub(1), sign, 0].iter().chain(digits) {
            buffer.extend_from_slice(&part.to_be_bytes());
        }
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
    if value.format() != PgValueFormat::Binary {
        return Err("a number did not come in the binary format".into());
    }
    Ok(parse(value.as_bytes()?).ok_or(NotANumber)?)
}

/// Reads the binary form: whether it is negative, and its magnitude.
fn parse(bytes: &[u8]) -> Option<(bool, u128)> {
    let mut parts = bytes.chunks_exact(2).map(|part| u16::from_be_bytes([part[0], part[1]]));
    let (count, weight, sign, scale) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    // A fraction, infinity, or not a number.
    if scale != 0 || !matches!(sign, 0 | NEGATIVE) {
        return None;
    }
    if count == 0 {
        return Some((false, 0));
    }
    // Zeros at the end are left out.
    let zeros = weight.checked_add(1)?.checked_sub(count)?;
    let mut magnitude = 0_u128;
    for digit in parts.take(count.into()).chain(std::iter::repeat_n(0, zeros.into())) {
        magnitude = magnitude.checked_mul(BASE)?.checked_add(digit.into())?;
    }
    Some((sign == NEGATIVE, magnitude))
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
