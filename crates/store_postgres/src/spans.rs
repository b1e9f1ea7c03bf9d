//! From times to ranges that an index can walk. Never reads the entries it skips.

use engine::query::TimeRange;
use ledger::Timestamp;
use sql_rows::{Corruption, Failure, Numbers, stored_limit};
use sqlx::PgConnection;

use crate::rows::Head;

/// Finds the entries that were recorded in a span of time.
pub(crate) async fn recorded_in(
    connection: &mut PgConnection,
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
    connection: &mut PgConnection,
    head: &Head,
    time: Timestamp,
) -> Result<i64, Failure> {
    let found = sqlx::query_scalar!(
        r#"WITH RECURSIVE search (low, high) AS (
            SELECT 0::bigint, $2::bigint
            UNION ALL
            SELECT CASE WHEN recorded_at < $3 THEN number + 1 ELSE low END,
                CASE WHEN recorded_at < $3 THEN high ELSE number END
            FROM search CROSS JOIN LATERAL (
                SELECT number, recorded_at FROM entries
                WHERE ledger = $1 AND number = (low + high) / 2 OFFSET 0
            ) AS middle
            WHERE low < high
        )
        SELECT low AS "low!" FROM search WHERE low = high"#,
        head.ledger,
        head.next,
        time.micros()
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.ok_or_else(|| Corruption::new("the log", "an entry is missing"))?)
}

/// How many rows to ask for at a time, when the first ones may do: a few pages of them, then more.
pub(crate) struct Portions {
    next: i64,
    max: i64,
}

impl Portions {
    pub(crate) fn new(limit: usize, max: i64) -> Self {
        Self::beginning_with(stored_limit(limit).saturating_mul(2).clamp(100, 500), max)
    }

    pub(crate) fn beginning_with(rows: i64, max: i64) -> Self {
        Self { next: rows.min(max), max }
    }
}

impl Iterator for Portions {
    type Item = i64;

    fn next(&mut self) -> Option<i64> {
        let rows = self.next;
        self.next = rows.saturating_mul(8).min(self.max);
        Some(rows)
    }
}
