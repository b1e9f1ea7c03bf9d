//! Second factors, each change in one statement with what is recorded of it, which is one transaction. Never sees a secret.

use async_trait::async_trait;
use engine::access::WriteAccessError;
use engine::port::ReadError;
use engine::second_factors::{Confirmed, SealedTotp, SecondFactorStore, StoredTotp};
use identity::{AuditEvent, SecretDigest, UserId};
use ledger::Timestamp;
use sql_rows::{Failure, TotpRow};
use sqlx::PgConnection;

use crate::audit::recorded;
use crate::connections::run;
use crate::store::{PostgresStore, read};

#[async_trait]
impl SecondFactorStore for PostgresStore {
    async fn second_factor(&self, user: &UserId) -> Result<Option<StoredTotp>, ReadError> {
        Ok(read!(self, connection, one(connection, user))?)
    }

    async fn enrol_totp(
        &self,
        user: &UserId,
        sealed: &SealedTotp,
        at: Timestamp,
    ) -> Result<bool, WriteAccessError> {
        let mut lease = self.to_write().await?;
        Ok(run!(lease, enrol(&mut lease, user, sealed, at))?)
    }

    async fn confirm_totp(
        &self,
        user: &UserId,
        confirmed: Confirmed<'_>,
        event: &AuditEvent,
    ) -> Result<bool, WriteAccessError> {
        let mut lease = self.to_write().await?;
        Ok(run!(lease, confirm(&mut lease, user, confirmed, event))?)
    }

    async fn take_step(&self, user: &UserId, step: u64) -> Result<bool, WriteAccessError> {
        let mut lease = self.to_write().await?;
        Ok(run!(lease, take(&mut lease, user, step))?)
    }

    async fn take_recovery_code(
        &self,
        user: &UserId,
        digest: &SecretDigest,
        event: &AuditEvent,
    ) -> Result<bool, WriteAccessError> {
        let mut lease = self.to_write().await?;
        Ok(run!(lease, take_code(&mut lease, user, digest, event))?)
    }

    async fn remove_second_factor(
        &self,
        user: &UserId,
        event: &AuditEvent,
    ) -> Result<bool, WriteAccessError> {
        let mut lease = self.to_write().await?;
        Ok(run!(lease, remove(&mut lease, user, event))?)
    }
}

async fn one(connection: &mut PgConnection, user: &UserId) -> Result<Option<StoredTotp>, Failure> {
    let row = sqlx::query_as!(
        TotpRow,
        r#"SELECT sealed, confirmed_at, last_step,
            (SELECT COUNT(*) FROM recovery_codes WHERE user_id = $1) AS "recovery_codes!"
        FROM totp_secrets WHERE user_id = $1"#,
        user.as_str()
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| row.totp(user)).transpose()?)
}

async fn enrol(
    connection: &mut PgConnection,
    user: &UserId,
    sealed: &SealedTotp,
    at: Timestamp,
) -> Result<bool, Failure> {
    let enrolled = sqlx::query!(
        "INSERT INTO totp_secrets (user_id, sealed, created_at) VALUES ($1, $2, $3)
        ON CONFLICT (user_id) DO UPDATE SET sealed = excluded.sealed, created_at = excluded.created_at
        WHERE totp_secrets.confirmed_at IS NULL",
        user.as_str(),
        sealed.as_bytes(),
        at.micros()
    )
    .execute(connection)
    .await?;
    Ok(enrolled.rows_affected() > 0)
}

async fn confirm(
    connection: &mut PgConnection,
    user: &UserId,
    Confirmed { sealed, step, at: confirmed_at, recovery_codes }: Confirmed<'_>,
    event: &AuditEvent,
) -> Result<bool, Failure> {
    let digests: Vec<&[u8]> = recovery_codes.iter().map(|digest| digest.as_bytes().as_slice()).collect();
    let recorded = recorded!(
        connection,
        event,
        "done AS (
            UPDATE totp_secrets SET confirmed_at = $10, last_step = $11
            WHERE user_id = $8 AND sealed = $9 AND confirmed_at IS NULL
            RETURNING user_id
        ), kept AS (
            INSERT INTO recovery_codes (user_id, digest)
            SELECT done.user_id, codes.digest FROM done, UNNEST($12::bytea[]) AS codes (digest)
        )",
        user.as_str(),
        sealed.as_bytes(),
        confirmed_at.micros(),
        stored_step(step),
        &digests as _
    )?;
    Ok(recorded.rows_affected() > 0)
}

async fn take(connection: &mut PgConnection, user: &UserId, step: u64) -> Result<bool, Failure> {
    let taken = sqlx::query!(
        "UPDATE totp_secrets SET last_step = $2
        WHERE user_id = $1 AND confirmed_at IS NOT NULL AND (last_step IS NULL OR last_step < $2)",
        user.as_str(),
        stored_step(step)
    )
    .execute(connection)
    .await?;
    Ok(taken.rows_affected() > 0)
}

async fn take_code(
    connection: &mut PgConnection,
    user: &UserId,
    digest: &SecretDigest,
    event: &AuditEvent,
) -> Result<bool, Failure> {
    let recorded = recorded!(
        connection,
        event,
        "done AS (
            DELETE FROM recovery_codes WHERE user_id = $8 AND digest = $9 RETURNING user_id
        )",
        user.as_str(),
        digest.as_bytes().as_slice()
    )?;
    Ok(recorded.rows_affected() > 0)
}

async fn remove(connection: &mut PgConnection, user: &UserId, event: &AuditEvent) -> Result<bool, Failure> {
    let recorded = recorded!(
        connection,
        event,
        "done AS (
            DELETE FROM totp_secrets WHERE user_id = $8 AND confirmed_at IS NOT NULL RETURNING user_id
        ), codes AS (
            DELETE FROM recovery_codes WHERE user_id = $8 AND EXISTS (SELECT FROM done)
        )",
        user.as_str()
    )?;
    Ok(recorded.rows_affected() > 0)
}

/// Steps are thirty seconds long: none of them is as late as that.
fn stored_step(step: u64) -> i64 {
    i64::try_from(step).unwrap_or(i64::MAX)
}
