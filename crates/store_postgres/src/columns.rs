//! Columns of rows on their way to the database, kept in the form in which an array is sent: adding a value is
//! writing its bytes, and sending the array is copying them. Never looks at what it was given again.

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgTypeInfo};
use sqlx::{Encode, Postgres, Type};

use crate::number::WriteNumeric;

/// The values of one column. The parameters name the types of an element and of the array, as PostgreSQL numbers
/// them.
#[derive(Debug, Default)]
pub(crate) struct Column<const ELEMENT: u32, const ARRAY: u32> {
    count: u32,
    has_nulls: bool,
    /// Each value's length and bytes.
    values: Vec<u8>,
}

pub(crate) type Texts = Column<25, 1009>;
pub(crate) type BigInts = Column<20, 1016>;
pub(crate) type ByteStrings = Column<17, 1001>;
pub(crate) type Numbers = Column<1700, 1231>;

/// What stands for the length of a value that is none.
const NULL: [u8; 4] = (-1_i32).to_be_bytes();

impl<const ELEMENT: u32, const ARRAY: u32> Column<ELEMENT, ARRAY> {
    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn push_bytes(&mut self, value: &[u8]) {
        self.count += 1;
        self.values.extend_from_slice(&length(value.len()));
        self.values.extend_from_slice(value);
    }

    fn push_null(&mut self) {
        self.count += 1;
        self.has_nulls = true;
        self.values.extend_from_slice(&NULL);
    }
}

impl Texts {
    pub(crate) fn push(&mut self, value: &str) {
        self.push_bytes(value.as_bytes());
    }

    pub(crate) fn push_if_any(&mut self, value: Option<&str>) {
        match value {
            Some(value) => self.push(value),
            None => self.push_null(),
        }
    }
}

impl ByteStrings {
    pub(crate) fn push_if_any(&mut self, value: Option<&[u8]>) {
        match value {
            Some(value) => self.push_bytes(value),
            None => self.push_null(),
        }
    }
}

impl BigInts {
    pub(crate) fn push(&mut self, value: i64) {
        self.push_bytes(&value.to_be_bytes());
    }

    pub(crate) fn push_if_any(&mut self, value: Option<i64>) {
        match value {
            Some(value) => self.push(value),
            None => self.push_null(),
        }
    }
}

impl Numbers {
    pub(crate) fn push(&mut self, value: &impl WriteNumeric) {
        let start = self.values.len();
        self.push_bytes(&[]);
        value.write(&mut self.values);
        let written = length(self.values.len() - start - NULL.len());
        self.values[start..start + NULL.len()].copy_from_slice(&written);
    }
}

impl<'a> FromIterator<&'a str> for Texts {
    fn from_iter<I: IntoIterator<Item = &'a str>>(values: I) -> Self {
        let mut column = Self::default();
        values.into_iter().for_each(|value| column.push(value));
        column
    }
}

fn length(bytes: usize) -> [u8; 4] {
    i32::try_from(bytes).expect("a value is far smaller than 2 GiB").to_be_bytes()
}

impl<const ELEMENT: u32, const ARRAY: u32> Type<Postgres> for Column<ELEMENT, ARRAY> {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(ARRAY))
    }
}

impl<const ELEMENT: u32, const ARRAY: u32> Encode<'_, Postgres> for Column<ELEMENT, ARRAY> {
    /// Writes how many dimensions there are, whether there are nulls, the element's type, for the one dimension its
    /// length and its first index, and the values.
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let dimensions = u32::from(self.count > 0);
        for part in [dimensions, u32::from(self.has_nulls), ELEMENT] {
            buffer.extend(part.to_be_bytes());
        }
        if dimensions > 0 {
            buffer.extend(self.count.to_be_bytes());
            buffer.extend(1_u32.to_be_bytes());
            buffer.extend_from_slice(&self.values);
        }
        Ok(IsNull::No)
    }
}
