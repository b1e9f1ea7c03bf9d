//! Brings the schema up to date. Never changes a database that holds steps of a newer version that this one
//! cannot go on with.

use sql_rows::{MigrateError, OwnSteps, RecordedStep, SchemaState, applicable, compare_steps};
use sqlx::migrate::{Migrate, Migrator};
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use crate::options::SqliteOptions;
use crate::writer::Writer;

static MIGRATOR: Migrator = sqlx::migrate!();

/// Applies what is missing of the schema, and of somebody's own.
pub(crate) async fn migrate(writer: &Writer, own: Option<OwnSteps>) -> Result<SchemaState, MigrateError> {
    // In one transaction that holds the file's lock, so that two processes that start at the same time
    // do not both apply a step.
    let mut transaction = writer.begin().await?;
    transaction.ensure_migrations_table(&MIGRATOR.table_name).await?;
    let mut before = compare_steps(&MIGRATOR, &recorded_steps(&mut transaction).await?)?;
    applicable(&MIGRATOR).run_direct(None, &mut *transaction, false).await?;
    if let Some(own) = own {
        transaction.ensure_migrations_table(&own.table()).await?;
        before.add(compare_own(own, &mut transaction).await?, own.name());
        own.applicable().run_direct(None, &mut *transaction, false).await?;
    }
    transaction.commit().await?;
    Ok(before)
}

/// Says what [`migrate`] would find, changes nothing and holds nobody up.
pub(crate) async fn schema(
    options: &SqliteOptions,
    own: Option<OwnSteps>,
) -> Result<SchemaState, MigrateError> {
    let mut connection = options.reader().connect().await?;
    let recorded = if has_table(&mut connection, &MIGRATOR.table_name).await? {
        recorded_steps(&mut connection).await?
    } else {
        Vec::new()
    };
    let mut state = compare_steps(&MIGRATOR, &recorded)?;
    if let Some(own) = own {
        let its = if has_table(&mut connection, &own.table()).await? {
            compare_own(own, &mut connection).await?
        } else {
            compare_steps(own.steps, &[])?
        };
        state.add(its, own.name());
    }
    connection.close().await?;
    Ok(state)
}

async fn has_table(connection: &mut SqliteConnection, name: &str) -> Result<bool, sqlx::Error> {
    let count = sqlx::query_scalar!("SELECT count(*) FROM sqlite_schema WHERE name = ?1", name);
    Ok(count.fetch_one(connection).await? > 0)
}

async fn compare_own(own: OwnSteps, connection: &mut SqliteConnection) -> Result<SchemaState, MigrateError> {
    let recorded: Vec<RecordedStep> = sqlx::query_as(own.recorded()).fetch_all(connection).await?;
    compare_steps(own.steps, &recorded)
}

async fn recorded_steps(connection: &mut SqliteConnection) -> Result<Vec<RecordedStep>, sqlx::Error> {
    sqlx::query_as!(
        RecordedStep,
        r#"SELECT version AS "version!", description, checksum FROM _sqlx_migrations ORDER BY version"#
    )
    .fetch_all(connection)
    .await
}
