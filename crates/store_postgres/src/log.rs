//! Reads of the log itself: one entry, or the entries in order.

use engine::port::LogRecord;
use futures_util::TryStreamExt as _;
use ledger::{EntryNumber, LedgerName};
use sql_rows::{EntryRow, Failure, LogPage, stored_limit, stored_number};
use sqlx::PgConnection;

use crate::rows::head;

pub(crate) async fn entry(
    connection: &mut PgConnection,
    ledger: &LedgerName,
    number: EntryNumber,
) -> Result<Option<LogRecord>, Failure> {
    let row = sqlx::query_as!(
        EntryRow,
        "SELECT number, kind, recorded_at, effective_at, reference,
            idempotency_key, request_fingerprint, body, NULL::text AS current_metadata
        FROM entries WHERE ledger = (SELECT id FROM ledgers WHERE name = $1) AND number = $2",
        ledger.as_str(),
        stored_number(number)
    )
    .fetch_optional(&mut *connection)
    .await?;
    match row {
        Some(row) => Ok(Some(row.record()?)),
        None => head(connection, ledger).await.map(|_| None),
    }
}

pub(crate) async fn log(
    connection: &mut PgConnection,
    ledger: &LedgerName,
    from: EntryNumber,
    limit: usize,
) -> Result<Vec<LogRecord>, Failure> {
    let head = head(connection, ledger).await?;
    records(connection, head.ledger, from, limit).await
}

/// Reads up to `limit` records from the entry `from` on, fewer where they are large.
pub(crate) async fn records(
    connection: &mut PgConnection,
    ledger: i64,
    from: EntryNumber,
    limit: usize,
) -> Result<Vec<LogRecord>, Failure> {
    let mut rows = sqlx::query_as!(
        EntryRow,
        "SELECT number, kind, recorded_at, effective_at, reference,
            idempotency_key, request_fingerprint, body, NULL::text AS current_metadata
        FROM entries WHERE ledger = $1 AND number >= $2 ORDER BY number LIMIT $3",
        ledger,
        stored_number(from),
        stored_limit(limit)
    )
    .fetch(connection);
    // One by one, so that a page of large entries ends before it takes much memory.
    let mut page = LogPage::default();
    while page.has_room()
        && let Some(row) = rows.try_next().await?
    {
        page.take(row.record()?);
    }
    Ok(page.finish())
}
