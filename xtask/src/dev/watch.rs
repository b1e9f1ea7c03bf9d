//! Notices changes of what the service is built from.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use anyhow::{Context, bail};
use notify_debouncer_mini::notify::{RecommendedWatcher, RecursiveMode};
use notify_debouncer_mini::{DebounceEventResult, Debouncer, new_debouncer};

/// How long it has to be quiet before a change counts: editors and git write several files at once.
const QUIET: Duration = Duration::from_millis(100);

/// The folders that the service is built from and started with. The generated code is not among them: it follows.
const FOLDERS: [&str; 5] = ["app", SETTINGS, "crates", "server", "workspace_hack"];

/// The folder of the service's settings.
const SETTINGS: &str = "configuration";

/// The files beside them.
const FILES: [&str; 3] = ["Cargo.lock", "Cargo.toml", "rust-toolchain.toml"];

/// Watches the sources.
pub(crate) struct Watch {
    root: PathBuf,
    changes: Receiver<DebounceEventResult>,
    _watcher: Debouncer<RecommendedWatcher>,
}

/// Something has changed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// What the service reads when it starts, too: it has to be started again.
    pub(crate) is_of_settings: bool,
}

impl Watch {
    /// Watches from now on.
    pub(crate) fn start(root: &Path) -> anyhow::Result<Self> {
        let (send, changes) = channel();
        let mut debouncer = new_debouncer(QUIET, send).context("cannot watch files")?;
        let watcher = debouncer.watcher();
        let mut watch = |path: &Path, mode| {
            watcher.watch(path, mode).with_context(|| format!("cannot watch {}", path.display()))
        };
        watch(root, RecursiveMode::NonRecursive)?;
        for folder in FOLDERS {
            watch(&root.join(folder), RecursiveMode::Recursive)?;
        }
        Ok(Self { root: root.to_owned(), changes, _watcher: debouncer })
    }

    /// Waits for a change, for so long at most.
    pub(crate) fn wait(&self, timeout: Duration) -> anyhow::Result<Option<Change>> {
        let mut change = None;
        let mut next = self.changes.recv_timeout(timeout);
        loop {
            match next {
                Ok(Ok(events)) => {
                    for event in events {
                        let path = event.path.strip_prefix(&self.root).unwrap_or(&event.path);
                        if let Some(found) = judge(path) {
                            let known = change.get_or_insert(Change { is_of_settings: false });
                            known.is_of_settings |= found.is_of_settings;
                        }
                    }
                }
                Ok(Err(error)) => bail!("cannot watch files any more: {error}"),
                Err(RecvTimeoutError::Timeout) => return Ok(change),
                Err(RecvTimeoutError::Disconnected) => bail!("cannot watch files any more"),
            }
            // Whatever has come meanwhile is one change with it.
            next = self.changes.recv_timeout(Duration::ZERO);
        }
    }
}

/// Returns what a change of this path is, relative to the repository; `None` where it is none.
fn judge(path: &Path) -> Option<Change> {
    let mut parts = path.iter().map(|part| part.to_string_lossy());
    let first = parts.next()?;
    let name = path.file_name()?.to_string_lossy();
    // What editors put aside for a moment.
    let is_passing =
        name.starts_with('.') || name.starts_with('#') || name.ends_with('~') || name.ends_with(".swp");
    let is_built = |part: std::borrow::Cow<'_, str>| part == "target";
    let counts = FOLDERS.contains(&&*first) || FILES.contains(&&*first);
    (counts && !is_passing && !parts.any(is_built)).then_some(Change { is_of_settings: first == SETTINGS })
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::{Duration, Instant};

    use super::{Change, FOLDERS, Watch, judge};

    #[test]
    fn what_the_service_is_built_from_counts() {
        let counts = |path: &str| judge(Path::new(path)).map(|change| change.is_of_settings);
        assert_eq!(counts("app/src/health/get_live.rs"), Some(false));
        assert_eq!(counts("Cargo.lock"), Some(false));
        assert_eq!(counts("configuration/dev.yml"), Some(true));
        for path in [
            "target/debug/server",
            "app/target/x",
            "README.md",
            "server_sdk/src/lib.rs",
            "app/src/.lib.rs.swp",
            "app/src/lib.rs~",
            "",
        ] {
            assert_eq!(counts(path), None, "{path}");
        }
    }

    #[test]
    fn a_change_is_noticed_once() {
        let root = tempfile::tempdir().unwrap();
        for folder in FOLDERS {
            std::fs::create_dir(root.path().join(folder)).unwrap();
        }
        std::fs::write(root.path().join("app/a.rs"), "a").unwrap();
        let watch = Watch::start(root.path()).unwrap();
        std::fs::write(root.path().join("app/a.rs"), "b").unwrap();
        std::fs::write(root.path().join("configuration/dev.yml"), "b").unwrap();
        let began = Instant::now();
        let mut seen = false;
        while !seen {
            let change = watch.wait(Duration::from_secs(1)).unwrap();
            seen |= change == Some(Change { is_of_settings: true });
            assert!(began.elapsed() < Duration::from_mins(1), "nothing was noticed");
        }
    }
}
