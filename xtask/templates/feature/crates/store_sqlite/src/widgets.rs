//! Gadgets, each change with its record in one transaction. Never looks into what they are for.

use async_trait::async_trait;
use engine::access::WriteAccessError;
use engine::idempotency::IdempotencyKey;
use engine::port::ReadError;
use engine::widgets::{KeptWidget, Widget, WidgetCreation, WidgetId, WidgetStore};
use identity::AuditEvent;
use ledger::LedgerName;
use sql_rows::widgets::WidgetRow;
use sql_rows::{Failure, is_in_use};

use crate::audit::record;
use crate::store::SqliteStore;

#[async_trait]
impl WidgetStore for SqliteStore {
    async fn create_widget(
        &self,
        ledger: &LedgerName,
        new: &KeptWidget,
        event: &AuditEvent,
    ) -> Result<WidgetCreation, WriteAccessError> {
        Ok(create(self, ledger, new, event).await?)
    }

    async fn widget(&self, ledger: &LedgerName, id: &WidgetId) -> Result<Option<Widget>, ReadError> {
        Ok(one(self, ledger, id).await?)
    }

    async fn widget_under(
        &self,
        ledger: &LedgerName,
        key: &IdempotencyKey,
    ) -> Result<Option<KeptWidget>, ReadError> {
        Ok(under(self, ledger, key).await?)
    }
}

async fn create(
    store: &SqliteStore,
    ledger: &LedgerName,
    KeptWidget { widget, request }: &KeptWidget,
    event: &AuditEvent,
) -> Result<WidgetCreation, Failure> {
    let mut transaction = store.writer.begin().await?;
    let (ledger, id, name) = (ledger.as_str(), widget.id.as_str(), widget.name.as_str());
    let (created_at, created_by) = (widget.created_at.micros(), widget.created_by.to_string());
    let key = request.as_ref().map(|request| request.key.as_str());
    let fingerprint = request.as_ref().map(|request| request.fingerprint.0.as_slice());
    let created = sqlx::query!(
        "INSERT INTO widgets (ledger, id, name, created_at, created_by, idempotency_key, request_fingerprint)
        SELECT ledgers.id, ?2, ?3, ?4, ?5, ?6, ?7 FROM ledgers WHERE ledgers.name = ?1",
        ledger,
        id,
        name,
        created_at,
        created_by,
        key,
        fingerprint
    )
    .execute(&mut *transaction)
    .await;
    match created {
        Err(error) if is_in_use(&error) => return Ok(WidgetCreation::InUse),
        Err(error) => return Err(error.into()),
        Ok(created) if created.rows_affected() == 0 => return Ok(WidgetCreation::LedgerNotFound),
        Ok(_) => {}
    }
    record(&mut transaction, event).await?;
    transaction.commit().await?;
    Ok(WidgetCreation::Created)
}

async fn one(store: &SqliteStore, ledger: &LedgerName, id: &WidgetId) -> Result<Option<Widget>, Failure> {
    let mut connection = store.reader().await?;
    let (ledger, id) = (ledger.as_str(), id.as_str());
    let row = sqlx::query_as!(
        WidgetRow,
        "SELECT its.id, its.name, its.created_at, its.created_by, its.idempotency_key, its.request_fingerprint
        FROM ledgers JOIN widgets AS its ON its.ledger = ledgers.id
        WHERE ledgers.name = ?1 AND its.id = ?2",
        ledger,
        id
    )
    .fetch_optional(&mut *connection)
    .await?;
    if row.is_none() {
        let known = sqlx::query_scalar!(r#"SELECT 1 AS "one!" FROM ledgers WHERE name = ?1"#, ledger);
        known.fetch_optional(&mut *connection).await?.ok_or(Failure::LedgerNotFound)?;
    }
    Ok(row.map(|row| row.widget().map(|kept| kept.widget)).transpose()?)
}

async fn under(
    store: &SqliteStore,
    ledger: &LedgerName,
    key: &IdempotencyKey,
) -> Result<Option<KeptWidget>, Failure> {
    let mut connection = store.reader().await?;
    let (ledger, key) = (ledger.as_str(), key.as_str());
    let row = sqlx::query_as!(
        WidgetRow,
        "SELECT its.id, its.name, its.created_at, its.created_by, its.idempotency_key, its.request_fingerprint
        FROM ledgers JOIN widgets AS its ON its.ledger = ledgers.id
        WHERE ledgers.name = ?1 AND its.idempotency_key = ?2",
        ledger,
        key
    )
    .fetch_optional(&mut *connection)
    .await?;
    Ok(row.map(WidgetRow::widget).transpose()?)
}
