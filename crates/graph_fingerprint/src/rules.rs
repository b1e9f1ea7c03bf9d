//! By which rules fingerprints are taken: whoever follows others takes another one.

use crate::digest::{Digest, Words};

/// The code that takes them.
const CODE: &[&str] = &[
    include_str!("blueprint.rs"),
    include_str!("bodies.rs"),
    include_str!("digest.rs"),
    include_str!("fingerprint.rs"),
    include_str!("packages.rs"),
    include_str!("shape.rs"),
    include_str!("tokens.rs"),
    include_str!("trusted.rs"),
];

/// Returns the digest of the code that takes fingerprints.
pub(crate) fn rules() -> Digest {
    let mut words = Words::default();
    for text in CODE {
        words.add(text);
    }
    words.digest()
}
