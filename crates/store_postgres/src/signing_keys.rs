//! The keys that access tokens are signed with, each change in one statement, which is one transaction. Private parts are
//! sealed by whoever brings them.

use async_trait::async_trait;
use engine::access::WriteAccessError;
use engine::port::ReadError;
use engine::tokens::{SigningKeyStore, StoredSigningKey};
use identity::AuditEvent;
use ledger::Timestamp;
use sql_rows::{Failure, SigningKeyRow, signing_keys};
use sqlx::PgConnection;

use crate::audit::recorded;
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
    // What is revoked is what stood before this statement: the new key is not among it.
    let added = recorded!(
        connection,
        event,
        "done AS (
            INSERT INTO signing_keys (number, name, public, sealed, created_at, signs_from, revoked_at)
            VALUES ($8, $9, $10, $11, $12, $13, $14) ON CONFLICT (number) DO NOTHING RETURNING number
        ), revoked AS (
            UPDATE signing_keys SET revoked_at = $15
            WHERE number < (SELECT number FROM done) AND revoked_at IS NULL AND $15::bigint IS NOT NULL
        )",
        i64::try_from(key.number).unwrap_or(i64::MAX),
        key.name,
        key.public.as_slice(),
        key.sealed,
        key.created_at.micros(),
        key.signs_from.micros(),
        key.revoked_at.map(Timestamp::micros),
        revoke_earlier.map(Timestamp::micros)
    )?;
    Ok(added.rows_affected() > 0)
}
