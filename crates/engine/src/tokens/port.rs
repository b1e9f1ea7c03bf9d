//! What the engine asks of a store for the keys that access tokens are signed with. A store keeps them and never judges.

use async_trait::async_trait;
use identity::AuditEvent;
use ledger::Timestamp;

use crate::access::WriteAccessError;
use crate::port::ReadError;

/// A place that keeps signing keys durably.
#[async_trait]
pub trait SigningKeyStore: Send + Sync {
    /// Lists the latest keys, at most [`StoredSigningKey::LISTED_MAX`], the earliest of them first.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`], [`ReadError::Corrupt`].
    async fn signing_keys(&self) -> Result<Vec<StoredSigningKey>, ReadError>;

    /// Adds a key and records that, both or neither; with `revoke_earlier`, all keys of smaller numbers that are not
    /// revoked are revoked as of that time. Says whether it was added: another replica may have taken its number, and
    /// then nothing is changed or recorded.
    ///
    /// # Errors
    /// [`WriteAccessError`].
    async fn add_signing_key(
        &self,
        key: &StoredSigningKey,
        revoke_earlier: Option<Timestamp>,
        event: &AuditEvent,
    ) -> Result<bool, WriteAccessError>;
}

/// A signing key as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSigningKey {
    /// Its number: 0, 1, 2, … Replicas that make keys at one time find out by it who was first.
    pub number: u64,
    /// Its public name: 12 letters and digits.
    pub name: String,
    /// Its public part.
    pub public: [u8; 32],
    /// Its private part, sealed.
    pub sealed: Vec<u8>,
    /// When it was made, and published.
    pub created_at: Timestamp,
    /// From when on it signs.
    pub signs_from: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl StoredSigningKey {
    /// How many of them are listed.
    pub const LISTED_MAX: usize = 16;
}
