//! Metadata: what callers keep beside a transaction or a ledger; Florin never reads meaning into it.

use std::collections::BTreeMap;

/// Text by key, in the order of the keys, within the bounds of this type's constants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata(BTreeMap<String, String>);

/// Why a map is not [`Metadata`]; the first breach in the order of the keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetadataError {
    /// More than [`Metadata::MAX_KEYS`] keys.
    TooManyKeys,
    /// A key that is empty, longer than [`Metadata::MAX_KEY_LENGTH`], or holds a control character.
    BadKey(String),
    /// This key's value is longer than [`Metadata::MAX_VALUE_LENGTH`] or holds NUL.
    BadValue(String),
}

impl Metadata {
    /// How many keys there may be.
    pub const MAX_KEYS: usize = 64;
    /// The longest key, in bytes.
    pub const MAX_KEY_LENGTH: usize = 64;
    /// The longest value, in bytes.
    pub const MAX_VALUE_LENGTH: usize = 1024;

    /// Checks the bounds.
    ///
    /// # Errors
    /// As [`MetadataError`] lists.
    pub fn new(values: BTreeMap<String, String>) -> Result<Self, MetadataError> {
        if values.len() > Self::MAX_KEYS {
            return Err(MetadataError::TooManyKeys);
        }
        for (key, value) in &values {
            if !Self::is_key(key) {
                return Err(MetadataError::BadKey(key.clone()));
            }
            // NUL ends a text in some of the databases that a ledger may be kept in.
            if value.len() > Self::MAX_VALUE_LENGTH || value.contains('\0') {
                return Err(MetadataError::BadValue(key.clone()));
            }
        }
        Ok(Self(values))
    }

    /// Says whether a text may be a key.
    #[must_use]
    pub fn is_key(text: &str) -> bool {
        (1..=Self::MAX_KEY_LENGTH).contains(&text.len()) && !text.chars().any(char::is_control)
    }

    /// Returns a key's value.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// Says whether there is no key at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the keys and values in the order of the keys.
    #[must_use]
    pub fn as_map(&self) -> &BTreeMap<String, String> {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(key: &str, value: &str) -> Result<Metadata, MetadataError> {
        Metadata::new(BTreeMap::from([(key.into(), value.into())]))
    }

    #[test]
    fn keys_and_values_within_their_bounds_hold() {
        assert!(metadata("order", "1001").is_ok());
        assert!(metadata(&"k".repeat(64), &"v".repeat(1024)).is_ok());
        assert!(metadata("empty", "").is_ok());
    }

    #[test]
    fn breaches_name_the_key() {
        for key in ["", "a\tb", &"k".repeat(65)] {
            assert_eq!(metadata(key, ""), Err(MetadataError::BadKey(key.into())));
        }
        for value in ["\0", &"v".repeat(1025)] {
            assert_eq!(metadata("k", value), Err(MetadataError::BadValue("k".into())));
        }
        let many = (0..65).map(|n| (n.to_string(), String::new())).collect();
        assert_eq!(Metadata::new(many), Err(MetadataError::TooManyKeys));
    }
}
