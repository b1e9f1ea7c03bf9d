//! Who comes with a session. It is looked up as keys are, together with its user, so that whoever is disabled, has a new
//! password or other rights is so two seconds later everywhere.

use std::sync::Arc;
use std::time::{Duration, Instant};

use identity::{Principal, SecretDigest, Session, SessionId, SessionState, SessionText, UserId, UserState};
use ledger::Timestamp;

use super::port::StoredSession;
use crate::Engine;
use crate::access::Lookups;
use crate::port::ReadError;
use crate::users::StoredUser;

/// The use of a session is noted once in this part of the time after which an unused one ends: what is noted is that
/// much older than the use at most, and a session ends that much earlier at most.
const NOTES_IN_IDLE: u32 = 30;

/// Sessions that were looked up a moment ago.
#[derive(Default)]
pub(crate) struct SessionCache(Lookups<SessionId, CachedSession>);

struct CachedSession {
    digest: SecretDigest,
    session: Session,
    /// `None` where its user may not come in with it any more.
    principal: Option<Arc<Principal>>,
}

/// Why somebody is not let in with a session.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// There is no such session, or its secret is another one.
    #[error("there is no such session")]
    Unknown,
    /// It is over, or its user may not come in any more.
    #[error("the session is over")]
    Over(UserId),
    /// It could not be found out.
    #[error("the session could not be looked up")]
    Read(#[source] ReadError),
}

impl SessionCache {
    /// Forgets a session, so that whoever comes next looks it up.
    pub(crate) fn forget(&self, id: &SessionId) {
        self.0.forget(id);
    }

    /// Forgets the sessions of a user.
    pub(crate) fn forget_user(&self, user: &UserId) {
        self.0.forget_where(|cached| cached.session.user == *user);
    }
}

impl CachedSession {
    fn of(stored: StoredSession, user: Option<StoredUser>) -> Self {
        let StoredSession { session, digest } = stored;
        // A session does not outlive the password that it came from.
        let may = |user: &StoredUser| {
            let set_at = user.user.password_set_at;
            user.user.state == UserState::Active && set_at.is_none_or(|at| at <= session.created_at)
        };
        let principal = user
            .filter(may)
            .map(|StoredUser { user, .. }| Arc::new(user.principal().until(session.expires_at)));
        Self { digest, session, principal }
    }
}

impl Engine {
    /// Says who comes with a session, where one that is not used for `idle` is over.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn authenticate_session(
        &self,
        text: &SessionText,
        idle: Duration,
    ) -> Result<Arc<Principal>, SessionError> {
        let now = self.now();
        let cached = if let Some(cached) = self.session_cache().0.find(text.id_text()) {
            cached
        } else {
            let (began, id) = (Instant::now(), text.id());
            let found = self.store().sessions().session(&id).await.map_err(SessionError::Read)?;
            let Some(mut stored) = found else {
                self.session_cache().0.drop_missing(&id);
                return Err(SessionError::Unknown);
            };
            let user = self.store().users().user(&stored.session.user).await;
            let user = user.map_err(SessionError::Read)?;
            if stored.digest == text.digest() && stored.session.state(now, idle) == SessionState::Active {
                self.note_seen(&mut stored.session, now, idle).await;
            }
            self.session_cache().0.keep(id, began, |_| CachedSession::of(stored, user))
        };
        if cached.digest != text.digest() {
            return Err(SessionError::Unknown);
        }
        match &cached.principal {
            Some(principal) if cached.session.state(now, idle) == SessionState::Active => {
                Ok(Arc::clone(principal))
            }
            _ => Err(SessionError::Over(cached.session.user.clone())),
        }
    }

    async fn note_seen(&self, session: &mut Session, now: Timestamp, idle: Duration) {
        let unnoted = now.micros().saturating_sub(session.last_seen_at.micros());
        if u128::try_from(unnoted).is_ok_and(|unnoted| unnoted >= (idle / NOTES_IN_IDLE).as_micros()) {
            match self.store().sessions().note_seen(&session.id, now).await {
                Ok(()) => session.last_seen_at = now,
                // The session is good all the same, and the next look-up notes it.
                Err(error) => tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "it is not noted when a session was last used"
                ),
            }
        }
    }
}
