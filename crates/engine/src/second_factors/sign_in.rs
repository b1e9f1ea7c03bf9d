//! Signing in with a second factor, and what else takes one. Whoever lacks the password learns nothing of it.

use std::net::IpAddr;
use std::time::Duration;

use identity::{Action, Actor, AuditEvent, Email, RecoveryCode, RecoveryCodeError, TotpCode, User, UserId};

use super::changes::{SecondFactorError, SecondFactors, seconds};
use crate::access::WriteAccessError;
use crate::port::ReadError;
use crate::sessions::SignInError;
use crate::users::{DigestError, VerifyPasswordError};

/// A code, as somebody types it.
#[derive(Clone, Debug)]
pub enum SecondFactorCode {
    /// Of an authenticator.
    Totp(TotpCode),
    /// One of those that were written down.
    Recovery(RecoveryCode),
}

impl SecondFactorCode {
    /// Parses a code: six digits, or a recovery code.
    ///
    /// # Errors
    /// When it is neither.
    pub fn parse(text: &str) -> Result<Self, RecoveryCodeError> {
        match TotpCode::parse(text) {
            Ok(code) => Ok(Self::Totp(code)),
            Err(_) => RecoveryCode::parse(text).map(Self::Recovery),
        }
    }
}

/// With what somebody shows that a second factor is theirs to take away.
pub enum Proof<'p> {
    /// Their password.
    Password(&'p str),
    /// A code.
    Code(SecondFactorCode),
}

/// Why somebody's second factor was not taken away.
#[derive(Debug, thiserror::Error)]
pub enum RemoveOwnError {
    /// Too many attempts failed of late: the next may be made after so long.
    #[error("too many attempts failed")]
    Throttled(Duration),
    /// The password could not be digested.
    #[error(transparent)]
    Digest(DigestError),
    /// It was not taken away.
    #[error(transparent)]
    Factor(#[from] SecondFactorError),
}

impl From<ReadError> for RemoveOwnError {
    fn from(error: ReadError) -> Self {
        Self::Factor(error.into())
    }
}

impl From<WriteAccessError> for RemoveOwnError {
    fn from(error: WriteAccessError) -> Self {
        Self::Factor(error.into())
    }
}

/// Why a code does not do.
enum CheckError {
    Wrong,
    Write(WriteAccessError),
    Read(ReadError),
}

impl SecondFactors {
    /// Finds out who comes with an address of mail, a password and maybe a code, from an address of the network. The code
    /// is looked at once the password is right.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn sign_in(
        &self,
        email: &Email,
        password: &str,
        code: Option<&SecondFactorCode>,
        from: Option<IpAddr>,
        event: impl Fn(Actor, Action, String) -> AuditEvent,
    ) -> Result<User, SignInError> {
        let second = async |user: User| {
            let found = self.0.engine.store().second_factors().second_factor(&user.id).await?;
            if found.is_none_or(|found| found.confirmed_at.is_none()) {
                return Ok(user);
            }
            let code = code.ok_or(SignInError::SecondFactorRequired)?;
            let event = |action, subject| event(Actor::User(user.id.clone()), action, subject);
            match self.check(&user.id, code, event).await {
                Ok(()) => Ok(user),
                Err(CheckError::Wrong) => Err(SignInError::SecondFactorRefused { user: user.id }),
                Err(CheckError::Write(error)) => Err(error.into()),
                Err(CheckError::Read(error)) => Err(error.into()),
            }
        };
        self.0.engine.sign_in(email, password, from, second).await
    }

    /// Takes a user's own second factor away, for their password or a code. To guess either is as slow as signing in.
    ///
    /// # Errors
    /// [`RemoveOwnError`].
    pub async fn remove_own(
        &self,
        user: &User,
        proof: Proof<'_>,
        from: Option<IpAddr>,
        event: impl Fn(Action, String) -> AuditEvent,
    ) -> Result<(), RemoveOwnError> {
        let engine = &self.0.engine;
        let found = engine.store().second_factors().second_factor(&user.id).await?;
        if found.is_none_or(|found| found.confirmed_at.is_none()) {
            return Err(SecondFactorError::NotFound.into());
        }
        let attempt = engine.begin_attempt(&user.email, from).await?.map_err(RemoveOwnError::Throttled)?;
        let shown = match proof {
            Proof::Password(password) => match engine.verify_password(&user.email, password).await {
                Ok(known) if known.id == user.id => Ok(()),
                Ok(_) | Err(VerifyPasswordError::Wrong(_)) => Err(SecondFactorError::Wrong.into()),
                Err(VerifyPasswordError::Digest(error)) => Err(RemoveOwnError::Digest(error)),
                Err(VerifyPasswordError::Read(error)) => Err(error.into()),
            },
            Proof::Code(code) => match self.check(&user.id, &code, &event).await {
                Ok(()) => Ok(()),
                Err(CheckError::Wrong) => Err(SecondFactorError::Wrong.into()),
                Err(CheckError::Write(error)) => Err(error.into()),
                Err(CheckError::Read(error)) => Err(error.into()),
            },
        };
        let now = engine.since_epoch();
        match &shown {
            Ok(()) => engine.sign_ins().succeeded(&attempt, now),
            Err(RemoveOwnError::Factor(SecondFactorError::Wrong)) => {}
            Err(_) => engine.sign_ins().came_to_nothing(&attempt, now),
        }
        shown?;
        Ok(self.remove(&user.id, event).await?)
    }

    /// Looks at a code, and uses it up where it is right.
    async fn check(
        &self,
        user: &UserId,
        code: &SecondFactorCode,
        event: impl FnOnce(Action, String) -> AuditEvent,
    ) -> Result<(), CheckError> {
        let engine = &self.0.engine;
        let factors = engine.store().second_factors();
        let taken = match code {
            SecondFactorCode::Totp(code) => {
                let found = factors.second_factor(user).await.map_err(CheckError::Read)?;
                let found = found.ok_or(CheckError::Wrong)?;
                let secret = self.open(user, &found).map_err(CheckError::Read)?;
                match secret.step_of(code, seconds(engine.now()), found.last_step) {
                    Some(step) => factors.take_step(user, step).await,
                    None => Ok(false),
                }
            }
            SecondFactorCode::Recovery(code) => {
                let event = event(Action::RecoveryCodeUsed, user.to_string());
                factors.take_recovery_code(user, &code.digest(), &event).await
            }
        };
        if taken.map_err(CheckError::Write)? { Ok(()) } else { Err(CheckError::Wrong) }
    }
}
