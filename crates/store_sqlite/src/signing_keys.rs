//! The keys that access tokens are signed with. Private parts are sealed by whoever brings them.

use async_trait::async_trait;
use engine::access::WriteAccessError;
use engine::port::ReadError;
use engine::tokens::{SigningKeyStore, StoredSigningKey};
use identity::AuditEvent;
use ledger::Timestamp;
use sql_rows::{Failure, SigningKeyRow, signing_keys};

use crate::audit::record;
use crate::store::SqliteStore;

#[async_trait]
impl SigningKeyStore for SqliteStore {
    async fn signing_keys(&self) -> Result<Vec<StoredSigningKey>, ReadError> {
        Ok(list(self).await?)
    }

    async fn add_signing_key(
        &self,
        key: &StoredSigningKey,
        revoke_earlier: Option<Timestamp>,
        event: &AuditEvent,
    ) -> Result<bool, WriteAccessError> {
        Ok(add(self, key, revoke_earlier, event).await?)
    }
}

async fn list(store: &SqliteStore) -> Result<Vec<StoredSigningKey>, Failure> {
    let mut connection = store.reader().await?;
    let rows = sqlx::query_as!(
        SigningKeyRow,
        r#"SELECT number AS "number!", name, public, sealed, created_at, signs_from, revoked_at
        FROM signing_keys ORDER BY number DESC LIMIT 16"#
    )
    .fetch_all(&mut *connection)
    .await?;
    Ok(signing_keys(rows)?)
}

async fn add(
    store: &SqliteStore,
    key: &StoredSigningKey,
    revoke_earlier: Option<Timestamp>,
    event: &AuditEvent,
) -> Result<bool, Failure> {
    let mut transaction = store.writer.begin().await?;
    let number = i64::try_from(key.number).unwrap_or(i64::MAX);
    let (name, public, sealed) = (&*key.name, key.public.as_slice(), &*key.sealed);
    let (created_at, signs_from) = (key.created_at.micros(), key.signs_from.micros());
    let revoked_at = key.revoked_at.map(Timestamp::micros);
    let added = sqlx::query!(
        "INSERT INTO signing_keys (number, name, public, sealed, created_at, signs_from, revoked_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (number) DO NOTHING",
        number,
        name,
        public,
        sealed,
        created_at,
        signs_from,
        revoked_at
    )
    .execute(&mut *transaction)
    .await?;
    if added.rows_affected() == 0 {
        return Ok(false);
    }
    if let Some(at) = revoke_earlier.map(Timestamp::micros) {
        sqlx::query!(
            "UPDATE signing_keys SET revoked_at = ?2 WHERE number < ?1 AND revoked_at IS NULL",
            number,
            at
        )
        .execute(&mut *transaction)
        .await?;
    }
    record(&mut transaction, event).await?;
    transaction.commit().await?;
    Ok(true)
}
