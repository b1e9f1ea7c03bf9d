//! Brings the schema up to date, one process at a time. Never changes a database that holds steps of a newer
//! version that this one cannot go on with.

use std::time::Duration;

use sql_rows::{MigrateError, OwnSteps, RecordedStep, SchemaState, applicable, compare_steps};
use sqlx::migrate::{Migrate, Migrator};
use sqlx::{ConnectOptions, Connection, Executor, PgConnection};
use tokio::time::sleep;

use crate::options::PostgresOptions;

static MIGRATOR: Migrator = sqlx::migrate!();

/// Names the advisory lock that whoever migrates holds: "florin" in ASCII.
const LOCK: i64 = 0x666c_6f72_696e;

/// How long to wait before asking for the lock again.
const TURN: Duration = Duration::from_millis(100);

/// Applies what is missing of the schema, and then of somebody's own.
pub(crate) async fn migrate(
    options: &PostgresOptions,
    own: Option<OwnSteps>,
) -> Result<SchemaState, MigrateError> {
    let mut connection = connect(options).await?;
    take_lock(&mut connection).await?;
    // A step that needs a table must not queue for long: everybody else would queue behind it.
    let lock_timeout = format!("SET lock_timeout = {}", options.lock_timeout.as_millis().max(1));
    connection.execute(sqlx::AssertSqlSafe(lock_timeout)).await?;
    connection.ensure_migrations_table(&MIGRATOR.table_name).await?;
    let mut before = compare_steps(&MIGRATOR, &recorded_steps(&mut connection).await?)?;
    if let Some(own) = own {
        connection.ensure_migrations_table(&own.table()).await?;
        // Before anything is applied: what cannot go on changes nothing.
        before.add(compare_own(own, &mut connection).await?, own.name());
    }
    applicable(&MIGRATOR).run_direct(None, &mut connection, false).await?;
    if let Some(own) = own {
        own.applicable().run_direct(None, &mut connection, false).await?;
    }
    connection.close().await?;
    Ok(before)
}

/// Says what [`migrate`] would find, and changes nothing.
pub(crate) async fn schema(
    options: &PostgresOptions,
    own: Option<OwnSteps>,
) -> Result<SchemaState, MigrateError> {
    let mut connection = connect(options).await?;
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

async fn has_table(connection: &mut PgConnection, name: &str) -> Result<bool, sqlx::Error> {
    let table = sqlx::query_scalar!(r#"SELECT to_regclass($1) IS NOT NULL AS "there!""#, name);
    table.fetch_one(connection).await
}

async fn compare_own(own: OwnSteps, connection: &mut PgConnection) -> Result<SchemaState, MigrateError> {
    let recorded: Vec<RecordedStep> = sqlx::query_as(own.recorded()).fetch_all(connection).await?;
    compare_steps(own.steps, &recorded)
}

/// Waits until nobody else migrates, for as long as that takes. The lock ends with the session.
///
/// It asks again and again instead of waiting in a statement: a statement that waits holds a snapshot, and
/// building an index beside the traffic waits for all snapshots to end, so that the two would wait for each
/// other.
async fn take_lock(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    loop {
        let taken = sqlx::query_scalar!(r#"SELECT pg_try_advisory_lock($1) AS "taken!""#, LOCK);
        if taken.fetch_one(&mut *connection).await? {
            return Ok(());
        }
        sleep(TURN).await;
    }
}

async fn recorded_steps(connection: &mut PgConnection) -> Result<Vec<RecordedStep>, sqlx::Error> {
    sqlx::query_as!(
        RecordedStep,
        "SELECT version, description, checksum FROM _sqlx_migrations ORDER BY version"
    )
    .fetch_all(connection)
    .await
}

async fn connect(options: &PostgresOptions) -> Result<PgConnection, sqlx::Error> {
    tokio::time::timeout(options.connect_timeout, options.address.connect())
        .await
        .unwrap_or_else(|_| Err(crate::connections::timed_out()))
}
