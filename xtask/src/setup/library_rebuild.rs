//! Makes the JSON documentation of the standard library from the source pages that a toolchain carries.
//! It never leaves half a file behind: documentation is written aside and moved into place when whole.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, bail, ensure};

use super::library_docs::CRATES;
use super::{shown, source_page, toolchain};

/// How often a crate is tried again after files that its pages lack were put in.
const ATTEMPTS: usize = 6;

/// What `std` is built against; the toolchain's libraries hold them compiled.
const STD_EXTERNS: [&str; 13] = [
    "addr2line",
    "alloc",
    "cfg_if",
    "core",
    "hashbrown",
    "libc",
    "miniz_oxide",
    "object",
    "panic_abort",
    "panic_unwind",
    "rustc_demangle",
    "std_detect",
    "unwind",
];

/// Rebuilds the documentation of every crate and puts it into `target`.
///
/// # Errors
/// The pages cannot be read, rustdoc refuses them, or the toolchain's folder cannot be written to.
pub(super) fn rebuild(root: &Path, pages: &Path, target: &Path) -> anyhow::Result<()> {
    let compiler = toolchain::compiler(root)?;
    let libraries = root.join("lib/rustlib").join(&compiler.host).join("lib");
    let sources = tempfile::tempdir().context("cannot make a temporary folder")?;
    // rustdoc names files by their real path in what it reports.
    let source_root = sources.path().canonicalize()?;

    let count = restore(pages, &source_root)?;
    ensure!(count > 0, "no page under {} could be read: their form must have changed", shown(pages));
    println!("     {count} source files put back together");

    fs::create_dir_all(target).with_context(|| format!("cannot make {}", shown(target)))?;
    let aside = tempfile::tempdir_in(target).with_context(|| format!("cannot write to {}", shown(target)))?;
    for name in CRATES {
        let rustdoc = || rustdoc(root, &compiler.host, &libraries, &source_root, aside.path(), name);
        document(name, &source_root, rustdoc)?;
        let file = format!("{name}.json");
        fs::rename(aside.path().join(&file), target.join(&file))
            .with_context(|| format!("cannot put {file} into {}", shown(target)))?;
        println!("     {file} written");
    }
    Ok(())
}

/// Writes the file that each page shows under `sources`; returns how many.
fn restore(pages: &Path, sources: &Path) -> anyhow::Result<usize> {
    let mut count = 0;
    let mut folders = vec![pages.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot list {}", shown(&folder)))? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(".rs.html") {
                let page =
                    fs::read_to_string(&path).with_context(|| format!("cannot read {}", shown(&path)))?;
                let Some(file) = source_page::parse(&page) else { continue };
                write(&sources.join(file.path), &file.text)?;
                count += 1;
            }
        }
    }
    Ok(count)
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let folder = path.parent().context("a source file lies in a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", shown(folder)))?;
    fs::write(path, text).with_context(|| format!("cannot write {}", shown(path)))
}

/// Runs rustdoc until the crate's documentation is whole, putting in the files that its pages lack.
///
/// There is no page for a text file that some documentation includes, nor for a module that holds no code. Either is
/// as good when empty, since nobody looks at it here.
fn document(name: &str, sources: &Path, rustdoc: impl Fn() -> std::io::Result<Output>) -> anyhow::Result<()> {
    for _ in 0..ATTEMPTS {
        let output = rustdoc().context("cannot start the toolchain's rustdoc")?;
        if output.status.success() {
            return Ok(());
        }
        let complaints = String::from_utf8_lossy(&output.stderr);
        let absent = absent_files(&complaints, sources);
        if absent.is_empty() {
            let first: Vec<&str> = complaints.lines().take(20).collect();
            bail!("rustdoc refuses the sources of {name}:\n{}", first.join("\n"));
        }
        for path in absent {
            write(&path, "")?;
        }
    }
    bail!(
        "rustdoc asks for more files of {name} than can be made up: report this with your toolchain's version"
    )
}

