//! Copies what has been committed from the write-ahead log into the database file, beside the writer.
//!
//! SQLite would do that within the commit that makes the log long enough, and everybody would wait for it: on a large
//! ledger nearly every page of the log goes to a place of its own in the file. So a task copies most of it on a
//! connection of its own while batches go on being written, and what came in meanwhile in its turn between two of them;
//! then the log is copied as a whole and begins from its start again.

use std::sync::Arc;
use std::time::Duration;

use sqlx::{SqliteConnection, SqlitePool};
use tokio::sync::{Mutex, Notify};
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
    ending: Arc<Notify>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Checkpoints {
    /// Starts the task. It opens its connection when there is something to copy.
    pub(crate) fn start(options: &SqliteOptions, writer: Writer) -> Self {
        let committed = Arc::new(Notify::new());
        let ending = Arc::new(Notify::new());
        let pool = SqliteOptions::checkpoint_pool().connect_lazy_with(options.checkpoints());
        let task = tokio::spawn(run(pool, writer, Arc::clone(&committed), Arc::clone(&ending)));
        Self { committed, ending, task: Mutex::new(Some(task)) }
    }

    /// Returns what is to be told of every commit.
    pub(crate) fn committed(&self) -> Arc<Notify> {
        Arc::clone(&self.committed)
    }

    /// Ends the task and waits until its connection is closed.
    ///
    /// The task is not torn out of what it does: a connection that is being opened would be closed at some time after.
    pub(crate) async fn close(&self) {
        self.ending.notify_one();
        let task = self.task.lock().await.take();
        if let Some(task) = task {
            // A task that panicked has let go of its connection.
            let _ended = task.await;
        }
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        if let Some(task) = self.task.get_mut() {
            task.abort();
        }
    }
}

async fn run(pool: SqlitePool, writer: Writer, committed: Arc<Notify>, ending: Arc<Notify>) {
    let mut pause = Duration::ZERO;
    loop {
        let next = async {
            tokio::time::sleep(pause).await;
            committed.notified().await;
        };
        tokio::select! {
            () = next => {}
            () = ending.notified() => break,
        }
        // A log that cannot be copied now grows a little longer. The writer copies it in the end, and says what is wrong.
        pause = match copy(&pool, &writer).await {
            Ok(true) => PAUSE,
            Ok(false) | Err(_) => RETRY,
        };
    }
    pool.close().await;
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
    let mut writer = writer.acquire().await?;
    Ok(advance(&mut writer).await?.waiting() == 0)
}

/// How far the log is copied.
#[derive(Debug)]
struct Log {
    /// How many pages it has since it began from its start.
    pages: i64,
    /// How many of them are copied.
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use engine::port::Store;
    use sqlx::{Connection, SqliteConnection};
    use test_support::{append, ledger_name, transfer};

    use super::{FEW, Log, MANY, look};
    use crate::SqliteStore;
    use crate::writer::tests::{empty_store, on_the_writer};

    /// A store whose log is copied as a whole.
    async fn store(folder: &tempfile::TempDir) -> SqliteStore {
        let store = empty_store(folder).await;
        on_the_writer(&store, "CREATE TABLE filling (bytes BLOB)").await;
        on_the_writer(&store, "PRAGMA wal_checkpoint(TRUNCATE)").await;
        store
    }

    /// Makes the log so long that it is to be copied.
    async fn fill(store: &SqliteStore) {
        for _ in 0..=MANY / 256 {
            // A mebibyte.
            on_the_writer(store, "INSERT INTO filling VALUES (zeroblob(1 << 20))").await;
        }
    }

    async fn log(store: &SqliteStore) -> Log {
        look(&mut store.writer.acquire().await.unwrap()).await.unwrap()
    }

    /// Commits something, and waits until the log is as it should be.
    async fn commit_until(store: &SqliteStore, is_there: impl Fn(&Log) -> bool) -> Log {
        for _ in 0..200 {
            append(store, &ledger_name("main"), &[transfer("world", "a", 1)]).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
            let log = log(store).await;
            if is_there(&log) {
                return log;
            }
        }
        panic!("the log is still {:?}", log(store).await);
    }

    #[tokio::test]
    async fn a_long_log_is_copied_after_a_commit_and_begins_from_its_start() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder).await;
        fill(&store).await;
        let before = log(&store).await;
        assert!(before.waiting() >= MANY, "{before:?}");
        assert_eq!(before.copied, 0, "nobody but the task copies so short a log");
        commit_until(&store, |log| log.pages < FEW).await;
        let file = std::fs::metadata(folder.path().join("test.db")).unwrap().len();
        assert!(file >= 16 << 20, "{file}");
    }

    #[tokio::test]
    async fn a_log_that_somebody_reads_is_copied_once_they_are_done() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder).await;
        let mut reader = SqliteConnection::connect_with(&store.options.reader()).await.unwrap();
        let mut reading = reader.begin().await.unwrap();
        let ledgers = "SELECT count(*) FROM ledgers";
        let count: i64 = sqlx::query_scalar(ledgers).fetch_one(&mut *reading).await.unwrap();
        assert_eq!(count, 1);
        fill(&store).await;
        for _ in 0..5 {
            append(&store, &ledger_name("main"), &[transfer("world", "a", 1)]).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let kept = log(&store).await;
        assert!(kept.waiting() >= MANY, "{kept:?}");
        reading.rollback().await.unwrap();
        commit_until(&store, |log| log.pages < FEW).await;
    }

    #[tokio::test]
    async fn a_closed_store_leaves_no_log_behind() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder).await;
        fill(&store).await;
        append(&store, &ledger_name("main"), &[transfer("world", "a", 1)]).await;
        store.close().await;
        assert!(!folder.path().join("test.db-wal").exists());
    }

    /// The task may be opening its connection when the store is closed, and that one is not to outlive the others.
    #[tokio::test]
    async fn a_store_closed_right_after_a_commit_leaves_no_log_behind() {
        for round in 0..50 {
            let folder = tempfile::tempdir().unwrap();
            let store = empty_store(&folder).await;
            append(&store, &ledger_name("main"), &[transfer("world", "a", 1)]).await;
            // So long that the task is at it.
            let other = SqliteConnection::connect_with(&store.options.reader()).await.unwrap();
            other.close().await.unwrap();
            store.close().await;
            assert!(!folder.path().join("test.db-wal").exists(), "round {round}");
        }
    }
}
