//! The audit trail. Never changes what is recorded.

use engine::access::{AuditPosition, AuditQuery};
use engine::query::Page;
use identity::{Action, Actor, AuditEvent, AuditRecord};
use ledger::Timestamp;
use sql_rows::{AuditRow, Failure, StoredEvent, StoredPlace, one_more, page_of_audit};
use sqlx::PgConnection;

/// Adds to the trail, in the transaction that is open or in one of its own.
pub(crate) async fn record_all(connection: &mut PgConnection, events: &[AuditEvent]) -> Result<(), Failure> {
    let events: Vec<StoredEvent> = events.iter().map(StoredEvent::from).collect();
    let texts = |of: fn(&StoredEvent) -> Option<&str>| events.iter().map(of).collect::<Vec<_>>();
    let numbers = |of: fn(&StoredEvent) -> Option<i64>| events.iter().map(of).collect::<Vec<_>>();
    sqlx::query!(
        "INSERT INTO audit_records (at, actor, action, subject, address, request_id, entry, count)
        SELECT * FROM UNNEST($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
            $7::bigint[], $8::bigint[])",
        &numbers(|event| Some(event.at)) as _,
        &texts(|event| Some(&event.actor)) as _,
        &texts(|event| Some(event.action)) as _,
        &texts(|event| Some(&event.subject)) as _,
        &texts(|event| event.address.as_deref()) as _,
        &texts(|event| event.request_id.as_deref()) as _,
        &numbers(|event| event.entry) as _,
        &numbers(|event| Some(event.count)) as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Does something and records it, in one statement, which is one transaction. `$does` are common table expressions, of which
/// `done` has a row if it was done; their arguments begin with `$8`.
macro_rules! recorded {
    ($connection:expr, $event:expr, $does:literal, $($argument:expr),+ $(,)?) => {{
        let sql_rows::StoredEvent { at, actor, action, subject, address, request_id, entry: _, count } = $event.into();
        sqlx::query!(
            "WITH "
                + $does
                + " INSERT INTO audit_records (at, actor, action, subject, address, request_id, count)
                SELECT $1::bigint, $2::text, $3::text, $4::text, $5::text, $6::text, $7::bigint FROM done",
            at,
            actor,
            action,
            subject,
            address,
            request_id,
            count,
            $($argument),+
        )
        .execute($connection)
        .await
    }};
}

pub(crate) use recorded;

/// The statement for a list, by the filter that has an index; the others are looked at on the way. `at` is how that
/// index has the time.
macro_rules! listed {
    ($by:literal, $at:literal, $connection:ident, $query:ident) => {{
        let StoredPlace { at, id } = StoredPlace::before(&$query.time, $query.after);
        sqlx::query_as!(
            AuditRow,
            "SELECT id, at, actor, action, subject, address, request_id, entry, count
            FROM audit_records WHERE "
                + $by
                + " AND ("
                + $at
                + ", id) < ($1, $2) AND "
                + $at
                + " >= $3
                AND ($4::text IS NULL OR subject = $4) AND ($5::text IS NULL OR actor = $5)
                AND ($6::text IS NULL OR action = $6)
            ORDER BY "
                + $at
                + " DESC, id DESC LIMIT $7",
            at,
            id,
            $query.time.from.map_or(i64::MIN, Timestamp::micros),
            $query.subject.as_deref(),
            $query.actor.as_ref().map(Actor::to_string),
            $query.action.map(Action::name),
            one_more($query.limit)
        )
        .fetch_all($connection)
        .await?
    }};
}

/// Lists the trail, the latest first.
pub(crate) async fn trail(
    connection: &mut PgConnection,
    query: &AuditQuery,
) -> Result<Page<AuditRecord, AuditPosition>, Failure> {
    let rows = if query.subject.is_some() {
        listed!("subject = $4", "at", connection, query)
    } else if query.actor.is_some() {
        listed!("actor = $5", "at", connection, query)
    } else if query.action.is_some() {
        listed!("action = $6", "at", connection, query)
    } else {
        listed!("true", "(at + 0)", connection, query)
    };
    Ok(page_of_audit(rows, query.limit)?)
}
