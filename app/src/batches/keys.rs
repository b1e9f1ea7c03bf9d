//! Keys of commands that have none of their own, made of the key of their batch and their place in it.
//!
//! No client can choose such a key itself: the beginning is kept for the service.

use std::fmt::Write as _;

use engine::idempotency::IdempotencyKey;
use sha2::{Digest, Sha256};

use crate::http::text::RESERVED_KEYS;

/// Makes the keys of a batch.
#[derive(Clone, Debug)]
pub(super) struct Keys(Option<String>);

impl Keys {
    /// Makes them of the key of the batch; none, where it has none.
    pub(super) fn of(batch: Option<&IdempotencyKey>) -> Self {
        Self(batch.map(|key| {
            // The hash, because the key itself may be as long as a key can be.
            let mut beginning = format!("{RESERVED_KEYS}batch:");
            for byte in Sha256::digest(key.as_str()) {
                write!(beginning, "{byte:02x}").expect("a string takes everything");
            }
            beginning
        }))
    }

    /// Returns the key of a command: its own, or else that of its place.
    pub(super) fn at(&self, place: u64, own: Option<IdempotencyKey>) -> Option<IdempotencyKey> {
        own.or_else(|| {
            let beginning = self.0.as_ref()?;
            Some(IdempotencyKey::parse(&format!("{beginning}:{place}")).expect("short, and visible ASCII"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::text::FromText as _;

    #[test]
    fn each_place_of_each_batch_has_a_key_that_no_client_can_choose() {
        let key = |text: &str| IdempotencyKey::parse(text).unwrap();
        let longest = key(&"~".repeat(255));
        let mut keys = Vec::new();
        for batch in [key("a"), key("b"), longest] {
            for place in [0, 1, 11, u64::MAX] {
                keys.push(Keys::of(Some(&batch)).at(place, None).unwrap());
            }
        }
        assert!(keys.iter().all(|key| IdempotencyKey::from_text(key.as_str()).is_err()));
        let again = Keys::of(Some(&key("a"))).at(0, None).unwrap();
        assert_eq!(again, keys[0], "the same batch gets the same keys");
        // Stores are full of them.
        let hash = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";
        assert_eq!(again.as_str(), format!("florin:batch:{hash}:0"));
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), 12);
    }

    #[test]
    fn a_command_keeps_the_key_that_it_has() {
        let own = IdempotencyKey::parse("own").unwrap();
        assert_eq!(Keys::of(Some(&own)).at(3, Some(own.clone())), Some(own.clone()));
        assert_eq!(Keys::of(None).at(3, Some(own.clone())), Some(own));
        assert_eq!(Keys::of(None).at(3, None), None);
    }
}
