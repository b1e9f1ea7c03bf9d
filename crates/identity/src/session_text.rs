//! The text of a session, as its cookie has it: the session's id, `_` and its secret.
//!
//! It means nothing but to the service. Nobody types it, so that it needs no checksum; what has another form is refused
//! without a look into the database.

use std::fmt;

use zeroize::Zeroizing;

use crate::base62;
use crate::id::{self, id};
use crate::secret::SecretDigest;

/// 256 bits.
const SECRET_DIGITS: usize = 43;

id!(
    /// The public name of a session: 12 letters and digits, part of its text. It is no secret.
    SessionId, SessionTextError, SessionTextError
);

/// A text that is no session's, or no id of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionTextError;

/// A session's text, secret included. It shows itself to nobody who does not ask for it by [`expose`](Self::expose),
/// and its memory is wiped when it goes.
#[derive(Clone)]
pub struct SessionText(Zeroizing<String>);

impl SessionText {
    /// How many bytes every one has.
    pub const BYTES: usize = id::DIGITS + 1 + SECRET_DIGITS;

    /// Makes one of random bytes: 9 for its id, 32 for its secret.
    #[must_use]
    pub fn from_random(id: [u8; 9], secret: &[u8; 32]) -> Self {
        let mut text = Zeroizing::new(String::with_capacity(Self::BYTES));
        text.push_str(&base62::encode(&id, id::DIGITS));
        text.push('_');
        text.push_str(&Zeroizing::new(base62::encode(secret, SECRET_DIGITS)));
        Self(text)
    }

    /// Parses one.
    ///
    /// # Errors
    /// When the text is not of the form that [`SessionText`] documents.
    pub fn parse(text: &str) -> Result<Self, SessionTextError> {
        let (id, secret) = text.split_once('_').ok_or(SessionTextError)?;
        let holds = id.len() == id::DIGITS
            && secret.len() == SECRET_DIGITS
            && base62::is_written_in(id)
            && base62::is_written_in(secret);
        if holds { Ok(Self(Zeroizing::new(text.to_owned()))) } else { Err(SessionTextError) }
    }

    /// Returns the session's public name.
    #[must_use]
    pub fn id(&self) -> SessionId {
        SessionId(self.id_text().into())
    }

    /// The same, as a part of the text.
    #[must_use]
    pub fn id_text(&self) -> &str {
        &self.0[..id::DIGITS]
    }

    /// Returns what is kept of it.
    #[must_use]
    pub fn digest(&self) -> SecretDigest {
        SecretDigest::of(&self.0)
    }

    /// Returns the text itself: to set it as a cookie.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SessionText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionText({}_***)", self.id())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_session_shows_its_id_and_not_its_secret() {
        let text = SessionText::from_random([7; 9], &[9; 32]);
        assert_eq!(text.expose().len(), SessionText::BYTES);
        assert_eq!(format!("{text:?}"), format!("SessionText({}_***)", text.id()));
    }

    #[test]
    fn what_has_another_form_is_none() {
        let good = SessionText::from_random([7; 9], &[9; 32]).expose().to_owned();
        for text in ["", "_", &good[1..], &format!("{good}0"), &good.replace('_', "-"), &format!("_{good}")] {
            assert_eq!(SessionText::parse(text).unwrap_err(), SessionTextError, "{text}");
        }
        assert_eq!(SessionId::parse("0123456789a-"), Err(SessionTextError));
    }

    proptest! {
        #[test]
        fn every_session_is_read_again(id: [u8; 9], secret: [u8; 32]) {
            let text = SessionText::from_random(id, &secret);
            let read = SessionText::parse(text.expose()).unwrap();
            prop_assert_eq!(read.digest(), text.digest());
            prop_assert_eq!(SessionId::parse(read.id().as_str()), Ok(text.id()));
        }

        #[test]
        fn any_text_is_read_without_harm(text in "\\PC{0,80}") {
            prop_assert!(SessionText::parse(&text).is_err());
        }
    }
}
