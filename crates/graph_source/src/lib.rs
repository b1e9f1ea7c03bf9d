//! Brings the graph that the Pavex compiler generated into the crate that runs it, from that crate's build script.
//!
//! The generated router is private to its crate, so the code is compiled once more in the crate that calls it:
//! `include!(concat!(env!("OUT_DIR"), "/graph.rs"));` at its root, where `crate::` in generated code means it.

use std::path::PathBuf;
use std::{env, fs};

/// Copies the generated code to where the crate includes it. `generated` is the path of its `lib.rs`, from the crate's
/// folder.
///
/// # Panics
/// When there is no such file, or this is called from elsewhere than a build script: then nothing can be built.
pub fn copy(generated: &str) {
    println!("cargo::rerun-if-changed={generated}");
    let code = fs::read_to_string(generated).unwrap_or_else(|error| panic!("{generated}: {error}"));
    let folder = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let written = fs::write(folder.join("graph.rs"), includable(&code));
    written.unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
}

/// Leaves out a file's inner doc comments, which cannot be included; everything else is taken over as it is.
fn includable(code: &str) -> String {
    code.lines().filter(|line| !line.starts_with("//!")).flat_map(|line| [line, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_but_inner_doc_comments_is_taken_over() {
        let code = "//! Do NOT edit.\nstruct Router;\n// a comment\n    //! not at the start of a line\n";
        assert_eq!(includable(code), "struct Router;\n// a comment\n    //! not at the start of a line\n");
    }
}
