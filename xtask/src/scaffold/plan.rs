//! What is to be changed in a workspace: worked out whole before anything is written, and written whole or not at all.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// Changes of files, by their paths from the root on. Nothing is written before [`Plan::apply`].
pub(super) struct Plan {
    root: PathBuf,
    changes: BTreeMap<String, Change>,
}

/// A file before and after; before, there may be none.
struct Change {
    before: Option<String>,
    after: String,
}

/// What was written, and can be taken back.
#[derive(Debug)]
pub(super) struct Written {
    files: Vec<(PathBuf, Option<Vec<u8>>)>,
    folders: Vec<PathBuf>,
}

impl Plan {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), changes: BTreeMap::new() }
    }

    /// Makes a file.
    ///
    /// # Errors
    /// There is one already.
    pub(super) fn create(&mut self, path: &str, text: String) -> Result<()> {
        if self.root.join(path).exists() || self.changes.contains_key(path) {
            bail!("{path} is there already");
        }
        self.changes.insert(path.to_owned(), Change { before: None, after: text });
        Ok(())
    }

    /// Changes a file; what was planned for it before is taken into account.
    ///
    /// # Errors
    /// It cannot be read, or the change does not fit.
    pub(super) fn edit(&mut self, path: &str, change: impl FnOnce(&str) -> Result<String>) -> Result<()> {
        let Change { before, after } = if let Some(known) = self.changes.remove(path) {
            known
        } else {
            let text = self.read(path)?;
            Change { before: Some(text.clone()), after: text }
        };
        let after = change(&after).with_context(|| path.to_owned())?;
        self.changes.insert(path.to_owned(), Change { before, after });
        Ok(())
    }

    /// Reads a file as it stands now.
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) fn read(&self, path: &str) -> Result<String> {
        fs::read_to_string(self.root.join(path)).with_context(|| format!("cannot read {path}"))
    }

    /// Says what would be done: new files with their lengths, and the lines that others get.
    pub(super) fn show(&self) -> String {
        let mut text = String::new();
        for (path, Change { before, after }) in &self.changes {
            let Some(before) = before else {
                let _ = writeln!(text, "new   {path} ({} lines)", after.lines().count());
                continue;
            };
            let _ = writeln!(text, "edit  {path}");
            for line in added(before, after) {
                let _ = writeln!(text, "      + {}", line.trim());
            }
        }
        text
    }

    /// The files that are changed: their paths, what stands in them, what will.
    #[cfg(test)]
    pub(super) fn edits(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.changes
            .iter()
            .filter_map(|(path, change)| Some((&**path, change.before.as_deref()?, &*change.after)))
    }

    /// The files that are made: their paths, and what will stand in them.
    #[cfg(test)]
    pub(super) fn new_files(&self) -> impl Iterator<Item = (&str, &str)> {
        let new = self.changes.iter().filter(|(_, change)| change.before.is_none());
        new.map(|(path, change)| (&**path, &*change.after))
    }

    /// Writes all of it. Where something cannot be written, what was is taken back.
    ///
    /// # Errors
    /// What could not be written; everything is then as it was, or the error says what is not.
    pub(super) fn apply(&self) -> Result<Written> {
        let mut written = Written { files: Vec::new(), folders: Vec::new() };
        for (path, change) in &self.changes {
            if let Err(error) = written.write(&self.root.join(path), change) {
                let error = error.context(format!("cannot write {path}"));
                return Err(match written.undo() {
                    Ok(()) => error.context("nothing was changed"),
                    Err(left) => error.context(format!("could not take everything back: {left:#}")),
                });
            }
        }
        Ok(written)
    }
}

impl Written {
    fn write(&mut self, path: &Path, change: &Change) -> Result<()> {
        let missing = path.ancestors().skip(1).take_while(|folder| !folder.exists());
        let missing: Vec<_> = missing.map(Path::to_owned).collect();
        for folder in missing.into_iter().rev() {
            fs::create_dir(&folder)?;
            self.folders.push(folder);
        }
        self.files.push((path.to_owned(), change.before.clone().map(String::into_bytes)));
        Ok(fs::write(path, &change.after)?)
    }

