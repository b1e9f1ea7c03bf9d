//! The documents that are kept with the sources say what the code says.
//!
//! `UPDATE_DOCS=1 cargo test -p app --test documents` writes them anew.

mod errors;
mod graph;
mod openapi;
mod readers;
mod reads;

use std::fs;
use std::path::PathBuf;

/// Returns a file of the repository.
fn file(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn read(path: &str) -> String {
    fs::read_to_string(file(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Compares a document with what it should be, or writes it where that was asked for.
fn is_fresh(path: &str, wanted: &str) {
    if std::env::var_os("UPDATE_DOCS").is_some_and(|value| value == "1") {
        fs::write(file(path), wanted).unwrap();
        return;
    }
    let found = fs::read_to_string(file(path)).unwrap_or_default();
    let line = found.lines().zip(wanted.lines()).position(|(found, wanted)| found != wanted);
    assert!(
        found == wanted,
        "{path} is out of date from line {} on. Write it anew: UPDATE_DOCS=1 cargo test -p app --test documents",
        line.unwrap_or(found.lines().count().min(wanted.lines().count())) + 1
    );
}
