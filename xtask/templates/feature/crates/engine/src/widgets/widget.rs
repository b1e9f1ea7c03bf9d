//! A gadget, and the texts that it is made of.

use std::fmt;

use identity::Actor;
use ledger::Timestamp;

/// A gadget of a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Widget {
    /// Its public name, which never changes.
    pub id: WidgetId,
    /// What people call it. Several may have one name.
    pub name: WidgetName,
    /// When it was created.
    pub created_at: Timestamp,
    /// Who created it.
    pub created_by: Actor,
}

/// A gadget to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewWidget {
    /// What people call it.
    pub name: WidgetName,
}

/// The id of a gadget: 12 letters and digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WidgetId(Box<str>);

/// What a gadget is called: 1 to 100 characters, none of them for control, and no space at either end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WidgetName(Box<str>);

/// A text that is not what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WidgetTextError;

impl WidgetId {
    /// How many characters it has.
    pub const CHARACTERS: usize = 12;

    /// Parses an id.
    ///
    /// # Errors
    /// When it is not of the form that [`WidgetId`] documents.
    pub fn parse(text: &str) -> Result<Self, WidgetTextError> {
        let holds = text.len() == Self::CHARACTERS && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if holds { Ok(Self(text.into())) } else { Err(WidgetTextError) }
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WidgetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl WidgetName {
    /// The most characters.
    pub const CHARACTERS_MAX: usize = 100;

    /// Parses a name.
    ///
    /// # Errors
    /// When it is not of the form that [`WidgetName`] documents.
    pub fn parse(text: &str) -> Result<Self, WidgetTextError> {
        let holds = (1..=Self::CHARACTERS_MAX).contains(&text.chars().count())
            && !text.chars().any(char::is_control)
            && text.trim() == text;
        if holds { Ok(Self(text.into())) } else { Err(WidgetTextError) }
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_printable() {
        for text in ["a", "Ärger (eu)", &"é".repeat(100)] {
            assert_eq!(WidgetName::parse(text).map(|name| name.as_str() == text), Ok(true));
        }
        for text in ["", " a", "a ", "a\nb", "\u{1b}[31m", &"é".repeat(101)] {
            assert_eq!(WidgetName::parse(text), Err(WidgetTextError), "{text:?}");
        }
    }

    #[test]
    fn ids_are_twelve_letters_and_digits() {
        assert_eq!(WidgetId::parse("2USBDPIBEdi3").map(|id| id.to_string()), Ok("2USBDPIBEdi3".to_owned()));
        for text in ["", "2USBDPIBEdi", "2USBDPIBEdi34", "2USBDPIBEd-3", "éééééé"] {
            assert_eq!(WidgetId::parse(text), Err(WidgetTextError), "{text:?}");
        }
    }
}
