//! Sessions, each change in one statement, which is one transaction. Never sees a secret; what is recorded of them is
//! recorded together with them.

use async_trait::async_trait;
use engine::access::WriteAccessError;
use engine::port::ReadError;
use engine::query::Page;
use engine::sessions::{SESSIONS_OF_USER_MAX, SessionStore, StoredSession};
use identity::{AuditEvent, Session, SessionId, UserAgent, UserId};
use ledger::Timestamp;
use sql_rows::{Failure, SessionRow, StoredEvent, one_more, page_of_sessions, stored_before, stored_limit};
use sqlx::PgConnection;

use crate::audit::recorded;
use crate::connections::run;
use crate::store::{PostgresStore, read};

#[async_trait]
impl SessionStore for PostgresStore {
    async fn create_session(
        &self,
        session: &StoredSession,
        replaces: Option<&SessionId>,
        event: &AuditEvent,
    ) -> Result<(), WriteAccessError> {
        let mut lease = self.to_write().await?;
        Ok(run!(lease, create(&mut lease, session, replaces, event))?)
    }

    async fn revoke_session(
        &self,
        id: &SessionId,
        at: Timestamp,
        event: &AuditEvent,
    ) -> Result<bool, WriteAccessError> {
        let mut lease = self.to_write().await?;
        Ok(run!(lease, revoke(&mut lease, id, at, event))?)
    }

    async fn revoke_sessions_of(
        &self,
        user: &UserId,
        but: Option<&SessionId>,
        at: Timestamp,
        event: &AuditEvent,
    ) -> Result<u64, WriteAccessError> {
        let mut lease = self.to_write().await?;
        Ok(run!(lease, revoke_all(&mut lease, user, but, at, event))?)
    }

    async fn session(&self, id: &SessionId) -> Result<Option<StoredSession>, ReadError> {
        Ok(read!(self, connection, one(connection, id))?)
    }

    async fn sessions_of(
        &self,
        user: &UserId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Page<Session, u64>, ReadError> {
        Ok(read!(self, connection, list(connection, user, before, limit))?)
    }

    async fn note_seen(&self, id: &SessionId, at: Timestamp) -> Result<(), WriteAccessError> {
        let mut lease = self.to_write().await?;
        Ok(run!(lease, note(&mut lease, id, at))?)
    }

    async fn remove_sessions(
        &self,
        expired_before: Timestamp,
        limit: usize,
    ) -> Result<u64, WriteAccessError> {
        let mut lease = self.to_write().await?;
        Ok(run!(lease, remove(&mut lease, expired_before, limit))?)
    }
}

async fn create(
    connection: &mut PgConnection,
    StoredSession { session, digest }: &StoredSession,
    replaces: Option<&SessionId>,
    event: &AuditEvent,
) -> Result<(), Failure> {
    // The statement does not see the session that it creates, which is one of those that stay.
    recorded!(
        connection,
        event,
        "ended AS (
            UPDATE sessions SET revoked_at = $11 WHERE revoked_at IS NULL AND number = ANY (ARRAY(
                SELECT number FROM sessions WHERE id = $16
                UNION ALL (
                    SELECT number FROM sessions
                    WHERE user_id = $10 AND revoked_at IS NULL AND id IS DISTINCT FROM $16
                    ORDER BY number DESC OFFSET $17
                )
            ))
        ), done AS (
            INSERT INTO sessions (id, digest, user_id, created_at, last_seen_at, expires_at, address, user_agent)
            VALUES ($8, $9, $10, $11, $12, $13, $14, $15) RETURNING id
        )",
        session.id.as_str(),
        digest.as_bytes().as_slice(),
        session.user.as_str(),
        session.created_at.micros(),
        session.last_seen_at.micros(),
        session.expires_at.micros(),
        session.address.map(|address| address.to_string()),
        session.user_agent.as_ref().map(UserAgent::as_str),
        replaces.map(SessionId::as_str),
        stored_limit(SESSIONS_OF_USER_MAX - 1)
    )?;
    Ok(())
}

