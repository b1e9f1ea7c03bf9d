//! Mails as files in a folder, for who develops or tries out: `.eml`, which mail programs open.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::fs::{self, OpenOptions};
use tokio::io::AsyncWriteExt as _;

use crate::letter::Kind;

/// A folder, which is created when the first mail comes.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    written: AtomicU64,
}

impl Folder {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, written: AtomicU64::new(0) }
    }

    /// Writes a mail under a name that sorts by time. It is whole once it has that name.
    pub(crate) async fn keep(&self, kind: Kind, mail: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.path).await?;
        #[expect(clippy::disallowed_methods, reason = "it is no time of a ledger's: files are named by it")]
        let now = SystemTime::now();
        let since = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        let name = format!("{since}-{}-{number}-{}", std::process::id(), kind.name());
        let unfinished = self.path.join(format!(".{name}"));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        // It holds a link that opens something.
        #[cfg(unix)]
        options.mode(0o600);
        let mut file = options.open(&unfinished).await?;
        file.write_all(mail).await?;
        file.flush().await?;
        drop(file);
        fs::rename(&unfinished, self.path.join(format!("{name}.eml"))).await
    }
}
