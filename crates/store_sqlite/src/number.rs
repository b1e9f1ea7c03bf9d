//! How amounts and balances stand in the database: as an INTEGER where they fit 64 bits, else as decimal
//! TEXT. Never rounds: a number that is neither is refused.

use std::fmt::Display;

use ledger::{Amount, Total};
use serde::{Serialize, Serializer};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::sqlite::{SqliteArgumentsBuffer, SqliteTypeInfo, SqliteValueRef};
use sqlx::{Decode, Encode, Sqlite, Type, TypeInfo, ValueRef};

/// A whole number of a column of type ANY.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StoredNumber(pub(crate) i128);

/// A sum of such numbers, which may take more than 128 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StoredTotal(pub(crate) Total);

/// A value that is no number of ours.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a stored number")]
struct NotANumber(String);

impl StoredNumber {
    /// Reads the digits of a number that 64 bits do not hold, written in the only way there is.
    fn parse(text: &str) -> Option<Self> {
        let number: i128 = text.parse().ok()?;
        (i64::try_from(number).is_err() && number.to_string() == text).then_some(Self(number))
    }
}

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

impl StoredTotal {
    /// Reads the digits of a sum that 64 bits do not hold.
    fn parse(text: &str) -> Option<Self> {
        let is_small = text.parse::<i64>().is_ok();
        Total::parse(text).filter(|_| !is_small).map(Self)
    }
}

impl From<StoredTotal> for Total {
    fn from(total: StoredTotal) -> Self {
        total.0
    }
}

impl Serialize for StoredNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // SQLite would read a larger JSON number as a floating-point one.
        match i64::try_from(self.0) {
            Ok(small) => serializer.serialize_i64(small),
            Err(_) => serializer.collect_str(&self.0),
        }
    }
}

impl Type<Sqlite> for StoredNumber {
    fn type_info() -> SqliteTypeInfo {
        <i64 as Type<Sqlite>>::type_info()
    }

    fn compatible(info: &SqliteTypeInfo) -> bool {
        matches!(info.name(), "INTEGER" | "TEXT")
    }
}

impl<'r> Decode<'r, Sqlite> for StoredNumber {
    fn decode(value: SqliteValueRef<'r>) -> Result<Self, BoxDynError> {
        let info = value.type_info().into_owned();
        match info.name() {
            "INTEGER" => Ok(Self(<i64 as Decode<Sqlite>>::decode(value)?.into())),
            "TEXT" => {
                let text = <&str as Decode<Sqlite>>::decode(value)?;
                Ok(Self::parse(text).ok_or_else(|| NotANumber(text.to_owned()))?)
            }
            other => Err(NotANumber(format!("a value of type {other}")).into()),
        }
    }
}

impl Encode<'_, Sqlite> for StoredNumber {
    fn encode_by_ref(&self, buffer: &mut SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
        encode(i64::try_from(self.0).ok(), &self.0, buffer)
    }
}

impl Encode<'_, Sqlite> for StoredTotal {
    fn encode_by_ref(&self, buffer: &mut SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
        let small = self.0.get().and_then(|total| i64::try_from(total).ok());
        encode(small, &self.0, buffer)
    }
}

/// Hands a number on as SQLite's own where it fits one, else as its digits.
fn encode(
    small: Option<i64>,
    number: &dyn Display,
    buffer: &mut SqliteArgumentsBuffer,
) -> Result<IsNull, BoxDynError> {
    match small {
        Some(small) => Encode::<Sqlite>::encode(small, buffer),
        None => Encode::<Sqlite>::encode(number.to_string(), buffer),
    }
}

impl Type<Sqlite> for StoredTotal {
    fn type_info() -> SqliteTypeInfo {
        <StoredNumber as Type<Sqlite>>::type_info()
    }

    fn compatible(info: &SqliteTypeInfo) -> bool {
        <StoredNumber as Type<Sqlite>>::compatible(info)
    }
}

