//! Mailed links. Never sees their secrets.

use async_trait::async_trait;
use engine::access::WriteAccessError;
use engine::mailed_links::{LinkStore, StoredLink};
use engine::port::ReadError;
use identity::{AuditEvent, LinkKind, SecretDigest, UserId};
use ledger::Timestamp;
use sql_rows::{Failure, LinkRow};

use crate::audit::record;
use crate::store::SqliteStore;

#[async_trait]
impl LinkStore for SqliteStore {
    async fn keep_link(&self, link: &StoredLink, event: &AuditEvent) -> Result<(), WriteAccessError> {
        Ok(keep(self, link, event).await?)
    }

    async fn link(
        &self,
        digest: &SecretDigest,
        kinds: [LinkKind; 2],
        now: Timestamp,
    ) -> Result<Option<StoredLink>, ReadError> {
        Ok(one(self, digest, kinds, now).await?)
    }

    async fn use_link(
        &self,
        digest: &SecretDigest,
        kinds: [LinkKind; 2],
        now: Timestamp,
    ) -> Result<Option<StoredLink>, WriteAccessError> {
        Ok(take(self, digest, kinds, now).await?)
    }

    async fn forget_links(&self, user: &UserId, kinds: [LinkKind; 2]) -> Result<(), WriteAccessError> {
        Ok(forget(self, user, kinds).await?)
    }
}

async fn keep(store: &SqliteStore, link: &StoredLink, event: &AuditEvent) -> Result<(), Failure> {
    let mut transaction = store.writer.begin().await?;
    let (user, kind, email) = (link.user.as_str(), link.kind.name(), link.email.as_str());
    let (digest, expires_at) = (link.digest.as_bytes().as_slice(), link.expires_at.micros());
    sqlx::query!(
        "INSERT INTO mailed_links (user_id, kind, digest, email, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT (user_id, kind) DO UPDATE
        SET digest = excluded.digest, email = excluded.email, expires_at = excluded.expires_at",
        user,
        kind,
        digest,
        email,
        expires_at
    )
    .execute(&mut *transaction)
    .await?;
    record(&mut transaction, event).await?;
    transaction.commit().await?;
    Ok(())
}

async fn one(
    store: &SqliteStore,
    digest: &SecretDigest,
    kinds: [LinkKind; 2],
    now: Timestamp,
) -> Result<Option<StoredLink>, Failure> {
    let mut connection = store.reader().await?;
    let (digest, [one, other], now) = (digest.as_bytes().as_slice(), kinds.map(LinkKind::name), now.micros());
    let row = sqlx::query_as!(
        LinkRow,
        "SELECT user_id, kind, digest, email, expires_at FROM mailed_links
        WHERE digest = ?1 AND kind IN (?2, ?3) AND expires_at > ?4",
        digest,
        one,
        other,
        now
    )
    .fetch_optional(&mut *connection)
    .await?;
    Ok(row.map(LinkRow::link).transpose()?)
}

async fn take(
    store: &SqliteStore,
    digest: &SecretDigest,
    kinds: [LinkKind; 2],
    now: Timestamp,
) -> Result<Option<StoredLink>, Failure> {
    let mut transaction = store.writer.begin().await?;
    let (digest, [one, other], now) = (digest.as_bytes().as_slice(), kinds.map(LinkKind::name), now.micros());
    let row = sqlx::query_as!(
        LinkRow,
        "DELETE FROM mailed_links WHERE digest = ?1 AND kind IN (?2, ?3) AND expires_at > ?4
        RETURNING user_id, kind, digest, email, expires_at",
        digest,
        one,
        other,
        now
    )
    .fetch_optional(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(row.map(LinkRow::link).transpose()?)
}

async fn forget(store: &SqliteStore, user: &UserId, kinds: [LinkKind; 2]) -> Result<(), Failure> {
    let mut transaction = store.writer.begin().await?;
    let (user, [one, other]) = (user.as_str(), kinds.map(LinkKind::name));
    sqlx::query!("DELETE FROM mailed_links WHERE user_id = ?1 AND kind IN (?2, ?3)", user, one, other)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(())
}
