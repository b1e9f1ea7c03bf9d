//! When the code generator need not run: what it reads is what it last read, and what it wrote is still there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::fingerprint::{Fingerprint, Sources};
use crate::shapes::Shapes;

/// The files that are generated, in the folder of the package.
const GENERATED: [&str; 4] = ["Cargo.toml", "blueprint.dot", "blueprint.ron", "src/lib.rs"];

/// How many of the parts that changed are named.
const NAMED_MAX: usize = 3;

/// What the code generator last read and wrote.
#[derive(Debug, PartialEq, Eq, Deserialize, Serialize)]
struct Last {
    read: Fingerprint,
    wrote: BTreeMap<String, Digest>,
}

/// A generated package, and what is kept of how it was made.
#[derive(Debug)]
pub struct Generation<'a> {
    sources: &'a Sources,
    last: PathBuf,
    shapes: PathBuf,
}

/// Whether the code generator has to run.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It would write what is there.
    Fresh,
    /// It has to, for this reason.
    Stale(String),
}

impl<'a> Generation<'a> {
    /// Judges a generated package by what is kept in the folder `kept`, which is made when there is something to keep.
    #[must_use]
    pub fn new(sources: &'a Sources, kept: &Path) -> Self {
        let name = Digest::of(sources.generated.as_os_str().as_encoded_bytes()).to_string();
        let file = |what: &str| kept.join(format!("{}-{what}.json", &name[..16]));
        Self { sources, last: file("last"), shapes: file("shapes") }
    }

    /// Judges whether the code generator has to run. In doubt, it has to.
    #[must_use]
    pub fn judge(&self) -> Verdict {
        match self.take() {
            Ok(now) => self.compare(&now),
            Err(error) => Verdict::Stale(error.to_string()),
        }
    }

    /// Runs the code generator where it has to; returns why it did.
    ///
    /// # Errors
    /// Those of running it. Nothing is kept then.
    pub fn run<E>(&self, generate: impl FnOnce(&str) -> Result<(), E>) -> Result<Verdict, E> {
        let before = self.take();
        let verdict = match &before {
            Ok(now) => self.compare(now),
            Err(error) => Verdict::Stale(error.to_string()),
        };
        let Verdict::Stale(why) = &verdict else { return Ok(verdict) };
        // Whatever happens to the code generator, what was is no longer what it last did.
        let _ = std::fs::remove_file(&self.last);
        generate(why)?;
        // If the sources changed meanwhile, nobody knows which of them it has read.
        if let (Ok(before), Ok(after)) = (before, self.take())
            && before == after
            && let Ok(wrote) = self.written()
        {
            let last = Last { read: after, wrote };
            let kept = serde_json::to_vec(&last).map_err(std::io::Error::other);
            // What is not kept is found out again.
            let _ = kept.and_then(|bytes| std::fs::write(&self.last, bytes));
        }
        Ok(verdict)
    }

    fn take(&self) -> Result<Fingerprint, crate::Unfit> {
        let mut shapes = Shapes::read(&self.shapes);
        let taken = Fingerprint::take(self.sources, &mut shapes);
        if let Some(folder) = self.shapes.parent() {
            let _ = std::fs::create_dir_all(folder).and_then(|()| shapes.keep(&self.shapes));
        }
        taken
    }

    fn compare(&self, now: &Fingerprint) -> Verdict {
        let Some(last) = std::fs::read(&self.last).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok())
        else {
            return Verdict::Stale("nothing is known of an earlier run".to_owned());
        };
        let last: Last = last;
        let changed = now.differences(&last.read, NAMED_MAX + 1);
        if !changed.is_empty() {
            let more = if changed.len() > NAMED_MAX { ", …" } else { "" };
            let named = &changed[..changed.len().min(NAMED_MAX)];
            return Verdict::Stale(format!("changed: {}{more}", named.join(", ")));
        }
        match self.written() {
            Ok(wrote) if wrote == last.wrote => Verdict::Fresh,
            _ => Verdict::Stale(format!("{} is not as it was generated", self.sources.generated.display())),
        }
    }

    fn written(&self) -> std::io::Result<BTreeMap<String, Digest>> {
        let digest = |name: &str| std::fs::read(self.sources.generated.join(name)).map(Digest::of);
        GENERATED.iter().map(|name| Ok(((*name).to_owned(), digest(name)?))).collect()
    }
}
