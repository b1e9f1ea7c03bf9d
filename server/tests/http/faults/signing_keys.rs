//! Signing keys in a store that never answers for them.

use async_trait::async_trait;
use engine::access::WriteAccessError;
use engine::port::ReadError;
use engine::tokens::{SigningKeyStore, StoredSigningKey};
use identity::AuditEvent;
use ledger::Timestamp;

use super::store::{SECRET, Troubled};

#[async_trait]
impl SigningKeyStore for Troubled {
    async fn signing_keys(&self) -> Result<Vec<StoredSigningKey>, ReadError> {
        Err(ReadError::Unavailable(SECRET.into()))
    }

    async fn add_signing_key(
        &self,
        _key: &StoredSigningKey,
        _revoke_earlier: Option<Timestamp>,
        _event: &AuditEvent,
    ) -> Result<bool, WriteAccessError> {
        Err(WriteAccessError(SECRET.into()))
    }
}
