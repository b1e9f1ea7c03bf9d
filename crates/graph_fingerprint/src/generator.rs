//! Has code generated where it has to be, as `cargo px` would: compiles the program that hands the blueprint over, and
//! runs it.

use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use cargo_command::cargo;

use crate::generation::{Generation, Verdict};
use crate::{Sources, tools};

/// The program that hands the blueprint over.
const PROGRAM: &str = "bp";

/// Generates code for one package.
#[derive(Debug)]
pub struct Generator {
    sources: Sources,
    manifest: PathBuf,
    kept: PathBuf,
}

/// Why no code was generated.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// Something is missing that whoever calls has to say.
    #[error("{0}")]
    Usage(&'static str),
    /// Cargo cannot be run.
    #[error("cannot start cargo: {0}")]
    Start(std::io::Error),
    /// It has said why.
    #[error("the code generator failed: {0}")]
    Failed(ExitStatus),
}

impl Generator {
    /// Generates the package with this manifest, from the blueprint in the package `package` of the workspace at `root`.
    #[must_use]
    pub fn new(root: PathBuf, package: String, manifest: &Path) -> Self {
        let generated = manifest.parent().unwrap_or(Path::new("")).to_path_buf();
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        let sources = Sources { root, package, generated, tools: tools::describe() };
        Self { sources, manifest: manifest.to_owned(), kept: target.join("graph_fingerprint") }
    }

    /// Generates code if it has to be, after saying why.
    ///
    /// # Errors
    /// It has to be, and cannot be; cargo or the compiler say why.
    pub fn run(&self, say: impl FnOnce(&str)) -> Result<Verdict, GenerateError> {
        Generation::new(&self.sources, &self.kept).run(|why| {
            say(why);
            self.hand_over()
        })
    }

    fn hand_over(&self) -> Result<(), GenerateError> {
        let Sources { root, package, .. } = &self.sources;
        let mut cargo = cargo();
        cargo.args(["run", "--package", package, "--bin", PROGRAM]).current_dir(root);
        cargo
            .env("CARGO_PX_WORKSPACE_ROOT_DIR", root)
            .env("CARGO_PX_GENERATED_PKG_MANIFEST_PATH", &self.manifest);
        let status = cargo.status().map_err(GenerateError::Start)?;
        if status.success() { Ok(()) } else { Err(GenerateError::Failed(status)) }
    }
}
