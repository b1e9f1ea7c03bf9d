//! The one connection that writes, handed to one caller after the other. A transaction that ends early, in
//! whatever way, is rolled back; a connection that is still in one when it comes back is never used again.

use sqlx::pool::PoolConnection;
use sqlx::{Connection, Sqlite, SqlitePool, Transaction};

use crate::options::SqliteOptions;

/// Hands out the writing connection.
#[derive(Clone)]
pub(crate) struct Writer {
    pool: SqlitePool,
}

impl Writer {
    /// Opens the connection, and with it the file.
    pub(crate) async fn open(options: &SqliteOptions) -> Result<Self, sqlx::Error> {
        let pool = SqliteOptions::writer_pool()
            .after_release(|connection, _| {
                Box::pin(async move {
                    if connection.is_in_transaction() {
                        // The rollback that dropping a transaction asks for may not have run yet.
                        connection.ping().await?;
                    }
                    // A full disk, say, makes SQLite end a transaction by itself. The driver's own
                    // rollback fails then and it counts on being in a transaction ever after.
                    Ok(!connection.is_in_transaction())
                })
            })
            .connect_with(options.writer())
            .await?;
        Ok(Self { pool })
    }

    /// Stands in where nothing is to be written: its connection, should anybody ask for it, only reads.
    pub(crate) fn none(options: &SqliteOptions) -> Self {
        Self { pool: SqliteOptions::writer_pool().connect_lazy_with(options.reader()) }
    }

    /// Waits for the connection.
    pub(crate) async fn acquire(&self) -> Result<PoolConnection<Sqlite>, sqlx::Error> {
        self.pool.acquire().await
    }

