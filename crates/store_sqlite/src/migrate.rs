//! Brings the schema up to date. Never changes a database that holds steps of a newer version that this one
//! cannot go on with.

use sql_rows::{MigrateError, RecordedStep, SchemaState, applicable, compare_steps};
use sqlx::migrate::{Migrate, Migrator};
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use crate::options::SqliteOptions;
use crate::writer::Writer;

static MIGRATOR: Migrator = sqlx::migrate!();

pub(crate) async fn migrate(writer: &Writer) -> Result<SchemaState, MigrateError> {
    // In one transaction that holds the file's lock, so that two processes that start at the same time
    // do not both apply a step.
    let mut transaction = writer.begin().await?;
    transaction.ensure_migrations_table(&MIGRATOR.table_name).await?;
    let before = compare_steps(&MIGRATOR, &recorded_steps(&mut transaction).await?)?;
    applicable(&MIGRATOR).run_direct(None, &mut *transaction, false).await?;
    transaction.commit().await?;
    Ok(before)
}

/// Says what [`migrate`] would find, changes nothing and holds nobody up.
pub(crate) async fn schema(options: &SqliteOptions) -> Result<SchemaState, MigrateError> {
    let mut connection = options.reader().connect().await?;
    let table =
        sqlx::query_scalar!("SELECT count(*) FROM sqlite_schema WHERE name = ?1", MIGRATOR.table_name)
            .fetch_one(&mut connection)
            .await?;
    let recorded = if table == 0 { Vec::new() } else { recorded_steps(&mut connection).await? };
    connection.close().await?;
    compare_steps(&MIGRATOR, &recorded)
}

async fn recorded_steps(connection: &mut SqliteConnection) -> Result<Vec<RecordedStep>, sqlx::Error> {
    sqlx::query_as!(
        RecordedStep,
        r#"SELECT version AS "version!", description, checksum FROM _sqlx_migrations ORDER BY version"#
    )
    .fetch_all(connection)
    .await
}
