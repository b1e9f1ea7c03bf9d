//! Keys and the audit trail in a store that never answers for them.

use async_trait::async_trait;
use engine::access::{AccessStore, AuditPosition, AuditQuery, StoredKey, WriteAccessError};
use engine::port::ReadError;
use engine::query::Page;
use identity::{ApiKey, AuditEvent, AuditRecord, KeyId};
use ledger::Timestamp;

use super::store::{SECRET, Troubled};

pub(super) fn write<T>() -> Result<T, WriteAccessError> {
    Err(WriteAccessError(SECRET.into()))
}

pub(super) fn read<T>() -> Result<T, ReadError> {
    Err(ReadError::Unavailable(SECRET.into()))
}

#[async_trait]
impl AccessStore for Troubled {
    async fn create_key(&self, _key: &StoredKey, _event: &AuditEvent) -> Result<(), WriteAccessError> {
        write()
    }

    async fn revoke_key(
        &self,
        _id: &KeyId,
        _at: Timestamp,
        _event: &AuditEvent,
    ) -> Result<bool, WriteAccessError> {
        write()
    }

    async fn key(&self, _id: &KeyId) -> Result<Option<StoredKey>, ReadError> {
        read()
    }

    async fn keys(&self, _before: Option<u64>, _limit: usize) -> Result<Page<ApiKey, u64>, ReadError> {
        read()
    }

    async fn note_uses(&self, _uses: &[(KeyId, Timestamp)]) -> Result<(), WriteAccessError> {
        write()
    }

    async fn record(&self, _events: &[AuditEvent]) -> Result<(), WriteAccessError> {
        write()
    }

    async fn audit(&self, _query: &AuditQuery) -> Result<Page<AuditRecord, AuditPosition>, ReadError> {
        read()
    }
}
