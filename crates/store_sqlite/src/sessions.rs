//! Sessions. Never sees a secret; what is recorded of them is recorded together with them.

use async_trait::async_trait;
use engine::access::WriteAccessError;
use engine::port::ReadError;
use engine::query::Page;
use engine::sessions::{SESSIONS_OF_USER_MAX, SessionStore, StoredSession};
use identity::{AuditEvent, Session, SessionId, UserAgent, UserId};
use ledger::Timestamp;
use sql_rows::{Failure, SessionRow, one_more, page_of_sessions, stored_before, stored_limit};

use crate::audit::record;
use crate::store::SqliteStore;

#[async_trait]
impl SessionStore for SqliteStore {
    async fn create_session(
        &self,
        session: &StoredSession,
        replaces: Option<&SessionId>,
        event: &AuditEvent,
    ) -> Result<(), WriteAccessError> {
        Ok(create(self, session, replaces, event).await?)
    }

    async fn revoke_session(
        &self,
        id: &SessionId,
        at: Timestamp,
        event: &AuditEvent,
    ) -> Result<bool, WriteAccessError> {
        Ok(revoke(self, id, at, event).await?)
    }

    async fn revoke_sessions_of(
        &self,
        user: &UserId,
        but: Option<&SessionId>,
        at: Timestamp,
        event: &AuditEvent,
    ) -> Result<u64, WriteAccessError> {
        Ok(revoke_all(self, user, but, at, event).await?)
    }

    async fn session(&self, id: &SessionId) -> Result<Option<StoredSession>, ReadError> {
        Ok(one(self, id).await?)
    }

    async fn sessions_of(
        &self,
        user: &UserId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Page<Session, u64>, ReadError> {
        Ok(list(self, user, before, limit).await?)
    }

    async fn note_seen(&self, id: &SessionId, at: Timestamp) -> Result<(), WriteAccessError> {
        Ok(note(self, id, at).await?)
    }

    async fn remove_sessions(
        &self,
        expired_before: Timestamp,
        limit: usize,
    ) -> Result<u64, WriteAccessError> {
        Ok(remove(self, expired_before, limit).await?)
    }
}

async fn create(
    store: &SqliteStore,
    StoredSession { session, digest }: &StoredSession,
    replaces: Option<&SessionId>,
    event: &AuditEvent,
) -> Result<(), Failure> {
    let mut transaction = store.writer.begin().await?;
    let (id, digest, user) = (session.id.as_str(), digest.as_bytes().as_slice(), session.user.as_str());
    let (created_at, last_seen_at) = (session.created_at.micros(), session.last_seen_at.micros());
    let expires_at = session.expires_at.micros();
    let address = session.address.map(|address| address.to_string());
    let user_agent = session.user_agent.as_ref().map(UserAgent::as_str);
    sqlx::query!(
        "INSERT INTO sessions (id, digest, user_id, created_at, last_seen_at, expires_at, address, user_agent)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        id,
        digest,
        user,
        created_at,
        last_seen_at,
        expires_at,
        address,
        user_agent
    )
    .execute(&mut *transaction)
    .await?;
    if let Some(replaced) = replaces.map(SessionId::as_str) {
        sqlx::query!(
            "UPDATE sessions SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL",
            replaced,
            created_at
        )
        .execute(&mut *transaction)
        .await?;
    }
    let kept = stored_limit(SESSIONS_OF_USER_MAX);
    sqlx::query!(
        "UPDATE sessions SET revoked_at = ?2 WHERE number IN (
            SELECT number FROM sessions WHERE user_id = ?1 AND revoked_at IS NULL
            ORDER BY number DESC LIMIT -1 OFFSET ?3
        )",
        user,
        created_at,
        kept
    )
    .execute(&mut *transaction)
    .await?;
    record(&mut transaction, event).await?;
    transaction.commit().await?;
    Ok(())
}

async fn revoke(
    store: &SqliteStore,
    id: &SessionId,
    at: Timestamp,
    event: &AuditEvent,
) -> Result<bool, Failure> {
    let mut transaction = store.writer.begin().await?;
    let (id, at) = (id.as_str(), at.micros());
    let revoked =
        sqlx::query!("UPDATE sessions SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL", id, at)
            .execute(&mut *transaction)
            .await?;
    if revoked.rows_affected() == 0 {
        let known = sqlx::query_scalar!(r#"SELECT 1 AS "one!" FROM sessions WHERE id = ?1"#, id);
        return Ok(known.fetch_optional(&mut *transaction).await?.is_some());
    }
    record(&mut transaction, event).await?;
    transaction.commit().await?;
    Ok(true)
}

async fn revoke_all(
    store: &SqliteStore,
    user: &UserId,
    but: Option<&SessionId>,
    at: Timestamp,
    event: &AuditEvent,
) -> Result<u64, Failure> {
    let mut transaction = store.writer.begin().await?;
    let (user, but, at) = (user.as_str(), but.map(SessionId::as_str), at.micros());
    let revoked = sqlx::query!(
        "UPDATE sessions SET revoked_at = ?3 WHERE user_id = ?1 AND revoked_at IS NULL AND id IS NOT ?2",
        user,
        but,
        at
    )
    .execute(&mut *transaction)
    .await?
    .rows_affected();
    if revoked > 0 {
        record(&mut transaction, event).await?;
        transaction.commit().await?;
    }
    Ok(revoked)
}

async fn one(store: &SqliteStore, id: &SessionId) -> Result<Option<StoredSession>, Failure> {
    let mut connection = store.reader().await?;
    let id = id.as_str();
    let row = sqlx::query_as!(
        SessionRow,
        r#"SELECT number AS "number!", id, digest, user_id, created_at, last_seen_at, expires_at, address,
            user_agent, revoked_at
        FROM sessions WHERE id = ?1"#,
        id
    )
    .fetch_optional(&mut *connection)
    .await?;
    Ok(row.map(SessionRow::session).transpose()?)
}

async fn list(
    store: &SqliteStore,
    user: &UserId,
    before: Option<u64>,
    limit: usize,
) -> Result<Page<Session, u64>, Failure> {
    let mut connection = store.reader().await?;
    let (user, before, rows) = (user.as_str(), stored_before(before), one_more(limit));
    let rows = sqlx::query_as!(
        SessionRow,
        r#"SELECT number AS "number!", id, digest, user_id, created_at, last_seen_at, expires_at, address,
            user_agent, revoked_at
        FROM sessions WHERE user_id = ?1 AND number < ?2 ORDER BY number DESC LIMIT ?3"#,
        user,
        before,
        rows
    )
    .fetch_all(&mut *connection)
    .await?;
    Ok(page_of_sessions(rows, limit)?)
}

async fn note(store: &SqliteStore, id: &SessionId, at: Timestamp) -> Result<(), Failure> {
    let mut transaction = store.writer.begin().await?;
    let (id, at) = (id.as_str(), at.micros());
    sqlx::query!("UPDATE sessions SET last_seen_at = ?2 WHERE id = ?1 AND last_seen_at < ?2", id, at)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(())
}

async fn remove(store: &SqliteStore, expired_before: Timestamp, limit: usize) -> Result<u64, Failure> {
    let mut transaction = store.writer.begin().await?;
    let (before, limit) = (expired_before.micros(), stored_limit(limit));
    let removed = sqlx::query!(
        "DELETE FROM sessions WHERE number IN (
            SELECT number FROM sessions WHERE expires_at < ?1 ORDER BY expires_at LIMIT ?2
        )",
        before,
        limit
    )
    .execute(&mut *transaction)
    .await?
    .rows_affected();
    transaction.commit().await?;
    Ok(removed)
}
