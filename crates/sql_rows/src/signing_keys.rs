//! Signing keys as rows, and back.

use engine::tokens::StoredSigningKey;

use crate::failure::Corruption;
use crate::rows::Reader;

/// A row of `signing_keys`.
pub struct SigningKeyRow {
    /// Its number.
    pub number: i64,
    /// Its public name.
    pub name: String,
    /// Its public part.
    pub public: Vec<u8>,
    /// Its private part, sealed.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: i64,
    /// From when on it signs.
    pub signs_from: i64,
    /// When it was revoked.
    pub revoked_at: Option<i64>,
}

impl SigningKeyRow {
    /// Returns what the row says.
    ///
    /// # Errors
    /// Where it says nothing sensible.
    pub fn key(self) -> Result<StoredSigningKey, Corruption> {
        let place = || format!("the signing key {}", self.number);
        let bad = |what: &str| Corruption::new(place(), what);
        let reader = Reader::at(&place);
        Ok(StoredSigningKey {
            number: u64::try_from(self.number).map_err(|_| bad("its number is negative"))?,
            public: <[u8; 32]>::try_from(&*self.public)
                .map_err(|_| bad("its public part is not 32 bytes"))?,
            created_at: reader.time(self.created_at)?,
            signs_from: reader.time(self.signs_from)?,
            revoked_at: self.revoked_at.map(|micros| reader.time(micros)).transpose()?,
            name: self.name.clone(),
            sealed: self.sealed.clone(),
        })
    }
}

/// Puts rows that come latest first into the order of their numbers.
///
/// # Errors
/// Where a row says nothing sensible.
pub fn signing_keys(rows: Vec<SigningKeyRow>) -> Result<Vec<StoredSigningKey>, Corruption> {
    rows.into_iter().rev().map(SigningKeyRow::key).collect()
}
