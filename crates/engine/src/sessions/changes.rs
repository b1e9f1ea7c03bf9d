//! Sessions as they start and end.

use std::net::IpAddr;
use std::time::Duration;

use identity::{Action, AuditEvent, Session, SessionId, SessionText, User, UserAgent, UserId, UserState};
use ledger::Timestamp;

use super::port::StoredSession;
use crate::Engine;
use crate::access::WriteAccessError;
use crate::port::ReadError;
use crate::random::random;

/// Where a session is asked for from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionClient {
    /// The address.
    pub address: Option<IpAddr>,
    /// What the browser calls itself.
    pub user_agent: Option<UserAgent>,
}

/// A session to start.
#[derive(Debug)]
pub struct NewSession<'a> {
    /// Whose it is; whether they may come in was found out before.
    pub user: &'a User,
    /// Whether a second factor is behind it: a code was looked at and was right, or they were signed in before. Without
    /// it, nobody comes in who has one by now.
    pub second_factor: bool,
    /// From where they ask for it.
    pub client: SessionClient,
    /// The session that they came with, which ends.
    pub replaces: Option<&'a SessionText>,
    /// How long it lasts, however much it is used.
    pub max: Duration,
}

/// A session that started, with its text, which only its user's browser gets.
#[derive(Debug)]
pub struct StartedSession {
    /// The session.
    pub session: Session,
    /// Its text.
    pub text: SessionText,
}

/// Why a session was not started or ended.
#[derive(Debug, thiserror::Error)]
pub enum ChangeSessionError {
    /// There is no such session of theirs.
    #[error("there is no such session")]
    NotFound,
    /// Their user was disabled, or got another password or a second factor, after they were recognised.
    #[error("the user has changed since they were recognised")]
    Overtaken,
    /// There is no randomness to be had.
    #[error("the system gives no random bytes")]
    Random(#[source] getrandom::Error),
    /// The store did not answer as it should.
    #[error(transparent)]
    Write(#[from] WriteAccessError),
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Engine {
    /// Starts a session, always one of a new id and secret. Where its user changed since they were recognised, it opens
    /// nothing.
    ///
    /// # Errors
    /// [`ChangeSessionError`], but for [`ChangeSessionError::NotFound`].
    pub async fn start_session(
        &self,
        new: NewSession<'_>,
        event: impl Fn(Action, String) -> AuditEvent,
    ) -> Result<StartedSession, ChangeSessionError> {
        let NewSession { user, second_factor, client, replaces, max } = new;
        let text = random_session()?;
        // The clock may be behind that of the replica that set the password.
        let created_at = user.password_set_at.map_or(self.now(), |set_at| set_at.max(self.now()));
        let session = Session {
            id: text.id(),
            user: user.id.clone(),
            created_at,
            last_seen_at: created_at,
            expires_at: later(created_at, max),
            address: client.address,
            user_agent: client.user_agent,
            revoked_at: None,
        };
        let started = event(Action::SessionStarted, session.id.to_string());
        let replaced = self.known_as(replaces).await?;
        let stored = StoredSession { session, digest: text.digest() };
        let written = self.store().sessions().create_session(&stored, replaced.as_ref(), &started).await;
        // Whether it was written or not, and whichever of the user's sessions had to make room for it.
        self.session_cache().forget_user(&user.id);
        if let Some(replaced) = &replaced {
            self.session_cache().forget(replaced);
        }
        written?;
        let session = stored.session;
        // To digest a password takes long, and meanwhile another may be set, or a second factor come. That is looked at
        // once the session is written, which leaves no gap: a change from before this read is seen by it, and one from after it finds the
        // session among those that it ends.
        if self.is_as_recognised(user, second_factor).await? {
            return Ok(StartedSession { session, text });
        }
        let revoked = event(Action::SessionRevoked, session.id.to_string());
        let ended = self.store().sessions().revoke_session(&session.id, self.now(), &revoked).await;
        self.session_cache().forget(&session.id);
        ended?;
        Err(ChangeSessionError::Overtaken)
    }

    /// Says whether a user may still come in as they did when they were recognised.
    async fn is_as_recognised(&self, user: &User, second_factor: bool) -> Result<bool, ReadError> {
        let found = self.store().users().user(&user.id).await?;
        let is_same = found.is_some_and(|now| {
            now.user.state == UserState::Active && now.user.password_set_at == user.password_set_at
        });
        Ok(is_same && (second_factor || !self.has_second_factor(&user.id).await?))
    }

    /// Returns the id of the session that a text belongs to: who knows no more than an id ends nobody's session.
    async fn known_as(&self, text: Option<&SessionText>) -> Result<Option<SessionId>, ReadError> {
        let Some(text) = text else { return Ok(None) };
        let found = self.store().sessions().session(&text.id()).await?;
        Ok(found.filter(|stored| stored.digest == text.digest()).map(|stored| stored.session.id))
    }

    /// Ends a session of a user: it opens nothing here from now on, and nowhere else two seconds later. One that was
    /// ended before stays as it is. Returns it.
    ///
    /// # Errors
    /// [`ChangeSessionError::NotFound`], also where it is somebody else's; [`ChangeSessionError::Write`],
    /// [`ChangeSessionError::Read`].
    pub async fn revoke_session(
        &self,
        id: &SessionId,
        user: &UserId,
        event: AuditEvent,
    ) -> Result<Session, ChangeSessionError> {
        let theirs = async || {
            let found = self.store().sessions().session(id).await?;
            let session = found.map(|stored| stored.session).filter(|session| session.user == *user);
            session.ok_or(ChangeSessionError::NotFound)
        };
        theirs().await?;
        let ended = self.store().sessions().revoke_session(id, self.now(), &event).await;
        self.session_cache().forget(id);
        ended?;
        theirs().await
    }

    /// Ends all sessions of a user but one: they open nothing here from now on, and nowhere else two seconds later.
    /// Returns how many there were.
    ///
    /// # Errors
    /// [`WriteAccessError`].
    pub async fn revoke_sessions_of(
        &self,
        user: &UserId,
        but: Option<&SessionId>,
        event: impl FnOnce(Action, String) -> AuditEvent,
    ) -> Result<u64, WriteAccessError> {
        let event = event(Action::SessionsRevoked, user.to_string());
        let ended = self.store().sessions().revoke_sessions_of(user, but, self.now(), &event).await;
        self.session_cache().forget_user(user);
        ended
    }
}

/// Makes the text of a new session, which opens nothing yet.
fn random_session() -> Result<SessionText, ChangeSessionError> {
    let id = random().map_err(ChangeSessionError::Random)?;
    let secret = random().map_err(ChangeSessionError::Random)?;
    Ok(SessionText::from_random(*id, &secret))
}

/// Returns the moment that is so much later, or the last one that there is.
fn later(at: Timestamp, by: Duration) -> Timestamp {
    let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(at.micros().saturating_add(micros)).unwrap_or(at)
}
