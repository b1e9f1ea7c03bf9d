//! Brings the schema up to date, one process at a time. Never changes a database that a newer version has
//! written.

use sqlx::migrate::{Migrate, Migrator};
use sqlx::{ConnectOptions, Connection, Executor, PgConnection};

use crate::options::PostgresOptions;

static MIGRATOR: Migrator = sqlx::migrate!();

/// A step of the schema that was missing and is there now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppliedMigration {
    /// Its place in the order of steps.
    pub version: i64,
    /// What it is about.
    pub description: String,
}

/// Why a schema could not be brought up to date. The step that failed has changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database holds a step that this version does not know.
    #[error("the database was written by a newer version of Florin: it holds migration {0}, unknown here")]
    FromTheFuture(i64),
    /// A step was changed after it had been applied.
    #[error("migration {0} is not the one that the database was migrated with")]
    Altered(i64),
    /// A step failed.
    #[error("cannot migrate the database")]
    Failed(#[source] sqlx::migrate::MigrateError),
}

impl From<sqlx::migrate::MigrateError> for MigrateError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        match error {
            sqlx::migrate::MigrateError::VersionMissing(version) => Self::FromTheFuture(version),
            sqlx::migrate::MigrateError::VersionMismatch(version) => Self::Altered(version),
            other => Self::Failed(other),
        }
    }
}

impl From<sqlx::Error> for MigrateError {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

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
    Ok(missing(&before))
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
    for applied in &applied {
        let known = MIGRATOR.iter().find(|migration| migration.version == applied.version);
        match known {
            None => return Err(MigrateError::FromTheFuture(applied.version)),
            Some(known) if known.checksum != applied.checksum => {
                return Err(MigrateError::Altered(applied.version));
            }
            Some(_) => {}
        }
    }
    Ok(missing(&applied))
}

async fn connect(options: &PostgresOptions) -> Result<PgConnection, sqlx::Error> {
    tokio::time::timeout(options.connect_timeout, options.address.connect())
        .await
        .unwrap_or_else(|_| Err(crate::connections::timed_out()))
}

fn missing(applied: &[sqlx::migrate::AppliedMigration]) -> Vec<AppliedMigration> {
    MIGRATOR
        .iter()
        .filter(|migration| applied.iter().all(|applied| applied.version != migration.version))
        .map(|migration| AppliedMigration {
            version: migration.version,
            description: migration.description.to_string(),
        })
        .collect()
}