    /// Waits for the connection and the file's lock, and starts a transaction.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
        self.pool.begin_with("BEGIN IMMEDIATE").await
    }

    /// Waits for the connection and closes it for good.
    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use engine::port::{CommitError, Store};
    use identity::{Action, AuditEvent};
    use sqlx::{AssertSqlSafe, SqliteConnection};
    use test_support::{Request, append, at, decide_batch, ledger_name, transfer};

    use crate::{SqliteOptions, SqliteStore};

    /// A store with the ledger `main`, which is empty.
    pub(crate) async fn empty_store(folder: &tempfile::TempDir) -> SqliteStore {
        let store = SqliteStore::open(SqliteOptions::new(folder.path().join("test.db"))).await.unwrap();
        store.migrate().await.unwrap();
        on_the_writer(&store, "INSERT INTO ledgers (name, created_at, metadata) VALUES ('main', 0, '{}')")
            .await;
        store
    }

    /// A store with the ledger `main` that has one entry.
    async fn store(folder: &tempfile::TempDir) -> SqliteStore {
        let store = empty_store(folder).await;
        append(&store, &ledger_name("main"), &[transfer("world", "a", 1)]).await;
        store
    }

    pub(crate) async fn on_the_writer(store: &SqliteStore, statement: &'static str) {
        let mut connection = store.writer.acquire().await.unwrap();
        sqlx::query(statement).execute(&mut *connection).await.unwrap();
    }

    async fn pragma(connection: &mut SqliteConnection, name: &str) -> String {
        let row: (String,) =
            sqlx::query_as(AssertSqlSafe(format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}")))
                .fetch_one(connection)
                .await
                .unwrap();
        row.0
    }

    fn transfers(count: usize) -> Vec<Request> {
        (0..count).map(|n| transfer("world", &format!("a:{n}"), 1)).collect()
    }

    #[tokio::test]
    async fn what_the_writer_commits_is_flushed_to_disk() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder).await;
        let mut connection = store.writer.acquire().await.unwrap();
        for (name, value) in [("journal_mode", "wal"), ("synchronous", "2"), ("foreign_keys", "1")] {
            assert_eq!(pragma(&mut connection, name).await, value, "{name}");
        }
    }

    #[tokio::test]
    async fn what_is_larger_than_the_cache_is_written_to_the_log_once() {
        let folder = tempfile::tempdir().unwrap();
        let store = empty_store(&folder).await;
        on_the_writer(&store, "CREATE TABLE filling (bytes BLOB)").await;
        let log = || std::fs::metadata(folder.path().join("test.db-wal")).unwrap().len();
        let before = log();
        let mut transaction = store.writer.begin().await.unwrap();
        for _ in 0..24 {
            // A mebibyte.
            let insert = "INSERT INTO filling VALUES (zeroblob(1 << 20))";
            sqlx::query(insert).execute(&mut *transaction).await.unwrap();
        }
        assert_eq!(pragma(&mut transaction, "cache_size").await, "-12288");
        assert_eq!(log(), before, "nothing of it is there before the commit");
        transaction.commit().await.unwrap();
        assert!(log() >= before + (24 << 20));
    }

    #[tokio::test]
    async fn readers_cannot_write_and_are_opened_when_needed() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder).await;
        assert_eq!(store.readers.size(), 0);
        store.ping().await.unwrap();
        assert_eq!(store.readers.size(), 1);
        let mut connection = store.reader().await.unwrap();
        let error = sqlx::query("DELETE FROM balances").execute(&mut *connection).await.unwrap_err();
        assert!(error.to_string().contains("readonly"), "{error}");
    }

    #[tokio::test]
    async fn a_full_disk_rolls_the_batch_back_and_the_store_recovers() {
        let folder = tempfile::tempdir().unwrap();
        let (store, main) = (store(&folder).await, ledger_name("main"));
        // Stands in for the disk: SQLite reports both alike.
        on_the_writer(&store, "PRAGMA max_page_count = 1").await;
        let (batch, records) = decide_batch(&store, &main, &transfers(500)).await;
        let error = batch.commit(&records).await.unwrap_err();
        let CommitError::RolledBack(source) = error else { panic!("{error:?}") };
        assert!(source.to_string().contains("full"), "{source}");
        assert_eq!(store.ledger(&main).await.unwrap().entries.0, 1);

        on_the_writer(&store, "PRAGMA max_page_count = 1073741823").await;
        let records = append(&store, &main, &transfers(500)).await;
        assert_eq!(records[0].entry.number.0, 1);
        assert_eq!(store.ledger(&main).await.unwrap().entries.0, 501);
    }

    #[tokio::test]
    async fn a_connection_whose_transaction_ended_by_itself_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (store, main) = (store(&folder).await, ledger_name("main"));
        // Does what SQLite may do on any serious error: it ends the transaction unasked.
        on_the_writer(
            &store,
            "CREATE TRIGGER trouble BEFORE INSERT ON balances BEGIN SELECT RAISE(ROLLBACK, 'trouble'); END",
        )
        .await;
        for _ in 0..3 {
            let (batch, records) = decide_batch(&store, &main, &transfers(3)).await;
            let error = batch.commit(&records).await.unwrap_err();
            assert!(matches!(error, CommitError::RolledBack(_)), "{error:?}");
            assert_eq!(store.log(&main, ledger::EntryNumber(0), 10).await.unwrap().len(), 1);
        }
        on_the_writer(&store, "DROP TRIGGER trouble").await;
        append(&store, &main, &transfers(3)).await;
        assert_eq!(store.ledger(&main).await.unwrap().entries.0, 4);
    }

    #[tokio::test]
    async fn a_head_that_moved_under_a_batch_rolls_it_back() {
        let folder = tempfile::tempdir().unwrap();
        let (store, main) = (store(&folder).await, ledger_name("main"));
        on_the_writer(
            &store,
            "CREATE TRIGGER trouble AFTER INSERT ON audit_records
            BEGIN UPDATE ledgers SET next_entry = 7; END",
        )
        .await;
        let (mut batch, records) = decide_batch(&store, &main, &transfers(1)).await;
        batch.record(&[AuditEvent::by_operator(at(0), Action::ALL[0], String::new())]).await.unwrap();
        let error = batch.commit(&records).await.unwrap_err();
        let CommitError::RolledBack(source) = error else { panic!("{error:?}") };
        assert!(source.to_string().contains("head"), "{source}");
        assert_eq!(store.ledger(&main).await.unwrap().entries.0, 1);
    }
}
