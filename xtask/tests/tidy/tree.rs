//! The files of the repository as the rules see them. It never follows a link, nor looks into what is built.

use std::fs;
use std::path::{Path, PathBuf};

/// A file with its text.
pub(crate) struct SourceFile {
    /// Relative to the repository, with `/` between the parts.
    pub(crate) path: String,
    /// All of it.
    pub(crate) text: String,
}

impl SourceFile {
    /// Whether what it declares may be part of the graph: features, and what they share.
    pub(crate) fn is_of_the_app(&self) -> bool {
        self.path.starts_with("app/src/") || self.path.starts_with("crates/app_base/src/")
    }

    /// The lines that are neither comments nor in the unit tests at the end, with their numbers from 1 on.
    pub(crate) fn code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let code = self.text.split("\n#[cfg(test)]\nmod ").next().unwrap_or_default();
        let lines = code.lines().enumerate().map(|(index, line)| (index + 1, line));
        lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// Whether it is compiled only for tests and benchmarks.
    pub(crate) fn is_test(&self) -> bool {
        let folders = ["/tests/", "/benches/"];
        folders.iter().any(|folder| self.path.contains(folder)) || self.path.starts_with("crates/test_")
    }
}

/// The repository's root folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the repository").to_owned()
}

/// The text of one file.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every Rust file that people write.
pub(crate) fn rust_files() -> Vec<SourceFile> {
    let folders = ["bench/pavex/sdk/", "workspace_hack/"];
    let generated =
        |path: &str| path.contains("server_sdk/") || folders.iter().any(|folder| path.starts_with(folder));
    files("rs").into_iter().filter(|file| !generated(&file.path)).collect()
}

/// Every file whose name has this ending.
pub(crate) fn files(extension: &str) -> Vec<SourceFile> {
    let root = root();
    let mut found = Vec::new();
    collect(&root, &root, extension, &mut found);
    assert!(!found.is_empty(), "no .{extension} file found under {}", root.display());
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// The names of the folders directly in a folder.
pub(crate) fn folders_in(path: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let folders =
        entries.map(|entry| entry.expect("a readable folder")).filter(|entry| entry.path().is_dir());
    let mut names: Vec<String> =
        folders.map(|folder| folder.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn collect(root: &Path, folder: &Path, extension: &str, found: &mut Vec<SourceFile>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let entry = entry.expect("a readable folder");
        let kind = entry.file_type().expect("a readable folder");
        let path = entry.path();
        let name = entry.file_name();
        let hidden = name.to_string_lossy().starts_with('.');
        if kind.is_dir() && !hidden && name != "target" && name != "data" {
            collect(root, &path, extension, found);
        } else if kind.is_file() && path.extension().is_some_and(|its| its == extension) {
            let relative = path.strip_prefix(root).expect("below the root");
            let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
            // A file that somebody is just moving is none.
            let Ok(text) = fs::read_to_string(&path) else { continue };
            found.push(SourceFile { path: parts.join("/"), text });
        }
    }
}
