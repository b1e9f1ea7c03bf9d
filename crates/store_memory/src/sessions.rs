//! Sessions in memory, in the plainest way: a list, each with its number.

use async_trait::async_trait;
use engine::access::WriteAccessError;
use engine::port::ReadError;
use engine::query::Page;
use engine::sessions::{SESSIONS_OF_USER_MAX, SessionStore, StoredSession};
use identity::{AuditEvent, Session, SessionId, UserId};
use ledger::Timestamp;

use crate::access::InUse;
use crate::store::MemoryStore;

/// All of them, in the order in which they started.
#[derive(Default)]
pub(crate) struct KeptSessions {
    started: u64,
    kept: Vec<(u64, StoredSession)>,
}

impl KeptSessions {
    fn add(&mut self, session: StoredSession) {
        self.started += 1;
        self.kept.push((self.started, session));
    }

    fn find(&mut self, id: &SessionId) -> Option<&mut Session> {
        self.kept.iter_mut().map(|(_, stored)| &mut stored.session).find(|session| session.id == *id)
    }

    /// Finds those of a user that were not revoked, the newest first.
    fn unrevoked<'a>(&'a mut self, user: &'a UserId) -> impl Iterator<Item = &'a mut Session> {
        let sessions = self.kept.iter_mut().rev().map(|(_, stored)| &mut stored.session);
        sessions.filter(|session| session.user == *user && session.revoked_at.is_none())
    }
}

#[async_trait]
impl SessionStore for MemoryStore {
    async fn create_session(
        &self,
        session: &StoredSession,
        replaces: Option<&SessionId>,
        event: &AuditEvent,
    ) -> Result<(), WriteAccessError> {
        self.on_access(|kept| {
            let Session { id, user, created_at, .. } = &session.session;
            if kept.sessions.find(id).is_some() {
                return Err(WriteAccessError(InUse.into()));
            }
            if let Some(replaced) = replaces.and_then(|id| kept.sessions.find(id)) {
                replaced.revoked_at.get_or_insert(*created_at);
            }
            kept.sessions.add(session.clone());
            for beyond in kept.sessions.unrevoked(user).skip(SESSIONS_OF_USER_MAX) {
                beyond.revoked_at = Some(*created_at);
            }
            kept.trail.push(event.clone());
            Ok(())
        })?
    }

    async fn revoke_session(
        &self,
        id: &SessionId,
        at: Timestamp,
        event: &AuditEvent,
    ) -> Result<bool, WriteAccessError> {
        self.on_access(|kept| {
            let Some(found) = kept.sessions.find(id) else { return false };
            if found.revoked_at.is_none() {
                found.revoked_at = Some(at);
                kept.trail.push(event.clone());
            }
            true
        })
    }

    async fn revoke_sessions_of(
        &self,
        user: &UserId,
        but: Option<&SessionId>,
        at: Timestamp,
        event: &AuditEvent,
    ) -> Result<u64, WriteAccessError> {
        self.on_access(|kept| {
            let ended = kept.sessions.unrevoked(user).filter(|session| Some(&session.id) != but);
            let count = ended.map(|session| session.revoked_at = Some(at)).count() as u64;
            if count > 0 {
                kept.trail.push(event.clone());
            }
            count
        })
    }

    async fn session(&self, id: &SessionId) -> Result<Option<StoredSession>, ReadError> {
        self.of_access(|kept| {
            let mut sessions = kept.sessions.kept.iter().map(|(_, stored)| stored);
            sessions.find(|stored| stored.session.id == *id).cloned()
        })
    }

    async fn sessions_of(
        &self,
        user: &UserId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Page<Session, u64>, ReadError> {
        self.of_access(|kept| {
            let newest = kept.sessions.kept.iter().rev();
            let theirs = newest.filter(|(number, stored)| {
                stored.session.user == *user && before.is_none_or(|before| *number < before)
            });
            let mut found: Vec<_> =
                theirs.map(|(number, stored)| (*number, stored.session.clone())).collect();
            let goes_on = found.len() > limit;
            found.truncate(limit);
            let next = found.last().filter(|_| goes_on).map(|(number, _)| *number);
            Page { items: found.into_iter().map(|(_, session)| session).collect(), next }
        })
    }

    async fn note_seen(&self, id: &SessionId, at: Timestamp) -> Result<(), WriteAccessError> {
        self.on_access(|kept| {
            if let Some(session) = kept.sessions.find(id) {
                session.last_seen_at = session.last_seen_at.max(at);
            }
        })
    }

    async fn remove_sessions(
        &self,
        expired_before: Timestamp,
        limit: usize,
    ) -> Result<u64, WriteAccessError> {
        self.on_access(|kept| {
            let sessions = &mut kept.sessions.kept;
            let expired = sessions.iter().filter(|(_, stored)| stored.session.expires_at < expired_before);
            let mut oldest: Vec<_> =
                expired.map(|(number, stored)| (stored.session.expires_at, *number)).collect();
            oldest.sort_unstable();
            oldest.truncate(limit);
            sessions.retain(|(number, _)| !oldest.iter().any(|(_, removed)| removed == number));
            oldest.len() as u64
        })
    }
}
