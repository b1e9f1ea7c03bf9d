//! Users in a store that never answers for them.

use async_trait::async_trait;
use engine::access::WriteAccessError;
use engine::port::ReadError;
use engine::query::Page;
use engine::users::{PasswordDigest, StoredUser, UserChange, UserCreation, UserStore};
use identity::{AuditEvent, Email, User, UserId, UserState};

use super::access::{read, write};
use super::store::Troubled;

#[async_trait]
impl UserStore for Troubled {
    async fn create_user(
        &self,
        _user: &StoredUser,
        _event: &AuditEvent,
    ) -> Result<UserCreation, WriteAccessError> {
        write()
    }

    async fn change_user(
        &self,
        _user: &StoredUser,
        _event: &AuditEvent,
    ) -> Result<UserChange, WriteAccessError> {
        write()
    }

    async fn renew_password(
        &self,
        _id: &UserId,
        _from: &PasswordDigest,
        _to: &PasswordDigest,
    ) -> Result<(), WriteAccessError> {
        write()
    }

    async fn user(&self, _id: &UserId) -> Result<Option<StoredUser>, ReadError> {
        read()
    }

    async fn user_of(&self, _email: &Email) -> Result<Option<StoredUser>, ReadError> {
        read()
    }

    async fn users(
        &self,
        _state: Option<UserState>,
        _before: Option<u64>,
        _limit: usize,
    ) -> Result<Page<User, u64>, ReadError> {
        read()
    }
}