impl<'r> Decode<'r, Sqlite> for StoredTotal {
    fn decode(value: SqliteValueRef<'r>) -> Result<Self, BoxDynError> {
        let info = value.type_info().into_owned();
        match info.name() {
            "INTEGER" => Ok(Self(Total::signed(<i64 as Decode<Sqlite>>::decode(value)?))),
            "TEXT" => {
                let text = <&str as Decode<Sqlite>>::decode(value)?;
                Ok(Self::parse(text).ok_or_else(|| NotANumber(text.to_owned()))?)
            }
            other => Err(NotANumber(format!("a value of type {other}")).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use sqlx::{Connection, SqliteConnection};

    use super::*;

    /// Returns what a number is to SQLite, and its digits.
    async fn bound(number: impl Encode<'static, Sqlite> + Type<Sqlite> + Send + 'static) -> (String, String) {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        let statement = "SELECT typeof(?1), CAST(?1 AS TEXT)";
        sqlx::query_as(statement).bind(number).fetch_one(&mut connection).await.unwrap()
    }

    #[tokio::test]
    async fn what_64_bits_hold_is_bound_as_a_number_and_the_rest_as_text() {
        let small = ["0", "7", "9223372036854775807", "-9223372036854775808"].map(|text| (text, "integer"));
        let large = ["9223372036854775808", "-9223372036854775809"].map(|text| (text, "text"));
        for (text, kind) in small.into_iter().chain(large) {
            let expected = (kind.to_owned(), text.to_owned());
            assert_eq!(bound(StoredNumber(text.parse().unwrap())).await, expected);
            // Sums are of counters, which are never negative.
            if !text.starts_with('-') {
                assert_eq!(bound(StoredTotal(Total::parse(text).unwrap())).await, expected);
            }
        }
        let four_full = "680564733841876926926749214863536422908";
        let expected = ("text".to_owned(), four_full.to_owned());
        assert_eq!(bound(StoredTotal(Total::parse(four_full).unwrap())).await, expected);
    }

    #[test]
    fn sums_are_small_numbers_or_text_of_any_length() {
        let four_full = "680564733841876926926749214863536422908";
        for text in ["9223372036854775808", four_full] {
            let total = StoredTotal::parse(text).unwrap();
            assert_eq!(total.0.to_string(), text);
        }
        for text in ["", "1", "9223372036854775807", "0123456789012345678901", "1e30"] {
            assert_eq!(StoredTotal::parse(text), None, "{text:?}");
        }
    }

    #[tokio::test]
    async fn sums_are_read_as_exactly() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        let four_full = "680564733841876926926749214863536422908";
        let statement =
            "SELECT column1 FROM (VALUES (0), (9223372036854775807), ('9223372036854775808'), (?))";
        let read: Vec<StoredTotal> =
            sqlx::query_scalar(statement).bind(four_full).fetch_all(&mut connection).await.unwrap();
        let texts: Vec<String> = read.iter().map(|total| total.0.to_string()).collect();
        assert_eq!(texts, ["0", "9223372036854775807", "9223372036854775808", four_full]);
        for bad in [
            "SELECT 1.5",
            "SELECT 9223372036854775808",
            "SELECT '7'",
            "SELECT '1e30'",
            "SELECT NULL",
            "SELECT '[]'",
        ] {
            let read = sqlx::query_scalar::<_, StoredTotal>(bad).fetch_one(&mut connection).await;
            assert!(read.is_err(), "{bad}");
        }
    }

    #[test]
    fn only_one_text_stands_for_a_number() {
        for text in ["9223372036854775808", "-9223372036854775809", &i128::MAX.to_string()] {
            assert_eq!(StoredNumber::parse(text).map(|n| n.0.to_string()).as_deref(), Some(text));
        }
        for text in
            ["", "1", "9223372036854775807", "+9223372036854775808", "09223372036854775808", "1e30", "-"]
        {
            assert_eq!(StoredNumber::parse(text), None, "{text:?}");
        }
    }
}
