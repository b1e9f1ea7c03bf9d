//! Where an import reads from.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::Context as _;

/// A file, or standard input.
pub(super) struct Source {
    pub(super) reader: Box<dyn Read>,
    /// How many bytes there are, where that is known.
    pub(super) bytes: Option<u64>,
    /// What it is called.
    pub(super) name: String,
}

impl Source {
    /// Opens a file; `-` is standard input.
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        if path == Path::new("-") {
            return Ok(Self {
                reader: Box::new(io::stdin()),
                bytes: None,
                name: "standard input".to_owned(),
            });
        }
        let name = path.display().to_string();
        let reading = || format!("cannot read `{name}`");
        let file = File::open(path).with_context(reading)?;
        let metadata = file.metadata().with_context(reading)?;
        let bytes = metadata.is_file().then_some(metadata.len());
        Ok(Self { reader: Box::new(file), bytes, name })
    }
}
