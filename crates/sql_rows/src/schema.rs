//! Steps of a schema: which are missing, and which cannot be ours. Never applies one.

use sqlx::migrate::{AppliedMigration as Applied, Migrator};

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

/// Lists the steps that are not among those applied.
#[must_use]
pub fn missing_steps(steps: &Migrator, applied: &[Applied]) -> Vec<AppliedMigration> {
    steps
        .iter()
        .filter(|step| applied.iter().all(|applied| applied.version != step.version))
        .map(|step| AppliedMigration { version: step.version, description: step.description.to_string() })
        .collect()
}

/// Holds the steps that were applied to those that are known.
///
/// # Errors
/// [`MigrateError::FromTheFuture`], [`MigrateError::Altered`].
pub fn check_steps(steps: &Migrator, applied: &[Applied]) -> Result<(), MigrateError> {
    for applied in applied {
        match steps.iter().find(|step| step.version == applied.version) {
            None => return Err(MigrateError::FromTheFuture(applied.version)),
            Some(step) if step.checksum != applied.checksum => {
                return Err(MigrateError::Altered(applied.version));
            }
            Some(_) => {}
        }
    }
    Ok(())
}
