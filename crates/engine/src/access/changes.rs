//! Whom a key belongs to, and how keys come and go.

use std::sync::Arc;
use std::time::{Duration, Instant};

use identity::{
    Action, Actor, ApiKey, AuditEvent, Grants, KeyId, KeyName, KeyText, Principal, Scope, ServiceSecret,
};
use ledger::Timestamp;

use super::cache::CachedKey;
use super::lookups::Lookup;
use super::port::{StoredKey, WriteAccessError};
use crate::Engine;
use crate::clock;
use crate::port::{ReadError, Store};
use crate::random::random;

/// How often what was noted of refusals and of the use of keys is written.
const WRITE_INTERVAL: Duration = Duration::from_secs(10);

/// Why somebody is not let in.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticationError {
    /// There is no such key, or its secret is another one.
    #[error("there is no such key")]
    Unknown,
    /// The time of this key is over.
    #[error("the key has expired")]
    Expired(KeyId),
    /// This key was revoked.
    #[error("the key was revoked")]
    Revoked(KeyId),
    /// The token does not do.
    #[error(transparent)]
    Token(#[from] tokens::TokenError),
    /// It could not be found out.
    #[error("the key could not be looked up")]
    Read(#[source] ReadError),
}

/// A key to create.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// What people call it.
    pub name: KeyName,
    /// What its bearer may do.
    pub grants: Grants,
    /// From when on it opens nothing any more.
    pub expires_at: Option<Timestamp>,
}

/// A key that was created, with its text, which nobody will see again.
#[derive(Debug)]
pub struct IssuedKey {
    /// The key.
    pub key: ApiKey,
    /// Its text.
    pub text: KeyText,
}

/// Why a key was not created or revoked.
#[derive(Debug, thiserror::Error)]
pub enum ChangeKeyError {
    /// Whoever asked lacks a scope that the key would have.
    #[error("nobody grants what they do not have: {0}")]
    Lacking(Scope),
    /// There is no such key.
    #[error("there is no such key")]
    NotFound,
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
    /// Says who comes with a key.
    ///
    /// # Errors
    /// [`AuthenticationError`].
    pub async fn authenticate(&self, text: &KeyText) -> Result<Arc<Principal>, AuthenticationError> {
        let cached = self.look_up(text.id_text()).await?;
        if cached.digest != text.digest() {
            return Err(AuthenticationError::Unknown);
        }
        self.in_use(&cached, || text.id())
    }

    /// Says who comes with what was given for a key, and was checked by itself.
    ///
    /// # Errors
    /// [`AuthenticationError`].
    pub(crate) async fn authenticate_for(&self, id: &KeyId) -> Result<Arc<Principal>, AuthenticationError> {
        let cached = self.look_up(id.as_str()).await?;
        self.in_use(&cached, || id.clone())
    }

    async fn look_up(&self, id: &str) -> Result<Arc<Lookup<CachedKey>>, AuthenticationError> {
        if let Some(cached) = self.keys().find(id) {
            return Ok(cached);
        }
        let began = Instant::now();
        let id = KeyId::parse(id).map_err(|_| AuthenticationError::Unknown)?;
        let found = self.store().access().key(&id).await.map_err(AuthenticationError::Read)?;
        let Some(stored) = found else {
            self.keys().drop_missing(&id);
            return Err(AuthenticationError::Unknown);
        };
        Ok(self.keys().keep(&stored, began))
    }

    /// Lets a key that was looked up be used now, unless its time is over.
    fn in_use(
        &self,
        cached: &CachedKey,
        id: impl FnOnce() -> KeyId,
    ) -> Result<Arc<Principal>, AuthenticationError> {
        let now = self.now();
        if cached.is_revoked {
            return Err(AuthenticationError::Revoked(id()));
        }
        if cached.expires_at.is_some_and(|at| at <= now) {
            return Err(AuthenticationError::Expired(id()));
        }
        cached.use_at(now);
        Ok(Arc::clone(&cached.principal))
    }

    /// Creates a key for whoever `by` is, who cannot give it more than they have.
    ///
    /// # Errors
    /// [`ChangeKeyError`], but for [`ChangeKeyError::NotFound`].
    pub async fn create_key(
        &self,
        new: NewKey,
        by: &Principal,
        event: impl FnOnce(Action, String) -> AuditEvent,
    ) -> Result<IssuedKey, ChangeKeyError> {
        if let Some(scope) = by.grants().lacking(&new.grants) {
            return Err(ChangeKeyError::Lacking(scope));
        }
        let text = random_key()?;
        let event = event(Action::KeyCreated, text.id().to_string());
        let key = ApiKey {
            id: text.id(),
            name: new.name,
            grants: new.grants,
            created_at: self.now(),
            created_by: event.actor.clone(),
            expires_at: new.expires_at,
            revoked_at: None,
            last_used_at: None,
        };
        let stored = StoredKey { key: key.clone(), digest: text.digest() };
        self.store().access().create_key(&stored, &event).await?;
        Ok(IssuedKey { key, text })
    }

