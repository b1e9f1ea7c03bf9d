//! What the engine asks of a store for keys and for the audit trail. A store keeps them and never judges.

use async_trait::async_trait;
use identity::{ApiKey, AuditEvent, AuditRecord, KeyId, SecretDigest};
use ledger::Timestamp;

use super::query::{AuditPosition, AuditQuery};
use crate::port::{ReadError, Source};
use crate::query::Page;

/// A place that keeps API keys and the audit trail durably.
#[async_trait]
pub trait AccessStore: Send + Sync {
    /// Creates a key and records that, both or neither. What it says is durable when this returns.
    ///
    /// # Errors
    /// [`WriteAccessError`], also where there is a key of this id.
    async fn create_key(&self, key: &StoredKey, event: &AuditEvent) -> Result<(), WriteAccessError>;

    /// Revokes a key and records that, both or neither; one that was revoked before stays as it is, and nothing is
    /// recorded. Says whether there is such a key.
    ///
    /// # Errors
    /// [`WriteAccessError`].
    async fn revoke_key(
        &self,
        id: &KeyId,
        at: Timestamp,
        event: &AuditEvent,
    ) -> Result<bool, WriteAccessError>;

    /// Reads one key.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`], [`ReadError::Corrupt`].
    async fn key(&self, id: &KeyId) -> Result<Option<StoredKey>, ReadError>;

    /// Lists keys, the newest first, those before the one of number `before`.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`], [`ReadError::Corrupt`].
    async fn keys(&self, before: Option<u64>, limit: usize) -> Result<Page<ApiKey, u64>, ReadError>;

    /// Notes when keys were last used. A time that is earlier than the noted one changes nothing, nor does a key that
    /// is not there.
    ///
    /// # Errors
    /// [`WriteAccessError`].
    async fn note_uses(&self, uses: &[(KeyId, Timestamp)]) -> Result<(), WriteAccessError>;

    /// Adds to the audit trail, all of it or nothing.
    ///
    /// # Errors
    /// [`WriteAccessError`].
    async fn record(&self, events: &[AuditEvent]) -> Result<(), WriteAccessError>;

    /// Lists the audit trail, the latest first.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`], [`ReadError::Corrupt`].
    async fn audit(&self, query: &AuditQuery) -> Result<Page<AuditRecord, AuditPosition>, ReadError>;
}

/// A key with what is kept of its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    /// The key.
    pub key: ApiKey,
    /// The digest of its text.
    pub digest: SecretDigest,
}

/// The database did not answer as it should: it is written or it is not.
#[derive(Debug, thiserror::Error)]
#[error("the store is unavailable")]
pub struct WriteAccessError(#[source] pub Source);
