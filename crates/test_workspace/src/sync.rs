//! Brings the copy up to date: what git knows or would take in, and nothing else.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

/// Makes `copy` what `original` is. Files that are the same stay untouched, so that cargo compiles only what changed; a
/// file that is new there is as old as the one that it was made of.
pub(crate) fn copy(original: &Path, copy: &Path) {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        .current_dir(original)
        .output()
        .expect("git lists files");
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    let listed = String::from_utf8(listed.stdout).expect("names are UTF-8");
    let mut names = HashSet::new();
    for name in listed.split_terminator('\0') {
        let from = original.join(name);
        // What git knows and somebody has taken away is no part of it any more.
        let Ok(bytes) = fs::read(&from) else { continue };
        names.insert(name.to_owned());
        write(&from, &bytes, &copy.join(name));
    }
    take_away(copy, copy, &names);
}

fn write(from: &Path, bytes: &[u8], to: &Path) {
    let is_new = match fs::read(to) {
        Ok(old) if old == bytes => return,
        Ok(_) => false,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::NotFound, "{}: {error}", to.display());
            true
        }
    };
    fs::create_dir_all(to.parent().expect("a file lies in a folder")).expect("a folder");
    fs::copy(from, to).unwrap_or_else(|error| panic!("{}: {error}", to.display()));
    // Something else may have been compiled from one that was there.
    if is_new {
        let modified = fs::metadata(from).and_then(|its| its.modified()).expect("files have times");
        let file = File::options().append(true).open(to).expect("it was just written");
        file.set_modified(modified).expect("files have times");
    }
}

/// Takes away what has no original, and folders that are empty then.
fn take_away(root: &Path, folder: &Path, names: &HashSet<String>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() && !path.is_symlink() {
            take_away(root, &path, names);
            // It is refused where something is left.
            let _ = fs::remove_dir(&path);
        } else {
            let name = path.strip_prefix(root).expect("below the root").to_str().expect("names are UTF-8");
            if !names.contains(name) {
                fs::remove_file(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copy_is_what_the_original_is_and_nothing_else() {
        let folder = std::env::temp_dir().join(format!("florin-sync-{}", std::process::id()));
        let (original, to) = (folder.join("original"), folder.join("copy"));
        fs::create_dir_all(original.join("src/deep")).unwrap();
        let git = Command::new("git").args(["init", "--quiet"]).current_dir(&original).status().unwrap();
        assert!(git.success());
        fs::write(original.join("src/deep/a.rs"), "a").unwrap();
        fs::write(original.join(".gitignore"), "built\n").unwrap();
        fs::write(original.join("built"), "not copied").unwrap();
        copy(&original, &to);
        let time = |path: &Path| fs::metadata(path).unwrap().modified().unwrap();
        assert_eq!(fs::read(to.join("src/deep/a.rs")).unwrap(), b"a");
        assert!(!to.join("built").exists(), "what git leaves out is left out");
        assert_eq!(time(&original.join("src/deep/a.rs")), time(&to.join("src/deep/a.rs")), "as old as it is");

        fs::write(to.join("src/deep/a.rs"), "changed").unwrap();
        fs::create_dir_all(to.join("src/more")).unwrap();
        fs::write(to.join("src/more/b.rs"), "added").unwrap();
        copy(&original, &to);
        assert_eq!(fs::read(to.join("src/deep/a.rs")).unwrap(), b"a");
        assert!(
            time(&to.join("src/deep/a.rs")) > time(&original.join("src/deep/a.rs")),
            "cargo has to look again"
        );
        assert!(!to.join("src/more").exists(), "what was added is gone, with its folder");

        fs::remove_file(original.join("src/deep/a.rs")).unwrap();
        copy(&original, &to);
        assert!(!to.join("src").exists());
        fs::remove_dir_all(folder).unwrap();
    }
}
