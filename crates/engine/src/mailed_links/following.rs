//! What links open: a password that is set, an address that is verified.

use identity::{Action, Actor, AuditEvent, LinkKind, LinkToken, User, UserState};

use super::issuing::issued_at;
use super::port::StoredLink;
use super::{SET_PASSWORD, VERIFY_ADDRESS};
use crate::Engine;
use crate::access::WriteAccessError;
use crate::port::ReadError;
use crate::users::{ChangeUserError, DigestError, PasswordFault, SetPasswordError};

/// Why a link opened nothing.
#[derive(Debug, thiserror::Error)]
pub enum FollowLinkError {
    /// There is no such link any more, or its user has another address, another password since, or is disabled.
    #[error("the link does not work, or not any more")]
    Spent,
    /// The new password is not taken; the link still works.
    #[error("the password {0}")]
    Fault(PasswordFault),
    /// The password could not be digested; the link still works.
    #[error(transparent)]
    Digest(DigestError),
    /// It could not be written.
    #[error(transparent)]
    Change(#[from] ChangeUserError),
    /// The link was not taken away, or may have been.
    #[error(transparent)]
    Write(#[from] WriteAccessError),
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl From<SetPasswordError> for FollowLinkError {
    fn from(error: SetPasswordError) -> Self {
        match error {
            // Nobody is asked for the one before.
            SetPasswordError::Wrong => Self::Spent,
            SetPasswordError::Fault(fault) => Self::Fault(fault),
            SetPasswordError::Digest(error) => Self::Digest(error),
            SetPasswordError::Change(error) => Self::Change(error),
        }
    }
}

impl Engine {
    /// Sets the password of a link's user, ends their sessions, and counts their address as verified: the link was mailed
    /// there. A password that is not taken leaves the link as it was.
    ///
    /// # Errors
    /// [`FollowLinkError`].
    pub async fn set_password_by_link(
        &self,
        token: &LinkToken,
        new: &str,
        event: impl FnOnce(Actor, Action, String) -> AuditEvent,
    ) -> Result<User, FollowLinkError> {
        let (link, user) = self.followed(token, SET_PASSWORD).await?;
        let digest = self.digest_for(&user, new).await?;
        self.use_up(token, SET_PASSWORD).await?;
        let event = event(Actor::User(user.id.clone()), Action::PasswordSet, user.id.to_string());
        self.amend_user(&user.id, |stored| {
            is_good_for(&link, &stored.user)?;
            let now = self.now();
            stored.password = Some(digest.clone());
            stored.user.password_set_at = Some(now);
            stored.user.email_verified_at = stored.user.email_verified_at.or(Some(now));
            Ok::<_, FollowLinkError>(Some(event.clone()))
        })
        .await
    }

    /// Counts the address of a link's user as verified.
    ///
    /// # Errors
    /// [`FollowLinkError`], but for those about passwords.
    pub async fn verify_address_by_link(
        &self,
        token: &LinkToken,
        event: impl FnOnce(Actor, Action, String) -> AuditEvent,
    ) -> Result<User, FollowLinkError> {
        let (link, user) = self.followed(token, VERIFY_ADDRESS).await?;
        self.use_up(token, VERIFY_ADDRESS).await?;
        let subject = format!("{}: email_verified", user.id);
        let event = event(Actor::User(user.id.clone()), Action::UserChanged, subject);
        self.amend_user(&user.id, |stored| {
            is_good_for(&link, &stored.user)?;
            let is_new = stored.user.email_verified_at.is_none();
            stored.user.email_verified_at = stored.user.email_verified_at.or(Some(self.now()));
            Ok::<_, FollowLinkError>(is_new.then(|| event.clone()))
        })
        .await
    }

    /// Finds a link that works, and its user.
    async fn followed(
        &self,
        token: &LinkToken,
        kinds: [LinkKind; 2],
    ) -> Result<(StoredLink, User), FollowLinkError> {
        let found = self.store().links().link(&token.digest(), kinds, self.now()).await?;
        let link = found.ok_or(FollowLinkError::Spent)?;
        let found = self.store().users().user(&link.user).await?;
        let user = found.ok_or(FollowLinkError::Spent)?.user;
        is_good_for(&link, &user)?;
        Ok((link, user))
    }

    /// Takes a link away. Of any number that follow it at once, one gets past this.
    async fn use_up(&self, token: &LinkToken, kinds: [LinkKind; 2]) -> Result<(), FollowLinkError> {
        let used = self.store().links().use_link(&token.digest(), kinds, self.now()).await?;
        used.map(drop).ok_or(FollowLinkError::Spent)
    }
}

fn is_good_for(link: &StoredLink, user: &User) -> Result<(), FollowLinkError> {
    let is_theirs = user.state == UserState::Active && user.email.folded() == link.email.folded();
    // Where the process ended before the links of another password were taken away.
    let is_outdated =
        SET_PASSWORD.contains(&link.kind) && user.password_set_at.is_some_and(|at| at > issued_at(link));
    if is_theirs && !is_outdated { Ok(()) } else { Err(FollowLinkError::Spent) }
}

#[cfg(test)]
mod tests {
    use identity::{Email, Grants, UserId, UserName};
    use ledger::Timestamp;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000).unwrap()
    }

    fn user(password_set_at: Option<Timestamp>) -> User {
        User {
            id: UserId::from_random([1; 9]),
            name: UserName::parse("Ada Lovelace").unwrap(),
            email: Email::parse("ada@example.com").unwrap(),
            email_verified_at: None,
            state: UserState::Active,
            grants: Grants::everything(),
            created_at: at(0),
            created_by: Actor::Operator,
            password_set_at,
        }
    }

    /// A link that was made at 10000 seconds.
    fn link(kind: LinkKind) -> StoredLink {
        let issued = at(10_000).micros();
        let lifetime = i64::try_from(super::super::link_lifetime(kind).as_micros()).unwrap();
        StoredLink {
            user: UserId::from_random([1; 9]),
            kind,
            digest: LinkToken::from_random(&[1; 32]).digest(),
            email: Email::parse("Ada@example.com").unwrap(),
            expires_at: Timestamp::from_micros(issued + lifetime).unwrap(),
        }
    }

    #[test]
    fn what_sets_a_password_is_no_good_once_one_was_set_since() {
        for kind in LinkKind::ALL {
            for (set_at, is_good) in [(None, true), (Some(at(10_000)), true), (Some(at(10_001)), false)] {
                let is_good = is_good || kind == LinkKind::AddressVerification;
                assert_eq!(is_good_for(&link(kind), &user(set_at)).is_ok(), is_good, "{kind:?} {set_at:?}");
            }
        }
    }
}
