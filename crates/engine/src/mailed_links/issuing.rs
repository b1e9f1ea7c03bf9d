//! How links are made.

use std::time::Duration;

use identity::{Action, AuditEvent, LinkKind, LinkToken, User};
use ledger::Timestamp;
use zeroize::Zeroizing;

use super::port::StoredLink;
use crate::Engine;
use crate::access::WriteAccessError;

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
        let mut random = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *random).map_err(IssueLinkError::Random)?;
        let token = LinkToken::from_random(&random);
        let link = StoredLink {
            user: user.id.clone(),
            kind,
            digest: token.digest(),
            email: user.email.clone(),
            expires_at: later(self.now(), link_lifetime(kind)),
        };
        let event = event(Action::LinkMailed, format!("{}: {}", user.id, kind.name()));
        self.store().links().keep_link(&link, &event).await?;
        Ok(token)
    }
}

fn later(at: Timestamp, by: Duration) -> Timestamp {
    let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(at.micros().saturating_add(micros)).unwrap_or(at)
}
