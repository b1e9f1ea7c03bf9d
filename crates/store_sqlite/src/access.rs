//! API keys. Never sees a secret.

use async_trait::async_trait;
use engine::access::{AccessStore, AuditPosition, AuditQuery, StoredKey, WriteAccessError};
use engine::port::ReadError;
use engine::query::Page;
use identity::{ApiKey, AuditEvent, AuditRecord, KeyId};
use ledger::Timestamp;
use sql_rows::{Failure, KeyRow, one_more, page_of_keys, stored_before};

use crate::audit::{record, record_alone};
use crate::store::SqliteStore;

#[async_trait]
impl AccessStore for SqliteStore {
    async fn create_key(&self, key: &StoredKey, event: &AuditEvent) -> Result<(), WriteAccessError> {
        Ok(create(self, key, event).await?)
    }

    async fn revoke_key(
        &self,
        id: &KeyId,
        at: Timestamp,
        event: &AuditEvent,
    ) -> Result<bool, WriteAccessError> {
        Ok(revoke(self, id, at, event).await?)
    }

    async fn key(&self, id: &KeyId) -> Result<Option<StoredKey>, ReadError> {
        Ok(one(self, id).await?)
    }

    async fn keys(&self, before: Option<u64>, limit: usize) -> Result<Page<ApiKey, u64>, ReadError> {
        Ok(list(self, before, limit).await?)
    }

    async fn note_uses(&self, uses: &[(KeyId, Timestamp)]) -> Result<(), WriteAccessError> {
        Ok(note(self, uses).await?)
    }

    async fn record(&self, events: &[AuditEvent]) -> Result<(), WriteAccessError> {
        Ok(record_alone(self, events).await?)
    }

    async fn audit(&self, query: &AuditQuery) -> Result<Page<AuditRecord, AuditPosition>, ReadError> {
        Ok(crate::audit::trail(self, query).await?)
    }
}

async fn create(
    store: &SqliteStore,
    StoredKey { key, digest }: &StoredKey,
    event: &AuditEvent,
) -> Result<(), Failure> {
    let mut transaction = store.writer.begin().await?;
    let (id, name, grants) = (key.id.as_str(), key.name.as_str(), key.grants.to_string());
    let (digest, created_by) = (digest.as_bytes().as_slice(), key.created_by.to_string());
    let (created_at, expires_at) = (key.created_at.micros(), key.expires_at.map(Timestamp::micros));
    sqlx::query!(
        "INSERT INTO api_keys (id, digest, name, grants, created_at, created_by, expires_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        id,
        digest,
        name,
        grants,
        created_at,
        created_by,
        expires_at
    )
    .execute(&mut *transaction)
    .await?;
    record(&mut transaction, event).await?;
    transaction.commit().await?;
    Ok(())
}

async fn revoke(store: &SqliteStore, id: &KeyId, at: Timestamp, event: &AuditEvent) -> Result<bool, Failure> {
    let mut transaction = store.writer.begin().await?;
    let (id, at) = (id.as_str(), at.micros());
    let revoked =
        sqlx::query!("UPDATE api_keys SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL", id, at)
            .execute(&mut *transaction)
            .await?;
    if revoked.rows_affected() == 0 {
        let known = sqlx::query_scalar!(r#"SELECT 1 AS "one!" FROM api_keys WHERE id = ?1"#, id);
        return Ok(known.fetch_optional(&mut *transaction).await?.is_some());
    }
    record(&mut transaction, event).await?;
    transaction.commit().await?;
    Ok(true)
}

async fn one(store: &SqliteStore, id: &KeyId) -> Result<Option<StoredKey>, Failure> {
    let mut connection = store.reader().await?;
    let id = id.as_str();
    let row = sqlx::query_as!(
        KeyRow,
        r#"SELECT number AS "number!", id, digest, name, grants, created_at, created_by, expires_at, revoked_at,
            last_used_at
        FROM api_keys WHERE id = ?1"#,
        id
    )
    .fetch_optional(&mut *connection)
    .await?;
    Ok(row.map(KeyRow::key).transpose()?)
}

async fn list(store: &SqliteStore, before: Option<u64>, limit: usize) -> Result<Page<ApiKey, u64>, Failure> {
    let mut connection = store.reader().await?;
    let (before, rows) = (stored_before(before), one_more(limit));
    let rows = sqlx::query_as!(
        KeyRow,
        r#"SELECT number AS "number!", id, digest, name, grants, created_at, created_by, expires_at, revoked_at,
            last_used_at
        FROM api_keys WHERE number < ?1 ORDER BY number DESC LIMIT ?2"#,
        before,
        rows
    )
    .fetch_all(&mut *connection)
    .await?;
    Ok(page_of_keys(rows, limit)?)
}

async fn note(store: &SqliteStore, uses: &[(KeyId, Timestamp)]) -> Result<(), Failure> {
    let mut transaction = store.writer.begin().await?;
    for (id, at) in uses {
        let (id, at) = (id.as_str(), at.micros());
        sqlx::query!(
            "UPDATE api_keys SET last_used_at = ?2 WHERE id = ?1 AND (last_used_at IS NULL OR last_used_at < ?2)",
            id,
            at
        )
        .execute(&mut *transaction)
        .await?;
    }
    transaction.commit().await?;
    Ok(())
}
