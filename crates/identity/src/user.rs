//! A user as they are kept: everything about them but their password.

use std::fmt;

use ledger::Timestamp;

use crate::api_key::KeyName;
use crate::audit::Actor;

use crate::email::Email;
use crate::grant::Grants;
use crate::id::id;
use crate::principal::{Principal, Subject};

id!(
    /// The public name of a user: 12 letters and digits. It is no secret, and never anybody else's.
    UserId, UserIdError, UserIdError
);

/// A text that is no id of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserIdError;

/// What a user is called: 1 to 100 printable characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserName(Box<str>);

/// A text that is no name of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserNameError;

impl UserName {
    /// The most characters.
    pub const CHARACTERS_MAX: usize = KeyName::CHARACTERS_MAX;

    /// Parses a name.
    ///
    /// # Errors
    /// When the text is not of the form that [`UserName`] documents.
    pub fn parse(text: &str) -> Result<Self, UserNameError> {
        // What people are called obeys the rules of what keys are called.
        KeyName::parse(text).map(|_| Self(text.into())).map_err(|_| UserNameError)
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a user gets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserState {
    /// They do.
    Active,
    /// They do not, until they are made active again.
    Disabled,
}

impl UserState {
    /// Every state.
    pub const ALL: [Self; 2] = [Self::Active, Self::Disabled];

    /// Returns its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }

    /// Returns the state of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A user, without their password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Their public name.
    pub id: UserId,
    /// What they are called. Several may have one name.
    pub name: UserName,
    /// Their address, by which they sign in. Nobody else has it, whatever its case.
    pub email: Email,
    /// When they showed that mail to the address reaches them.
    pub email_verified_at: Option<Timestamp>,
    /// Whether they get in.
    pub state: UserState,
    /// What they may do.
    pub grants: Grants,
    /// When they were created.
    pub created_at: Timestamp,
    /// Who created them.
    pub created_by: Actor,
    /// When their password was set; `None` where they have none yet.
    pub password_set_at: Option<Timestamp>,
}

impl User {
    /// Returns who it is that signs in as them. Whether they get in is their [state](UserState)'s to say.
    #[must_use]
    pub fn principal(&self) -> Principal {
        let subject = Subject::User { id: self.id.clone(), name: self.name.clone() };
        Principal::new(subject, self.grants.clone(), None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_letters_and_digits() {
        let id = UserId::from_random([255; 9]);
        assert_eq!(UserId::parse(id.as_str()), Ok(id));
        for text in ["", "0123456789a", "0123456789abc", "0123456789a-", "0123456789ä"] {
            assert_eq!(UserId::parse(text), Err(UserIdError), "{text}");
        }
    }

    #[test]
    fn a_state_is_found_by_its_name() {
        for state in UserState::ALL {
            assert_eq!(UserState::named(state.name()), Some(state));
        }
        assert_eq!(UserState::named("Active"), None);
    }

    #[test]
    fn names_are_short_and_printable() {
        assert_eq!(UserName::parse("Ada Lovelace").unwrap().as_str(), "Ada Lovelace");
        for text in ["", " Ada", "Ada\n", &"a".repeat(101)] {
            assert_eq!(UserName::parse(text), Err(UserNameError), "{text:?}");
        }
    }
}
