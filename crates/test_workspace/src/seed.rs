//! What is compiled already need not be compiled again for the copy: its target folder begins with it.
//!
//! Cargo knows what it compiled by name, version, features and place within the workspace, and compares times, which
//! are kept. Where it finds that something does not fit, it compiles it, and all that this costs is time.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Endings of what compilers put in place whole: the copy may share it, for neither side ever writes into it.
const SHARED: [&str; 6] = ["a", "dylib", "o", "rlib", "rmeta", "so"];

/// Fills the folder of a profile with what another one has.
pub(crate) fn link(built: &Path, folder: &Path) {
    for part in [".fingerprint", "build", "deps"] {
        // What somebody takes away meanwhile is compiled.
        let _ = link_all(&built.join(part), &folder.join(part));
    }
}

fn link_all(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            link_all(&path, &target)?;
        } else if let Err(error) = link_one(&path, &target) {
            eprintln!("{}: {error}", path.display());
        }
    }
    Ok(())
}

fn link_one(from: &Path, to: &Path) -> io::Result<()> {
    let extension = from.extension().and_then(|its| its.to_str()).unwrap_or_default();
    let in_folder = |name: &str| from.components().any(|part| part.as_os_str() == name);
    if SHARED.contains(&extension) {
        return fs::hard_link(from, to);
    }
    // Programs: tests and binaries are linked anew, scripts are kept.
    if extension.is_empty() && in_folder("deps") {
        return Ok(());
    }
    let modified = fs::metadata(from)?.modified()?;
    fs::copy(from, to)?;
    File::options().append(true).open(to)?.set_modified(modified)
}
