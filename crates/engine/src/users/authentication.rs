//! Whether somebody is who they say they are, and how their password is set. It takes as long to say no as to say yes,
//! whether there is such a user or not.

use identity::{Action, AuditEvent, Email, User, UserId, UserState};

use super::changes::ChangeUserError;
use super::passwords::DigestError;
use super::policy::{self, PASSWORD_CHARACTERS_MAX, PasswordFault};
use super::port::{PasswordDigest, StoredUser};
use crate::Engine;
use crate::port::ReadError;

/// Why a password does not let anybody in.
#[derive(Debug, thiserror::Error)]
pub enum VerifyPasswordError {
    /// There is nobody of this address, or they have another password or none, or are disabled. Whose address it is, is
    /// for the audit trail; whoever asked must not learn whether it is anybody's.
    #[error("the address or the password is wrong")]
    Wrong(Option<UserId>),
    /// It could not be found out.
    #[error(transparent)]
    Digest(#[from] DigestError),
    /// It could not be found out.
    #[error("the user could not be looked up")]
    Read(#[source] ReadError),
}

/// Why a password was not set.
#[derive(Debug, thiserror::Error)]
pub enum SetPasswordError {
    /// The password that was to be replaced is another one.
    #[error("the current password is wrong")]
    Wrong,
    /// The new one is not taken.
    #[error("the password {0}")]
    Fault(PasswordFault),
    /// It could not be digested.
    #[error(transparent)]
    Digest(#[from] DigestError),
    /// It could not be written, or there is no such user.
    #[error(transparent)]
    Change(#[from] ChangeUserError),
}

impl Engine {
    /// Says who comes with an address and a password. Whether there is such a user, and whether they get in at all, shows
    /// neither in the error nor in how long it takes. Where digests cost another amount by now, theirs is made anew.
    ///
    /// # Errors
    /// [`VerifyPasswordError`].
    pub async fn verify_password(&self, email: &Email, password: &str) -> Result<User, VerifyPasswordError> {
        let found = self.store().users().user_of(email).await.map_err(VerifyPasswordError::Read)?;
        let digest = found.as_ref().and_then(|user| user.password.as_ref());
        // No longer one was ever set. To digest it would take longer than others do.
        let can_be = password.chars().take(PASSWORD_CHARACTERS_MAX + 1).count() <= PASSWORD_CHARACTERS_MAX;
        let compared = self.passwords().compare(if can_be { password } else { "" }, digest).await?;
        let Some(StoredUser { user, .. }) = &found else { return Err(VerifyPasswordError::Wrong(None)) };
        if !compared.is_right || user.state != UserState::Active {
            return Err(VerifyPasswordError::Wrong(Some(user.id.clone())));
        }
        if let (Some(from), Some(to)) = (digest, &compared.renewed) {
            self.renew_password(&user.id, from, to).await;
        }
        Ok(user.clone())
    }

    /// Puts a new digest in the place of one of the same password. That it fails is no reason to refuse anybody.
    async fn renew_password(&self, id: &UserId, from: &PasswordDigest, to: &PasswordDigest) {
        if let Err(error) = self.store().users().renew_password(id, from, to).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, user = %id, "a password keeps a digest of another cost");
        }
    }

    /// Sets a user's password, whatever it was before.
    ///
    /// # Errors
    /// [`SetPasswordError`], but for [`SetPasswordError::Wrong`].
    pub async fn set_password(
        &self,
        id: &UserId,
        new: &str,
        event: impl FnOnce(Action, String) -> AuditEvent,
    ) -> Result<User, SetPasswordError> {
        let found = self.store().users().user(id).await.map_err(ChangeUserError::from)?;
        let StoredUser { user, .. } = found.ok_or(ChangeUserError::NotFound)?;
        let digest = self.digest_for(&user, new).await?;
        let event = event(Action::PasswordSet, id.to_string());
        self.amend_user(id, |user| {
            user.password = Some(digest.clone());
            user.user.password_set_at = Some(self.now());
            Ok(Some(event.clone()))
        })
        .await
    }

    /// Sets a user's password for whoever knows the one before. One who is disabled changes nothing.
    ///
    /// # Errors
    /// [`SetPasswordError`].
    pub async fn change_password(
        &self,
        id: &UserId,
        current: &str,
        new: &str,
        event: impl FnOnce(Action, String) -> AuditEvent,
    ) -> Result<User, SetPasswordError> {
        let found = self.store().users().user(id).await.map_err(ChangeUserError::from)?;
        let StoredUser { user: before, password, .. } = found.ok_or(ChangeUserError::NotFound)?;
        let compared = self.passwords().compare(current, password.as_ref()).await?;
        if !compared.is_right || before.state != UserState::Active {
            return Err(SetPasswordError::Wrong);
        }
        let digest = self.digest_for(&before, new).await?;
        let event = event(Action::PasswordSet, id.to_string());
        self.amend_user(id, |user| {
            // Somebody was faster: `current` is not the current one any more.
            if user.user.password_set_at != before.password_set_at || user.user.state != UserState::Active {
                return Err(SetPasswordError::Wrong);
            }
            user.password = Some(digest.clone());
            user.user.password_set_at = Some(self.now());
            Ok(Some(event.clone()))
        })
        .await
    }

    /// Digests a password that a user is to have.
    pub(crate) async fn digest_for(
        &self,
        user: &User,
        password: &str,
    ) -> Result<PasswordDigest, SetPasswordError> {
        let user = user.clone();
        let digest =
            self.passwords().digest(password, move |password| policy::check(password, &user)).await?;
        digest.map_err(SetPasswordError::Fault)
    }
}
