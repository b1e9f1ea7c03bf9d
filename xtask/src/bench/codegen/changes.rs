//! The changes: each makes the service say something that it has not said before.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use synthetic_graph::{Workspace, route_file};

use crate::process;

/// The route that is changed.
const NUMBER: usize = 7;
/// Its path at first.
const ROUTE: &str = "/routes/0007";
/// The route of today's that is changed: it needs no database and no right.
pub(crate) const LIVE: &str = "/health/live";
/// The file with its handler.
const LIVE_FILE: &str = "app/src/health/get_live.rs";

/// The synthetic route's file.
pub(crate) struct Edited {
    right: String,
    changes: usize,
    /// Where it is asked for.
    pub(crate) path: String,
}

impl Edited {
    pub(crate) fn new(workspace: &Workspace) -> anyhow::Result<Self> {
        Ok(Self { right: workspace.get(&route_file(NUMBER))?, changes: started(), path: ROUTE.to_owned() })
    }

    /// Changes the handler's body; returns what it says from then on.
    pub(crate) fn body(&mut self, workspace: &Workspace) -> anyhow::Result<String> {
        self.changes += 1;
        let says = self.changes.to_string();
        let text = replace(&self.right, "set_typed_body(number.to_string())", &body(&says))?;
        let text = replace(&text, &format!("\"{ROUTE}\""), &format!("\"{}\"", self.path))?;
        workspace.put(&route_file(NUMBER), &text)?;
        Ok(says)
    }

    /// Changes its path, and its body as well; returns what it says.
    pub(crate) fn path(&mut self, workspace: &Workspace) -> anyhow::Result<String> {
        self.path = format!("{ROUTE}/{}", self.changes);
        self.body(workspace)
    }
}

fn body(says: &str) -> String {
    format!("set_typed_body(format!(\"{{number}}: {says}\"))")
}

/// Returns a number to begin with that no earlier run is likely to have come to.
fn started() -> usize {
    fastrand::usize(1_000_000..1_000_000_000)
}

/// The file of today's route.
pub(crate) struct Today {
    right: String,
    changes: usize,
}

impl Today {
    pub(crate) fn new(workspace: &Workspace) -> anyhow::Result<Self> {
        Ok(Self { right: workspace.get(LIVE_FILE)?, changes: started() })
    }

    /// Changes the handler's body; returns what it says from then on.
    pub(crate) fn body(&mut self, workspace: &Workspace) -> anyhow::Result<String> {
        self.changes += 1;
        let says = format!("live {}", self.changes);
        let text = replace(&self.right, "status: \"live\"", &format!("status: \"{says}\""))?;
        workspace.put(LIVE_FILE, &text)?;
        Ok(says)
    }

    /// Puts it right again.
    pub(crate) fn undo(&self, workspace: &Workspace) -> anyhow::Result<()> {
        Ok(workspace.put(LIVE_FILE, &self.right)?)
    }
}

fn replace(text: &str, from: &str, to: &str) -> anyhow::Result<String> {
    ensure!(text.contains(from), "there is no {from:?} in the file to change");
    Ok(text.replacen(from, to, 1))
}

/// Copies what git knows or would take in. Files that are the same already stay untouched, so that cargo compiles what
/// changed only.
pub(crate) fn copy(checkout: &Path, folder: &Path) -> anyhow::Result<Workspace> {
    let workspace = Workspace { folder: folder.to_owned() };
    let arguments = ["ls-files", "--cached", "--others", "--exclude-standard"];
    let listed = process::capture(Command::new("git").args(arguments).current_dir(checkout))?;
    for name in listed.lines() {
        let Ok(bytes) = std::fs::read(checkout.join(name)) else { continue };
        let to = folder.join(name);
        if std::fs::read(&to).is_ok_and(|there| there == bytes) {
            continue;
        }
        let parent = to.parent().context("a file has a folder")?;
        std::fs::create_dir_all(parent)?;
        std::fs::write(&to, bytes).with_context(|| format!("cannot write {}", to.display()))?;
    }
    Ok(workspace)
}

#[cfg(test)]
mod tests {
    use synthetic_graph::Workspace;

    use super::{Edited, ROUTE};

    #[test]
    fn each_change_says_something_new() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace::write(crate::workspace::root(), folder.path(), 10).unwrap();
        let text = || workspace.get(&synthetic_graph::route_file(super::NUMBER)).unwrap();
        let mut edited = Edited::new(&workspace).unwrap();
        let says = edited.body(&workspace).unwrap();
        assert!(text().contains(&says) && text().contains(&format!("\"{ROUTE}\"")));
        let next = edited.path(&workspace).unwrap();
        assert_ne!(says, next);
        assert!(edited.path.starts_with(ROUTE) && text().contains(&format!("\"{}\"", edited.path)));
        let last = edited.body(&workspace).unwrap();
        assert!(text().contains(&last) && text().contains(&format!("\"{}\"", edited.path)));
    }
}
