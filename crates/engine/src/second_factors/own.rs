//! What users do with their own second factor, once they showed that it is they who ask: a session alone may be somebody
//! else's by now.

use std::net::IpAddr;
use std::time::Duration;

use identity::{Action, AuditEvent, RecoveryCode, SessionId, TotpCode, User};

use super::changes::{Enrolled, SecondFactorError, SecondFactors};
use super::sign_in::{CheckError, SecondFactorCode};
use crate::access::WriteAccessError;
use crate::port::ReadError;
use crate::users::{DigestError, VerifyPasswordError};

/// With what somebody shows that it is they who ask.
pub enum Proof<'p> {
    /// Their password.
    Password(&'p str),
    /// A code.
    Code(SecondFactorCode),
}

/// Why somebody's own second factor did not come or go.
#[derive(Debug, thiserror::Error)]
pub enum OwnFactorError {
    /// Too many attempts failed of late: the next may be made after so long.
    #[error("too many attempts failed")]
    Throttled(Duration),
    /// The password could not be digested.
    #[error(transparent)]
    Digest(DigestError),
    /// It did not come or go.
    #[error(transparent)]
    Factor(#[from] SecondFactorError),
}

impl From<ReadError> for OwnFactorError {
    fn from(error: ReadError) -> Self {
        Self::Factor(error.into())
    }
}

impl From<WriteAccessError> for OwnFactorError {
    fn from(error: WriteAccessError) -> Self {
        Self::Factor(error.into())
    }
}

impl SecondFactors {
    /// Makes a secret for a user who knows their password, which counts once a code of it was shown. One that waits for
    /// that is replaced. To guess the password is as slow as signing in.
    ///
    /// # Errors
    /// [`OwnFactorError`].
    pub async fn enrol_own(
        &self,
        user: &User,
        password: &str,
        from: Option<IpAddr>,
        event: impl Fn(Action, String) -> AuditEvent,
    ) -> Result<Enrolled, OwnFactorError> {
        if self.0.engine.has_second_factor(&user.id).await? {
            return Err(SecondFactorError::Exists.into());
        }
        self.prove(user, Proof::Password(password), from, event).await?;
        Ok(self.enrol(user).await?)
    }

    /// Has a user's own secret count from now on, for a code of it, and ends all their sessions but the one that they came
    /// with. Returns the recovery codes, which are shown this once. To guess the code is as slow as signing in.
    ///
    /// # Errors
    /// [`OwnFactorError`], but for [`OwnFactorError::Digest`].
    pub async fn confirm_own(
        &self,
        user: &User,
        session: &SessionId,
        code: &TotpCode,
        from: Option<IpAddr>,
        event: impl Fn(Action, String) -> AuditEvent,
    ) -> Result<Vec<RecoveryCode>, OwnFactorError> {
        let engine = &self.0.engine;
        let begun = engine.begin_attempt(engine.sign_ins(), &user.email, from).await?;
        let attempt = begun.map_err(OwnFactorError::Throttled)?;
        let confirmed = self.confirm(&user.id, session, code, event).await;
        engine.settle_attempt(&attempt, &confirmed, |error| matches!(error, SecondFactorError::Wrong));
        Ok(confirmed?)
    }

    /// Takes a user's own second factor away, for their password or a code. To guess either is as slow as signing in.
    ///
    /// # Errors
    /// [`OwnFactorError`].
    pub async fn remove_own(
        &self,
        user: &User,
        proof: Proof<'_>,
        from: Option<IpAddr>,
        event: impl Fn(Action, String) -> AuditEvent,
    ) -> Result<(), OwnFactorError> {
        if !self.0.engine.has_second_factor(&user.id).await? {
            return Err(SecondFactorError::NotFound.into());
        }
        self.prove(user, proof, from, &event).await?;
        Ok(self.remove(&user.id, event).await?)
    }

    /// Has a user show that it is they who ask.
    async fn prove(
        &self,
        user: &User,
        proof: Proof<'_>,
        from: Option<IpAddr>,
        event: impl Fn(Action, String) -> AuditEvent,
    ) -> Result<(), OwnFactorError> {
        let engine = &self.0.engine;
        let begun = engine.begin_attempt(engine.sign_ins(), &user.email, from).await?;
        let attempt = begun.map_err(OwnFactorError::Throttled)?;
        let shown = match proof {
            Proof::Password(password) => match engine.verify_password(&user.email, password).await {
                Ok(known) if known.id == user.id => Ok(()),
                Ok(_) | Err(VerifyPasswordError::Wrong(_)) => Err(SecondFactorError::Wrong.into()),
                Err(VerifyPasswordError::Digest(error)) => Err(OwnFactorError::Digest(error)),
                Err(VerifyPasswordError::Read(error)) => Err(error.into()),
            },
            Proof::Code(code) => match self.check(&user.id, &code, event).await {
                Ok(()) => Ok(()),
                Err(CheckError::Wrong) => Err(SecondFactorError::Wrong.into()),
                Err(CheckError::Write(error)) => Err(error.into()),
                Err(CheckError::Read(error)) => Err(error.into()),
            },
        };
        engine.settle_attempt(&attempt, &shown, |error| {
            matches!(error, OwnFactorError::Factor(SecondFactorError::Wrong))
        });
        shown
    }
}