fn rustdoc(
    root: &Path,
    host: &str,
    libraries: &Path,
    sources: &Path,
    output: &Path,
    name: &str,
) -> std::io::Result<Output> {
    let mut command = Command::new(root.join("bin/rustdoc"));
    command
        .arg(sources.join("library").join(name).join("src/lib.rs"))
        .args(["--crate-name", name, "--edition", "2024", "--cap-lints", "allow"])
        .args(["-Zunstable-options", "-Zforce-unstable-if-unmarked", "--output-format", "json"])
        .args(["--document-private-items", "--document-hidden-items"])
        .arg("-o")
        .arg(output)
        .arg("-L")
        .arg(libraries);
    if name == "std" {
        command.args(["--cfg", "feature=\"backtrace\"", "--cfg", "backtrace_in_libstd"]);
        for (library, path) in compiled(libraries)? {
            command.arg("--extern").arg(format!("{library}={}", shown(&path)));
        }
    }
    let architecture = host.split('-').next().unwrap_or(host);
    // The library uses what only the compiler's own crates may use.
    command.env("RUSTC_BOOTSTRAP", "1").env("STD_ENV_ARCH", architecture).stdin(Stdio::null()).output()
}

/// The compiled libraries that `std` asks for, by name.
fn compiled(libraries: &Path) -> std::io::Result<Vec<(&'static str, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(libraries)? {
        let path = entry?.path();
        let file = path.file_name().map(|file| file.to_string_lossy().into_owned()).unwrap_or_default();
        let name = file.strip_prefix("lib").and_then(|file| file.strip_suffix(".rmeta"));
        let name = name.and_then(|file| file.rsplit_once('-')).map(|(name, _)| name);
        if let Some(known) = STD_EXTERNS.into_iter().find(|known| Some(*known) == name) {
            found.push((known, path));
        }
    }
    Ok(found)
}

/// The files under `sources` that rustdoc says it could not find.
fn absent_files(complaints: &str, sources: &Path) -> BTreeSet<PathBuf> {
    let quoted = |marker: &str, end: char| {
        let parts: Vec<&str> = complaints.split(marker).skip(1).collect();
        parts.into_iter().filter_map(move |rest| rest.split_once(end)).map(|(path, _)| PathBuf::from(path))
    };
    quoted("couldn't read `", '`')
        .chain(quoted("create file \"", '"'))
        .filter_map(|path| source_page::resolved(&path))
        .filter(|path| path.starts_with(sources))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{absent_files, restore};
    use std::path::{Path, PathBuf};

    #[test]
    fn rustdoc_is_given_the_files_it_asks_for_and_none_outside() {
        let complaints = "error: couldn't read `/s/library/core/src/../x.md`: No such file\n\
            error: couldn't read `/s/../outside.md`: No such file\n\
            error: couldn't read `/s/library/core/src/primitive.md`: No such file (os error 2)\n\
            error[E0583]: file not found for module `unix`\n  --> /s/library/std/src/os/mod.rs:4:1\n\
            = help: to create the module `unix`, create file \"/s/library/std/src/os/unix.rs\" or \
            \"/s/library/std/src/os/unix/mod.rs\"\n\
            error: couldn't read `/etc/shadow`: Permission denied\n";
        let absent: Vec<PathBuf> = absent_files(complaints, Path::new("/s")).into_iter().collect();
        let expected =
            ["/s/library/core/src/primitive.md", "/s/library/core/x.md", "/s/library/std/src/os/unix.rs"];
        assert_eq!(absent, expected.map(PathBuf::from));
    }

    #[test]
    fn only_source_pages_become_files() {
        let pages = tempfile::tempdir().expect("a folder");
        let sources = tempfile::tempdir().expect("a folder");
        let page = "Source of the Rust file `library/core/src/a/b.rs`. <pre class=\"rust\"><code>fn b() {}\n</code></pre>";
        std::fs::create_dir(pages.path().join("a")).expect("a folder");
        std::fs::write(pages.path().join("a/b.rs.html"), page).expect("a page");
        std::fs::write(pages.path().join("index.html"), page).expect("a page");
        std::fs::write(pages.path().join("odd.rs.html"), "<html></html>").expect("a page");

        assert_eq!(restore(pages.path(), sources.path()).expect("readable pages"), 1);
        let text = std::fs::read_to_string(sources.path().join("library/core/src/a/b.rs")).expect("the file");
        assert_eq!(text, "fn b() {}\n");
    }
}
