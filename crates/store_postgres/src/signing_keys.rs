//! The keys that access tokens are signed with, each change in one statement, which is one transaction. Private parts are
//! sealed by whoever brings them.

use async_trait::async_trait;
use engine::access::WriteAccessError;
use engine::port::ReadError;
use engine::tokens::{SigningKeyStore, StoredSigningKey};
use identity::AuditEvent;
use ledger::Timestamp;
use sql_rows::{Failure, SigningKeyRow, StoredEvent, signing_keys};
use sqlx::PgConnection;

use crate::connections::run;
use crate::store::{PostgresStore, read};

#[async_trait]
impl SigningKeyStore for PostgresStore {
    async fn signing_keys(&self) -> Result<Vec<StoredSigningKey>, ReadError> {
        Ok(read!(self, connection, list(connection))?)
    }

    async fn add_signing_key(
        &self,
        key: &StoredSigningKey,
        revoke_earlier: Option<Timestamp>,
        event: &AuditEvent,
    ) -> Result<bool, WriteAccessError> {
        let mut lease = self.to_write().await?;
        Ok(run!(lease, add(&mut lease, key, revoke_earlier, event))?)
    }
}

async fn list(connection: &mut PgConnection) -> Result<Vec<StoredSigningKey>, Failure> {
    let rows = sqlx::query_as!(
        SigningKeyRow,
        "SELECT number, name, public, sealed, created_at, signs_from, revoked_at
        FROM signing_keys ORDER BY number DESC LIMIT 16"
    )
    .fetch_all(connection)
    .await?;
    Ok(signing_keys(rows)?)
}

async fn add(
    connection: &mut PgConnection,
    key: &StoredSigningKey,
    revoke_earlier: Option<Timestamp>,
    event: &AuditEvent,
) -> Result<bool, Failure> {
    let StoredEvent { at, actor, action, subject, address, request_id, entry: _, count } = event.into();
    // What is revoked is what stood before this statement: the new key is not among it.
    let added = sqlx::query!(
        "WITH added AS (
            INSERT INTO signing_keys (number, name, public, sealed, created_at, signs_from, revoked_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (number) DO NOTHING RETURNING number
        ), revoked AS (
            UPDATE signing_keys SET revoked_at = $8
            WHERE number < (SELECT number FROM added) AND revoked_at IS NULL AND $8::bigint IS NOT NULL
        )
        INSERT INTO audit_records (at, actor, action, subject, address, request_id, count)
        SELECT $9::bigint, $10::text, $11::text, $12::text, $13::text, $14::text, $15::bigint FROM added",
        i64::try_from(key.number).unwrap_or(i64::MAX),
        key.name,
        key.public.as_slice(),
        key.sealed,
        key.created_at.micros(),
        key.signs_from.micros(),
        key.revoked_at.map(Timestamp::micros),
        revoke_earlier.map(Timestamp::micros),
        at,
        actor,
        action,
        subject,
        address,
        request_id,
        count
    )
    .execute(connection)
    .await?;
    Ok(added.rows_affected() > 0)
}
