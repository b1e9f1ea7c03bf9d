//! Second factors, each change together with what is recorded of it. Never sees a secret.

use async_trait::async_trait;
use engine::access::WriteAccessError;
use engine::port::ReadError;
use engine::second_factors::{Confirmed, SealedTotp, SecondFactorStore, StoredTotp};
use identity::{AuditEvent, SecretDigest, UserId};
use ledger::Timestamp;
use sql_rows::{Failure, TotpRow};

use crate::audit::record;
use crate::store::SqliteStore;

#[async_trait]
impl SecondFactorStore for SqliteStore {
    async fn second_factor(&self, user: &UserId) -> Result<Option<StoredTotp>, ReadError> {
        Ok(one(self, user).await?)
    }

    async fn enrol_totp(
        &self,
        user: &UserId,
        sealed: &SealedTotp,
        at: Timestamp,
    ) -> Result<bool, WriteAccessError> {
        Ok(enrol(self, user, sealed, at).await?)
    }

    async fn confirm_totp(
        &self,
        user: &UserId,
        confirmed: Confirmed<'_>,
        event: &AuditEvent,
    ) -> Result<bool, WriteAccessError> {
        Ok(confirm(self, user, confirmed, event).await?)
    }

    async fn take_step(&self, user: &UserId, step: u64) -> Result<bool, WriteAccessError> {
        Ok(take(self, user, step).await?)
    }

    async fn take_recovery_code(
        &self,
        user: &UserId,
        digest: &SecretDigest,
        event: &AuditEvent,
    ) -> Result<bool, WriteAccessError> {
        Ok(take_code(self, user, digest, event).await?)
    }

    async fn remove_second_factor(
        &self,
        user: &UserId,
        event: &AuditEvent,
    ) -> Result<bool, WriteAccessError> {
        Ok(remove(self, user, event).await?)
    }
}

async fn one(store: &SqliteStore, user: &UserId) -> Result<Option<StoredTotp>, Failure> {
    let mut connection = store.reader().await?;
    let id = user.as_str();
    let row = sqlx::query_as!(
        TotpRow,
        r#"SELECT sealed, confirmed_at, last_step,
            (SELECT COUNT(*) FROM recovery_codes WHERE user_id = ?1) AS "recovery_codes!: i64"
        FROM totp_secrets WHERE user_id = ?1"#,
        id
    )
    .fetch_optional(&mut *connection)
    .await?;
    Ok(row.map(|row| row.totp(user)).transpose()?)
}

async fn enrol(
    store: &SqliteStore,
    user: &UserId,
    sealed: &SealedTotp,
    at: Timestamp,
) -> Result<bool, Failure> {
    let mut transaction = store.writer.begin().await?;
    let (user, sealed, at) = (user.as_str(), sealed.as_bytes(), at.micros());
    let enrolled = sqlx::query!(
        "INSERT INTO totp_secrets (user_id, sealed, created_at) VALUES (?1, ?2, ?3)
        ON CONFLICT (user_id) DO UPDATE SET sealed = excluded.sealed, created_at = excluded.created_at
        WHERE totp_secrets.confirmed_at IS NULL",
        user,
        sealed,
        at
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(enrolled.rows_affected() > 0)
}

async fn confirm(
    store: &SqliteStore,
    user: &UserId,
    Confirmed { sealed, step, at, recovery_codes }: Confirmed<'_>,
    event: &AuditEvent,
) -> Result<bool, Failure> {
    let mut transaction = store.writer.begin().await?;
    let (user, sealed, at, step) = (user.as_str(), sealed.as_bytes(), at.micros(), stored_step(step));
    let confirmed = sqlx::query!(
        "UPDATE totp_secrets SET confirmed_at = ?3, last_step = ?4
        WHERE user_id = ?1 AND sealed = ?2 AND confirmed_at IS NULL",
        user,
        sealed,
        at,
        step
    )
    .execute(&mut *transaction)
    .await?;
    if confirmed.rows_affected() == 0 {
        return Ok(false);
    }
    for digest in recovery_codes {
        let digest = digest.as_bytes().as_slice();
        sqlx::query!("INSERT INTO recovery_codes (user_id, digest) VALUES (?1, ?2)", user, digest)
            .execute(&mut *transaction)
            .await?;
    }
    record(&mut transaction, event).await?;
    transaction.commit().await?;
    Ok(true)
}

async fn take(store: &SqliteStore, user: &UserId, step: u64) -> Result<bool, Failure> {
    let mut transaction = store.writer.begin().await?;
    let (user, step) = (user.as_str(), stored_step(step));
    let taken = sqlx::query!(
        "UPDATE totp_secrets SET last_step = ?2
        WHERE user_id = ?1 AND confirmed_at IS NOT NULL AND (last_step IS NULL OR last_step < ?2)",
        user,
        step
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(taken.rows_affected() > 0)
}

async fn take_code(
    store: &SqliteStore,
    user: &UserId,
    digest: &SecretDigest,
    event: &AuditEvent,
) -> Result<bool, Failure> {
    let mut transaction = store.writer.begin().await?;
    let (user, digest) = (user.as_str(), digest.as_bytes().as_slice());
    let taken = sqlx::query!("DELETE FROM recovery_codes WHERE user_id = ?1 AND digest = ?2", user, digest)
        .execute(&mut *transaction)
        .await?;
    if taken.rows_affected() == 0 {
        return Ok(false);
    }
    record(&mut transaction, event).await?;
    transaction.commit().await?;
    Ok(true)
}

async fn remove(store: &SqliteStore, user: &UserId, event: &AuditEvent) -> Result<bool, Failure> {
    let mut transaction = store.writer.begin().await?;
    let user = user.as_str();
    let removed =
        sqlx::query!("DELETE FROM totp_secrets WHERE user_id = ?1 AND confirmed_at IS NOT NULL", user)
            .execute(&mut *transaction)
            .await?;
    if removed.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!("DELETE FROM recovery_codes WHERE user_id = ?1", user).execute(&mut *transaction).await?;
    record(&mut transaction, event).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Steps are thirty seconds long: none of them is as late as that.
fn stored_step(step: u64) -> i64 {
    i64::try_from(step).unwrap_or(i64::MAX)
}
