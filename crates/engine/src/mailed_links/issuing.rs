//! How links are made.

use std::time::Duration;

use identity::{Action, AuditEvent, LinkKind, LinkToken, User};
use ledger::Timestamp;

use super::port::StoredLink;
use crate::Engine;
use crate::access::WriteAccessError;
use crate::random::random;

/// Why there is no link.
#[derive(Debug, thiserror::Error)]
pub enum IssueLinkError {
    /// There is no randomness to be had.
    #[error("the system gives no random bytes")]
    Random(#[source] getrandom::Error),
    /// The store did not answer as it should.
    #[error(transparent)]
    Write(#[from] WriteAccessError),
}

/// Returns for how long a link works.
#[must_use]
pub const fn link_lifetime(kind: LinkKind) -> Duration {
    match kind {
        LinkKind::Invitation => Duration::from_hours(72),
        LinkKind::PasswordReset => Duration::from_mins(30),
        LinkKind::AddressVerification => Duration::from_hours(24),
    }
}

impl Engine {
    /// Makes a link for a user's address, in the place of the one of the same kind that they had.
    ///
    /// # Errors
    /// [`IssueLinkError`].
    pub async fn issue_link(
        &self,
        user: &User,
        kind: LinkKind,
        event: impl FnOnce(Action, String) -> AuditEvent,
    ) -> Result<LinkToken, IssueLinkError> {
        let token = LinkToken::from_random(&*random().map_err(IssueLinkError::Random)?);
        // Clocks of replicas differ: a link is never from before the password.
        let now = user.password_set_at.map_or(self.now(), |set_at| set_at.max(self.now()));
        let link = StoredLink {
            user: user.id.clone(),
            kind,
            digest: token.digest(),
            email: user.email.clone(),
            expires_at: moved(now, micros(link_lifetime(kind))),
        };
        let event = event(Action::LinkMailed, format!("{}: {}", user.id, kind.name()));
        self.store().links().keep_link(&link, &event).await?;
        Ok(token)
    }
}

/// Returns when a link was made.
pub(super) fn issued_at(link: &StoredLink) -> Timestamp {
    moved(link.expires_at, -micros(link_lifetime(link.kind)))
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

fn moved(at: Timestamp, by_micros: i64) -> Timestamp {
    Timestamp::from_micros(at.micros().saturating_add(by_micros)).unwrap_or(at)
}
