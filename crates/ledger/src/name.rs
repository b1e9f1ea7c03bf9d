//! Names of ledgers.

use std::fmt;
use std::sync::Arc;

/// The name of a ledger: `[a-z0-9][a-z0-9_-]{0,62}`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LedgerName(Arc<str>);

/// A text that is not of a ledger name's form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerNameError;

impl LedgerName {
    /// Parses a ledger's name.
    ///
    /// # Errors
    /// When the text is not of the form that [`LedgerName`] documents.
    pub fn parse(text: &str) -> Result<Self, LedgerNameError> {
        let lower_or_digit = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let holds = (1..=63).contains(&text.len())
            && lower_or_digit(text.as_bytes()[0])
            && text.bytes().all(|b| lower_or_digit(b) || b == b'_' || b == b'-');
        if holds { Ok(Self(text.into())) } else { Err(LedgerNameError) }
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LedgerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lower_case_names_of_up_to_63_bytes_hold() {
        for text in ["main", "0", "eu-1_cards", &"a".repeat(63)] {
            assert!(LedgerName::parse(text).is_ok(), "{text}");
        }
        for text in ["", "Main", "-a", "_a", "a.b", "a b", "é", &"a".repeat(64)] {
            assert_eq!(LedgerName::parse(text), Err(LedgerNameError), "{text:?}");
        }
    }
}
