//! The short way to write: what was decided on a remembered state, if the ledger still is as it is remembered.

use engine::port::{Appended, CommitError, Head, LogRecord, LookedUp, Unused};
use ledger::{BalanceKey, Entry, LedgerName};
use sql_rows::{BatchRows, Failure, is_in_use};

use crate::batch::{SqliteBatch, load_keys, load_references, look_up};
use crate::store::SqliteStore;

/// Reads balances, and what their accounts allow, beside whoever writes.
pub(crate) async fn balances_of(
    store: &SqliteStore,
    ledger: &LedgerName,
    keys: &[BalanceKey],
) -> Result<LookedUp, Failure> {
    let mut connection = store.reader().await?;
    let name = ledger.as_str();
    let found = sqlx::query_scalar!("SELECT id FROM ledgers WHERE name = ?1", name)
        .fetch_optional(&mut *connection)
        .await?;
    let Some(id) = found else { return Ok(LookedUp::default()) };
    look_up(&mut connection, id, keys).await
}

/// Writes entries and commits, if the ledger's head stands at `expected` and nothing that they or `unused` name is in use.
pub(crate) async fn append(
    store: &SqliteStore,
    ledger: &LedgerName,
    expected: Head,
    unused: &Unused,
    records: &[LogRecord],
) -> Result<Appended, CommitError> {
    let Some(last) = records.last() else { return Ok(Appended::Written) };
    match written(store, ledger, expected, unused, records, &last.entry).await {
        Ok(Some(batch)) => batch.end().await.map(|()| Appended::Written),
        Ok(None) => Ok(Appended::Stale),
        // One of their own numbers, keys or references.
        Err(Failure::Database(error)) if is_in_use(&error) => Ok(Appended::Stale),
        Err(failure) => Err(CommitError::RolledBack(failure.into())),
    }
}

/// Writes entries, and leaves it to the caller to commit; `None` where the ledger is not as it is remembered.
async fn written(
    store: &SqliteStore,
    ledger: &LedgerName,
    expected: Head,
    unused: &Unused,
    records: &[LogRecord],
    last: &Entry,
) -> Result<Option<SqliteBatch>, Failure> {
    let rows = BatchRows::of(records, expected.next.0)?;
    let mut batch = SqliteBatch::new(store, store.writer.begin().await?, ledger, expected);
    let Some(advanced) = batch.advance(last, &rows).await? else { return Ok(None) };
    let transaction = &mut *batch.transaction;
    let is_unused = load_keys(transaction, advanced.ledger, &unused.keys).await?.is_empty()
        && load_references(transaction, advanced.ledger, &unused.references).await?.is_empty();
    if !is_unused {
        return Ok(None);
    }
    batch.write(records, &rows, advanced).await?;
    Ok(Some(batch))
}
