//! Brings the schema up to date. Never changes a database that a newer version has written.

use sql_rows::{AppliedMigration, MigrateError, check_steps, missing_steps};
use sqlx::migrate::{Migrate, Migrator};

use crate::writer::Writer;

static MIGRATOR: Migrator = sqlx::migrate!();

pub(crate) async fn migrate(writer: &Writer) -> Result<Vec<AppliedMigration>, MigrateError> {
    // In one transaction that holds the file's lock, so that two processes that start at the same time
    // do not both apply a step.
    let mut transaction = writer.begin().await?;
    transaction.ensure_migrations_table(&MIGRATOR.table_name).await?;
    let before = transaction.list_applied_migrations(&MIGRATOR.table_name).await?;
    MIGRATOR.run_direct(None, &mut *transaction, false).await?;
    transaction.commit().await?;
    Ok(missing_steps(&MIGRATOR, &before))
}

/// Says what [`migrate`] would do, and does nothing of it.
pub(crate) async fn missing_migrations(writer: &Writer) -> Result<Vec<AppliedMigration>, MigrateError> {
    // Whatever this needs is rolled back at the end.
    let mut transaction = writer.begin().await?;
    transaction.ensure_migrations_table(&MIGRATOR.table_name).await?;
    let applied = transaction.list_applied_migrations(&MIGRATOR.table_name).await?;
    transaction.rollback().await?;
    check_steps(&MIGRATOR, &applied)?;
    Ok(missing_steps(&MIGRATOR, &applied))
}
