//! Gadgets, each change with its record in one statement, which is one transaction. Never looks into what they are for,
//! and never takes a ledger's head.

use async_trait::async_trait;
use engine::access::WriteAccessError;
use engine::idempotency::IdempotencyKey;
use engine::port::ReadError;
use engine::widgets::{KeptWidget, Widget, WidgetCreation, WidgetId, WidgetStore};
use identity::AuditEvent;
use ledger::LedgerName;
use sql_rows::widgets::WidgetRow;
use sql_rows::{Failure, is_in_use};
use sqlx::PgConnection;

use crate::audit::recorded;
use crate::connections::run;
use crate::store::{PostgresStore, read};

#[async_trait]
impl WidgetStore for PostgresStore {
    async fn create_widget(
        &self,
        ledger: &LedgerName,
        new: &KeptWidget,
        event: &AuditEvent,
    ) -> Result<WidgetCreation, WriteAccessError> {
        let mut lease = self.to_write().await?;
        Ok(run!(lease, create(&mut lease, ledger, new, event))?)
    }

    async fn widget(&self, ledger: &LedgerName, id: &WidgetId) -> Result<Option<Widget>, ReadError> {
        Ok(read!(self, connection, one(connection, ledger, id))?)
    }

    async fn widget_under(
        &self,
        ledger: &LedgerName,
        key: &IdempotencyKey,
    ) -> Result<Option<KeptWidget>, ReadError> {
        Ok(read!(self, connection, under(connection, ledger, key))?)
    }
}

async fn create(
    connection: &mut PgConnection,
    ledger: &LedgerName,
    KeptWidget { widget, request }: &KeptWidget,
    event: &AuditEvent,
) -> Result<WidgetCreation, Failure> {
    let recorded = recorded!(
        connection,
        event,
        "done AS (
            INSERT INTO widgets (ledger, id, name, created_at, created_by, idempotency_key, request_fingerprint)
            SELECT ledgers.id, $9::text, $10::text, $11::bigint, $12::text, $13::text, $14::bytea
            FROM ledgers WHERE ledgers.name = $8 RETURNING widgets.id
        )",
        ledger.as_str(),
        widget.id.as_str(),
        widget.name.as_str(),
        widget.created_at.micros(),
        widget.created_by.to_string(),
        request.as_ref().map(|request| request.key.as_str()),
        request.as_ref().map(|request| request.fingerprint.0.as_slice())
    );
    match recorded {
        Err(error) if is_in_use(&error) => Ok(WidgetCreation::InUse),
        Err(error) => Err(error.into()),
        Ok(recorded) if recorded.rows_affected() == 0 => Ok(WidgetCreation::LedgerNotFound),
        Ok(_) => Ok(WidgetCreation::Created),
    }
}

async fn one(
    connection: &mut PgConnection,
    ledger: &LedgerName,
    id: &WidgetId,
) -> Result<Option<Widget>, Failure> {
    let row = sqlx::query_as!(
        WidgetRow,
        "SELECT its.id, its.name, its.created_at, its.created_by, its.idempotency_key, its.request_fingerprint
        FROM widgets AS its
        WHERE its.ledger = (SELECT ledgers.id FROM ledgers WHERE ledgers.name = $1) AND its.id = $2",
        ledger.as_str(),
        id.as_str()
    )
    .fetch_optional(&mut *connection)
    .await?;
    if row.is_none() {
        let known =
            sqlx::query_scalar!(r#"SELECT 1 AS "one!" FROM ledgers WHERE name = $1"#, ledger.as_str());
        known.fetch_optional(connection).await?.ok_or(Failure::LedgerNotFound)?;
    }
    Ok(row.map(|row| row.widget().map(|kept| kept.widget)).transpose()?)
}

async fn under(
    connection: &mut PgConnection,
    ledger: &LedgerName,
    key: &IdempotencyKey,
) -> Result<Option<KeptWidget>, Failure> {
    let row = sqlx::query_as!(
        WidgetRow,
        "SELECT its.id, its.name, its.created_at, its.created_by, its.idempotency_key, its.request_fingerprint
        FROM widgets AS its
        WHERE its.ledger = (SELECT ledgers.id FROM ledgers WHERE ledgers.name = $1) AND its.idempotency_key = $2",
        ledger.as_str(),
        key.as_str()
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(WidgetRow::widget).transpose()?)
}
