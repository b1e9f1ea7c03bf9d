//! The text of an API key, as it travels: `florin_`, the key's id, `_`, its secret and a checksum.
//!
//! The prefix lets secret scanners find keys that leaked; the checksum, as in GitHub's tokens, lets them and us tell a
//! key from what only looks like one, so that a mistyped key is refused without a look into the database.
//! `florin_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}` matches every key.

use std::fmt;

use zeroize::Zeroizing;

use crate::base62;
use crate::checksum;
use crate::id::{self, id};
use crate::secret::SecretDigest;

const PREFIX: &str = "florin_";
/// 256 bits.
const SECRET_DIGITS: usize = 43;

id!(
    /// The public name of a key: 12 letters and digits, part of its text. It is no secret.
    KeyId, KeyTextError, KeyTextError::Form
);

/// Why a text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyTextError {
    /// It does not have the form of one.
    Form,
    /// It has the form, and a checksum that is not its: it was mistyped or cut short.
    Checksum,
}

/// A key's text, secret included. It shows itself to nobody who does not ask for it by [`expose`](Self::expose), and
/// its memory is wiped when it goes.
#[derive(Clone)]
pub struct KeyText(Zeroizing<String>);

impl KeyText {
    /// How many bytes every key has.
    pub const BYTES: usize = PREFIX.len() + id::DIGITS + 1 + SECRET_DIGITS + checksum::DIGITS;

    /// Makes a key of random bytes: 9 for its id, 32 for its secret.
    #[must_use]
    pub fn from_random(id: [u8; 9], secret: &[u8; 32]) -> Self {
        let mut text = Zeroizing::new(String::with_capacity(Self::BYTES));
        text.push_str(PREFIX);
        text.push_str(&base62::encode(&id, id::DIGITS));
        text.push('_');
        text.push_str(&Zeroizing::new(base62::encode(secret, SECRET_DIGITS)));
        let checksum = checksum::digits(&text);
        text.push_str(&checksum);
        Self(text)
    }

    /// Parses a key. That it has the form of one says nothing about whether it opens anything.
    ///
    /// # Errors
    /// Those of [`KeyTextError`].
    pub fn parse(text: &str) -> Result<Self, KeyTextError> {
        if text.len() != Self::BYTES || !text.is_ascii() {
            return Err(KeyTextError::Form);
        }
        let (covered, given) = text.split_at(Self::BYTES - checksum::DIGITS);
        let rest = covered.strip_prefix(PREFIX).ok_or(KeyTextError::Form)?;
        let (id, secret) = rest.split_at(id::DIGITS);
        let secret = secret.strip_prefix('_').ok_or(KeyTextError::Form)?;
        if ![id, secret, given].into_iter().all(base62::is_written_in) {
            return Err(KeyTextError::Form);
        }
        if checksum::digits(covered) != given {
            return Err(KeyTextError::Checksum);
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// Returns the key's public name.
    #[must_use]
    pub fn id(&self) -> KeyId {
        KeyId(self.id_text().into())
    }

    /// The same, as a part of the text.
    #[must_use]
    pub fn id_text(&self) -> &str {
        &self.0[PREFIX.len()..PREFIX.len() + id::DIGITS]
    }

    /// Returns what is kept of it.
    #[must_use]
    pub fn digest(&self) -> SecretDigest {
        SecretDigest::of(&self.0)
    }

    /// Returns the text itself: to hand it to its owner, once.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyText({PREFIX}{}_***)", self.id())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> KeyText {
        KeyText::from_random([7; 9], &[9; 32])
    }

    #[test]
    fn a_key_never_changes_its_form() {
        let key = key();
        assert_eq!(key.expose(), "florin_2USBDPIBEdi3_28pwpFvXuOCuClQJSgvJUKf8mA3ApwedogOvpU3VfJJ3PHIAW");
        assert_eq!(key.expose().len(), KeyText::BYTES);
        assert_eq!(KeyText::parse(key.expose()).unwrap().digest(), key.digest());
    }

    #[test]
    fn a_key_shows_its_id_and_not_its_secret() {
        let key = key();
        let shown = format!("{key:?}");
        assert!(shown.contains(key.id().as_str()), "{shown}");
        assert!(!shown.contains(&key.expose()[20..]) && shown.ends_with("_***)"), "{shown}");
        assert_eq!(format!("{:?}", key.digest()), "SecretDigest(***)");
    }

    #[test]
    fn what_is_no_key_is_told_apart_from_what_was_mistyped() {
        let good = key().expose().to_owned();
        for text in ["", "florin_", "florin-x", &good[1..], &format!("{good}0"), &good.replace('_', "-")] {
            assert_eq!(KeyText::parse(text).unwrap_err(), KeyTextError::Form, "{text}");
        }
        let mistyped = good.replacen(&good[30..31], if &good[30..31] == "a" { "b" } else { "a" }, 1);
        assert_eq!(KeyText::parse(&mistyped).unwrap_err(), KeyTextError::Checksum);
    }

    proptest! {
        #[test]
        fn every_key_is_read_again(id: [u8; 9], secret: [u8; 32]) {
            let key = KeyText::from_random(id, &secret);
            let read = KeyText::parse(key.expose()).unwrap();
            prop_assert_eq!(read.id(), key.id());
            prop_assert_eq!(read.digest(), key.digest());
            prop_assert!(KeyId::parse(key.id().as_str()).is_ok());
        }

        #[test]
        fn any_text_is_read_without_harm(text in "\\PC{0,80}") {
            prop_assert!(KeyText::parse(&text).is_err());
        }

        #[test]
        fn one_wrong_character_is_noticed(secret: [u8; 32], at in 0_usize..KeyText::BYTES, other in "[0-9A-Za-z]") {
            let good = KeyText::from_random([1; 9], &secret).expose().to_owned();
            let mut text = good.clone();
            text.replace_range(at..=at, &other);
            prop_assert_eq!(KeyText::parse(&text).is_ok(), text == good);
        }
    }
}
