//! Reads of the log itself: one entry, or the entries in order.

use engine::port::LogRecord;
use futures_util::TryStreamExt as _;
use ledger::{EntryNumber, LedgerName};
use sql_rows::{EntryRow, Failure, LogPage, stored_limit, stored_number};

use crate::rows::head;
use crate::store::SqliteStore;

pub(crate) async fn entry(
    store: &SqliteStore,
    ledger: &LedgerName,
    number: EntryNumber,
) -> Result<Option<LogRecord>, Failure> {
    let mut connection = store.reader().await?;
    let (name, wanted) = (ledger.as_str(), stored_number(number));
    let row = sqlx::query_as!(
        EntryRow,
        r#"SELECT entries.number, kind, recorded_at, effective_at, reference,
            entries.idempotency_key, entries.request_fingerprint, body, NULL AS "current_metadata?: String"
        FROM ledgers JOIN entries ON entries.ledger = ledgers.id
        WHERE ledgers.name = ?1 AND entries.number = ?2"#,
        name,
        wanted
    )
    .fetch_optional(&mut *connection)
    .await?;
    match row {
        Some(row) => Ok(Some(row.record()?)),
        None => head(&mut connection, ledger).await.map(|_| None),
    }
}

pub(crate) async fn log(
    store: &SqliteStore,
    ledger: &LedgerName,
    from: EntryNumber,
    limit: usize,
) -> Result<Vec<LogRecord>, Failure> {
    let mut connection = store.reader().await?;
    let head = head(&mut connection, ledger).await?;
    records(&mut connection, head.ledger, from, limit).await
}

/// Reads up to `limit` records from the entry `from` on, fewer where they are large.
pub(crate) async fn records(
    connection: &mut sqlx::SqliteConnection,
    ledger: i64,
    from: EntryNumber,
    limit: usize,
) -> Result<Vec<LogRecord>, Failure> {
    let (from, limit) = (stored_number(from), stored_limit(limit));
    let mut rows = sqlx::query_as!(
        EntryRow,
        r#"SELECT number, kind, recorded_at, effective_at, reference,
            idempotency_key, request_fingerprint, body, NULL AS "current_metadata?: String"
        FROM entries WHERE ledger = ?1 AND number >= ?2 ORDER BY number LIMIT ?3"#,
        ledger,
        from,
        limit
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
