//! What the engine asks of a store for mailed links. A store keeps them and never judges, and never sees their secrets.

use async_trait::async_trait;
use identity::{AuditEvent, Email, LinkKind, SecretDigest, UserId};
use ledger::Timestamp;

use crate::access::WriteAccessError;
use crate::port::ReadError;

/// A place that keeps mailed links durably, one of each kind for a user.
#[async_trait]
pub trait LinkStore: Send + Sync {
    /// Keeps a link in the place of the one of the same kind that its user had, and records that, both or neither.
    ///
    /// # Errors
    /// [`WriteAccessError`].
    async fn keep_link(&self, link: &StoredLink, event: &AuditEvent) -> Result<(), WriteAccessError>;

    /// Reads a link of one of two kinds, if it is there and works at `now`.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`], [`ReadError::Corrupt`].
    async fn link(
        &self,
        digest: &SecretDigest,
        kinds: [LinkKind; 2],
        now: Timestamp,
    ) -> Result<Option<StoredLink>, ReadError>;

    /// Takes a link of one of two kinds away, if it is there and works at `now`, and returns it. Of any number that ask
    /// at once, one gets it.
    ///
    /// # Errors
    /// [`WriteAccessError`].
    async fn use_link(
        &self,
        digest: &SecretDigest,
        kinds: [LinkKind; 2],
        now: Timestamp,
    ) -> Result<Option<StoredLink>, WriteAccessError>;

    /// Takes all links of two kinds away that a user has.
    ///
    /// # Errors
    /// [`WriteAccessError`].
    async fn forget_links(&self, user: &UserId, kinds: [LinkKind; 2]) -> Result<(), WriteAccessError>;
}

/// A link, with what is kept of its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredLink {
    /// Whose it is.
    pub user: UserId,
    /// What it is for.
    pub kind: LinkKind,
    /// The digest of its secret.
    pub digest: SecretDigest,
    /// The address that it was mailed to.
    pub email: Email,
    /// From when on it does nothing.
    pub expires_at: Timestamp,
}
