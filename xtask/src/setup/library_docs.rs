//! The JSON documentation of core, alloc and std, which the code generator reads from the toolchain's own folder.
//! It never takes documentation for good that is in a format the code generator cannot read.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::{Step, library_rebuild, shown, toolchain};

/// The crates the code generator reads, each after those it builds on.
pub(super) const CRATES: [&str; 3] = ["core", "alloc", "std"];

/// The formats that pavexc 0.2.10 reads: it was built for 56, and 57 only adds fields.
const FORMATS: RangeInclusive<u32> = 56..=57;

/// rustup's component with these files.
const COMPONENT: &str = "rust-docs-json";

/// Whether all of it is there and readable.
///
/// # Errors
/// A file is there but cannot be read, or is in a format that the code generator does not know.
pub(super) fn inspect(root: &Path) -> anyhow::Result<Step> {
    let mut absent = Vec::new();
    for name in CRATES {
        let path = folder(root).join(format!("{name}.json"));
        if !path.exists() {
            absent.push(name);
            continue;
        }
        let format = format_of(&path)?;
        if !FORMATS.contains(&format) {
            bail!(
                "{} is in format {format}, and pavexc reads {} to {}: use the pinned nightly",
                shown(&path),
                FORMATS.start(),
                FORMATS.end()
            );
        }
    }
    Ok(if absent.is_empty() {
        Step::Ready(format!("in place: {}", shown(&folder(root))))
    } else {
        Step::Missing(format!("{} missing from {}", absent.join(", "), shown(&folder(root))))
    })
}

/// Fetches the component; where rustup cannot, makes the files from the toolchain's own pages.
///
/// # Errors
/// Neither way works: the text says what would help.
pub(super) fn bring(root: &Path) -> anyhow::Result<()> {
    println!("     asking rustup for its component {COMPONENT}");
    let Err(unavailable) = toolchain::add_component(root, COMPONENT) else { return Ok(()) };
    println!("     {unavailable:#}");

    let pages = root.join("share/doc/rust/html/src");
    if !pages.is_dir() {
        bail!(
            "the documentation can be made from the source pages of rustup's component rust-docs, but {} is not \
             there either: add one of the components {COMPONENT} and rust-docs to that toolchain",
            shown(&pages)
        );
    }
    println!("     making it from the toolchain's own source pages instead: about a minute");
    library_rebuild::rebuild(root, &pages, &folder(root))
}

/// Where rustup's component would put the files.
fn folder(root: &Path) -> PathBuf {
    root.join("share/doc/rust/json")
}

/// The format's number, which rustdoc writes at the very end of the file.
fn format_of(path: &Path) -> anyhow::Result<u32> {
    const TAIL_BYTES: u64 = 64;
    let mut tail = Vec::new();
    let read = |tail: &mut Vec<u8>| {
        let mut file = File::open(path)?;
        let length = file.seek(SeekFrom::End(0))?;
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
        file.read_to_end(tail)
    };
    read(&mut tail).with_context(|| format!("cannot read {}", shown(path)))?;
    format_in(&String::from_utf8_lossy(&tail)).with_context(|| {
        format!("{} does not end as rustdoc's JSON does: remove it and try again", shown(path))
    })
}

fn format_in(tail: &str) -> Option<u32> {
    let (_, number) = tail.rsplit_once("\"format_version\":")?;
    number.trim_end().strip_suffix('}')?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{CRATES, Step, folder, format_in, inspect};
    use std::fs;

    #[test]
    fn the_format_is_read_from_the_end_of_the_file() {
        assert_eq!(format_in("\"enabled\":false}]},\"format_version\":57}"), Some(57));
        assert_eq!(format_in("\"format_version\": 56 }\n"), Some(56));
        assert_eq!(format_in("\"format_version\":57"), None, "the file was cut off");
        assert_eq!(format_in("{}"), None);
    }

    #[test]
    fn what_is_missing_cut_off_or_too_new_is_told_apart() {
        let root = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(folder(root.path())).expect("a folder");
        let write = |name: &str, text: &str| {
            fs::write(folder(root.path()).join(format!("{name}.json")), text).expect("a file");
        };

        assert!(
            matches!(inspect(root.path()), Ok(Step::Missing(what)) if what.starts_with("core, alloc, std missing"))
        );
        for name in CRATES {
            write(name, "{\"root\":0,\"format_version\":57}");
        }
        assert!(matches!(inspect(root.path()), Ok(Step::Ready(_))));

        write("alloc", "{\"root\":0,\"index");
        assert!(
            inspect(root.path()).is_err_and(|error| error.to_string().contains("alloc.json does not end"))
        );

        write("alloc", "{\"root\":0,\"format_version\":99}");
        assert!(inspect(root.path()).is_err_and(|error| error.to_string().contains("format 99")));
    }
}
