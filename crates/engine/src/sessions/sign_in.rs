//! Signing in: whether somebody may try, and whether they are who they say. Whoever is refused learns nothing of why.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use identity::{Email, User, UserId};

use super::throttle::{Attempt, Network, Refusal};
use crate::Engine;
use crate::port::ReadError;

/// How many of a user's latest sessions say where they came in from.
const RECENT_SESSIONS: usize = 50;

/// Why somebody did not sign in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Too many attempts failed of late: the next may be made after so long.
    #[error("too many attempts to sign in")]
    Throttled(Duration),
    /// There is no such user, their password is another one, or they may not come in.
    #[error("the address or the password is wrong")]
    Refused(SignInRefusal),
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Who was refused; for the audit trail, and never for whoever asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInRefusal {
    /// The user who has the address.
    pub user: Option<UserId>,
}

impl Engine {
    /// Lets somebody try to sign in, who says that they have an address of mail, from a network.
    ///
    /// # Errors
    /// [`SignInError::Throttled`], [`SignInError::Read`].
    pub async fn begin_sign_in(
        &self,
        email: &Email,
        address: Option<IpAddr>,
    ) -> Result<Attempt, SignInError> {
        let network = Network::of(address);
        match self.sign_ins().begin(email, network, false, Instant::now()) {
            Ok(attempt) => Ok(attempt),
            Err(Refusal::Wait(wait)) => Err(SignInError::Throttled(wait)),
            Err(Refusal::WaitUnlessKnown(wait)) => {
                let is_known = self.came_in_from(email, network).await?;
                let again = self.sign_ins().begin(email, network, is_known, Instant::now());
                again.map_err(|_| SignInError::Throttled(wait))
            }
        }
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
