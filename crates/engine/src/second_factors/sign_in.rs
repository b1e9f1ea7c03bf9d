//! Signing in with a second factor. Whoever lacks the password learns nothing of it.

use std::net::IpAddr;

use identity::{Action, Actor, AuditEvent, Email, RecoveryCode, RecoveryCodeError, TotpCode, User, UserId};

use super::changes::{SecondFactors, seconds};
use crate::access::WriteAccessError;
use crate::port::ReadError;
use crate::sessions::SignInError;

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

/// Who signed in, and with what.
#[derive(Clone, Debug)]
pub struct Recognised {
    /// The user.
    pub user: User,
    /// Whether a code was looked at: one that came where no second factor counted was not.
    pub second_factor: bool,
}

/// Why a code does not do.
pub(super) enum CheckError {
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
    ) -> Result<Recognised, SignInError> {
        let second = async |user: User| {
            if !self.0.engine.has_second_factor(&user.id).await? {
                return Ok(Recognised { user, second_factor: false });
            }
            let code = code.ok_or(SignInError::SecondFactorRequired)?;
            let event = |action, subject| event(Actor::User(user.id.clone()), action, subject);
            match self.check(&user.id, code, event).await {
                Ok(()) => Ok(Recognised { user, second_factor: true }),
                Err(CheckError::Wrong) => Err(SignInError::SecondFactorRefused { user: user.id }),
                Err(CheckError::Write(error)) => Err(error.into()),
                Err(CheckError::Read(error)) => Err(error.into()),
            }
        };
        self.0.engine.sign_in(email, password, from, second).await
    }

    /// Looks at a code, and uses it up where it is right.
    pub(super) async fn check(
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
