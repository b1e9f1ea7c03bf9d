//! Signing keys that are in no store and go with the process, for a service that keeps no secret to seal them with. Records
//! nothing: there is nothing left that a record could be about.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use identity::AuditEvent;
use ledger::Timestamp;

use super::port::{SigningKeyStore, StoredSigningKey};
use crate::access::WriteAccessError;
use crate::port::ReadError;

/// Signing keys of this process alone: the latest of them, the earliest first.
#[derive(Default)]
pub(super) struct UnkeptKeys(Mutex<Vec<StoredSigningKey>>);

#[async_trait]
impl SigningKeyStore for UnkeptKeys {
    async fn signing_keys(&self) -> Result<Vec<StoredSigningKey>, ReadError> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    async fn add_signing_key(
        &self,
        key: &StoredSigningKey,
        revoke_earlier: Option<Timestamp>,
        _: &AuditEvent,
    ) -> Result<bool, WriteAccessError> {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.last().is_some_and(|last| last.number >= key.number) {
            return Ok(false);
        }
        for earlier in keys.iter_mut() {
            earlier.revoked_at = earlier.revoked_at.or(revoke_earlier);
        }
        keys.push(key.clone());
        let beyond = keys.len().saturating_sub(StoredSigningKey::LISTED_MAX);
        keys.drain(..beyond);
        Ok(true)
    }
}
