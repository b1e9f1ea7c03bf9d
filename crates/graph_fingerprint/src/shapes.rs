//! Shapes of files as they were, kept in a file: what has not changed is not parsed again.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::shape::Shape;

/// Shapes by the digest of the text. Those that were not asked for are forgotten when they are kept.
#[derive(Debug, Default)]
pub struct Shapes {
    known: BTreeMap<Digest, Shape>,
    used: BTreeMap<Digest, Shape>,
}

/// What is written.
#[derive(Deserialize, Serialize)]
struct Kept {
    /// By which rules they were read.
    rules: Digest,
    shapes: BTreeMap<Digest, Shape>,
}

impl Shapes {
    /// Reads what was kept; nothing, where that cannot be read or was written by other rules than these.
    #[must_use]
    pub fn read(file: &Path) -> Self {
        let kept = std::fs::read(file).ok().and_then(|bytes| serde_json::from_slice::<Kept>(&bytes).ok());
        let known = kept.filter(|kept| kept.rules == crate::rules()).map(|kept| kept.shapes);
        Self { known: known.unwrap_or_default(), used: BTreeMap::new() }
    }

    /// Keeps what was asked for since these were read.
    ///
    /// # Errors
    /// Those of writing a file.
    pub fn keep(&self, file: &Path) -> std::io::Result<()> {
        if self.used.keys().eq(self.known.keys()) {
            return Ok(());
        }
        let kept = Kept { rules: crate::rules(), shapes: self.used.clone() };
        let bytes = serde_json::to_vec(&kept).map_err(std::io::Error::other)?;
        std::fs::write(file, bytes)
    }

    /// Returns the shape of a text.
    pub(crate) fn of(&mut self, text: &str) -> Result<Shape, String> {
        let key = Digest::of(text);
        let shape = match self.known.get(&key).or_else(|| self.used.get(&key)) {
            Some(shape) => shape.clone(),
            None => Shape::of(text)?,
        };
        self.used.insert(key, shape.clone());
        Ok(shape)
    }
}
