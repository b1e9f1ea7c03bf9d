//! Mailed links and second factors as rows: what both databases keep in the same columns.

use engine::mailed_links::StoredLink;
use engine::second_factors::{SealedTotp, StoredTotp};
use identity::{Email, LinkKind, SecretDigest, UserId};

use crate::failure::Corruption;
use crate::rows::Reader;

/// A row of `mailed_links`.
pub struct LinkRow {
    /// Whose it is.
    pub user_id: String,
    /// What it is for.
    pub kind: String,
    /// The digest of its secret.
    pub digest: Vec<u8>,
    /// The address that it was mailed to.
    pub email: String,
    /// From when on it does nothing.
    pub expires_at: i64,
}

impl LinkRow {
    /// Returns what the row says.
    ///
    /// # Errors
    /// Where it says nothing sensible.
    pub fn link(self) -> Result<StoredLink, Corruption> {
        let place = || format!("a mailed link of the user {}", self.user_id);
        let bad = |what: &str| Corruption::new(place(), what);
        let digest = <[u8; 32]>::try_from(&*self.digest).map_err(|_| bad("its digest is not 32 bytes"))?;
        Ok(StoredLink {
            user: UserId::parse(&self.user_id).map_err(|_| bad("its user is none"))?,
            kind: LinkKind::named(&self.kind).ok_or_else(|| bad("its kind is none"))?,
            digest: SecretDigest::from_bytes(digest),
            email: Email::parse(&self.email).map_err(|_| bad("its address is none"))?,
            expires_at: Reader::at(&place).time(self.expires_at)?,
        })
    }
}

/// A row of `totp_secrets`, with how many recovery codes there are beside it.
pub struct TotpRow {
    /// The secret.
    pub sealed: Vec<u8>,
    /// When it was confirmed.
    pub confirmed_at: Option<i64>,
    /// The step of the last code that was taken.
    pub last_step: Option<i64>,
    /// How many recovery codes there are.
    pub recovery_codes: i64,
}

impl TotpRow {
    /// Returns what the row says of a user.
    ///
    /// # Errors
    /// Where it says nothing sensible.
    pub fn totp(self, user: &UserId) -> Result<StoredTotp, Corruption> {
        let place = || format!("the second factor of the user {user}");
        let number = |number: i64| {
            u64::try_from(number).map_err(|_| Corruption::new(place(), "a number of it is negative"))
        };
        let reader = Reader::at(&place);
        Ok(StoredTotp {
            confirmed_at: self.confirmed_at.map(|micros| reader.time(micros)).transpose()?,
            last_step: self.last_step.map(number).transpose()?,
            recovery_codes: number(self.recovery_codes)?,
            sealed: SealedTotp::from_bytes(self.sealed),
        })
    }
}
