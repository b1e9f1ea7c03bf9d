//! Copies the database into another file while it is being read and written: all of it, as it stood at one
//! moment. Never overwrites a file, and leaves none behind that is not whole.
//!
//! `VACUUM INTO` reads everything once and writes it anew, without the room that deleted rows left. It holds
//! up no writer; but until it is done the write-ahead log cannot shrink.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, ErrorKind};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::{ConnectOptions, Connection, SqliteConnection};
use tokio::time::sleep;

use crate::options::SqliteOptions;
use crate::store::SqliteStore;

/// How often to say how far it has come.
const PROGRESS: Duration = Duration::from_millis(100);

/// How often to try to remove a folder in which SQLite may just be making a file.
const REMOVALS: usize = 100;

/// How far a copy has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// How many bytes have been written.
    pub done_bytes: u64,
    /// About how many there will be.
    pub total_bytes: u64,
}

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is something of that name, which stays as it is.
    #[error("`{}` is there already, and is not overwritten", path.display())]
    Exists {
        /// The name.
        path: PathBuf,
    },
    /// The name is not one that SQLite can be told.
    #[error("`{}` cannot be the name of a copy", path.display())]
    Name {
        /// The name.
        path: PathBuf,
    },
    /// A file could not be made, flushed to disk or given its name.
    #[error("cannot write `{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The database could not be copied.
    #[error("cannot copy the database to `{}`", path.display())]
    Copy {
        /// Where to.
        path: PathBuf,
        /// Why not.
        source: sqlx::Error,
    },
}

/// A copy that is whole and on disk, in a folder of its own beside the name that it is to have. Dropping it
/// removes it.
#[derive(Debug)]
pub struct Backup {
    draft: Draft,
    to: PathBuf,
}

impl Backup {
    /// Opens the copy to look at it. It stays as it is: whatever would write fails.
    #[must_use]
    pub fn open(&self) -> SqliteStore {
        SqliteStore::open_read_only(SqliteOptions::new(self.draft.file()))
    }

    /// Gives the copy its name, sees to it that it keeps it, and returns how many bytes there are.
    ///
    /// # Errors
    /// When there is something of that name by now, or the name could not be written.
    pub fn keep(self) -> Result<u64, BackupError> {
        let (draft, to) = (&self.draft.file(), &self.to);
        let failed = |source| BackupError::File { path: to.clone(), source };
        // A link is refused where the name is taken. Not every file system has them.
        match fs::hard_link(draft, to) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                return Err(BackupError::Exists { path: to.clone() });
            }
            Err(_) => {
                refuse_existing(to)?;
                fs::rename(draft, to).map_err(failed)?;
            }
        }
        drop(self.draft);
        let bytes = fs::metadata(to).map_err(failed)?.len();
        flush(folder_of(to)).map_err(failed)?;
        Ok(bytes)
    }
}

/// The folder that a copy is written to. Removed with all that is in it when this is dropped; SQLite, which may
/// still be at work then on a thread of its own, can make no file in a folder that is gone.
#[derive(Debug)]
struct Draft(PathBuf);

impl Draft {
    fn file(&self) -> PathBuf {
        self.0.join("copy.db")
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // What cannot be removed is found by its name.
        for _ in 0..REMOVALS {
            if fs::remove_dir_all(&self.0).is_ok() || !self.0.exists() {
                return;
            }
        }
    }
}

/// Copies the database. `progress` is told now and then how far it has come.
pub(crate) async fn backup(
    options: &SqliteOptions,
    to: &Path,
    mut progress: impl FnMut(Copied),
) -> Result<Backup, BackupError> {
    let to = std::path::absolute(to).map_err(|source| BackupError::File { path: to.to_owned(), source })?;
    refuse_existing(&to)?;
    let draft = new_draft(&options.path, &to)?;
    let failed = |source| BackupError::Copy { path: to.clone(), source };
    let file = draft.file();
    let name = file.to_str().ok_or_else(|| BackupError::Name { path: to.clone() })?;

    let mut connection = options.reader().connect().await.map_err(failed)?;
    let total_bytes = size(&mut connection).await.map_err(failed)?;
    {
        let copying = sqlx::query!("VACUUM INTO ?1", name).execute(&mut connection);
        let mut copying = std::pin::pin!(copying);
        loop {
            let done_bytes = fs::metadata(&file).map_or(0, |file| file.len());
            progress(Copied { done_bytes, total_bytes: total_bytes.max(done_bytes) });
            tokio::select! {
                copied = &mut copying => break copied.map_err(failed)?,
                () = sleep(PROGRESS) => {}
            }
        }
    };
    // It only read.
    let _ = connection.close().await;
    flush(&file).map_err(|source| BackupError::File { path: to.clone(), source })?;
    Ok(Backup { draft, to })
}

/// Makes an empty file in a folder beside the name that is asked for. Nobody may read it who may not read the
/// database. No folder has the name of an earlier one, in which SQLite may still want to make a file.
fn new_draft(database: &Path, to: &Path) -> Result<Draft, BackupError> {
    let failed = |source| BackupError::File { path: to.to_owned(), source };
    let name = to.file_name().ok_or_else(|| BackupError::Name { path: to.to_owned() })?;
    let mut unfinished = std::ffi::OsString::from(".");
    unfinished.push(name);
    let unlike_others = RandomState::new().build_hasher().finish();
    unfinished.push(format!(".{unlike_others:016x}.unfinished"));
    let folder = to.with_file_name(unfinished);
    DirBuilder::new().mode(0o700).create(&folder).map_err(failed)?;
    let draft = Draft(folder);
    let permissions = fs::metadata(database).map_err(failed)?.permissions();
    let file = OpenOptions::new().write(true).create_new(true).open(draft.file()).map_err(failed)?;
    file.set_permissions(permissions).map_err(failed)?;
    Ok(draft)
}

/// Returns about how large a copy will be, in bytes.
async fn size(connection: &mut SqliteConnection) -> Result<u64, sqlx::Error> {
    let size = sqlx::query_scalar!(
        r#"SELECT (page_count - freelist_count) * page_size AS "size!: i64"
        FROM pragma_page_count, pragma_freelist_count, pragma_page_size"#
    );
    Ok(u64::try_from(size.fetch_one(connection).await?).unwrap_or_default())
}

/// Something of that name may be a link that leads nowhere, too.
fn refuse_existing(to: &Path) -> Result<(), BackupError> {
    match fs::symlink_metadata(to) {
        Ok(_) => Err(BackupError::Exists { path: to.to_owned() }),
        Err(_) => Ok(()),
    }
}

/// Waits until a file, or the names in a folder, are on disk.
fn flush(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("/"))
}
