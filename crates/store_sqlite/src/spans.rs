//! From times to ranges that an index can walk. Never reads the entries it skips.

use async_trait::async_trait;
use engine::query::TimeRange;
use ledger::Timestamp;
use sql_rows::{Corruption, Failure, Numbers, SortingReads};
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

/// Finds the first entry that was recorded at a time or later. Mostly that is the first one that counts then; where it
/// is not, it is found by halving, since recorded times never go back and numbers have no gaps.
pub(crate) async fn first_recorded_from(
    connection: &mut SqliteConnection,
    head: &Head,
    time: Timestamp,
) -> Result<i64, Failure> {
    let micros = time.micros();
    let guessed = sqlx::query_scalar!(
        r#"SELECT min(number, ?2) AS "number!: i64" FROM (
            SELECT ifnull((
                SELECT number FROM entries WHERE ledger = ?1 AND (effective_at, number) >= (?3, 0)
                ORDER BY effective_at, number LIMIT 1
            ), ?2) AS number
        ) AS guess
        WHERE (number >= ?2 OR (
            SELECT recorded_at FROM entries WHERE ledger = ?1 AND number = guess.number
        ) >= ?3) AND (number = 0 OR (
            SELECT recorded_at FROM entries WHERE ledger = ?1 AND number = min(guess.number, ?2) - 1
        ) < ?3)"#,
        head.ledger,
        head.next,
        micros
    )
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(number) = guessed {
        return Ok(number);
    }
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

/// Reads of one ledger that sort its entries.
pub(crate) struct Sorting<'c, 'h> {
    pub(crate) connection: &'c mut SqliteConnection,
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
        let numbers = serde_json::to_string(numbers).expect("numbers can always be written");
        let found = sqlx::query!(
            r#"SELECT e.number AS "number!", e.effective_at AS "effective_at!"
            FROM json_each(?2) AS wanted CROSS JOIN entries AS e INDEXED BY shifted_entries
                ON e.ledger = ?1 AND e.number = wanted.value AND e.recorded_at <> e.effective_at"#,
            self.head.ledger,
            numbers
        )
        .fetch_all(&mut *self.connection)
        .await?;
        Ok(found.into_iter().map(|row| (row.number, row.effective_at)).collect())
    }
}
