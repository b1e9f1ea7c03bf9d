//! Users, each change in one statement with what is recorded of it, which is one transaction. Never sees a password.

use async_trait::async_trait;
use engine::access::WriteAccessError;
use engine::port::ReadError;
use engine::query::Page;
use engine::users::{PasswordDigest, StoredUser, UserChange, UserCreation, UserStore};
use identity::{AuditEvent, Email, User, UserId, UserState};
use sql_rows::{Failure, StoredUserRow, UserRow, is_in_use, one_more, page_of_users, stored_before};
use sqlx::PgConnection;

use crate::audit::recorded;
use crate::connections::run;
use crate::store::{PostgresStore, read};

#[async_trait]
impl UserStore for PostgresStore {
    async fn create_user(
        &self,
        user: &StoredUser,
        event: &AuditEvent,
    ) -> Result<UserCreation, WriteAccessError> {
        let mut lease = self.to_write().await?;
        Ok(run!(lease, create(&mut lease, user, event))?)
    }

    async fn change_user(
        &self,
        user: &StoredUser,
        event: &AuditEvent,
    ) -> Result<UserChange, WriteAccessError> {
        let mut lease = self.to_write().await?;
        Ok(run!(lease, change(&mut lease, user, event))?)
    }

    async fn renew_password(
        &self,
        id: &UserId,
        from: &PasswordDigest,
        to: &PasswordDigest,
    ) -> Result<(), WriteAccessError> {
        let mut lease = self.to_write().await?;
        Ok(run!(lease, renew(&mut lease, id, from, to))?)
    }

    async fn user(&self, id: &UserId) -> Result<Option<StoredUser>, ReadError> {
        Ok(read!(self, connection, one(connection, id))?)
    }

    async fn user_of(&self, email: &Email) -> Result<Option<StoredUser>, ReadError> {
        Ok(read!(self, connection, of_address(connection, email))?)
    }

    async fn users(
        &self,
        state: Option<UserState>,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Page<User, u64>, ReadError> {
        Ok(read!(self, connection, list(connection, state, before, limit))?)
    }
}

async fn create(
    connection: &mut PgConnection,
    user: &StoredUser,
    event: &AuditEvent,
) -> Result<UserCreation, Failure> {
    let row = StoredUserRow::from(user);
    let recorded = recorded!(
        connection,
        event,
        "done AS (
            INSERT INTO users (id, version, name, email, email_folded, email_verified_at, state, grants, created_at,
                created_by, password, password_set_at)
            VALUES ($8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19) ON CONFLICT (email_folded) DO NOTHING
            RETURNING id
        )",
        row.id,
        row.version,
        row.name,
        row.email,
        row.email_folded,
        row.email_verified_at,
        row.state,
        row.grants,
        row.created_at,
        row.created_by,
        row.password,
        row.password_set_at
    )?;
    Ok(if recorded.rows_affected() == 0 { UserCreation::EmailTaken } else { UserCreation::Created })
}

async fn change(
    connection: &mut PgConnection,
    user: &StoredUser,
    event: &AuditEvent,
) -> Result<UserChange, Failure> {
    let row = StoredUserRow::from(user);
    let recorded = recorded!(
        connection,
        event,
        "done AS (
            UPDATE users SET version = version + 1, name = $10, email = $11, email_folded = $12,
                email_verified_at = $13, state = $14, grants = $15, password = $16, password_set_at = $17
            WHERE id = $8 AND version = $9
            RETURNING id
        )",
        row.id,
        row.version,
        row.name,
        row.email,
        row.email_folded,
        row.email_verified_at,
        row.state,
        row.grants,
        row.password,
        row.password_set_at
    );
    match recorded {
        Ok(recorded) if recorded.rows_affected() == 0 => Ok(UserChange::Stale),
        Ok(_) => Ok(UserChange::Changed),
        Err(error) if is_in_use(&error) => Ok(UserChange::EmailTaken),
        Err(error) => Err(error.into()),
    }
}

async fn renew(
    connection: &mut PgConnection,
    id: &UserId,
    from: &PasswordDigest,
    to: &PasswordDigest,
) -> Result<(), Failure> {
    sqlx::query!(
        "UPDATE users SET password = $3 WHERE id = $1 AND password = $2",
        id.as_str(),
        from.expose(),
        to.expose()
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn one(connection: &mut PgConnection, id: &UserId) -> Result<Option<StoredUser>, Failure> {
    let row = sqlx::query_as!(
        UserRow,
        "SELECT number, id, version, name, email, email_verified_at, state, grants, created_at, created_by, password,
            password_set_at
        FROM users WHERE id = $1",
        id.as_str()
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(UserRow::user).transpose()?)
}

async fn of_address(connection: &mut PgConnection, email: &Email) -> Result<Option<StoredUser>, Failure> {
    let row = sqlx::query_as!(
        UserRow,
        "SELECT number, id, version, name, email, email_verified_at, state, grants, created_at, created_by, password,
            password_set_at
        FROM users WHERE email_folded = $1",
        email.folded()
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(UserRow::user).transpose()?)
}

async fn list(
    connection: &mut PgConnection,
    state: Option<UserState>,
    before: Option<u64>,
    limit: usize,
) -> Result<Page<User, u64>, Failure> {
    let (before, rows) = (stored_before(before), one_more(limit));
    let rows = match state {
        None => {
            sqlx::query_as!(
                UserRow,
                "SELECT number, id, version, name, email, email_verified_at, state, grants, created_at, created_by,
                    password, password_set_at
                FROM users WHERE number < $1 ORDER BY number DESC LIMIT $2",
                before,
                rows
            )
            .fetch_all(connection)
            .await?
        }
        Some(state) => {
            sqlx::query_as!(
                UserRow,
                "SELECT number, id, version, name, email, email_verified_at, state, grants, created_at, created_by,
                    password, password_set_at
                FROM users WHERE state = $3 AND number < $1 ORDER BY number DESC LIMIT $2",
                before,
                rows,
                state.name()
            )
            .fetch_all(connection)
            .await?
        }
    };
    Ok(page_of_users(rows, limit)?)
}
