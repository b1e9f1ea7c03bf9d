//! Writes a workspace with as many routes as wanted, to measure and test code generation with: four wrapping and two
//! post-processing middlewares, twenty singletons, ten request-scoped constructors. It takes its dependencies, their
//! versions and features from a checkout of Florin, so that what was compiled for that serves it, too. For tests only.

mod manifests;
mod sources;

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

pub use sources::{BLUEPRINT, COMPONENTS, MIDDLEWARES, SINGLETONS, route_file};

/// The packages with the blueprint, of the generated code, and of the program.
pub const APP: &str = "synthetic_app";
/// The generated package.
pub const SDK: &str = "synthetic_sdk";
/// The program that serves the routes. It prints its address on a line of its own.
pub const SERVER: &str = "synthetic_server";

/// The checkout's lock file, as it was taken.
const TAKEN_LOCK: &str = "target/taken.lock";

/// A workspace on the disk.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// Its folder.
    pub folder: PathBuf,
}

impl Workspace {
    /// Writes a workspace with so many routes into `folder`, from what `checkout` depends on. Files that are right
    /// already stay untouched, so that cargo compiles what changed only.
    ///
    /// # Errors
    /// Those of reading and writing files.
    pub fn write(checkout: &Path, folder: &Path, routes: usize) -> io::Result<Self> {
        let workspace = Self { folder: folder.to_owned() };
        for (path, text) in manifests::all(checkout)? {
            workspace.put(&path, &text)?;
        }
        // Cargo leaves out of it what is not needed here; it is taken anew when the checkout's has changed.
        let lock = std::fs::read_to_string(checkout.join("Cargo.lock"))?;
        if !workspace.get(TAKEN_LOCK).is_ok_and(|taken| taken == lock) {
            workspace.put("Cargo.lock", &lock)?;
            workspace.put(TAKEN_LOCK, &lock)?;
        }
        for (path, text) in [
            (format!("{SDK}/Cargo.toml"), manifests::sdk()),
            (format!("{SDK}/src/lib.rs"), "//! Nothing has been generated yet.\n".to_owned()),
        ] {
            // What was generated stays.
            if !folder.join(&path).exists() {
                workspace.put(&path, &text)?;
            }
        }
        for (path, text) in sources::all(routes) {
            workspace.put(&path, &text)?;
        }
        Ok(workspace)
    }

    /// Returns cargo, about to be run in the workspace, with what it builds in `target`.
    #[must_use]
    pub fn cargo(&self, target: &Path) -> Command {
        let mut cargo = cargo_command::cargo();
        cargo.current_dir(&self.folder).env("CARGO_TARGET_DIR", target);
        cargo
    }

    /// Writes a file, unless that is what it says.
    ///
    /// # Errors
    /// Those of writing files.
    pub fn put(&self, path: &str, text: &str) -> io::Result<()> {
        let path = self.folder.join(path);
        if std::fs::read_to_string(&path).is_ok_and(|there| there == text) {
            return Ok(());
        }
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, text)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// Those of reading files.
    pub fn get(&self, path: &str) -> io::Result<String> {
        std::fs::read_to_string(self.folder.join(path))
    }
}
