//! The versions of the tools that generate code, and what of the environment they heed.

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Beginnings of the names of environment variables that the code generator, rustdoc and cargo heed.
const HEEDED: [&str; 6] =
    ["CARGO_BUILD_", "CARGO_ENCODED_RUST", "CARGO_UNSTABLE_", "PAVEX", "RUSTC_", "RUST_TOOLCHAIN"];

/// Others, in full.
const HEEDED_IN_FULL: [&str; 4] = ["RUSTC", "RUSTDOC", "RUSTDOCFLAGS", "RUSTFLAGS"];

/// Describes the tools: `pavexc`, the toolchain that documents crates, and their environment.
#[must_use]
pub(crate) fn describe() -> String {
    let toolchain = std::env::var("PAVEXC_DOCS_TOOLCHAIN").unwrap_or_default();
    let mut described = say("pavexc", &["--version"]);
    if let Some(program) = find("pavexc") {
        let size = std::fs::metadata(&program).map(|metadata| (metadata.len(), metadata.modified().ok()));
        described.push_str(&format!("{} {size:?}\n", program.display()));
    }
    if !toolchain.is_empty() {
        described.push_str(&say("rustup", &["run", &toolchain, "rustc", "-vV"]));
    }
    let mut variables: Vec<(String, String)> = std::env::vars()
        .filter(|(name, _)| {
            HEEDED.iter().any(|start| name.starts_with(start)) || HEEDED_IN_FULL.contains(&name.as_str())
        })
        .collect();
    variables.sort();
    described.push_str(&format!("{variables:?}"));
    described
}

/// Returns what a program says on its standard output; that it says nothing, where it cannot be run.
fn say(program: &str, arguments: &[&str]) -> String {
    let said = Command::new(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output();
    said.map_or_else(
        |error| format!("{program}: {error}\n"),
        |said| String::from_utf8_lossy(&said.stdout).into(),
    )
}

fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}
