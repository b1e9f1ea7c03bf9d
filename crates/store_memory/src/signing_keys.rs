//! Signing keys in memory, in the plainest way: a list.

use async_trait::async_trait;
use engine::access::WriteAccessError;
use engine::port::ReadError;
use engine::tokens::{SigningKeyStore, StoredSigningKey};
use identity::AuditEvent;
use ledger::Timestamp;

use crate::store::MemoryStore;

#[async_trait]
impl SigningKeyStore for MemoryStore {
    async fn signing_keys(&self) -> Result<Vec<StoredSigningKey>, ReadError> {
        self.of_access(|kept| {
            let mut keys = kept.signing_keys.clone();
            keys.sort_by_key(|key| key.number);
            keys.split_off(keys.len().saturating_sub(StoredSigningKey::LISTED_MAX))
        })
    }

    async fn add_signing_key(
        &self,
        key: &StoredSigningKey,
        revoke_earlier: Option<Timestamp>,
        event: &AuditEvent,
    ) -> Result<bool, WriteAccessError> {
        self.on_access(|kept| {
            if kept.signing_keys.iter().any(|known| known.number == key.number) {
                return false;
            }
            for known in kept.signing_keys.iter_mut().filter(|known| known.number < key.number) {
                known.revoked_at = known.revoked_at.or(revoke_earlier);
            }
            kept.signing_keys.push(key.clone());
            kept.trail.push(event.clone());
            true
        })
    }
}
