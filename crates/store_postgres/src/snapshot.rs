//! A consistent view of one ledger for verification, on a connection of its own. It blocks nobody; as long as
//! it is open, the server cannot clear old versions of rows away.

use async_trait::async_trait;
use engine::port::{DatedLine, LogRecord, ReadError, Snapshot};
use ledger::{Balance, BalanceKey, EntryNumber, LedgerName, StatementLine};
use sql_rows::{Failure, entry_number, stored_limit, stored_number};
use sqlx::{Executor, PgConnection};
use tokio::time::timeout;

use crate::connections::timed_out;
use crate::log::records;
use crate::number::StoredNumber;
use crate::rows::{BalanceRow, LineRow, head};
use crate::store::PostgresStore;

struct PostgresSnapshot {
    /// In a transaction that has begun to read. Dropping the connection ends it.
    connection: PgConnection,
    ledger: i64,
    next: EntryNumber,
    limit: std::time::Duration,
}

pub(crate) async fn open(store: &PostgresStore, ledger: &LedgerName) -> Result<Box<dyn Snapshot>, Failure> {
    let mut connection = store.readers.connect().await?;
    let limit = store.options.statement_timeout;
    let opening = async {
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        // The first read fixes what the transaction sees.
        head(&mut connection, ledger).await
    };
    let head = timeout(limit, opening).await.unwrap_or_else(|_| Err(timed_out().into()))?;
    Ok(Box::new(PostgresSnapshot { connection, ledger: head.ledger, next: entry_number(head.next)?, limit }))
}

#[async_trait]
impl Snapshot for PostgresSnapshot {
    fn next(&self) -> EntryNumber {
        self.next
    }

    async fn records(&mut self, from: EntryNumber, limit: usize) -> Result<Vec<LogRecord>, ReadError> {
        let reading = records(&mut self.connection, self.ledger, from, limit);
        Ok(timeout(self.limit, reading).await.unwrap_or_else(|_| Err(timed_out().into()))?)
    }

    async fn balances(
        &mut self,
        after: Option<&BalanceKey>,
        limit: usize,
    ) -> Result<Vec<(BalanceKey, Balance)>, ReadError> {
        let time = self.limit;
        let reading = self.read_balances(after, limit);
        Ok(timeout(time, reading).await.unwrap_or_else(|_| Err(timed_out().into()))?)
    }

    async fn lines(
        &mut self,
        after: Option<&StatementLine>,
        limit: usize,
    ) -> Result<Vec<DatedLine>, ReadError> {
        let time = self.limit;
        let reading = self.read_lines(after, limit);
        Ok(timeout(time, reading).await.unwrap_or_else(|_| Err(timed_out().into()))?)
    }
}

impl PostgresSnapshot {
    async fn read_balances(
        &mut self,
        after: Option<&BalanceKey>,
        limit: usize,
    ) -> Result<Vec<(BalanceKey, Balance)>, Failure> {
        let (address, asset) = after.map_or(("", ""), |key| (key.account.as_str(), key.asset.as_str()));
        let rows = sqlx::query_as!(
            BalanceRow,
            r#"SELECT address, asset,
                posted_in AS "posted_in: StoredNumber", posted_out AS "posted_out: StoredNumber",
                pending_in AS "pending_in: StoredNumber", pending_out AS "pending_out: StoredNumber"
            FROM balances WHERE ledger = $1 AND (address, asset) > ($2, $3)
            ORDER BY address, asset LIMIT $4"#,
            self.ledger,
            address,
            asset,
            stored_limit(limit)
        )
        .fetch_all(&mut self.connection)
        .await?;
        rows.into_iter().map(|row| Ok(row.balance()?)).collect()
    }

    async fn read_lines(
        &mut self,
        after: Option<&StatementLine>,
        limit: usize,
    ) -> Result<Vec<DatedLine>, Failure> {
        let (address, entry, posting) = after.map_or(("", 0, 0), |line| {
            let posting = i64::try_from(line.posting).unwrap_or(i64::MAX);
            (line.account.as_str(), stored_number(line.entry), posting)
        });
        let rows = sqlx::query_as!(
            LineRow,
            r#"SELECT address, entry, posting, direction, counterparty, asset,
                amount AS "amount: StoredNumber", balance AS "balance: StoredNumber",
                recorded_at AS "recorded_at?", effective_at AS "effective_at?"
            FROM lines LEFT JOIN LATERAL (
                SELECT recorded_at, effective_at FROM entries
                WHERE entries.ledger = $1 AND entries.number = lines.entry OFFSET 0
            ) AS its_entry ON true
            WHERE lines.ledger = $1 AND (address, entry, posting) > ($2, $3, $4)
            ORDER BY address, entry, posting LIMIT $5"#,
            self.ledger,
            address,
            entry,
            posting,
            stored_limit(limit)
        )
        .fetch_all(&mut self.connection)
        .await?;
        rows.iter().map(|row| Ok(row.line()?)).collect()
    }
}
