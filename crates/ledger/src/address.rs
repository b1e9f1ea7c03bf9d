//! Account addresses: colon-separated segments that also say where an account belongs.

use std::fmt;
use std::sync::Arc;

/// The address of an account: `users:42:wallet`.
///
/// One or more segments of `[a-zA-Z0-9_-]+` with a colon between them, at most
/// [`Address::MAX_LENGTH`] bytes in all.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(Arc<str>);

/// Why a text is not an [`Address`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressError {
    /// Longer than [`Address::MAX_LENGTH`] bytes.
    TooLong,
    /// The text is empty, or two colons meet, or one stands first or last.
    EmptySegment,
    /// A character other than `a-z A-Z 0-9 _ - :`.
    BadCharacter,
}

impl Address {
    /// The longest address, in bytes.
    pub const MAX_LENGTH: usize = 255;

    /// Parses an address.
    ///
    /// # Errors
    /// As [`AddressError`] lists.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if text.len() > Self::MAX_LENGTH {
            return Err(AddressError::TooLong);
        }
        for segment in text.split(':') {
            if segment.is_empty() {
                return Err(AddressError::EmptySegment);
            }
            if !segment.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') {
                return Err(AddressError::BadCharacter);
            }
        }
        Ok(Self(text.into()))
    }

    /// Returns the account that stands for everything outside the ledger.
    #[must_use]
    pub fn world() -> Self {
        Self("world".into())
    }

    /// Says whether this is the outside, whose standard policy has no floor.
    #[must_use]
    pub fn is_world(&self) -> bool {
        &*self.0 == "world"
    }

    /// Returns the whole text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the first `depth` segments as text, the whole address where it has no more.
    #[must_use]
    pub fn truncated(&self, depth: usize) -> &str {
        match self.0.match_indices(':').nth(depth.saturating_sub(1)) {
            Some((end, _)) => &self.0[..end],
            None => &self.0,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_of_letters_digits_dashes_and_underscores_are_addresses() {
        for text in ["world", "users:42:wallet", "a", "A-b_c:0", "-:_"] {
            assert!(Address::parse(text).is_ok(), "{text}");
        }
        assert!(Address::parse(&"a".repeat(255)).is_ok());
    }

    #[test]
    fn other_texts_are_refused_with_their_reason() {
        use AddressError::{BadCharacter, EmptySegment, TooLong};
        for (text, reason) in [
            ("", EmptySegment),
            (":", EmptySegment),
            ("a:", EmptySegment),
            (":a", EmptySegment),
            ("a::b", EmptySegment),
            ("a b", BadCharacter),
            ("a/b", BadCharacter),
            ("ä", BadCharacter),
            ("a\0", BadCharacter),
        ] {
            assert_eq!(Address::parse(text), Err(reason), "{text:?}");
        }
        assert_eq!(Address::parse(&"a".repeat(256)), Err(TooLong));
    }

    #[test]
    fn truncation_counts_segments() {
        let address = Address::parse("users:42:wallet").unwrap();
        assert_eq!(address.truncated(1), "users");
        assert_eq!(address.truncated(2), "users:42");
        assert_eq!(address.truncated(3), "users:42:wallet");
        assert_eq!(address.truncated(9), "users:42:wallet");
    }
}
