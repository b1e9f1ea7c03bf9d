//! How users come and are changed, and by whom: nobody grants what they do not have, and nobody changes a user who has
//! more than they have.

use identity::{
    Action, AuditEvent, Email, Grants, Principal, Scope, Subject, User, UserId, UserName, UserState,
};

use super::port::{StoredUser, UserChange, UserCreation};
use crate::Engine;
use crate::access::WriteAccessError;
use crate::mailed_links::{SET_PASSWORD, VERIFY_ADDRESS};
use crate::port::{ReadError, Source};
use crate::random::random;

/// How often a change is tried where others are faster each time.
const TRIES_MAX: usize = 10;

/// A user to create.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// What they are called.
    pub name: UserName,
    /// Their address.
    pub email: Email,
    /// What they may do.
    pub grants: Grants,
}

/// What is to become of a user. What is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserPatch {
    /// What they are called.
    pub name: Option<UserName>,
    /// Their address, which is then not verified any more.
    pub email: Option<Email>,
    /// Whether they get in.
    pub state: Option<UserState>,
    /// What they may do.
    pub grants: Option<Grants>,
}

/// Why a user was not created or changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeUserError {
    /// There is no such user.
    #[error("there is no such user")]
    NotFound,
    /// The user has a scope that whoever asks lacks.
    #[error("nobody changes a user who has more than they have: {0}")]
    Exceeding(Scope),
    /// The user would have a scope that whoever asks lacks.
    #[error("nobody grants what they do not have: {0}")]
    Lacking(Scope),
    /// Whoever asks would lock themselves out.
    #[error("nobody disables themselves, or takes the administration of users from themselves")]
    OwnAccess,
    /// Somebody else has the address.
    #[error("the address is in use")]
    EmailTaken,
    /// There is no randomness to be had.
    #[error("the system gives no random bytes")]
    Random(#[source] getrandom::Error),
    /// The store did not answer as it should.
    #[error(transparent)]
    Write(#[from] WriteAccessError),
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Others changed a user again and again.
#[derive(Debug, thiserror::Error)]
#[error("the user was changed by others {TRIES_MAX} times in a row")]
struct Contended;

impl Engine {
    /// Says whether there is a user who can come in and let others in.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`], [`ReadError::Corrupt`].
    pub async fn has_admin_user(&self) -> Result<bool, ReadError> {
        let administers = |user: &User| {
            let mut scopes = [Scope::KeysAdmin, Scope::UsersAdmin].into_iter();
            user.password_set_at.is_some() && scopes.any(|scope| user.grants.allow_overall(scope))
        };
        let mut before = None;
        loop {
            let page = self.store().users().users(Some(UserState::Active), before, 1000).await?;
            if page.items.iter().any(administers) {
                return Ok(true);
            }
            before = page.next;
            if before.is_none() {
                return Ok(false);
            }
        }
    }

    /// Creates a user, who has no password yet, for whoever `by` is, who cannot give them more than they have.
    ///
    /// # Errors
    /// [`ChangeUserError`], but for those about a user who is there.
    pub async fn create_user(
        &self,
        new: NewUser,
        by: &Principal,
        event: impl FnOnce(Action, String) -> AuditEvent,
    ) -> Result<User, ChangeUserError> {
        if let Some(scope) = by.grants().lacking(&new.grants) {
            return Err(ChangeUserError::Lacking(scope));
        }
        let id = UserId::from_random(*random().map_err(ChangeUserError::Random)?);
        let event = event(Action::UserCreated, id.to_string());
        let user = User {
            id,
            name: new.name,
            email: new.email,
            email_verified_at: None,
            state: UserState::Active,
            grants: new.grants,
            created_at: self.now(),
            created_by: event.actor.clone(),
            password_set_at: None,
        };
        let stored = StoredUser { user, password: None, version: 0 };
        match self.store().users().create_user(&stored, &event).await? {
            UserCreation::Created => Ok(stored.user),
            UserCreation::EmailTaken => Err(ChangeUserError::EmailTaken),
        }
    }

    /// Changes a user for whoever `by` is, who has to have all that the user has, and will have. Counts here from now
    /// on, and everywhere else two seconds later. What changes nothing is not recorded.
    ///
    /// # Errors
    /// [`ChangeUserError`].
    pub async fn change_user(
        &self,
        id: &UserId,
        patch: UserPatch,
        by: &Principal,
        event: impl Fn(Action, String) -> AuditEvent,
    ) -> Result<User, ChangeUserError> {
        self.amend_user(id, |user| {
            if let Some(scope) = by.grants().lacking(&user.user.grants) {
                return Err(ChangeUserError::Exceeding(scope));
            }
            if let Some(scope) = patch.grants.as_ref().and_then(|grants| by.grants().lacking(grants)) {
                return Err(ChangeUserError::Lacking(scope));
            }
            let changed = apply(&patch, &mut user.user);
            if matches!(by.subject(), Subject::User { id: own, .. } if own == id) && !administers(&user.user)
            {
                return Err(ChangeUserError::OwnAccess);
            }
            let subject = || format!("{id}: {}", changed.join(", "));
            Ok((!changed.is_empty()).then(|| event(Action::UserChanged, subject())))
        })
        .await
    }

    /// Reads a user, has them changed, and writes that together with what is to be recorded of it; again where somebody
    /// else was faster. Without anything to record, nothing is written.
    ///
    /// # Errors
    /// Those of `amend`; [`ChangeUserError::NotFound`], [`ChangeUserError::EmailTaken`], and those of the store.
    pub async fn amend_user<E: From<ChangeUserError>>(
        &self,
        id: &UserId,
        mut amend: impl FnMut(&mut StoredUser) -> Result<Option<AuditEvent>, E>,
    ) -> Result<User, E> {
        for _ in 0..TRIES_MAX {
            let found = self.store().users().user(id).await.map_err(ChangeUserError::from)?;
            let mut user = found.ok_or(ChangeUserError::NotFound)?;
            let before = user.clone();
            let Some(event) = amend(&mut user)? else { return Ok(user.user) };
            if before.user.state == UserState::Disabled {
                // What could not be ended when they were put out must not open anything again.
                self.end_what_lapses(&before, &before, &event).await?;
            }
            let written = self.store().users().change_user(&user, &event).await;
            self.session_cache().forget_user(id);
            match written.map_err(ChangeUserError::from)? {
                UserChange::Changed => {
                    self.end_what_lapses(&before, &user, &event).await?;
                    return Ok(user.user);
                }
                UserChange::EmailTaken => return Err(ChangeUserError::EmailTaken.into()),
                UserChange::Stale => {}
            }
        }
        Err(ChangeUserError::Write(WriteAccessError(Source::from(Contended))).into())
    }
}

impl Engine {
    /// Ends the sessions of a user who does not get in any more, or has another password, and takes away the links that
    /// were mailed before that, or to another address. They open nothing any more already; here they are told that they
    /// ended, so that none is open again with the user.
    async fn end_what_lapses(
        &self,
        before: &StoredUser,
        after: &StoredUser,
        event: &AuditEvent,
    ) -> Result<(), ChangeUserError> {
        let id = &after.user.id;
        let is_out = after.user.state == UserState::Disabled;
        let has_other_password = before.password != after.password;
        let has_other_address = before.user.email.folded() != after.user.email.folded();
        if is_out || has_other_password || has_other_address {
            self.store().links().forget_links(id, SET_PASSWORD).await?;
        }
        if is_out || has_other_address {
            self.store().links().forget_links(id, VERIFY_ADDRESS).await?;
        }
        if is_out || (has_other_password && before.password.is_some()) {
            let ended = |action, subject| AuditEvent { action, subject, ..event.clone() };
            self.revoke_sessions_of(id, None, ended).await?;
        }
        Ok(())
    }
}

/// Says whether a user gets in and may change users.
fn administers(user: &User) -> bool {
    user.state == UserState::Active && user.grants.allow_overall(Scope::UsersAdmin)
}

/// Does what is asked for, and names what that changed.
fn apply(patch: &UserPatch, user: &mut User) -> Vec<&'static str> {
    fn put<T: Clone + PartialEq>(
        name: &'static str,
        wanted: Option<&T>,
        place: &mut T,
        changed: &mut Vec<&'static str>,
    ) {
        if let Some(wanted) = wanted.filter(|wanted| **wanted != *place) {
            *place = wanted.clone();
            changed.push(name);
        }
    }
    let mut changed = Vec::new();
    put("name", patch.name.as_ref(), &mut user.name, &mut changed);
    let before = user.email.folded();
    put("email", patch.email.as_ref(), &mut user.email, &mut changed);
    if user.email.folded() != before {
        user.email_verified_at = None;
    }
    put("state", patch.state.as_ref(), &mut user.state, &mut changed);
    put("grants", patch.grants.as_ref(), &mut user.grants, &mut changed);
    changed
}
