//! Brings the schema up to date, one process at a time. Never changes a database that a newer version has
//! written.

use sql_rows::{AppliedMigration, MigrateError, check_steps, missing_steps};
use sqlx::migrate::{Migrate, Migrator};
use sqlx::{ConnectOptions, Connection, Executor, PgConnection};

use crate::options::PostgresOptions;

static MIGRATOR: Migrator = sqlx::migrate!();

pub(crate) async fn migrate(options: &PostgresOptions) -> Result<Vec<AppliedMigration>, MigrateError> {
    let mut connection = connect(options).await?;
    // An advisory lock, which ends with the session. Whoever waits for it waits as long as another process
    // takes to migrate.
    connection.lock().await?;
    // A step that needs a table must not queue for long: everybody else would queue behind it.
    let lock_timeout = format!("SET lock_timeout = {}", options.lock_timeout.as_millis().max(1));
    connection.execute(sqlx::AssertSqlSafe(lock_timeout)).await?;
    connection.ensure_migrations_table(&MIGRATOR.table_name).await?;
    let before = connection.list_applied_migrations(&MIGRATOR.table_name).await?;
    MIGRATOR.run_direct(None, &mut connection, false).await?;
    connection.close().await?;
    Ok(missing_steps(&MIGRATOR, &before))
}

/// Says what [`migrate`] would do, and does nothing of it.
pub(crate) async fn missing_migrations(
    options: &PostgresOptions,
) -> Result<Vec<AppliedMigration>, MigrateError> {
    let mut connection = connect(options).await?;
    let table =
        sqlx::query_scalar!(r#"SELECT to_regclass($1) IS NOT NULL AS "there!""#, &MIGRATOR.table_name)
            .fetch_one(&mut connection)
            .await?;
    let applied =
        if table { connection.list_applied_migrations(&MIGRATOR.table_name).await? } else { Vec::new() };
    connection.close().await?;
    check_steps(&MIGRATOR, &applied)?;
    Ok(missing_steps(&MIGRATOR, &applied))
}

async fn connect(options: &PostgresOptions) -> Result<PgConnection, sqlx::Error> {
    tokio::time::timeout(options.connect_timeout, options.address.connect())
        .await
        .unwrap_or_else(|_| Err(crate::connections::timed_out()))
}
