//! What the engine asks of a store for users. A store keeps them and never judges, and never sees a password.

use std::fmt;

use async_trait::async_trait;
use identity::{AuditEvent, Email, User, UserId, UserState};

use crate::access::WriteAccessError;
use crate::port::ReadError;
use crate::query::Page;

/// A place that keeps users durably.
#[async_trait]
pub trait UserStore: Send + Sync {
    /// Creates a user and records that, both or neither. The version that it is given is kept.
    ///
    /// # Errors
    /// [`WriteAccessError`], also where there is a user of this id.
    async fn create_user(
        &self,
        user: &StoredUser,
        event: &AuditEvent,
    ) -> Result<UserCreation, WriteAccessError>;

    /// Writes a user over the one of the same id and version, whose version then goes up by one, and records that; all
    /// or nothing. What a user is created with (the id, when, and by whom) stays as it was.
    ///
    /// # Errors
    /// [`WriteAccessError`].
    async fn change_user(
        &self,
        user: &StoredUser,
        event: &AuditEvent,
    ) -> Result<UserChange, WriteAccessError>;

    /// Puts a digest in the place of another one of the same password. Nothing is recorded, and the version stays. Does
    /// nothing where the user is not there or has another digest by now.
    ///
    /// # Errors
    /// [`WriteAccessError`].
    async fn renew_password(
        &self,
        id: &UserId,
        from: &PasswordDigest,
        to: &PasswordDigest,
    ) -> Result<(), WriteAccessError>;

    /// Reads one user.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`], [`ReadError::Corrupt`].
    async fn user(&self, id: &UserId) -> Result<Option<StoredUser>, ReadError>;

    /// Reads the user who has an address, in whatever case it is written.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`], [`ReadError::Corrupt`].
    async fn user_of(&self, email: &Email) -> Result<Option<StoredUser>, ReadError>;

    /// Lists users, the newest first, those before the one of number `before`; those of one state only, if it is given.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`], [`ReadError::Corrupt`].
    async fn users(
        &self,
        state: Option<UserState>,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Page<User, u64>, ReadError>;
}

/// A user with what is kept of their password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredUser {
    /// The user.
    pub user: User,
    /// What is kept of their password, where they have one.
    pub password: Option<PasswordDigest>,
    /// How often they were changed.
    pub version: u64,
}

/// What is kept of a password: a text as the PHC string format has it, `$argon2id$v=19$m=…`. It shows itself to nobody
/// who does not ask for it by [`expose`](Self::expose).
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordDigest(String);

impl PasswordDigest {
    /// Takes a digest from where it was stored.
    #[must_use]
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// Returns the text, to be stored.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordDigest(***)")
    }
}

/// What came of creating a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserCreation {
    /// It is done, and durable.
    Created,
    /// Somebody has the address.
    EmailTaken,
}

/// What came of changing a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserChange {
    /// It is done, and durable.
    Changed,
    /// Somebody else has the address.
    EmailTaken,
    /// The user was changed meanwhile, or is not there.
    Stale,
}
