//! An API key as it is kept: everything about it but its secret.

use std::fmt;

use ledger::Timestamp;

use crate::audit::Actor;
use crate::grant::Grants;
use crate::key_text::KeyId;
use crate::principal::{Principal, Subject};

/// What people call a key: 1 to 100 printable characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyName(Box<str>);

/// A text that is no name of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyNameError;

impl KeyName {
    /// The most characters.
    pub const CHARACTERS_MAX: usize = 100;

    /// Parses a name.
    ///
    /// # Errors
    /// When the text is not of the form that [`KeyName`] documents.
    pub fn parse(text: &str) -> Result<Self, KeyNameError> {
        let holds = (1..=Self::CHARACTERS_MAX).contains(&text.chars().count())
            && !text.chars().any(char::is_control)
            && text.trim() == text;
        if holds { Ok(Self(text.into())) } else { Err(KeyNameError) }
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An API key, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its public name.
    pub id: KeyId,
    /// What people call it. Several may have one name.
    pub name: KeyName,
    /// What its bearer may do.
    pub grants: Grants,
    /// When it was created.
    pub created_at: Timestamp,
    /// Who created it.
    pub created_by: Actor,
    /// From when on it opens nothing any more.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, give or take the time between two notes of that.
    pub last_used_at: Option<Timestamp>,
}

/// Whether a key opens anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It does.
    Active,
    /// Its time is over.
    Expired,
    /// It was revoked.
    Revoked,
}

impl KeyState {
    /// Returns its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

impl ApiKey {
    /// Says whether it opens anything at a time.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> KeyState {
        match self {
            Self { revoked_at: Some(_), .. } => KeyState::Revoked,
            Self { expires_at: Some(at), .. } if *at <= now => KeyState::Expired,
            _ => KeyState::Active,
        }
    }

    /// Returns who its bearer is.
    #[must_use]
    pub fn principal(&self) -> Principal {
        let subject = Subject::Key { id: self.id.clone(), name: self.name.clone() };
        Principal::new(subject, self.grants.clone(), self.expires_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_active_until_it_expires_or_is_revoked() {
        let at = |second: i64| Timestamp::from_micros(second * 1_000_000).unwrap();
        let mut key = ApiKey {
            id: KeyId::parse("0123456789ab").unwrap(),
            name: KeyName::parse("billing").unwrap(),
            grants: Grants::everything(),
            created_at: at(0),
            created_by: Actor::Operator,
            expires_at: Some(at(10)),
            revoked_at: None,
            last_used_at: None,
        };
        assert_eq!((key.state(at(9)), key.state(at(10))), (KeyState::Active, KeyState::Expired));
        key.revoked_at = Some(at(5));
        assert_eq!(key.state(at(1)), KeyState::Revoked);
    }

    #[test]
    fn names_are_short_and_printable() {
        for text in ["a", "billing (eu)", &"é".repeat(100)] {
            assert!(KeyName::parse(text).is_ok(), "{text}");
        }
        for text in ["", " a", "a ", "a\nb", "\u{1b}[31m", &"é".repeat(101)] {
            assert_eq!(KeyName::parse(text), Err(KeyNameError), "{text:?}");
        }
    }
}
