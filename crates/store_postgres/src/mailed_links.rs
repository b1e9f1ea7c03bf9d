//! Mailed links, each change in one statement, which is one transaction. Never sees their secrets.

use async_trait::async_trait;
use engine::access::WriteAccessError;
use engine::mailed_links::{LinkStore, StoredLink};
use engine::port::ReadError;
use identity::{AuditEvent, LinkKind, SecretDigest, UserId};
use ledger::Timestamp;
use sql_rows::{Failure, LinkRow};
use sqlx::PgConnection;

use crate::audit::recorded;
use crate::connections::run;
use crate::store::{PostgresStore, read};

#[async_trait]
impl LinkStore for PostgresStore {
    async fn keep_link(&self, link: &StoredLink, event: &AuditEvent) -> Result<(), WriteAccessError> {
        let mut lease = self.to_write().await?;
        Ok(run!(lease, keep(&mut lease, link, event))?)
    }

    async fn link(
        &self,
        digest: &SecretDigest,
        kinds: [LinkKind; 2],
        now: Timestamp,
    ) -> Result<Option<StoredLink>, ReadError> {
        Ok(read!(self, connection, one(connection, digest, kinds, now))?)
    }

    async fn use_link(
        &self,
        digest: &SecretDigest,
        kinds: [LinkKind; 2],
        now: Timestamp,
    ) -> Result<Option<StoredLink>, WriteAccessError> {
        let mut lease = self.to_write().await?;
        Ok(run!(lease, take(&mut lease, digest, kinds, now))?)
    }

    async fn forget_links(&self, user: &UserId, kinds: [LinkKind; 2]) -> Result<(), WriteAccessError> {
        let mut lease = self.to_write().await?;
        Ok(run!(lease, forget(&mut lease, user, kinds))?)
    }
}

async fn keep(connection: &mut PgConnection, link: &StoredLink, event: &AuditEvent) -> Result<(), Failure> {
    recorded!(
        connection,
        event,
        "done AS (
            INSERT INTO mailed_links (user_id, kind, digest, email, expires_at) VALUES ($8, $9, $10, $11, $12)
            ON CONFLICT (user_id, kind) DO UPDATE
            SET digest = excluded.digest, email = excluded.email, expires_at = excluded.expires_at
            RETURNING user_id
        )",
        link.user.as_str(),
        link.kind.name(),
        link.digest.as_bytes().as_slice(),
        link.email.as_str(),
        link.expires_at.micros()
    )?;
    Ok(())
}

async fn one(
    connection: &mut PgConnection,
    digest: &SecretDigest,
    [one, other]: [LinkKind; 2],
    now: Timestamp,
) -> Result<Option<StoredLink>, Failure> {
    let row = sqlx::query_as!(
        LinkRow,
        "SELECT user_id, kind, digest, email, expires_at FROM mailed_links
        WHERE digest = $1 AND kind IN ($2, $3) AND expires_at > $4",
        digest.as_bytes().as_slice(),
        one.name(),
        other.name(),
        now.micros()
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(LinkRow::link).transpose()?)
}

async fn take(
    connection: &mut PgConnection,
    digest: &SecretDigest,
    [one, other]: [LinkKind; 2],
    now: Timestamp,
) -> Result<Option<StoredLink>, Failure> {
    let row = sqlx::query_as!(
        LinkRow,
        "DELETE FROM mailed_links WHERE digest = $1 AND kind IN ($2, $3) AND expires_at > $4
        RETURNING user_id, kind, digest, email, expires_at",
        digest.as_bytes().as_slice(),
        one.name(),
        other.name(),
        now.micros()
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(LinkRow::link).transpose()?)
}

async fn forget(
    connection: &mut PgConnection,
    user: &UserId,
    [one, other]: [LinkKind; 2],
) -> Result<(), Failure> {
    sqlx::query!(
        "DELETE FROM mailed_links WHERE user_id = $1 AND kind IN ($2, $3)",
        user.as_str(),
        one.name(),
        other.name()
    )
    .execute(connection)
    .await?;
    Ok(())
}