    /// Remembers files that others are about to write: all in these folders, and these files.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub(super) fn also_of(&mut self, root: &Path, paths: &[&str]) -> Result<()> {
        for path in paths {
            let path = root.join(path);
            if path.is_dir() {
                let entries = fs::read_dir(&path)?.collect::<Result<Vec<_>, _>>()?;
                for entry in entries.iter().filter(|entry| entry.path().is_file()) {
                    self.files.push((entry.path(), Some(fs::read(entry.path())?)));
                }
                // What is new in there goes.
                self.files.push((path, None));
            } else {
                let bytes = fs::read(&path)?;
                self.files.push((path, Some(bytes)));
            }
        }
        Ok(())
    }

    /// Takes everything back: the last first.
    ///
    /// # Errors
    /// Something could not be taken back; the rest is.
    pub(super) fn undo(self) -> Result<()> {
        let mut failed = Vec::new();
        let mut note = |path: &Path, result: std::io::Result<()>| {
            if let Err(error) = result {
                failed.push(format!("{}: {error}", path.display()));
            }
        };
        let known: Vec<PathBuf> =
            self.files.iter().filter(|(_, before)| before.is_some()).map(|(path, _)| path.clone()).collect();
        for (path, before) in self.files.iter().rev() {
            match before {
                Some(bytes) if fs::read(path).ok().as_deref() == Some(bytes) => {}
                Some(bytes) => note(path, fs::write(path, bytes)),
                None if path.is_dir() => {
                    let entries =
                        fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
                    for new in entries.filter(|entry| entry.is_file() && !known.contains(entry)) {
                        note(&new, fs::remove_file(&new));
                    }
                }
                None if path.exists() => note(path, fs::remove_file(path)),
                None => {}
            }
        }
        for folder in self.folders.iter().rev() {
            note(folder, fs::remove_dir(folder));
        }
        if failed.is_empty() { Ok(()) } else { bail!(failed.join("; ")) }
    }
}

/// The lines that a text has beyond those of an earlier one, wherever they stand.
pub(super) fn added<'a>(before: &str, after: &'a str) -> Vec<&'a str> {
    let mut left: Vec<&str> = before.lines().collect();
    let mut is_new = |line: &&str| {
        let known = left.iter().position(|its| its == line);
        known.map(|at| left.remove(at)).is_none()
    };
    after.lines().filter(|line| is_new(line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of all files under a folder, with what stands in them.
    fn all(folder: &Path) -> Vec<(PathBuf, String)> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.push((path.clone(), "a folder".to_owned()));
                found.extend(all(&path));
            } else {
                found.push((path.clone(), fs::read_to_string(path).unwrap()));
            }
        }
        found.sort();
        found
    }

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("list"), "a\nc\n").unwrap();
        fs::write(folder.path().join("file"), "no folder\n").unwrap();
        folder
    }

    #[test]
    fn a_plan_is_shown_and_written_whole_and_can_be_taken_back() {
        let folder = folder();
        let before = all(folder.path());
        let mut plan = Plan::new(folder.path());
        plan.create("deep/down/new", "x\ny\n".to_owned()).unwrap();
        plan.edit("list", |text| Ok(text.replace("c\n", "b\nc\n"))).unwrap();
        assert_eq!(plan.show(), "new   deep/down/new (2 lines)\nedit  list\n      + b\n");
        assert_eq!(all(folder.path()), before, "nothing is written before it is applied");
        let written = plan.apply().unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("deep/down/new")).unwrap(), "x\ny\n");
        assert_eq!(fs::read_to_string(folder.path().join("list")).unwrap(), "a\nb\nc\n");
        written.undo().unwrap();
        assert_eq!(all(folder.path()), before);
    }

    #[test]
    fn what_cannot_be_written_undoes_what_was() {
        let folder = folder();
        let before = all(folder.path());
        let mut plan = Plan::new(folder.path());
        plan.create("deep/new", "x".to_owned()).unwrap();
        // In the way of a folder stands a file; this comes after all the others.
        plan.create("zone", String::new()).unwrap();
        plan.edit("list", |_| Ok("changed".to_owned())).unwrap();
        plan.create("zone/below", "y".to_owned()).unwrap();
        let error = plan.apply().unwrap_err();
        assert!(
            format!("{error:#}").starts_with("nothing was changed: cannot write zone/below"),
            "{error:#}"
        );
        assert_eq!(all(folder.path()), before);
    }

    #[test]
    fn what_others_write_is_taken_back_too() {
        let folder = folder();
        fs::create_dir(folder.path().join("made")).unwrap();
        fs::write(folder.path().join("made/old"), "old").unwrap();
        let before = all(folder.path());
        let mut written = Plan::new(folder.path()).apply().unwrap();
        written.also_of(folder.path(), &["made", "list"]).unwrap();
        fs::write(folder.path().join("made/new"), "new").unwrap();
        fs::remove_file(folder.path().join("made/old")).unwrap();
        fs::write(folder.path().join("list"), "other").unwrap();
        written.undo().unwrap();
        assert_eq!(all(folder.path()), before);
    }

    #[test]
    fn a_file_that_is_there_is_never_made_anew() {
        let folder = folder();
        let mut plan = Plan::new(folder.path());
        let error = plan.create("list", String::new()).unwrap_err();
        assert_eq!(error.to_string(), "list is there already");
        assert!(plan.edit("nowhere", |_| Ok(String::new())).is_err());
    }
}
