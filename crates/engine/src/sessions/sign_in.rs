//! Signing in: whether somebody may try, and whether they are who they say. Whoever is refused learns nothing of why.

use std::net::IpAddr;
use std::time::Duration;

use identity::{Action, AuditEvent, Email, User, UserId};
use tokio::time::{Instant, sleep_until};

use super::throttle::{Attempt, LoginThrottle, Network, Refusal, SinceEpoch};
use crate::Engine;
use crate::access::WriteAccessError;
use crate::port::ReadError;
use crate::users::{ChangeUserError, DigestError, SetPasswordError, VerifyPasswordError};

/// How many of a user's latest sessions say where they came in from.
const RECENT_SESSIONS: usize = 50;

/// How long it takes to say no where that was looked up: there is more to read of who comes in often than of nobody, and less
/// than this.
const LOOKED_UP_AFTER: Duration = Duration::from_millis(50);

/// Why somebody did not sign in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Too many attempts failed of late: the next may be made after so long.
    #[error("too many attempts to sign in failed")]
    Throttled(Duration),
    /// There is no such user, their password is another one, or they may not come in.
    #[error("the address or the password is wrong")]
    Refused {
        /// Whose address it is; for the audit trail, and never for whoever asked.
        user: Option<UserId>,
    },
    /// The password is right, and it takes a code beside it.
    #[error("a code of the second factor is needed")]
    SecondFactorRequired,
    /// The password is right, and the code is wrong or was used before.
    #[error("the code is wrong")]
    SecondFactorRefused {
        /// Whose code it is not; for the audit trail.
        user: UserId,
    },
    /// It could not be found out.
    #[error(transparent)]
    Digest(DigestError),
    /// What has to be noted of the code was not, or may not have been.
    #[error(transparent)]
    Write(#[from] WriteAccessError),
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Why somebody did not get another password.
#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    /// Too many attempts failed of late: the next may be made after so long.
    #[error("too many attempts to give the password failed")]
    Throttled(Duration),
    /// It was not set.
    #[error(transparent)]
    Set(#[from] SetPasswordError),
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Engine {
    /// Finds out who comes with an address of mail and a password, from an address of the network. `second` is asked
    /// once the password is right, and says what is returned; a code that it refuses counts as a wrong password does.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn sign_in<T, S: Future<Output = Result<T, SignInError>>>(
        &self,
        email: &Email,
        password: &str,
        from: Option<IpAddr>,
        second: impl FnOnce(User) -> S,
    ) -> Result<T, SignInError> {
        let attempt =
            self.begin_attempt(self.sign_ins(), email, from).await?.map_err(SignInError::Throttled)?;
        let outcome = match self.verify_password(email, password).await {
            Ok(user) => second(user).await,
            Err(VerifyPasswordError::Wrong(user)) => Err(SignInError::Refused { user }),
            Err(VerifyPasswordError::Digest(error)) => Err(SignInError::Digest(error)),
            Err(VerifyPasswordError::Read(error)) => Err(SignInError::Read(error)),
        };
        self.settle_attempt(&attempt, &outcome, |error| {
            matches!(error, SignInError::Refused { .. } | SignInError::SecondFactorRefused { .. })
        });
        outcome
    }

    /// Gives a user who is signed in another password. To guess the one before is as slow as signing in.
    ///
    /// # Errors
    /// [`ChangePasswordError`].
    pub async fn change_own_password(
        &self,
        id: &UserId,
        current: &str,
        new: &str,
        from: Option<IpAddr>,
        event: impl FnOnce(Action, String) -> AuditEvent,
    ) -> Result<User, ChangePasswordError> {
        let found = self.store().users().user(id).await?;
        let user = found.ok_or(SetPasswordError::Change(ChangeUserError::NotFound))?.user;
        let attempt = self
            .begin_attempt(self.sign_ins(), &user.email, from)
            .await?
            .map_err(ChangePasswordError::Throttled)?;
        let changed = self.change_password(id, current, new, event).await;
        self.settle_attempt(&attempt, &changed, |error| matches!(error, SetPasswordError::Wrong));
        Ok(changed?)
    }

    /// Has the throttle of signing in know what became of an attempt. What is wrong has counted from its beginning on.
    pub(crate) fn settle_attempt<T, E>(
        &self,
        attempt: &Attempt,
        outcome: &Result<T, E>,
        is_wrong: impl FnOnce(&E) -> bool,
    ) {
        let now = self.since_epoch();
        match outcome {
            Ok(_) => self.sign_ins().succeeded(attempt, now),
            Err(error) if is_wrong(error) => {}
            Err(_) => self.sign_ins().came_to_nothing(attempt, now),
        }
    }

    /// Lets somebody try what a throttle slows down, or says how long they have to wait.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn begin_attempt(
        &self,
        throttle: &LoginThrottle,
        email: &Email,
        from: Option<IpAddr>,
    ) -> Result<Result<Attempt, Duration>, ReadError> {
        let network = Network::of(from);
        match throttle.begin(email, network, false, self.since_epoch()) {
            Ok(attempt) => Ok(Ok(attempt)),
            Err(Refusal::Wait(wait)) => Ok(Err(wait)),
            Err(Refusal::WaitUnlessKnown(wait)) => {
                let said_at = Instant::now() + LOOKED_UP_AFTER;
                let is_known = self.came_in_from(email, network).await?;
                let begun = throttle.begin(email, network, is_known, self.since_epoch());
                if begun.is_err() {
                    sleep_until(said_at).await;
                }
                Ok(begun.map_err(|_| wait))
            }
        }
    }

    /// Returns the time as the throttle counts it.
    pub(crate) fn since_epoch(&self) -> SinceEpoch {
        Duration::from_micros(u64::try_from(self.now().micros()).unwrap_or_default())
    }

    /// Says whether the user who has an address came in from a network of late. It takes the same reads where there is
    /// none.
    async fn came_in_from(&self, email: &Email, network: Network) -> Result<bool, ReadError> {
        let found = self.store().users().user_of(email).await?;
        let id = found.map_or_else(|| UserId::from_random([0; 9]), |stored| stored.user.id);
        let recent = self.store().sessions().sessions_of(&id, None, RECENT_SESSIONS).await?;
        Ok(recent.items.iter().any(|session| Network::of(session.address) == network))
    }
}
