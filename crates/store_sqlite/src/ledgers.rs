//! The ledgers themselves: created, read, listed. Never renamed, never removed.

use engine::idempotency::KeyedRequest;
use engine::port::LedgerCreation;
use engine::query::{Ledger, NewLedger, Page};
use fail_points::Point;
use ledger::{EntryNumber, LedgerName};
use sql_rows::{Failure, LedgerRow, one_more, page_of_ledgers};

use crate::store::SqliteStore;

pub(crate) async fn create(store: &SqliteStore, new: NewLedger) -> Result<LedgerCreation, Failure> {
    let mut connection = store.writer.acquire().await?;
    let name = new.name.as_str();
    let created_at = new.created_at.micros();
    let metadata = serde_json::to_string(new.metadata.as_map()).expect("maps of texts can be written");
    let key = new.request.as_ref().map(|request| request.key.as_str());
    let fingerprint = new.request.as_ref().map(|request| request.fingerprint.0.as_slice());
    // One statement is one transaction. What it collides with is looked up afterwards, which is safe
    // because ledgers stay as they were created.
    let created = sqlx::query!(
        "INSERT INTO ledgers (name, created_at, metadata, idempotency_key, request_fingerprint)
        VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
        name,
        created_at,
        metadata,
        key,
        fingerprint
    )
    .execute(&mut *connection)
    .await?;
    if created.rows_affected() == 1 {
        fail_points::reach(Point::SqliteLedgerWritten);
        return Ok(LedgerCreation::Created(Ledger {
            name: new.name,
            created_at: new.created_at,
            entries: EntryNumber(0),
            metadata: new.metadata,
        }));
    }
    let Some(KeyedRequest { key, fingerprint }) = &new.request else { return Ok(LedgerCreation::NameTaken) };
    let key = key.as_str();
    let earlier = sqlx::query!(
        r#"SELECT name, created_at, metadata, request_fingerprint AS "fingerprint!"
        FROM ledgers WHERE idempotency_key = ?1"#,
        key
    )
    .fetch_optional(&mut *connection)
    .await?;
    match earlier {
        None => Ok(LedgerCreation::NameTaken),
        Some(row) if row.fingerprint != fingerprint.0 => Ok(LedgerCreation::KeyReused),
        Some(row) => {
            // As it was then: without entries.
            let row = LedgerRow {
                name: row.name,
                created_at: row.created_at,
                metadata: row.metadata,
                next_entry: 0,
            };
            Ok(LedgerCreation::Replayed(row.ledger()?))
        }
    }
}

pub(crate) async fn ledger(store: &SqliteStore, name: &LedgerName) -> Result<Ledger, Failure> {
    let mut connection = store.reader().await?;
    let name = name.as_str();
    let row = sqlx::query_as!(
        LedgerRow,
        "SELECT name, created_at, metadata, next_entry FROM ledgers WHERE name = ?1",
        name
    )
    .fetch_optional(&mut *connection)
    .await?;
    Ok(row.ok_or(Failure::LedgerNotFound)?.ledger()?)
}

pub(crate) async fn ledgers(
    store: &SqliteStore,
    after: Option<&LedgerName>,
    limit: usize,
) -> Result<Page<Ledger, LedgerName>, Failure> {
    let mut connection = store.reader().await?;
    // No name is empty, so all names follow the empty one.
    let (after, rows) = (after.map_or("", LedgerName::as_str), one_more(limit));
    let rows = sqlx::query_as!(
        LedgerRow,
        "SELECT name, created_at, metadata, next_entry FROM ledgers
        WHERE name > ?1 ORDER BY name LIMIT ?2",
        after,
        rows
    )
    .fetch_all(&mut *connection)
    .await?;
    Ok(page_of_ledgers(rows, limit)?)
}

pub(crate) async fn ping(store: &SqliteStore) -> Result<(), Failure> {
    let mut connection = store.reader().await?;
    sqlx::query_scalar!(r#"SELECT EXISTS (SELECT 1 FROM ledgers) AS "any!""#)
        .fetch_one(&mut *connection)
        .await?;
    Ok(())
}
