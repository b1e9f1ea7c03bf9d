//! Where the database lies and how its connections are set up. Opens nothing itself.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

/// Where the database lies and how it is used.
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    /// The file, which is created where it is not there, with the folders above it.
    pub path: PathBuf,
    /// The largest number of connections that read; default 4. Each is a thread, opened when it is
    /// first needed and closed when it has been idle for a minute.
    pub readers: u32,
    /// How long to wait for another process that holds the file's lock; default 5 s.
    pub busy_timeout: Duration,
}

/// How long a caller waits for its turn on a connection.
const TURN_TIMEOUT: Duration = Duration::from_secs(30);

impl SqliteOptions {
    /// Returns the defaults for a file.
    #[must_use]
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self { path: path.as_ref().to_owned(), readers: 4, busy_timeout: Duration::from_secs(5) }
    }

    /// Makes the path absolute. SQLite keeps nothing on disk where a path is empty or `:memory:`, and reads
    /// options out of one that begins with `file:`; an absolute path is a path and nothing else.
    pub(crate) fn resolved(&self) -> std::io::Result<Self> {
        Ok(Self { path: std::path::absolute(&self.path)?, ..self.clone() })
    }

    fn connection(&self) -> SqliteConnectOptions {
        SqliteConnectOptions::new()
            .filename(&self.path)
            .busy_timeout(self.busy_timeout)
            .foreign_keys(true)
            .thread_name(|id| format!("sqlite-{id}"))
            .disable_statement_logging()
    }

    /// The writer's connection: what is committed on it is on disk.
    pub(crate) fn writer(&self) -> SqliteConnectOptions {
        self.connection()
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            // A task copies the write-ahead log into the database long before. A commit does it where that could not, and a
            // log that once grew does not stay large.
            .pragma("wal_autocheckpoint", "16384")
            .pragma("journal_size_limit", "67108864")
            // 12 MiB hold the upper levels of all indexes, and what is written again and again.
            .pragma("cache_size", "-12288")
            // A full batch on a large ledger touches two pages of its own for each posting. What would not fit is written to
            // the log before the commit, and then again: until there are 64 MiB of it, the cache grows instead, and
            // gives back after the commit what is above its size.
            .pragma("cache_spill", "-65536")
    }

    /// The connection that copies the write-ahead log beside the writer. It reads no page of its own.
    pub(crate) fn checkpoints(&self) -> SqliteConnectOptions {
        self.connection().synchronous(SqliteSynchronous::Full).pragma("cache_size", "-64")
    }

    /// A reader's connection. Its cache is small because there are several and the system caches the
    /// file as well.
    pub(crate) fn reader(&self) -> SqliteConnectOptions {
        self.connection().read_only(true).pragma("cache_size", "-1024")
    }

    /// The pool that hands out the one writing connection, in the order of arrival.
    pub(crate) fn writer_pool() -> SqlitePoolOptions {
        SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(TURN_TIMEOUT)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
    }

    /// The pool of that connection.
    pub(crate) fn checkpoint_pool() -> SqlitePoolOptions {
        Self::pool_on_demand(1)
    }

    pub(crate) fn reader_pool(&self) -> SqlitePoolOptions {
        Self::pool_on_demand(self.readers.max(1))
    }

    /// A pool that opens connections when they are first needed.
    fn pool_on_demand(connections: u32) -> SqlitePoolOptions {
        SqlitePoolOptions::new()
            .max_connections(connections)
            .min_connections(0)
            .acquire_timeout(TURN_TIMEOUT)
            .idle_timeout(Duration::from_mins(1))
            .max_lifetime(None)
            .test_before_acquire(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_means_a_file() {
        for name in [":memory:", "file::memory:", "file:a.db?mode=memory", "a.db", "./a.db", "/a.db"] {
            let path = SqliteOptions::new(name).resolved().unwrap().path;
            assert!(path.is_absolute() && path.file_name() == Path::new(name).file_name(), "{path:?}");
        }
        assert!(SqliteOptions::new("").resolved().is_err());
    }
}
