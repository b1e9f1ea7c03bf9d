//! Notices changes of what the service is built from.

use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use anyhow::{Context, bail};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

/// How long it has to be quiet before a change counts: editors and git write several files at once.
const QUIET: Duration = Duration::from_millis(100);

/// How many changes may wait to be looked at.
const CHANGES_MAX: usize = 1024;

/// The folders that the service is built from and started with. The generated code is not among them: it follows.
const FOLDERS: [&str; 5] = ["app", SETTINGS, "crates", "server", "workspace_hack"];

/// The folder of the service's settings.
const SETTINGS: &str = "configuration";

/// The files beside them.
const FILES: [&str; 3] = ["Cargo.lock", "Cargo.toml", "rust-toolchain.toml"];

/// Watches the sources.
pub(crate) struct Watch {
    changes: Receiver<notify::Result<Change>>,
    _watcher: RecommendedWatcher,
}

/// Something has changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Change {
    /// What the service reads when it starts, too: it has to be started again.
    pub(crate) is_of_settings: bool,
}

impl Watch {
    /// Watches from now on.
    pub(crate) fn start(root: &Path) -> anyhow::Result<Self> {
        let (send, changes) = sync_channel(CHANGES_MAX);
        let folder = root.to_owned();
        let note = move |event: notify::Result<Event>| {
            let found = match event {
                Ok(event) => changes_of(&event, &folder).map(Ok),
                Err(error) => Some(Err(error)),
            };
            // Where there is no room, there is a change that nobody has looked at yet.
            found.map(|found| send.try_send(found));
        };
        let mut watcher = notify::recommended_watcher(note).context("cannot watch files")?;
        let mut watch = |path: &Path, mode| {
            watcher.watch(path, mode).with_context(|| format!("cannot watch {}", path.display()))
        };
        watch(root, RecursiveMode::NonRecursive)?;
        for folder in FOLDERS {
            watch(&root.join(folder), RecursiveMode::Recursive)?;
        }
        Ok(Self { changes, _watcher: watcher })
    }

    /// Waits for a change, for so long at most, and then until it is quiet.
    pub(crate) fn wait(&self, timeout: Duration) -> anyhow::Result<Option<Change>> {
        let mut change: Option<Change> = None;
        loop {
            let patience = if change.is_some() { QUIET } else { timeout };
            match self.changes.recv_timeout(patience) {
                Ok(Ok(found)) => change.get_or_insert_default().is_of_settings |= found.is_of_settings,
                Ok(Err(error)) => bail!("cannot watch files any more: {error}"),
                Err(RecvTimeoutError::Timeout) => return Ok(change),
                Err(RecvTimeoutError::Disconnected) => bail!("cannot watch files any more"),
            }
        }
    }
}

/// Returns what has changed by an event, if anything has that counts.
fn changes_of(event: &Event, root: &Path) -> Option<Change> {
    // The compiler reads what it compiles, and the service its settings.
    if matches!(event.kind, EventKind::Access(_)) {
        return None;
    }
    let changes = event.paths.iter().filter_map(|path| judge(path.strip_prefix(root).unwrap_or(path)));
    changes.reduce(|one, other| Change { is_of_settings: one.is_of_settings | other.is_of_settings })
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
    fn a_change_is_noticed_and_reading_is_none() {
        let root = tempfile::tempdir().unwrap();
        for folder in FOLDERS {
            std::fs::create_dir(root.path().join(folder)).unwrap();
        }
        let settings = root.path().join("configuration/dev.yml");
        std::fs::write(&settings, "a").unwrap();
        let watch = Watch::start(root.path()).unwrap();
        let until = |wanted: Option<Change>| {
            let began = Instant::now();
            while watch.wait(Duration::from_secs(1)).unwrap() != wanted {
                assert!(began.elapsed() < Duration::from_mins(1), "{wanted:?} is not noticed");
            }
        };
        // Reading comes first: had it been noticed, it would be what is seen.
        std::fs::read(&settings).unwrap();
        std::fs::write(root.path().join("app/a.rs"), "b").unwrap();
        until(Some(Change { is_of_settings: false }));
        std::fs::write(&settings, "b").unwrap();
        until(Some(Change { is_of_settings: true }));
    }
}
