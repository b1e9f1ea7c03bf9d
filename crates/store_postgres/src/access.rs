//! API keys, each change with its record in one statement, which is one transaction. Never sees a secret.

use async_trait::async_trait;
use engine::access::{AccessStore, AuditPosition, AuditQuery, StoredKey, WriteAccessError};
use engine::port::ReadError;
use engine::query::Page;
use identity::{ApiKey, AuditEvent, AuditRecord, KeyId};
use ledger::Timestamp;
use sql_rows::{Failure, KeyRow, one_more, page_of_keys, stored_before};
use sqlx::{Connection as _, PgConnection};

use crate::audit::{record_all, recorded, trail};
use crate::connections::run;
use crate::store::{PostgresStore, read};

#[async_trait]
impl AccessStore for PostgresStore {
    async fn create_key(&self, key: &StoredKey, event: &AuditEvent) -> Result<(), WriteAccessError> {
        let mut lease = self.to_write().await?;
        Ok(run!(lease, create(&mut lease, key, event))?)
    }

    async fn revoke_key(
        &self,
        id: &KeyId,
        at: Timestamp,
        event: &AuditEvent,
    ) -> Result<bool, WriteAccessError> {
        let mut lease = self.to_write().await?;
        Ok(run!(lease, revoke(&mut lease, id, at, event))?)
    }

    async fn key(&self, id: &KeyId) -> Result<Option<StoredKey>, ReadError> {
        Ok(read!(self, connection, one(connection, id))?)
    }

    async fn keys(&self, before: Option<u64>, limit: usize) -> Result<Page<ApiKey, u64>, ReadError> {
        Ok(read!(self, connection, list(connection, before, limit))?)
    }

    async fn note_uses(&self, uses: &[(KeyId, Timestamp)]) -> Result<(), WriteAccessError> {
        let mut lease = self.to_write().await?;
        Ok(run!(lease, note(&mut lease, uses))?)
    }

    async fn record(&self, events: &[AuditEvent]) -> Result<(), WriteAccessError> {
        let mut lease = self.to_write().await?;
        Ok(run!(lease, record_all(&mut lease, events))?)
    }

    async fn audit(&self, query: &AuditQuery) -> Result<Page<AuditRecord, AuditPosition>, ReadError> {
        Ok(read!(self, connection, trail(connection, query))?)
    }
}

async fn create(
    connection: &mut PgConnection,
    StoredKey { key, digest }: &StoredKey,
    event: &AuditEvent,
) -> Result<(), Failure> {
    recorded!(
        connection,
        event,
        "done AS (
            INSERT INTO api_keys (id, digest, name, grants, created_at, created_by, expires_at)
            VALUES ($8, $9, $10, $11, $12, $13, $14) RETURNING id
        )",
        key.id.as_str(),
        digest.as_bytes().as_slice(),
        key.name.as_str(),
        key.grants.to_string(),
        key.created_at.micros(),
        key.created_by.to_string(),
        key.expires_at.map(Timestamp::micros)
    )?;
    Ok(())
}

async fn revoke(
    connection: &mut PgConnection,
    id: &KeyId,
    revoked_at: Timestamp,
    event: &AuditEvent,
) -> Result<bool, Failure> {
    let revoked = recorded!(
        &mut *connection,
        event,
        "done AS (UPDATE api_keys SET revoked_at = $9 WHERE id = $8 AND revoked_at IS NULL RETURNING id)",
        id.as_str(),
        revoked_at.micros()
    )?;
    if revoked.rows_affected() > 0 {
        return Ok(true);
    }
    let known = sqlx::query_scalar!(r#"SELECT 1 AS "one!" FROM api_keys WHERE id = $1"#, id.as_str());
    Ok(known.fetch_optional(connection).await?.is_some())
}

async fn one(connection: &mut PgConnection, id: &KeyId) -> Result<Option<StoredKey>, Failure> {
    let row = sqlx::query_as!(
        KeyRow,
        "SELECT number, id, digest, name, grants, created_at, created_by, expires_at, revoked_at, last_used_at
        FROM api_keys WHERE id = $1",
        id.as_str()
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(KeyRow::key).transpose()?)
}

async fn list(
    connection: &mut PgConnection,
    before: Option<u64>,
    limit: usize,
) -> Result<Page<ApiKey, u64>, Failure> {
    let rows = sqlx::query_as!(
        KeyRow,
        "SELECT number, id, digest, name, grants, created_at, created_by, expires_at, revoked_at, last_used_at
        FROM api_keys WHERE number < $1 ORDER BY number DESC LIMIT $2",
        stored_before(before),
        one_more(limit)
    )
    .fetch_all(connection)
    .await?;
    Ok(page_of_keys(rows, limit)?)
}

async fn note(connection: &mut PgConnection, uses: &[(KeyId, Timestamp)]) -> Result<(), Failure> {
    let mut transaction = connection.begin().await?;
    for (id, at) in uses {
        sqlx::query!(
            "UPDATE api_keys SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)",
            id.as_str(),
            at.micros()
        )
        .execute(&mut *transaction)
        .await?;
    }
    transaction.commit().await?;
    Ok(())
}
