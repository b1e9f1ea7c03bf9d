//! References: the caller's own name for a transaction.

use std::fmt;
use std::sync::Arc;

/// The caller's own name for a transaction, unique within its ledger: an order or invoice number.
///
/// 1 to [`Reference::MAX_LENGTH`] bytes of UTF-8 without control characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference(Arc<str>);

/// Why a text is not a [`Reference`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferenceError {
    /// There is no text at all.
    Empty,
    /// Longer than [`Reference::MAX_LENGTH`] bytes.
    TooLong,
    /// Holds a control character.
    ControlCharacter,
}

impl Reference {
    /// The longest reference, in bytes.
    pub const MAX_LENGTH: usize = 255;

    /// Parses a reference.
    ///
    /// # Errors
    /// As [`ReferenceError`] lists.
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        if text.is_empty() {
            return Err(ReferenceError::Empty);
        }
        if text.len() > Self::MAX_LENGTH {
            return Err(ReferenceError::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(ReferenceError::ControlCharacter);
        }
        Ok(Self(text.into()))
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printable_texts_of_up_to_255_bytes_are_references() {
        for text in ["order-1001", "Größe 7", " ", &"a".repeat(255)] {
            assert!(Reference::parse(text).is_ok(), "{text}");
        }
        assert_eq!(Reference::parse(""), Err(ReferenceError::Empty));
        assert_eq!(Reference::parse(&"a".repeat(256)), Err(ReferenceError::TooLong));
        assert_eq!(Reference::parse("a\nb"), Err(ReferenceError::ControlCharacter));
    }
}