async fn revoke(
    connection: &mut PgConnection,
    id: &SessionId,
    revoked_at: Timestamp,
    event: &AuditEvent,
) -> Result<bool, Failure> {
    let revoked = recorded!(
        &mut *connection,
        event,
        "done AS (UPDATE sessions SET revoked_at = $9 WHERE id = $8 AND revoked_at IS NULL RETURNING id)",
        id.as_str(),
        revoked_at.micros()
    )?;
    if revoked.rows_affected() > 0 {
        return Ok(true);
    }
    let known = sqlx::query_scalar!(r#"SELECT 1 AS "one!" FROM sessions WHERE id = $1"#, id.as_str());
    Ok(known.fetch_optional(connection).await?.is_some())
}

async fn revoke_all(
    connection: &mut PgConnection,
    user: &UserId,
    but: Option<&SessionId>,
    revoked_at: Timestamp,
    event: &AuditEvent,
) -> Result<u64, Failure> {
    let StoredEvent { at, actor, action, subject, address, request_id, entry: _, count } = event.into();
    let revoked = sqlx::query_scalar!(
        r#"WITH revoked AS (
            UPDATE sessions SET revoked_at = $3
            WHERE user_id = $1 AND revoked_at IS NULL AND id IS DISTINCT FROM $2 RETURNING id
        ), counted AS (
            SELECT count(*) AS revoked FROM revoked
        ), recorded AS (
            INSERT INTO audit_records (at, actor, action, subject, address, request_id, count)
            SELECT $4::bigint, $5::text, $6::text, $7::text, $8::text, $9::text, $10::bigint
            FROM counted WHERE revoked > 0
        )
        SELECT revoked AS "revoked!" FROM counted"#,
        user.as_str(),
        but.map(SessionId::as_str),
        revoked_at.micros(),
        at,
        actor,
        action,
        subject,
        address,
        request_id,
        count
    )
    .fetch_one(connection)
    .await?;
    Ok(revoked.unsigned_abs())
}

async fn one(connection: &mut PgConnection, id: &SessionId) -> Result<Option<StoredSession>, Failure> {
    let row = sqlx::query_as!(
        SessionRow,
        "SELECT number, id, digest, user_id, created_at, last_seen_at, expires_at, address, user_agent, revoked_at
        FROM sessions WHERE id = $1",
        id.as_str()
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(SessionRow::session).transpose()?)
}

async fn list(
    connection: &mut PgConnection,
    user: &UserId,
    before: Option<u64>,
    limit: usize,
) -> Result<Page<Session, u64>, Failure> {
    let rows = sqlx::query_as!(
        SessionRow,
        "SELECT number, id, digest, user_id, created_at, last_seen_at, expires_at, address, user_agent, revoked_at
        FROM sessions WHERE user_id = $1 AND number < $2 ORDER BY number DESC LIMIT $3",
        user.as_str(),
        stored_before(before),
        one_more(limit)
    )
    .fetch_all(connection)
    .await?;
    Ok(page_of_sessions(rows, limit)?)
}

async fn note(connection: &mut PgConnection, id: &SessionId, at: Timestamp) -> Result<(), Failure> {
    sqlx::query!(
        "UPDATE sessions SET last_seen_at = $2 WHERE id = $1 AND last_seen_at < $2",
        id.as_str(),
        at.micros()
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn remove(
    connection: &mut PgConnection,
    expired_before: Timestamp,
    limit: usize,
) -> Result<u64, Failure> {
    // Replicas that remove at the same moment do not wait for each other.
    let removed = sqlx::query!(
        "DELETE FROM sessions WHERE number = ANY (ARRAY(
            SELECT number FROM sessions WHERE expires_at < $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
        ))",
        expired_before.micros(),
        stored_limit(limit)
    )
    .execute(connection)
    .await?;
    Ok(removed.rows_affected())
}
