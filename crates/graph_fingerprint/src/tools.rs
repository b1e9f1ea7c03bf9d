//! The versions of the tools that generate code, and what of the environment they heed.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Beginnings of the names of environment variables that the code generator, rustdoc and cargo heed.
const HEEDED: [&str; 5] = ["CARGO_BUILD_", "CARGO_ENCODED_RUST", "CARGO_UNSTABLE_", "PAVEX", "RUSTC_"];

/// Others, in full.
const HEEDED_IN_FULL: [&str; 4] = ["RUSTC", "RUSTDOC", "RUSTDOCFLAGS", "RUSTFLAGS"];

/// Describes the tools: `pavexc`, the toolchain that documents crates, and their environment.
#[must_use]
pub(crate) fn describe() -> String {
    let toolchain = std::env::var("PAVEXC_DOCS_TOOLCHAIN").unwrap_or_default();
    let mut described = say("pavexc", &["--version"]);
    if let Some(program) = find("pavexc") {
        let size = std::fs::metadata(&program).map(|metadata| (metadata.len(), metadata.modified().ok()));
        writeln!(described, "{} {size:?}", program.display()).expect("texts can be written");
    }
    if !toolchain.is_empty() {
        described.push_str(&say("rustup", &["run", &toolchain, "rustc", "-vV"]));
    }
    let lossy = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    let mut variables: Vec<(String, String)> = std::env::vars_os()
        .map(|(name, value)| (lossy(name), lossy(value)))
        .filter(|(name, _)| {
            HEEDED.iter().any(|start| name.starts_with(start)) || HEEDED_IN_FULL.contains(&name.as_str())
        })
        .collect();
    variables.sort();
    write!(described, "{variables:?}").expect("texts can be written");
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
