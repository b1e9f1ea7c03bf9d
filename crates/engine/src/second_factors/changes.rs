//! How second factors come and go.

use std::sync::Arc;

use identity::{
    Action, AuditEvent, RecoveryCode, Sealer, SecretDigest, SessionId, TotpCode, TotpSecret, User, UserId,
};
use zeroize::Zeroizing;

use super::port::{Confirmed, SealedTotp, StoredTotp};
use crate::Engine;
use crate::access::WriteAccessError;
use crate::port::ReadError;
use crate::random::random;

/// How many recovery codes come with a second factor.
const RECOVERY_CODES: usize = 10;
/// What authenticators call the service.
const ISSUER: &str = "Florin";

/// Second factors of an engine's users. Clones are the same.
#[derive(Clone)]
pub struct SecondFactors(pub(super) Arc<Shared>);

pub(super) struct Shared {
    pub(super) engine: Engine,
    sealer: Sealer,
}

/// A secret that was just made, to be shown this once.
#[derive(Debug)]
pub struct Enrolled {
    /// As people type it.
    pub secret: Zeroizing<String>,
    /// As authenticators read it.
    pub uri: Zeroizing<String>,
}

/// Why a second factor did not come or go.
#[derive(Debug, thiserror::Error)]
pub enum SecondFactorError {
    /// There is one already.
    #[error("there is a second factor already")]
    Exists,
    /// There is none, or none that waits to be confirmed.
    #[error("there is no such second factor")]
    NotFound,
    /// The code is not of the secret, not of now, or was used before; or the password is another one.
    #[error("the code or the password is wrong")]
    Wrong,
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

impl SecondFactors {
    /// Looks after second factors, whose secrets `sealer` seals.
    #[must_use]
    pub fn new(engine: Engine, sealer: Sealer) -> Self {
        Self(Arc::new(Shared { engine, sealer }))
    }

    /// Makes a secret for a user, which counts once a code of it was shown. One that waits for that is replaced.
    ///
    /// # Errors
    /// [`SecondFactorError::Exists`], and those of randomness and of the store.
    pub(super) async fn enrol(&self, user: &User) -> Result<Enrolled, SecondFactorError> {
        let Shared { engine, sealer } = &*self.0;
        let secret = TotpSecret::from_bytes(*random().map_err(SecondFactorError::Random)?);
        let nonce = random().map_err(SecondFactorError::Random)?;
        let sealed = sealer.seal(*nonce, user.id.as_str().as_bytes(), secret.expose_bytes());
        let sealed = SealedTotp::from_bytes(sealed);
        if !engine.store().second_factors().enrol_totp(&user.id, &sealed, engine.now()).await? {
            return Err(SecondFactorError::Exists);
        }
        Ok(Enrolled { secret: secret.expose(), uri: secret.uri(ISSUER, user.email.as_str()) })
    }

    /// Has a user's secret count from now on, for a code of it, and ends all their sessions but the one that they came with:
    /// those began without it. Returns the recovery codes, which are shown this once.
    ///
    /// # Errors
    /// [`SecondFactorError`].
    pub(super) async fn confirm(
        &self,
        user: &UserId,
        session: &SessionId,
        code: &TotpCode,
        event: impl Fn(Action, String) -> AuditEvent,
    ) -> Result<Vec<RecoveryCode>, SecondFactorError> {
        let engine = &self.0.engine;
        let found = engine.store().second_factors().second_factor(user).await?;
        let found = found.ok_or(SecondFactorError::NotFound)?;
        if found.confirmed_at.is_some() {
            return Err(SecondFactorError::Exists);
        }
        let at = engine.now();
        let step = self.open(user, &found)?.step_of(code, seconds(at), None);
        let step = step.ok_or(SecondFactorError::Wrong)?;
        let codes = (0..RECOVERY_CODES).map(|_| random_code()).collect::<Result<Vec<_>, _>>();
        let codes = codes.map_err(SecondFactorError::Random)?;
        let recovery_codes: Vec<SecretDigest> = codes.iter().map(RecoveryCode::digest).collect();
        let confirmed = Confirmed { sealed: &found.sealed, step, at, recovery_codes: &recovery_codes };
        // Also before it counts: what fails after that would keep the recovery codes from their owner.
        engine.revoke_sessions_of(user, Some(session), &event).await?;
        let added = event(Action::SecondFactorAdded, user.to_string());
        // Another secret came in its place, or it was confirmed meanwhile.
        if !engine.store().second_factors().confirm_totp(user, confirmed, &added).await? {
            return Err(SecondFactorError::NotFound);
        }
        // Whoever signed in between the two did so without it.
        if let Err(error) = engine.revoke_sessions_of(user, Some(session), &event).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, %user, "sessions may be left that began just before a second factor counted");
        }
        Ok(codes)
    }

    /// Takes the second factor of a user away who lost it, and ends all their sessions: whoever found it may have them.
    ///
    /// # Errors
    /// [`SecondFactorError::NotFound`], and those of the store.
    pub async fn remove_lost(
        &self,
        user: &UserId,
        event: impl Fn(Action, String) -> AuditEvent,
    ) -> Result<(), SecondFactorError> {
        if !self.0.engine.has_second_factor(user).await? {
            return Err(SecondFactorError::NotFound);
        }
        self.0.engine.revoke_sessions_of(user, None, &event).await?;
        self.remove(user, event).await
    }

    /// Takes a user's second factor away.
    pub(super) async fn remove(
        &self,
        user: &UserId,
        event: impl FnOnce(Action, String) -> AuditEvent,
    ) -> Result<(), SecondFactorError> {
        let event = event(Action::SecondFactorRemoved, user.to_string());
        let removed = self.0.engine.store().second_factors().remove_second_factor(user, &event).await?;
        if removed { Ok(()) } else { Err(SecondFactorError::NotFound) }
    }

    /// Opens a secret. One that cannot be opened was sealed with another secret of the service.
    pub(super) fn open(&self, user: &UserId, stored: &StoredTotp) -> Result<TotpSecret, ReadError> {
        let opened = self.0.sealer.open(user.as_str().as_bytes(), stored.sealed.as_bytes());
        let opened = opened.map_err(|error| ReadError::Corrupt(error.into()))?;
        let bytes = <[u8; TotpSecret::BYTES]>::try_from(&opened[..]);
        bytes.map(TotpSecret::from_bytes).map_err(|error| ReadError::Corrupt(error.into()))
    }
}

impl Engine {
    /// Says whether a user has a second factor that counts.
    pub(crate) async fn has_second_factor(&self, user: &UserId) -> Result<bool, ReadError> {
        let found = self.store().second_factors().second_factor(user).await?;
        Ok(found.is_some_and(|found| found.confirmed_at.is_some()))
    }
}

pub(super) fn seconds(at: ledger::Timestamp) -> i64 {
    at.micros().div_euclid(1_000_000)
}

fn random_code() -> Result<RecoveryCode, getrandom::Error> {
    Ok(RecoveryCode::from_random(&*random()?))
}
