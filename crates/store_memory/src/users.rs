//! Users in memory, in the plainest way: a list.

use async_trait::async_trait;
use engine::access::WriteAccessError;
use engine::port::ReadError;
use engine::query::Page;
use engine::users::{PasswordDigest, StoredUser, UserChange, UserCreation, UserStore};
use identity::{AuditEvent, Email, User, UserId, UserState};

use crate::access::{InUse, before};
use crate::store::MemoryStore;

#[async_trait]
impl UserStore for MemoryStore {
    async fn create_user(
        &self,
        user: &StoredUser,
        event: &AuditEvent,
    ) -> Result<UserCreation, WriteAccessError> {
        self.on_access(|kept| {
            let has = |known: &StoredUser| known.user.email.folded() == user.user.email.folded();
            if kept.users.iter().any(has) {
                return Ok(UserCreation::EmailTaken);
            }
            if kept.users.iter().any(|known| known.user.id == user.user.id) {
                return Err(WriteAccessError(InUse.into()));
            }
            kept.users.push(user.clone());
            kept.trail.push(event.clone());
            Ok(UserCreation::Created)
        })?
    }

    async fn change_user(
        &self,
        user: &StoredUser,
        event: &AuditEvent,
    ) -> Result<UserChange, WriteAccessError> {
        self.on_access(|kept| {
            let is_it = |known: &StoredUser| known.user.id == user.user.id && known.version == user.version;
            let Some(place) = kept.users.iter().position(is_it) else { return UserChange::Stale };
            let mut others = kept.users.iter().filter(|known| known.user.id != user.user.id);
            if others.any(|known| known.user.email.folded() == user.user.email.folded()) {
                return UserChange::EmailTaken;
            }
            let known = &mut kept.users[place];
            let User { id, created_at, created_by, .. } = known.user.clone();
            *known = StoredUser {
                user: User { id, created_at, created_by, ..user.user.clone() },
                password: user.password.clone(),
                version: user.version + 1,
            };
            kept.trail.push(event.clone());
            UserChange::Changed
        })
    }

    async fn renew_password(
        &self,
        id: &UserId,
        from: &PasswordDigest,
        to: &PasswordDigest,
    ) -> Result<(), WriteAccessError> {
        self.on_access(|kept| {
            let is_it =
                |known: &&mut StoredUser| known.user.id == *id && known.password.as_ref() == Some(from);
            if let Some(known) = kept.users.iter_mut().find(is_it) {
                known.password = Some(to.clone());
            }
        })
    }

    async fn user(&self, id: &UserId) -> Result<Option<StoredUser>, ReadError> {
        self.of_access(|kept| kept.users.iter().find(|known| known.user.id == *id).cloned())
    }

    async fn user_of(&self, email: &Email) -> Result<Option<StoredUser>, ReadError> {
        let has = |known: &&StoredUser| known.user.email.folded() == email.folded();
        self.of_access(|kept| kept.users.iter().find(has).cloned())
    }

    async fn users(
        &self,
        state: Option<UserState>,
        last: Option<u64>,
        limit: usize,
    ) -> Result<Page<User, u64>, ReadError> {
        let is_wanted = |known: &StoredUser| state.is_none_or(|state| known.user.state == state);
        let found = self.of_access(|kept| before(&kept.users, last, limit, is_wanted))?;
        let items = found.items.into_iter().map(|(_, stored)| stored.user).collect();
        Ok(Page { items, next: found.next })
    }
}
