//! What the engine asks of a store for sessions. A store keeps them and never judges.

use async_trait::async_trait;
use identity::{AuditEvent, SecretDigest, Session, SessionId, UserId};
use ledger::Timestamp;

use crate::access::WriteAccessError;
use crate::port::ReadError;
use crate::query::Page;

/// A place that keeps sessions durably.
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Starts a session and records that, both or neither, and ends others at the moment that it starts: the one that
    /// it replaces, and those of the same user that lie behind the newest [`SESSIONS_OF_USER_MAX`] that were not
    /// revoked.
    ///
    /// # Errors
    /// [`WriteAccessError`], also where there is a session of this id.
    async fn create_session(
        &self,
        session: &StoredSession,
        replaces: Option<&SessionId>,
        event: &AuditEvent,
    ) -> Result<(), WriteAccessError>;

    /// Ends a session and records that, both or neither; one that was ended before stays as it is, and nothing is
    /// recorded. Says whether there is such a session.
    ///
    /// # Errors
    /// [`WriteAccessError`].
    async fn revoke_session(
        &self,
        id: &SessionId,
        at: Timestamp,
        event: &AuditEvent,
    ) -> Result<bool, WriteAccessError>;

    /// Ends all sessions of a user but one, and records that, both or neither; where there is none to end, nothing is
    /// recorded. Returns how many there were.
    ///
    /// # Errors
    /// [`WriteAccessError`].
    async fn revoke_sessions_of(
        &self,
        user: &UserId,
        but: Option<&SessionId>,
        at: Timestamp,
        event: &AuditEvent,
    ) -> Result<u64, WriteAccessError>;

    /// Reads one session.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`], [`ReadError::Corrupt`].
    async fn session(&self, id: &SessionId) -> Result<Option<StoredSession>, ReadError>;

    /// Lists sessions of a user, the newest first, those before the one of number `before`.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`], [`ReadError::Corrupt`].
    async fn sessions_of(
        &self,
        user: &UserId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Page<Session, u64>, ReadError>;

    /// Notes when a session was last used. A time that is earlier than the noted one changes nothing.
    ///
    /// # Errors
    /// [`WriteAccessError`].
    async fn note_seen(&self, id: &SessionId, at: Timestamp) -> Result<(), WriteAccessError>;

    /// Removes sessions whose time was over before a moment, the oldest of them first, and at most `limit`. Returns how
    /// many these were.
    ///
    /// # Errors
    /// [`WriteAccessError`].
    async fn remove_sessions(&self, expired_before: Timestamp, limit: usize)
    -> Result<u64, WriteAccessError>;
}

/// The most sessions of one user that are open at one time.
pub const SESSIONS_OF_USER_MAX: usize = 100;

/// A session with what is kept of its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSession {
    /// The session.
    pub session: Session,
    /// The digest of its text.
    pub digest: SecretDigest,
}
