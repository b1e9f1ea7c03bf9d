//! The secret of a mailed link: 256 random bits in base 62, which open one thing, once.

use std::fmt;

use zeroize::Zeroizing;

use crate::base62;
use crate::secret::SecretDigest;

const DIGITS: usize = 43;

/// The secret of a mailed link.
#[derive(Clone)]
pub struct LinkToken(Zeroizing<String>);

/// A text is no secret of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkTokenError;

/// What a mailed link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LinkKind {
    /// To set the first password.
    Invitation,
    /// To set another password.
    PasswordReset,
    /// To show that mails to an address arrive.
    AddressVerification,
}

impl LinkKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Invitation, Self::PasswordReset, Self::AddressVerification];

    /// Returns its name, as it is stored. It never changes once released.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::PasswordReset => "password_reset",
            Self::AddressVerification => "address_verification",
        }
    }

    /// Returns the kind of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl LinkToken {
    /// Makes one of random bytes.
    #[must_use]
    pub fn from_random(bytes: &[u8; 32]) -> Self {
        Self(Zeroizing::new(base62::encode(bytes, DIGITS)))
    }

    /// Parses one.
    ///
    /// # Errors
    /// When it is not 43 letters and digits.
    pub fn parse(text: &str) -> Result<Self, LinkTokenError> {
        if text.len() == DIGITS && base62::is_written_in(text) {
            Ok(Self(Zeroizing::new(text.to_owned())))
        } else {
            Err(LinkTokenError)
        }
    }

    /// Returns what is kept of it.
    #[must_use]
    pub fn digest(&self) -> SecretDigest {
        SecretDigest::of(&self.0)
    }

    /// Returns the text itself: to be mailed, once.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for LinkToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkToken(***)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_kind_has_its_name_and_a_token_shows_itself_to_nobody() {
        for kind in LinkKind::ALL {
            assert_eq!(LinkKind::named(kind.name()), Some(kind));
        }
        assert_eq!(LinkKind::named("x"), None);
        assert_eq!(format!("{:?}", LinkToken::from_random(&[1; 32])), "LinkToken(***)");
    }

    proptest! {
        #[test]
        fn every_token_is_read_again(bytes: [u8; 32]) {
            let token = LinkToken::from_random(&bytes);
            prop_assert_eq!(LinkToken::parse(token.expose()).unwrap().digest(), token.digest());
        }

        #[test]
        fn any_text_is_read_without_harm(text in "\\PC{0,50}") {
            let _ = LinkToken::parse(&text);
        }
    }
}
