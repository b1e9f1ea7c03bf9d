//! The ledgers themselves: created, read, listed. Never renamed, never removed.

use engine::idempotency::KeyedRequest;
use engine::port::LedgerCreation;
use engine::query::{Ledger, NewLedger, Page};
use fail_points::Point;
use ledger::{EntryNumber, LedgerName};
use sql_rows::{Failure, LedgerRow, one_more, page_of_ledgers};
use sqlx::{Connection, PgConnection};

use crate::connections::run;
use crate::store::PostgresStore;

pub(crate) async fn create(store: &PostgresStore, new: NewLedger) -> Result<LedgerCreation, Failure> {
    let mut lease = store.writers.acquire().await?;
    // Creating a ledger is rare, and without a key it must not be tried twice: better to ask first whether
    // the connection still stands.
    if run!(lease, async { Ok(lease.ping().await?) }).is_err() {
        lease = store.writers.acquire().await?;
    }
    run!(lease, create_on(&mut lease, new))
}

async fn create_on(connection: &mut PgConnection, new: NewLedger) -> Result<LedgerCreation, Failure> {
    let metadata = serde_json::to_string(new.metadata.as_map()).expect("maps of texts can be written");
    // One statement is one transaction. What it collides with is looked up afterwards, which is safe
    // because ledgers stay as they were created.
    let created = sqlx::query!(
        "INSERT INTO ledgers (name, created_at, metadata, idempotency_key, request_fingerprint)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        new.name.as_str(),
        new.created_at.micros(),
        metadata,
        new.request.as_ref().map(|request| request.key.as_str()),
        new.request.as_ref().map(|request| request.fingerprint.0.as_slice())
    )
    .execute(&mut *connection)
    .await?;
    if created.rows_affected() == 1 {
        fail_points::reach(Point::PostgresLedgerWritten);
        return Ok(LedgerCreation::Created(Ledger {
            name: new.name,
            created_at: new.created_at,
            entries: EntryNumber(0),
            metadata: new.metadata,
        }));
    }
    let Some(KeyedRequest { key, fingerprint }) = &new.request else { return Ok(LedgerCreation::NameTaken) };
    // Locked for the statement's own commit: a ledger that can be seen may still be on its way to a standby, and
    // that commit waits for both.
    let earlier = sqlx::query!(
        r#"SELECT name, created_at, metadata, request_fingerprint AS "fingerprint!"
        FROM ledgers WHERE idempotency_key = $1 FOR KEY SHARE"#,
        key.as_str()
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

pub(crate) async fn ledger(connection: &mut PgConnection, name: &LedgerName) -> Result<Ledger, Failure> {
    let row = sqlx::query_as!(
        LedgerRow,
        "SELECT name, created_at, metadata, next_entry FROM ledgers WHERE name = $1",
        name.as_str()
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.ok_or(Failure::LedgerNotFound)?.ledger()?)
}

pub(crate) async fn ledgers(
    connection: &mut PgConnection,
    after: Option<&LedgerName>,
    limit: usize,
) -> Result<Page<Ledger, LedgerName>, Failure> {
    // No name is empty, so all names follow the empty one.
    let rows = sqlx::query_as!(
        LedgerRow,
        "SELECT name, created_at, metadata, next_entry FROM ledgers WHERE name > $1 ORDER BY name LIMIT $2",
        after.map_or("", LedgerName::as_str),
        one_more(limit)
    )
    .fetch_all(connection)
    .await?;
    Ok(page_of_ledgers(rows, limit)?)
}

/// Asks for something that is there, and says whether the server only follows another one.
pub(crate) async fn ping(connection: &mut PgConnection) -> Result<bool, Failure> {
    let row =
        sqlx::query!(r#"SELECT EXISTS (SELECT 1 FROM ledgers) AS "any!", pg_is_in_recovery() AS "follows!""#)
            .fetch_one(connection)
            .await?;
    Ok(row.follows)
}
