//! Pairs of a key and a value of metadata, as stores index them. Never what a pair says: that stands where the metadata
//! does.

use ledger::Metadata;
use sha2::{Digest, Sha256};

/// What a key of metadata with its value is found by: the front of a SHA-256 over both.
///
/// Two pairs may have one, so that whoever looks one up has to look at the metadata as well. As a number of eight bytes
/// it takes the same little room whatever the key and the value are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MetadataPair(pub i64);

impl MetadataPair {
    /// Returns that of a key with its value.
    #[must_use]
    pub fn of(key: &str, value: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update((key.len() as u64).to_be_bytes());
        hash.update(key);
        hash.update(value);
        let digest = hash.finalize();
        let mut front = [0; 8];
        front.copy_from_slice(&digest[..8]);
        Self(i64::from_be_bytes(front))
    }

    /// Returns those of all that is kept, each once, in order.
    #[must_use]
    pub fn all_of(metadata: &Metadata) -> Vec<Self> {
        let mut pairs: Vec<_> = metadata.as_map().iter().map(|(key, value)| Self::of(key, value)).collect();
        pairs.sort_unstable();
        pairs.dedup();
        pairs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_found_by_the_number_that_it_was_first_written_with() {
        assert_eq!(MetadataPair::of("order", "1001"), MetadataPair(7_964_226_002_713_278_818));
    }

    #[test]
    fn where_a_key_ends_and_its_value_begins_counts() {
        let pairs = [("ab", "c"), ("a", "bc"), ("abc", ""), ("ab", "C")];
        let mut found: Vec<_> = pairs.iter().map(|(key, value)| MetadataPair::of(key, value)).collect();
        let owned = pairs[..3].iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let all = MetadataPair::all_of(&Metadata::new(owned.collect()).unwrap());
        assert_eq!(all.len(), 3);
        assert!(all.is_sorted());
        found.sort_unstable();
        found.dedup();
        assert_eq!(found.len(), 4);
        assert!(MetadataPair::all_of(&Metadata::default()).is_empty());
    }
}
