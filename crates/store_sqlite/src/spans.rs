//! From times to ranges that an index can walk. Never reads the entries it skips.

use engine::query::TimeRange;
use ledger::Timestamp;
use sql_rows::{Corruption, Failure, Numbers};
use sqlx::SqliteConnection;

use crate::rows::Head;

/// Finds the entries that were recorded in a span of time.
pub(crate) async fn recorded_in(
    connection: &mut SqliteConnection,
    head: &Head,
    time: &TimeRange,
) -> Result<Numbers, Failure> {
    let from = match time.from {
        Some(time) => first_recorded_from(connection, head, time).await?,
        None => 0,
    };
    let before = match time.to {
        Some(time) => first_recorded_from(connection, head, time).await?,
        None => head.next,
    };
    Ok(Numbers { from, before })
}

/// Finds the first entry that was recorded at a time or later: by halving, since recorded times never
/// go back and numbers have no gaps.
pub(crate) async fn first_recorded_from(
    connection: &mut SqliteConnection,
    head: &Head,
    time: Timestamp,
) -> Result<i64, Failure> {
    let micros = time.micros();
    let found = sqlx::query_scalar!(
        r#"WITH RECURSIVE search (low, high) AS (
            SELECT 0, ?2
            UNION ALL
            SELECT iif(recorded_at < ?3, number + 1, low), iif(recorded_at < ?3, high, number)
            FROM search CROSS JOIN entries ON ledger = ?1 AND number = (low + high) / 2
            WHERE low < high
        )
        SELECT low AS "low!: i64" FROM search WHERE low = high"#,
        head.ledger,
        head.next,
        micros
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.ok_or_else(|| Corruption::new("the log", "an entry is missing"))?)
}
