//! Brings the schema up to date. Never changes a database that a newer version has written.

use sqlx::migrate::{Migrate, Migrator};

use crate::writer::Writer;

static MIGRATOR: Migrator = sqlx::migrate!();

/// A step of the schema that was missing and is there now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppliedMigration {
    /// Its place in the order of steps.
    pub version: i64,
    /// What it is about.
    pub description: String,
}

/// Why a schema could not be brought up to date. Nothing has changed.
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

pub(crate) async fn migrate(writer: &Writer) -> Result<Vec<AppliedMigration>, MigrateError> {
    // In one transaction that holds the file's lock, so that two processes that start at the same time
    // do not both apply a step.
    let mut transaction = writer.begin().await?;
    transaction.ensure_migrations_table(&MIGRATOR.table_name).await?;
    let before = transaction.list_applied_migrations(&MIGRATOR.table_name).await?;
    MIGRATOR.run_direct(None, &mut *transaction, false).await?;
    transaction.commit().await?;
    Ok(missing(&before))
}

/// Says what [`migrate`] would do, and does nothing of it.
pub(crate) async fn missing_migrations(writer: &Writer) -> Result<Vec<AppliedMigration>, MigrateError> {
    // Whatever this needs is rolled back at the end.
    let mut transaction = writer.begin().await?;
    transaction.ensure_migrations_table(&MIGRATOR.table_name).await?;
    let applied = transaction.list_applied_migrations(&MIGRATOR.table_name).await?;
    transaction.rollback().await?;
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
