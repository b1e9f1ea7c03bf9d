//! Changes of what is kept beside transactions, which entries changed it, and what transactions are found by. Written by
//! the batch that writes the entries, never by itself.

use engine::codec;
use engine::pair::MetadataPair;
use engine::port::LogRecord;
use engine::query::{Order, Page, TransactionChangeQuery};
use futures_util::TryStreamExt;
use ledger::{Entry, EntryNumber, LedgerName, Metadata};
use sql_rows::{
    ChangedPairs, ChangedTransactions, EntryRow, Failure, KeptTransactionRow, Numbers, one_more,
    stored_number,
};
use sqlx::SqliteConnection;

use crate::changes::page_of_changes;
use crate::entries::recorded;
use crate::json::{next_array, write_row};
use crate::rows::head;
use crate::store::SqliteStore;

/// Writes what transactions are found by from now on.
async fn write_pairs(
    connection: &mut SqliteConnection,
    ledger: i64,
    pairs: &[(MetadataPair, EntryNumber)],
) -> Result<(), Failure> {
    let mut rest = pairs;
    while let Some(json) = next_array(&mut rest, write_pair) {
        sqlx::query!(
            "INSERT INTO transaction_pairs (ledger, pair, number)
            SELECT ?1, value ->> 0, value ->> 1 FROM jsonb_each(?2)",
            ledger,
            json
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Writes what is kept beside transactions from now on, and that these entries made it so.
pub(crate) async fn write_transaction_changes(
    connection: &mut SqliteConnection,
    ledger: i64,
    records: &[LogRecord],
) -> Result<(), Failure> {
    let changed = ChangedTransactions::of(records);
    if changed.is_empty() {
        return Ok(());
    }
    let numbers: Vec<EntryNumber> = changed.transactions.keys().copied().collect();
    let before = load_transactions(connection, ledger, &numbers).await?;
    let pairs =
        ChangedPairs::between(before, changed.transactions.iter().map(|(number, after)| (number, *after)));
    let mut rest = &*pairs.gone;
    while let Some(json) = next_array(&mut rest, write_pair) {
        sqlx::query!(
            "DELETE FROM transaction_pairs WHERE ledger = ?1
                AND (pair, number) IN (SELECT value ->> 0, value ->> 1 FROM jsonb_each(?2))",
            ledger,
            json
        )
        .execute(&mut *connection)
        .await?;
    }
    write_pairs(connection, ledger, &pairs.new).await?;
    let mut rest = &*changed.changes;
    while let Some(json) = next_array(&mut rest, write_change) {
        sqlx::query!(
            "INSERT INTO transaction_changes (ledger, changed, number)
            SELECT ?1, value ->> 0, value ->> 1 FROM jsonb_each(?2)",
            ledger,
            json
        )
        .execute(&mut *connection)
        .await?;
    }
    let transactions: Vec<(EntryNumber, &Metadata)> = changed.transactions.into_iter().collect();
    let mut rest = &*transactions;
    while let Some(json) = next_array(&mut rest, write_transaction) {
        // WHERE true: without it the parser takes ON CONFLICT for a join's ON.
        sqlx::query!(
            "INSERT INTO changed_transactions (ledger, number, metadata)
            SELECT ?1, value ->> 0, value ->> 1 FROM jsonb_each(?2) WHERE true
            ON CONFLICT (ledger, number) DO UPDATE SET metadata = excluded.metadata",
            ledger,
            json
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

fn write_pair(json: &mut Vec<u8>, (pair, number): &(MetadataPair, EntryNumber)) {
    write_row(json, &(pair.0, stored_number(*number)));
}

fn write_change(json: &mut Vec<u8>, (transaction, entry): &(EntryNumber, EntryNumber)) {
    write_row(json, &(stored_number(*transaction), stored_number(*entry)));
}

fn write_transaction(json: &mut Vec<u8>, (number, metadata): &(EntryNumber, &Metadata)) {
    write_row(json, &(stored_number(*number), codec::encode_metadata(metadata)));
}

/// Reads what is kept beside those of the entries that are transactions.
pub(crate) async fn load_transactions(
    connection: &mut SqliteConnection,
    ledger: i64,
    wanted: &[EntryNumber],
) -> Result<Vec<(EntryNumber, Metadata)>, Failure> {
    let mut kept = Vec::new();
    let mut rest = wanted;
    while let Some(json) = next_array(&mut rest, |json, number| write_row(json, &stored_number(*number))) {
        let rows = sqlx::query_as!(
            KeptTransactionRow,
            r#"SELECT e.number AS "number!: i64", e.kind AS "kind!", ifnull(
                (SELECT metadata FROM changed_transactions AS changed WHERE changed.ledger = ?1
                    AND changed.number = e.number),
                e.body ->> 'metadata'
            ) AS "metadata?: String"
            FROM json_each(?2) AS wanted CROSS JOIN entries AS e
            WHERE e.ledger = ?1 AND e.number = wanted.value"#,
            ledger,
            json
        )
        .fetch_all(&mut *connection)
        .await?;
        for row in rows {
            kept.extend(row.kept()?);
        }
    }
    Ok(kept)
}

/// Reads a transaction as it stands.
pub(crate) async fn transaction(
    store: &SqliteStore,
    ledger: &LedgerName,
    number: EntryNumber,
) -> Result<Option<Entry>, Failure> {
    let mut connection = store.reader().await?;
    let head = head(&mut connection, ledger).await?;
    read_transaction(&mut connection, head.ledger, number).await
}

async fn read_transaction(
    connection: &mut SqliteConnection,
    ledger: i64,
    number: EntryNumber,
) -> Result<Option<Entry>, Failure> {
    let from = stored_number(number);
    let numbers = Numbers { from, before: from.saturating_add(1) };
    let row = recorded(connection, ledger, numbers, Order::Ascending, 1).try_next().await?;
    let entry = row.map(EntryRow::current).transpose()?;
    Ok(entry.filter(|entry| entry.body.transaction().is_some()))
}

pub(crate) async fn transaction_changes(
    store: &SqliteStore,
    ledger: &LedgerName,
    query: &TransactionChangeQuery,
) -> Result<Option<Page<Entry, EntryNumber>>, Failure> {
    let mut connection = store.reader().await?;
    let head = head(&mut connection, ledger).await?;
    if read_transaction(&mut connection, head.ledger, query.transaction).await?.is_none() {
        return Ok(None);
    }
    let (changed, before) = (stored_number(query.transaction), query.after.map_or(i64::MAX, stored_number));
    let limit = one_more(query.limit);
    let numbers = sqlx::query_scalar!(
        "SELECT number FROM transaction_changes WHERE ledger = ?1 AND changed = ?2 AND number < ?3
        ORDER BY number DESC LIMIT ?4",
        head.ledger,
        changed,
        before,
        limit
    )
    .fetch_all(&mut *connection)
    .await?;
    Ok(Some(page_of_changes(&mut connection, head.ledger, &numbers, query.limit).await?))
}
