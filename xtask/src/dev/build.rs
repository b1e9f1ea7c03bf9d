//! Builds the service: generates code where it has to be, then runs cargo.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::SystemTime;

use anyhow::{Context, bail};
use cargo_command::{cargo, jobs_after_a_change};
use graph_fingerprint::Generator;

use crate::workspace;

/// The package with the blueprint, and the manifest of the generated one.
const PACKAGE: &str = "app";
const GENERATED: &str = "server_sdk/Cargo.toml";

/// A service that was built.
pub(crate) struct Built {
    pub(crate) binary: PathBuf,
    /// Tells it from others.
    pub(crate) stamp: Stamp,
}

/// When a binary was written, and its size.
pub(crate) type Stamp = (SystemTime, u64);

/// Builds what is there now. What goes wrong is shown as cargo and the Pavex compiler show it.
pub(crate) fn build(root: &Path) -> anyhow::Result<Built> {
    let generator = Generator::new(root.to_owned(), PACKAGE.to_owned(), &root.join(GENERATED));
    generator.run(|why| eprintln!("  Generating the graph ({why})"))?;
    let mut cargo = cargo();
    cargo.args(["build", "--package", "server", "--bin", "server", "--jobs"]);
    cargo.arg(jobs_after_a_change().to_string()).current_dir(root).stdin(Stdio::null());
    let status = cargo.status().context("cannot start cargo")?;
    if !status.success() {
        bail!("the build failed");
    }
    let binary = workspace::target().join("debug/server");
    let file = std::fs::metadata(&binary).with_context(|| format!("there is no {}", binary.display()))?;
    Ok(Built { stamp: (file.modified()?, file.len()), binary })
}
