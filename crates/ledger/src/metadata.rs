//! Metadata: what callers keep beside a transaction, an account or a ledger; Florin never reads meaning into it.

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

    /// Returns metadata without any key.
    #[must_use]
    pub const fn none() -> Self {
        Self(BTreeMap::new())
    }

    /// Checks the bounds.
    ///
    /// # Errors
    /// As [`MetadataError`] lists.
    pub fn new(values: BTreeMap<String, String>) -> Result<Self, MetadataError> {
        if values.len() > Self::MAX_KEYS {
            return Err(MetadataError::TooManyKeys);
        }
        for (key, value) in &values {
            check(key, Some(value))?;
        }
        Ok(Self(values))
    }

    /// Says whether a text may be a key.
    #[must_use]
    pub fn is_key(text: &str) -> bool {
        (1..=Self::MAX_KEY_LENGTH).contains(&text.len()) && !text.chars().any(char::is_control)
    }

    /// Says whether a text may be a value.
    #[must_use]
    pub fn is_value(text: &str) -> bool {
        // NUL ends a text in some of the databases that a ledger may be kept in.
        text.len() <= Self::MAX_VALUE_LENGTH && !text.contains('\0')
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

fn check(key: &str, value: Option<&str>) -> Result<(), MetadataError> {
    if !Metadata::is_key(key) {
        return Err(MetadataError::BadKey(key.to_owned()));
    }
    if !value.is_none_or(Metadata::is_value) {
        return Err(MetadataError::BadValue(key.to_owned()));
    }
    Ok(())
}

/// A change of metadata: a new value by key, or none where the key goes. Other keys stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetadataPatch(BTreeMap<String, Option<String>>);

impl MetadataPatch {
    /// Checks the bounds, which are those of [`Metadata`].
    ///
    /// # Errors
    /// As [`MetadataError`] lists.
    pub fn new(changes: BTreeMap<String, Option<String>>) -> Result<Self, MetadataError> {
        if changes.len() > Metadata::MAX_KEYS {
            return Err(MetadataError::TooManyKeys);
        }
        for (key, value) in &changes {
            check(key, value.as_deref())?;
        }
        Ok(Self(changes))
    }

    /// Returns the new values, or that there is none, in the order of the keys.
    #[must_use]
    pub fn as_map(&self) -> &BTreeMap<String, Option<String>> {
        &self.0
    }

    /// Returns metadata as it is after the change; `None` where it has too many keys then.
    #[must_use]
    pub fn applied_to(&self, metadata: &Metadata) -> Option<Metadata> {
        let mut values = metadata.0.clone();
        for (key, change) in &self.0 {
            match change {
                Some(value) => values.insert(key.clone(), value.clone()),
                None => values.remove(key),
            };
        }
        (values.len() <= Metadata::MAX_KEYS).then_some(Metadata(values))
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
    fn patch(changes: &[(&str, Option<&str>)]) -> Result<MetadataPatch, MetadataError> {
        let owned = |(key, value): &(&str, Option<&str>)| ((*key).to_owned(), value.map(str::to_owned));
        MetadataPatch::new(changes.iter().map(owned).collect())
    }

    #[test]
    fn a_patch_sets_and_removes_keys_and_leaves_the_others() {
        let before =
            Metadata::new(["a", "b", "c"].map(|key| (key.to_owned(), "1".to_owned())).into()).unwrap();
        let patch = patch(&[("a", Some("2")), ("b", None), ("d", Some("")), ("e", None)]).unwrap();
        let after = patch.applied_to(&before).unwrap();
        let after: Vec<_> = after.as_map().iter().map(|(key, value)| (&**key, &**value)).collect();
        assert_eq!(after, [("a", "2"), ("c", "1"), ("d", "")]);
        assert_eq!(MetadataPatch::default().applied_to(&before), Some(before));
    }

    #[test]
    fn a_patch_has_the_bounds_of_metadata() {
        for key in ["", "a\tb", &"k".repeat(65)] {
            for value in [Some(""), None] {
                assert_eq!(patch(&[(key, value)]), Err(MetadataError::BadKey(key.into())));
            }
        }
        assert_eq!(patch(&[("k", Some("\0"))]), Err(MetadataError::BadValue("k".into())));
        let many = |count: usize| (0..count).map(|n| (n.to_string(), Some(String::new()))).collect();
        assert_eq!(MetadataPatch::new(many(65)), Err(MetadataError::TooManyKeys));
        let full = MetadataPatch::new(many(64)).unwrap().applied_to(&Metadata::default()).unwrap();
        assert_eq!(patch(&[("0", Some("x"))]).unwrap().applied_to(&full).unwrap().as_map().len(), 64);
        assert_eq!(patch(&[("more", Some("x"))]).unwrap().applied_to(&full), None);
        let swapped = patch(&[("more", Some("x")), ("0", None)]).unwrap().applied_to(&full).unwrap();
        assert_eq!(swapped.as_map().len(), 64);
    }
}
