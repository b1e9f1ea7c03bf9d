//! Sessions in a store that never answers for them.

use async_trait::async_trait;
use engine::access::WriteAccessError;
use engine::port::ReadError;
use engine::query::Page;
use engine::sessions::{SessionStore, StoredSession};
use identity::{AuditEvent, Session, SessionId, UserId};
use ledger::Timestamp;

use super::access::{read, write};
use super::store::Troubled;

#[async_trait]
impl SessionStore for Troubled {
    async fn create_session(
        &self,
        _session: &StoredSession,
        _replaces: Option<&SessionId>,
        _event: &AuditEvent,
    ) -> Result<(), WriteAccessError> {
        write()
    }

    async fn revoke_session(
        &self,
        _id: &SessionId,
        _at: Timestamp,
        _event: &AuditEvent,
    ) -> Result<bool, WriteAccessError> {
        write()
    }

    async fn revoke_sessions_of(
        &self,
        _user: &UserId,
        _but: Option<&SessionId>,
        _at: Timestamp,
        _event: &AuditEvent,
    ) -> Result<u64, WriteAccessError> {
        write()
    }

    async fn session(&self, _id: &SessionId) -> Result<Option<StoredSession>, ReadError> {
        read()
    }

    async fn sessions_of(
        &self,
        _user: &UserId,
        _before: Option<u64>,
        _limit: usize,
    ) -> Result<Page<Session, u64>, ReadError> {
        read()
    }

    async fn note_seen(&self, _id: &SessionId, _at: Timestamp) -> Result<(), WriteAccessError> {
        write()
    }

    async fn remove_sessions(
        &self,
        _expired_before: Timestamp,
        _limit: usize,
    ) -> Result<u64, WriteAccessError> {
        write()
    }
}
