//! Users, each change together with what is recorded of it. Never sees a password.

use async_trait::async_trait;
use engine::access::WriteAccessError;
use engine::port::ReadError;
use engine::query::Page;
use engine::users::{PasswordDigest, StoredUser, UserChange, UserCreation, UserStore};
use identity::{AuditEvent, Email, User, UserId, UserState};
use sql_rows::{Failure, StoredUserRow, UserRow, is_in_use, one_more, page_of_users, stored_before};

use crate::audit::record;
use crate::store::SqliteStore;

#[async_trait]
impl UserStore for SqliteStore {
    async fn create_user(
        &self,
        user: &StoredUser,
        event: &AuditEvent,
    ) -> Result<UserCreation, WriteAccessError> {
        Ok(create(self, user, event).await?)
    }

    async fn change_user(
        &self,
        user: &StoredUser,
        event: &AuditEvent,
    ) -> Result<UserChange, WriteAccessError> {
        match change(self, user, event).await {
            Err(Failure::Database(error)) if is_in_use(&error) => Ok(UserChange::EmailTaken),
            outcome => Ok(outcome?),
        }
    }

    async fn renew_password(
        &self,
        id: &UserId,
        from: &PasswordDigest,
        to: &PasswordDigest,
    ) -> Result<(), WriteAccessError> {
        Ok(renew(self, id, from, to).await?)
    }

    async fn user(&self, id: &UserId) -> Result<Option<StoredUser>, ReadError> {
        Ok(one(self, id).await?)
    }

    async fn user_of(&self, email: &Email) -> Result<Option<StoredUser>, ReadError> {
        Ok(of_address(self, email).await?)
    }

    async fn users(
        &self,
        state: Option<UserState>,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Page<User, u64>, ReadError> {
        Ok(list(self, state, before, limit).await?)
    }
}

async fn create(store: &SqliteStore, user: &StoredUser, event: &AuditEvent) -> Result<UserCreation, Failure> {
    let row = StoredUserRow::from(user);
    let mut transaction = store.writer.begin().await?;
    let created = sqlx::query!(
        "INSERT INTO users (id, version, name, email, email_folded, email_verified_at, state, grants, created_at,
            created_by, password, password_set_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT (email_folded) DO NOTHING",
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
    )
    .execute(&mut *transaction)
    .await?;
    if created.rows_affected() == 0 {
        return Ok(UserCreation::EmailTaken);
    }
    record(&mut transaction, event).await?;
    transaction.commit().await?;
    Ok(UserCreation::Created)
}

async fn change(store: &SqliteStore, user: &StoredUser, event: &AuditEvent) -> Result<UserChange, Failure> {
    let row = StoredUserRow::from(user);
    let mut transaction = store.writer.begin().await?;
    let changed = sqlx::query!(
        "UPDATE users SET version = version + 1, name = ?3, email = ?4, email_folded = ?5, email_verified_at = ?6,
            state = ?7, grants = ?8, password = ?9, password_set_at = ?10
        WHERE id = ?1 AND version = ?2",
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
    )
    .execute(&mut *transaction)
    .await?;
    if changed.rows_affected() == 0 {
        return Ok(UserChange::Stale);
    }
    record(&mut transaction, event).await?;
    transaction.commit().await?;
    Ok(UserChange::Changed)
}

async fn renew(
    store: &SqliteStore,
    id: &UserId,
    from: &PasswordDigest,
    to: &PasswordDigest,
) -> Result<(), Failure> {
    let mut transaction = store.writer.begin().await?;
    let (id, from, to) = (id.as_str(), from.expose(), to.expose());
    sqlx::query!("UPDATE users SET password = ?3 WHERE id = ?1 AND password = ?2", id, from, to)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(())
}

async fn one(store: &SqliteStore, id: &UserId) -> Result<Option<StoredUser>, Failure> {
    let mut connection = store.reader().await?;
    let id = id.as_str();
    let row = sqlx::query_as!(
        UserRow,
        r#"SELECT number AS "number!", id, version, name, email, email_verified_at, state, grants, created_at,
            created_by, password, password_set_at
        FROM users WHERE id = ?1"#,
        id
    )
    .fetch_optional(&mut *connection)
    .await?;
    Ok(row.map(UserRow::user).transpose()?)
}

async fn of_address(store: &SqliteStore, email: &Email) -> Result<Option<StoredUser>, Failure> {
    let mut connection = store.reader().await?;
    let folded = email.folded();
    let row = sqlx::query_as!(
        UserRow,
        r#"SELECT number AS "number!", id, version, name, email, email_verified_at, state, grants, created_at,
            created_by, password, password_set_at
        FROM users WHERE email_folded = ?1"#,
        folded
    )
    .fetch_optional(&mut *connection)
    .await?;
    Ok(row.map(UserRow::user).transpose()?)
}

async fn list(
    store: &SqliteStore,
    state: Option<UserState>,
    before: Option<u64>,
    limit: usize,
) -> Result<Page<User, u64>, Failure> {
    let mut connection = store.reader().await?;
    let (before, rows) = (stored_before(before), one_more(limit));
    let rows = match state.map(UserState::name) {
        None => {
            sqlx::query_as!(
                UserRow,
                r#"SELECT number AS "number!", id, version, name, email, email_verified_at, state, grants, created_at,
                    created_by, password, password_set_at
                FROM users WHERE number < ?1 ORDER BY number DESC LIMIT ?2"#,
                before,
                rows
            )
            .fetch_all(&mut *connection)
            .await?
        }
        Some(state) => {
            sqlx::query_as!(
                UserRow,
                r#"SELECT number AS "number!", id, version, name, email, email_verified_at, state, grants, created_at,
                    created_by, password, password_set_at
                FROM users WHERE state = ?3 AND number < ?1 ORDER BY number DESC LIMIT ?2"#,
                before,
                rows,
                state
            )
            .fetch_all(&mut *connection)
            .await?
        }
    };
    Ok(page_of_users(rows, limit)?)
}
