//! The two tools of the code generator, at the versions this project is pinned to.
//! It never replaces a tool that is already there at its pinned version.

use std::process::Command;

use anyhow::Context;

use super::Step;
use crate::process;

/// A program from crates.io.
pub(super) struct Tool {
    /// Its package on crates.io.
    pub(super) package: &'static str,
    /// The version that the committed `server_sdk` was generated with.
    pub(super) version: &'static str,
    /// What it is for, in the reader's words.
    pub(super) purpose: &'static str,
    /// The command that prints the version, where the program has one.
    version_command: Option<&'static str>,
}

/// The tools, in the order they are brought.
pub(super) const ALL: [Tool; 2] = [
    Tool {
        package: "cargo-px",
        version: "0.1.21",
        purpose: "runs the code generator, then cargo",
        // `cargo px --version` is handed on to cargo.
        version_command: None,
    },
    Tool {
        package: "pavexc_cli",
        version: "0.2.10",
        purpose: "`pavexc`, which checks the blueprint and writes server_sdk",
        version_command: Some("pavexc"),
    },
];

/// Whether the tool is there at its pinned version.
///
/// # Errors
/// Cargo cannot list what it has installed.
pub(super) fn inspect(tool: &Tool) -> anyhow::Result<Step> {
    let Tool { package, version, .. } = tool;
    let found = match tool.version_command {
        Some(program) => process::capture(Command::new(program).arg("--version")).unwrap_or_default(),
        None => process::capture(cargo_command::cargo().args(["install", "--list"]))?,
    };
    let there = match tool.version_command {
        Some(_) => found.split_whitespace().any(|word| word == *version),
        None => is_listed(&found, package, version),
    };
    Ok(if there {
        Step::Ready("already installed".to_owned())
    } else {
        Step::Missing(format!(
            "not installed at this version: `cargo install --locked {package}@{version}` brings it"
        ))
    })
}

/// Builds and installs the tool from crates.io.
///
/// # Errors
/// Cargo cannot install it, or installs it where the shell does not look.
pub(super) fn install(tool: &Tool) -> anyhow::Result<()> {
    println!("     installing it: a few minutes the first time");
    process::stream(cargo_command::cargo().args([
        "install",
        "--locked",
        &format!("{}@{}", tool.package, tool.version),
    ]))?;
    if let Some(program) = tool.version_command {
        process::capture(Command::new(program).arg("--version")).with_context(|| {
            format!("{program} is installed, but not on the PATH: add cargo's bin folder to it")
        })?;
    }
    Ok(())
}

/// Reads the output of `cargo install --list`: a line `package vVERSION:` for each, a path before the colon at times.
fn is_listed(list: &str, package: &str, version: &str) -> bool {
    list.lines().any(|line| {
        let mut words = line.trim_end_matches(':').split(' ');
        words.next() == Some(package) && words.next().and_then(|word| word.strip_prefix('v')) == Some(version)
    })
}

#[cfg(test)]
mod tests {
    use super::is_listed;

    const LIST: &str = "cargo-nextest v0.9.143:\n    cargo-nextest\ncargo-px v0.1.21:\n    cargo-px\n\
        pavexc_cli v0.2.10 (/src/pavex):\n    pavexc\n";

    #[test]
    fn a_package_is_listed_only_under_its_own_name_and_version() {
        assert!(is_listed(LIST, "cargo-px", "0.1.21"));
        assert!(is_listed(LIST, "pavexc_cli", "0.2.10"));
        assert!(!is_listed(LIST, "cargo-px", "0.1.2"));
        assert!(!is_listed(LIST, "cargo", "0.1.21"));
        assert!(!is_listed(LIST, "pavexc", "0.2.10"));
        assert!(!is_listed("", "cargo-px", "0.1.21"));
    }
}
