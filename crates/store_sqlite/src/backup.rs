//! Copies the database into another file while it is being read and written: all of it, as it stood at one
//! moment. Never overwrites a file, and leaves none behind that is not whole.
//!
//! `VACUUM INTO` reads everything once and writes it anew, without the room that deleted rows left. It holds
//! up no writer; but until it is done the write-ahead log cannot shrink.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::{ConnectOptions, Connection, SqliteConnection};
use tokio::time::sleep;

use crate::options::SqliteOptions;
use crate::store::SqliteStore;

/// How often to say how far it has come.
const PROGRESS: Duration = Duration::from_millis(100);

/// What SQLite may put beside a file, by what is added to its name.
const BESIDE: [&str; 3] = ["-journal", "-wal", "-shm"];

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

/// A copy that is whole and on disk, under a name of its own beside the one that it is to have. Dropping it
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
        SqliteStore::open_read_only(SqliteOptions::new(&self.draft.0))
    }

    /// Gives the copy its name, sees to it that it keeps it, and returns how many bytes there are.
    ///
    /// # Errors
    /// When there is something of that name by now, or the name could not be written.
    pub fn keep(self) -> Result<u64, BackupError> {
        let (draft, to) = (&self.draft.0, &self.to);
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

/// The file that a copy is written to. Removed with all that SQLite put beside it when this is dropped.
#[derive(Debug)]
struct Draft(PathBuf);

impl Drop for Draft {
    fn drop(&mut self) {
        // What is not there needs no removing.
        let _ = fs::remove_file(&self.0);
        for suffix in BESIDE {
            let _ = fs::remove_file(with_suffix(&self.0, suffix));
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
    let name = draft.0.to_str().ok_or_else(|| BackupError::Name { path: to.clone() })?;

    let mut connection = options.reader().connect().await.map_err(failed)?;
    let total_bytes = size(&mut connection).await.map_err(failed)?;
    {
        let copying = sqlx::query!("VACUUM INTO ?1", name).execute(&mut connection);
        let mut copying = std::pin::pin!(copying);
        loop {
            let done_bytes = fs::metadata(&draft.0).map_or(0, |file| file.len());
            progress(Copied { done_bytes, total_bytes: total_bytes.max(done_bytes) });
            tokio::select! {
                copied = &mut copying => break copied.map_err(failed)?,
                () = sleep(PROGRESS) => {}
            }
        }
    };
    // It only read.
    let _ = connection.close().await;
    flush(&draft.0).map_err(|source| BackupError::File { path: to.clone(), source })?;
    Ok(Backup { draft, to })
}

/// Makes an empty file beside the one that is asked for, which nobody may read who may not read the database.
fn new_draft(database: &Path, to: &Path) -> Result<Draft, BackupError> {
    let failed = |source| BackupError::File { path: to.to_owned(), source };
    let name = to.file_name().ok_or_else(|| BackupError::Name { path: to.to_owned() })?;
    let mut unfinished = std::ffi::OsString::from(".");
    unfinished.push(name);
    unfinished.push(format!(".{}.unfinished", std::process::id()));
    let path = to.with_file_name(unfinished);
    let permissions = fs::metadata(database).map_err(failed)?.permissions();
    let file = OpenOptions::new().write(true).create_new(true).open(&path).map_err(failed)?;
    let draft = Draft(path);
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

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
