//! From times to ranges that an index can walk. Never reads the entries it skips.

use async_trait::async_trait;
use engine::query::TimeRange;
use ledger::Timestamp;
use sql_rows::{Corruption, Failure, Numbers, SortingReads, stored_limit};
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

/// Finds the first entry that was recorded at a time or later. Mostly that is the first one that counts then; where it
/// is not, it is found by halving, since recorded times never go back and numbers have no gaps.
pub(crate) async fn first_recorded_from(
    connection: &mut PgConnection,
    head: &Head,
    time: Timestamp,
) -> Result<i64, Failure> {
    let guessed = sqlx::query_scalar!(
        r#"SELECT LEAST(guess.number, $2) AS "number!" FROM (
            SELECT COALESCE((
                SELECT number FROM entries WHERE ledger + 0 = $1 AND (effective_at, number + 0) >= ($3, 0)
                ORDER BY effective_at, number + 0 LIMIT 1
            ), $2) AS number OFFSET 0
        ) AS guess
        WHERE (guess.number >= $2 OR (
            SELECT recorded_at FROM entries WHERE ledger = $1 AND number = guess.number
        ) >= $3) AND (guess.number = 0 OR (
            SELECT recorded_at FROM entries WHERE ledger = $1 AND number = LEAST(guess.number, $2) - 1
        ) < $3)"#,
        head.ledger,
        head.next,
        time.micros()
    )
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(number) = guessed {
        return Ok(number);
    }
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

impl Portions {
    /// Asks for no more rows next than are expected to do: to read the others may take longer than to ask once more.
    pub(crate) fn expect(&mut self, rows: i64) {
        self.next = self.next.min(rows.max(EXPECTED_MIN));
    }
}

/// So few rows are not worth being asked for.
const EXPECTED_MIN: i64 = 20;

impl Iterator for Portions {
    type Item = i64;

    fn next(&mut self) -> Option<i64> {
        let rows = self.next;
        self.next = rows.saturating_mul(8).min(self.max);
        Some(rows)
    }
}

/// Reads of one ledger that sort its entries.
pub(crate) struct Sorting<'c, 'h> {
    pub(crate) connection: &'c mut PgConnection,
    pub(crate) head: &'h Head,
}

#[async_trait]
impl SortingReads for Sorting<'_, '_> {
    fn next(&self) -> i64 {
        self.head.next
    }

    async fn recorded_before(&mut self, time: Timestamp) -> Result<i64, Failure> {
        first_recorded_from(self.connection, self.head, time).await
    }

    async fn shifted_among(&mut self, numbers: &[i64]) -> Result<Vec<(i64, i64)>, Failure> {
        let found = sqlx::query!(
            r#"SELECT wanted.number AS "number!", shifted.effective_at AS "effective_at!"
            FROM UNNEST($2::bigint[]) AS wanted (number) CROSS JOIN LATERAL (
                SELECT effective_at FROM entries
                WHERE ledger - 0 = $1 AND number - 0 = wanted.number AND recorded_at <> effective_at OFFSET 0
            ) AS shifted"#,
            self.head.ledger,
            numbers
        )
        .fetch_all(&mut *self.connection)
        .await?;
        Ok(found.into_iter().map(|row| (row.number, row.effective_at)).collect())
    }
}
