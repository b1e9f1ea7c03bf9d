//! Copies the generated graph to where `src/lib.rs` includes it: a file's inner doc comments cannot be
//! included, everything else is taken over as it is.

use std::path::PathBuf;
use std::{env, fs};

fn main() {
    let generated = "../server_sdk/src/lib.rs";
    println!("cargo::rerun-if-changed={generated}");
    let code = fs::read_to_string(generated).unwrap_or_else(|error| panic!("{generated}: {error}"));
    let code: String =
        code.lines().filter(|line| !line.starts_with("//!")).flat_map(|line| [line, "\n"]).collect();
    let folder = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(folder.join("graph.rs"), code).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
}
