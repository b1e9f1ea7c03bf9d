//! The signing keys as they were looked up a moment ago, and how new ones are made.
//!
//! As with API keys, a look-up counts for a second; then one request looks again while the others go on, and after
//! another second nobody goes on without. So a key that is revoked elsewhere is refused two seconds later. Who meets a
//! key that is not known has it looked up at once, one after the other: there is at most one such read at a time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use identity::{Action, AuditEvent, Sealer};
use ledger::Timestamp;
use tokens::SigningKey;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use super::access_tokens::TokenOptions;
use super::error::SigningKeyError;
use super::port::{SigningKeyStore, StoredSigningKey};
use super::rotation::{due, published, signer};
use super::unkept::UnkeptKeys;
use crate::Engine;
use crate::access::random_name;
use crate::port::ReadError;
use crate::random::random;

/// How long a look-up counts, and how much longer it does while somebody looks again.
const FRESH: Duration = Duration::from_secs(1);

/// How often another replica may be first before it is given up.
const ATTEMPTS_MAX: usize = 5;

/// The signing keys.
pub(super) struct SigningKeys {
    engine: Engine,
    sealer: Sealer,
    rotation: Duration,
    /// Where keys are instead of in the store.
    unkept: Option<UnkeptKeys>,
    known: RwLock<Option<Arc<KnownKeys>>>,
    /// The key that signed last, opened.
    opened: RwLock<Option<Arc<SigningKey>>>,
    looking_up: Mutex<()>,
}

/// The keys as they were looked up.
pub(super) struct KnownKeys {
    stored: Vec<StoredSigningKey>,
    looked_up: Instant,
    is_being_looked_up: AtomicBool,
}

impl KnownKeys {
    /// Returns those by which tokens are checked at a time.
    pub(super) fn published(&self, now: Timestamp) -> Vec<&StoredSigningKey> {
        published(&self.stored, now)
    }

    /// Returns the public part of the key of a name, if tokens are checked by it at a time.
    pub(super) fn point(&self, name: &str, now: Timestamp) -> Option<[u8; 32]> {
        self.published(now).into_iter().find(|key| key.name == name).map(|key| key.public)
    }
}

impl SigningKeys {
    pub(super) fn new(engine: Engine, sealer: Sealer, options: &TokenOptions) -> Self {
        let (known, opened) = (RwLock::default(), RwLock::default());
        let unkept = (!options.keeps_keys).then(UnkeptKeys::default);
        let rotation = options.rotation;
        Self { engine, sealer, rotation, unkept, known, opened, looking_up: Mutex::default() }
    }

    fn place(&self) -> &dyn SigningKeyStore {
        match &self.unkept {
            Some(unkept) => unkept,
            None => self.engine.store().signing(),
        }
    }

    /// Returns the keys, looked up within the last second or two.
    pub(super) async fn current(&self) -> Result<Arc<KnownKeys>, ReadError> {
        if let Some(known) = self.known() {
            let age = known.looked_up.elapsed();
            if age < FRESH || age < FRESH * 2 && known.is_being_looked_up.swap(true, Ordering::Relaxed) {
                return Ok(known);
            }
        }
        self.look_up().await
    }

    /// Returns the keys, looked up after this call began.
    pub(super) async fn look_up(&self) -> Result<Arc<KnownKeys>, ReadError> {
        let asked = Instant::now();
        let _one = self.looking_up.lock().await;
        // Somebody who was waited for may have begun after this was asked.
        if let Some(known) = self.known().filter(|known| known.looked_up >= asked) {
            return Ok(known);
        }
        let looked_up = Instant::now();
        let stored = self.place().signing_keys().await?;
        let known = Arc::new(KnownKeys { stored, looked_up, is_being_looked_up: AtomicBool::new(false) });
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&known));
        Ok(known)
    }

    /// Returns the key that signs now. Where the next one is due, it is made.
    pub(super) async fn signing(&self) -> Result<Arc<SigningKey>, SigningKeyError> {
        let mut known = self.current().await?;
        if let Some(from) = due(&known.stored, self.engine.now(), self.rotation) {
            match self.make(&known, Some(from), false).await {
                Ok(_) => known = self.look_up().await?,
                // The one that signs now is as good as it was: the next request tries again.
                Err(error) if signer(&known.stored, self.engine.now()).is_some() => {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, "the next signing key could not be made");
                }
                Err(error) => return Err(error),
            }
        }
        let now = self.engine.now();
        let good = known.stored.iter().rfind(|key| key.revoked_at.is_none());
        // Where there is only one that is yet to sign, the clock of whoever made it is ahead.
        let stored = signer(&known.stored, now).or(good).ok_or(SigningKeyError::Contended)?;
        let opened = self.opened.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(opened) = opened.filter(|opened| opened.name() == stored.name) {
            return Ok(opened);
        }
        let opened = Arc::new(self.open(stored)?);
        *self.opened.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&opened));
        Ok(opened)
    }

    /// Makes a key that signs from now on, whatever is there; with `revoke_earlier`, all that was signed before is
    /// refused. Returns its name.
    pub(super) async fn rotate(&self, revoke_earlier: bool) -> Result<String, SigningKeyError> {
        for _ in 0..ATTEMPTS_MAX {
            let known = self.look_up().await?;
            if let Some(name) = self.make(&known, None, revoke_earlier).await? {
                self.look_up().await?;
                return Ok(name);
            }
        }
        Err(SigningKeyError::Contended)
    }

    /// Makes the key that comes after those that are known; `None` where another replica was first.
    async fn make(
        &self,
        known: &KnownKeys,
        signs_from: Option<Timestamp>,
        revoke_earlier: bool,
    ) -> Result<Option<String>, SigningKeyError> {
        let seed = random().map_err(SigningKeyError::Random)?;
        let nonce = random().map_err(SigningKeyError::Random)?;
        let name = random_name().map_err(SigningKeyError::Random)?;
        let key = SigningKey::from_seed(name.clone(), &seed);
        let public = key.map_err(|_| SigningKeyError::Sealed(name.clone()))?.public();
        let now = self.engine.now();
        let key = StoredSigningKey {
            number: known.stored.last().map_or(0, |last| last.number + 1),
            sealed: self.sealer.seal(*nonce, name.as_bytes(), &*seed),
            public,
            created_at: now,
            signs_from: signs_from.unwrap_or(now),
            revoked_at: None,
            name: name.clone(),
        };
        let subject = if revoke_earlier { format!("{name}, earlier ones revoked") } else { name.clone() };
        let event = AuditEvent::by_operator(now, Action::SigningKeyCreated, subject);
        let revoke_earlier = revoke_earlier.then_some(now);
        let added = self.place().add_signing_key(&key, revoke_earlier, &event).await?;
        Ok(added.then_some(name))
    }

    fn open(&self, stored: &StoredSigningKey) -> Result<SigningKey, SigningKeyError> {
        let sealed = || SigningKeyError::Sealed(stored.name.clone());
        let opened = self.sealer.open(stored.name.as_bytes(), &stored.sealed).map_err(|_| sealed())?;
        let seed: Zeroizing<[u8; 32]> = Zeroizing::new(opened.as_slice().try_into().map_err(|_| sealed())?);
        let key = SigningKey::from_seed(stored.name.clone(), &seed).map_err(|_| sealed())?;
        if key.public() == stored.public { Ok(key) } else { Err(sealed()) }
    }

    fn known(&self) -> Option<Arc<KnownKeys>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
