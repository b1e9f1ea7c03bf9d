//! What the Pavex compiler reads, as a fingerprint. As long as it stays the same, the compiler would write what it wrote
//! before, and need not run: bodies of functions, comments and tests come and go without it. In doubt it changes.
//!
//! `docs/adr/0034-a-fingerprint-of-the-graph.md` says what counts and why. It never reads what the compiler wrote to
//! find out what it would write, and never writes anything but what it keeps for the next time.

mod blueprint;
mod bodies;
mod digest;
mod fingerprint;
mod generation;
mod generator;
mod packages;
mod rules;
mod shape;
mod shapes;
mod tokens;
mod tools;
mod trusted;

use std::path::Path;

pub use digest::Digest;
pub use fingerprint::{Fingerprint, Sources};
pub use generation::{Generation, Verdict};
pub use generator::{GenerateError, Generator};
use rules::rules;
pub use shapes::Shapes;

/// Why no fingerprint can be taken. Then nothing is known, and the compiler has to run.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct Unfit {
    place: String,
    reason: String,
}

impl Unfit {
    fn new(place: &Path, reason: impl std::fmt::Display) -> Self {
        Self { place: place.display().to_string(), reason: reason.to_string() }
    }
}
