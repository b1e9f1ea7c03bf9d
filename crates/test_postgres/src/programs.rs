//! Where PostgreSQL's programs lie. Never runs one but `pg_config`.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Finds the folder of PostgreSQL's server programs; of several versions, the newest.
pub(crate) fn find() -> Option<PathBuf> {
    debian().or_else(configured)
}

/// Debian and its kin keep versions side by side, out of the way of `PATH`.
fn debian() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let numbered = versions.filter_map(|version| {
        let path = version.ok()?.path();
        let number: u32 = path.file_name()?.to_str()?.parse().ok()?;
        Some((number, path.join("bin")))
    });
    numbered.filter(|(_, programs)| is_complete(programs)).max().map(|(_, programs)| programs)
}

fn configured() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let programs = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    is_complete(&programs).then_some(programs)
}

fn is_complete(programs: &Path) -> bool {
    ["initdb", "pg_ctl", "postgres"].iter().all(|name| programs.join(name).exists())
}
