//! Copies what has been committed from the write-ahead log into the database file, beside the writer.
//!
//! SQLite would do that within the commit that makes the log long enough, and everybody would wait for it: on a large
//! ledger nearly every page of the log goes to a place of its own in the file. So a task copies most of it on a
//! connection of its own while batches go on being written, and what came in meanwhile in its turn between two of them;
//! then the log is copied as a whole and begins from its start again.

use std::sync::Arc;
use std::time::Duration;

use sqlx::{SqliteConnection, SqlitePool};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::options::SqliteOptions;
use crate::writer::Writer;

/// Pages in the log that are to be copied, from which on it is worth while: 16 MiB.
const MANY: i64 = 4096;

/// So few that the writer may wait for them.
const FEW: i64 = 256;

/// How often to copy beside the writer before it has to wait for the rest.
const PASSES: u32 = 4;

/// How long to leave the log alone after a look at it.
const PAUSE: Duration = Duration::from_millis(20);

/// How long to leave it alone where it could not be copied: somebody reads what the file was before, say.
const RETRY: Duration = Duration::from_secs(1);

/// The task that copies.
pub(crate) struct Checkpoints {
    committed: Arc<Notify>,
    pool: SqlitePool,
    task: JoinHandle<()>,
}

impl Checkpoints {
    /// Starts the task. It opens its connection when there is something to copy.
    pub(crate) fn start(options: &SqliteOptions, writer: Writer) -> Self {
        let committed = Arc::new(Notify::new());
        let pool = SqliteOptions::checkpoint_pool().connect_lazy_with(options.checkpoints());
        let task = tokio::spawn(run(pool.clone(), writer, Arc::clone(&committed)));
        Self { committed, pool, task }
    }

    /// Returns what is to be told of every commit.
    pub(crate) fn committed(&self) -> Arc<Notify> {
        Arc::clone(&self.committed)
    }

    /// Ends the task and waits until its connection is closed.
    pub(crate) async fn close(&self) {
        self.task.abort();
        self.pool.close().await;
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn run(pool: SqlitePool, writer: Writer, committed: Arc<Notify>) {
    loop {
        committed.notified().await;
        // A log that cannot be copied now grows a little longer. The writer copies it in the end, and says what is wrong.
        let pause = match copy(&pool, &writer).await {
            Ok(true) => PAUSE,
            Ok(false) | Err(_) => RETRY,
        };
        tokio::time::sleep(pause).await;
    }
}

/// Copies the log where it is long, and returns whether what there was to do could be done.
async fn copy(pool: &SqlitePool, writer: &Writer) -> Result<bool, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let mut waiting = look(&mut connection).await?.waiting();
    if waiting < MANY {
        return Ok(true);
    }
    for _ in 0..PASSES {
        let log = advance(&mut connection).await?;
        // What was committed while this was copied is not counted yet.
        waiting = look(&mut connection).await?.waiting();
        if log.waiting() >= MANY {
            return Ok(false);
        }
        if waiting < FEW {
            break;
        }
    }
    Ok(advance(&mut *writer.acquire().await?).await?.waiting() == 0)
}

/// How long the log is, in pages.
#[derive(Debug)]
struct Log {
    pages: i64,
    copied: i64,
}

impl Log {
    fn waiting(&self) -> i64 {
        self.pages - self.copied
    }
}

/// Looks how long the log is.
async fn look(connection: &mut SqliteConnection) -> Result<Log, sqlx::Error> {
    checkpoint(connection, "PRAGMA wal_checkpoint(NOOP)").await
}

/// Copies what can be copied without waiting for anybody.
async fn advance(connection: &mut SqliteConnection) -> Result<Log, sqlx::Error> {
    checkpoint(connection, "PRAGMA wal_checkpoint(PASSIVE)").await
}

async fn checkpoint(connection: &mut SqliteConnection, pragma: &'static str) -> Result<Log, sqlx::Error> {
    let (_busy, pages, copied): (i64, i64, i64) = sqlx::query_as(pragma).fetch_one(connection).await?;
    Ok(Log { pages, copied })
}
