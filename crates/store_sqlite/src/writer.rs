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