    /// Revokes a key, for good: it opens nothing here from now on, and nowhere else two seconds later. Returns it.
    ///
    /// # Errors
    /// [`ChangeKeyError::NotFound`], [`ChangeKeyError::Write`], [`ChangeKeyError::Read`].
    pub async fn revoke_key(
        &self,
        id: &KeyId,
        event: impl FnOnce(Action, String) -> AuditEvent,
    ) -> Result<ApiKey, ChangeKeyError> {
        let event = event(Action::KeyRevoked, id.to_string());
        let is_there = self.store().access().revoke_key(id, self.now(), &event).await;
        self.keys().forget(id);
        if !is_there? {
            return Err(ChangeKeyError::NotFound);
        }
        // It is revoked by now: that cannot be told of a key that cannot be read.
        let revoked = self.store().access().key(id).await.map_err(|error| WriteAccessError(error.into()))?;
        revoked.map(|stored| stored.key).ok_or(ChangeKeyError::NotFound)
    }

    /// Sees to it that there is a key of this text, which may do everything when it is created. One that was revoked stays
    /// revoked.
    ///
    /// # Errors
    /// [`ChangeKeyError::Write`], [`ChangeKeyError::Read`].
    ///
    /// # Panics
    /// When `name` is none for a key.
    pub async fn ensure_admin_key(&self, text: &KeyText, name: &str) -> Result<(), ChangeKeyError> {
        let id = text.id();
        if self.store().access().key(&id).await?.is_some() {
            return Ok(());
        }
        let key = ApiKey {
            id: id.clone(),
            name: KeyName::parse(name).expect("a name for a key"),
            grants: Grants::everything(),
            created_at: self.now(),
            created_by: Actor::Operator,
            expires_at: None,
            revoked_at: None,
            last_used_at: None,
        };
        let event = AuditEvent::by_operator(key.created_at, Action::KeyCreated, id.to_string());
        match self.store().access().create_key(&StoredKey { key, digest: text.digest() }, &event).await {
            // Another replica that starts at the same moment may have been first.
            Err(error) if self.store().access().key(&id).await?.is_none() => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Says whether there is a key with which keys can be created.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`], [`ReadError::Corrupt`].
    pub async fn has_admin_key(&self) -> Result<bool, ReadError> {
        let mut before = None;
        loop {
            let page = self.store().access().keys(before, 1000).await?;
            let now = self.now();
            let administers = |key: &ApiKey| {
                key.state(now) == identity::KeyState::Active && key.grants.allow_overall(Scope::KeysAdmin)
            };
            if page.items.iter().any(administers) {
                return Ok(true);
            }
            before = page.next;
            if before.is_none() {
                return Ok(false);
            }
        }
    }

    /// Notes that somebody was refused; it is written with the next [`Self::write_access`].
    pub fn note_refusal(&self, event: AuditEvent) {
        self.refusals().note(event);
    }

    /// Writes what was noted, again and again. It never ends by itself.
    pub async fn keep_writing_access(&self) {
        loop {
            tokio::time::sleep(WRITE_INTERVAL).await;
            if let Err(error) = self.write_access().await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the audit trail lacks what was refused, or keys when they were used"
                );
            }
        }
    }

    /// Writes what was noted of refusals and of the use of keys.
    ///
    /// # Errors
    /// [`WriteAccessError`]: what was noted is then lost.
    pub async fn write_access(&self) -> Result<(), WriteAccessError> {
        let (refused, uses) = (self.refusals().take(), self.keys().take_uses());
        if !refused.is_empty() {
            self.store().access().record(&refused).await?;
        }
        if !uses.is_empty() {
            self.store().access().note_uses(&uses).await?;
        }
        Ok(())
    }
}

/// Makes a new secret for a service.
///
/// # Errors
/// Where there is no randomness to be had.
pub fn random_service_secret() -> Result<ServiceSecret, getrandom::Error> {
    Ok(ServiceSecret::from_random(&*random()?))
}

/// Records what an operator did on the command line, or the service by itself.
///
/// # Errors
/// [`WriteAccessError`].
pub async fn record_by_operator(
    store: &dyn Store,
    action: Action,
    subject: String,
) -> Result<(), WriteAccessError> {
    store.access().record(&[AuditEvent::by_operator(clock::now(), action, subject)]).await
}

/// Makes the text of a new key, which opens nothing yet.
///
/// # Errors
/// [`ChangeKeyError::Random`].
pub fn random_key() -> Result<KeyText, ChangeKeyError> {
    let id = random().map_err(ChangeKeyError::Random)?;
    let secret = random().map_err(ChangeKeyError::Random)?;
    Ok(KeyText::from_random(*id, &secret))
}

/// Makes a random name: 12 letters and digits, as the ids of keys are.
pub(crate) fn random_name() -> Result<String, getrandom::Error> {
    Ok(KeyId::from_random(*random()?).to_string())
}
