//! What the engine asks of a store for second factors. A store keeps them and never judges, and never sees a secret: what
//! it is given is sealed or digested.

use std::fmt;

use async_trait::async_trait;
use identity::{AuditEvent, SecretDigest, UserId};
use ledger::Timestamp;

use crate::access::WriteAccessError;
use crate::port::ReadError;

/// A place that keeps second factors durably, one for a user.
#[async_trait]
pub trait SecondFactorStore: Send + Sync {
    /// Reads the second factor of a user.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`], [`ReadError::Corrupt`].
    async fn second_factor(&self, user: &UserId) -> Result<Option<StoredTotp>, ReadError>;

    /// Keeps a secret that counts once it is confirmed, in the place of another such one. Says whether it did: it does not
    /// where there is one that is confirmed.
    ///
    /// # Errors
    /// [`WriteAccessError`].
    async fn enrol_totp(
        &self,
        user: &UserId,
        sealed: &SealedTotp,
        at: Timestamp,
    ) -> Result<bool, WriteAccessError>;

    /// Has a secret count from now on, keeps the digests of recovery codes beside it, and records that, all or nothing.
    /// Says whether it did: it does not where the secret is not there any more, or counts already.
    ///
    /// # Errors
    /// [`WriteAccessError`].
    async fn confirm_totp(
        &self,
        user: &UserId,
        confirmed: Confirmed<'_>,
        event: &AuditEvent,
    ) -> Result<bool, WriteAccessError>;

    /// Notes the step of a code that was taken. Says whether it did: it does not where one of that step or a later one
    /// was taken before. Of any number that ask at once, one is told so.
    ///
    /// # Errors
    /// [`WriteAccessError`].
    async fn take_step(&self, user: &UserId, step: u64) -> Result<bool, WriteAccessError>;

    /// Takes a recovery code away and records that, both or neither. Says whether it was there. Of any number that ask at
    /// once, one is told so.
    ///
    /// # Errors
    /// [`WriteAccessError`].
    async fn take_recovery_code(
        &self,
        user: &UserId,
        digest: &SecretDigest,
        event: &AuditEvent,
    ) -> Result<bool, WriteAccessError>;

    /// Takes a second factor that counts away, with its recovery codes, and records that, all or nothing. Says whether
    /// there was one.
    ///
    /// # Errors
    /// [`WriteAccessError`].
    async fn remove_second_factor(&self, user: &UserId, event: &AuditEvent)
    -> Result<bool, WriteAccessError>;
}

/// A second factor, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTotp {
    /// Its secret.
    pub sealed: SealedTotp,
    /// When a code of it was first shown; `None` where that is still to come, so that it does not count yet.
    pub confirmed_at: Option<Timestamp>,
    /// The step of the last code that was taken.
    pub last_step: Option<u64>,
    /// How many recovery codes are left.
    pub recovery_codes: u64,
}

/// What confirms a second factor.
#[derive(Clone, Copy, Debug)]
pub struct Confirmed<'a> {
    /// The secret that is meant.
    pub sealed: &'a SealedTotp,
    /// The step of the code that was shown.
    pub step: u64,
    /// When that was.
    pub at: Timestamp,
    /// The digests of its recovery codes.
    pub recovery_codes: &'a [SecretDigest],
}

/// A secret as it is stored: of use to nobody without the service's own.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedTotp(Vec<u8>);

impl SealedTotp {
    /// Takes what was sealed.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Returns it, to be stored or opened.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SealedTotp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedTotp(***)")
    }
}
