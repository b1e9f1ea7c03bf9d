//! The audit trail. Never changes what is recorded.

use engine::access::{AuditPosition, AuditQuery};
use engine::query::Page;
use identity::{Action, Actor, AuditEvent, AuditRecord};
use ledger::Timestamp;
use sql_rows::{AuditRow, Failure, StoredEvent, StoredPlace, one_more, page_of_audit};
use sqlx::SqliteConnection;

use crate::store::SqliteStore;

/// Adds to the trail, in a transaction of its own.
pub(crate) async fn record_alone(store: &SqliteStore, events: &[AuditEvent]) -> Result<(), Failure> {
    let mut transaction = store.writer.begin().await?;
    record_all(&mut transaction, events).await?;
    transaction.commit().await?;
    Ok(())
}

/// Adds to the trail, in the transaction that is open.
pub(crate) async fn record_all(
    connection: &mut SqliteConnection,
    events: &[AuditEvent],
) -> Result<(), Failure> {
    for event in events {
        record(connection, event).await?;
    }
    Ok(())
}

/// Adds one record to the trail, in the transaction that is open.
pub(crate) async fn record(connection: &mut SqliteConnection, event: &AuditEvent) -> Result<(), Failure> {
    let StoredEvent { at, actor, action, subject, address, request_id, entry, count } = event.into();
    sqlx::query!(
        "INSERT INTO audit_records (at, actor, action, subject, address, request_id, entry, count)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        at,
        actor,
        action,
        subject,
        address,
        request_id,
        entry,
        count
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The statement for a list, by the filter that has an index; the others are looked at on the way.
macro_rules! listed {
    ($by:literal, $store:ident, $query:ident) => {{
        let StoredPlace { at, id } = StoredPlace::before(&$query.time, $query.after);
        let from = $query.time.from.map_or(i64::MIN, Timestamp::micros);
        let (actor, action) = ($query.actor.as_ref().map(Actor::to_string), $query.action.map(Action::name));
        let (subject, rows) = ($query.subject.as_deref(), one_more($query.limit));
        let mut connection = $store.reader().await?;
        sqlx::query_as!(
            AuditRow,
            r#"SELECT id AS "id!", at, actor, action, subject, address, request_id, entry, count
            FROM audit_records WHERE "# + $by + r#" AND (at, id) < (?1, ?2) AND at >= ?3
                AND (?4 IS NULL OR subject = ?4) AND (?5 IS NULL OR actor = ?5) AND (?6 IS NULL OR action = ?6)
            ORDER BY at DESC, id DESC LIMIT ?7"#,
            at,
            id,
            from,
            subject,
            actor,
            action,
            rows
        )
        .fetch_all(&mut *connection)
        .await?
    }};
}

/// Lists the trail, the latest first.
pub(crate) async fn trail(
    store: &SqliteStore,
    query: &AuditQuery,
) -> Result<Page<AuditRecord, AuditPosition>, Failure> {
    let rows = if query.subject.is_some() {
        listed!("subject = ?4", store, query)
    } else if query.actor.is_some() {
        listed!("actor = ?5", store, query)
    } else if query.action.is_some() {
        listed!("action = ?6", store, query)
    } else {
        listed!("true", store, query)
    };
    Ok(page_of_audit(rows, query.limit)?)
}
