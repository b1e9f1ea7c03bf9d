//! From times and positions to ranges that an index can walk. Never reads the entries it skips.

use engine::query::TimeRange;
use ledger::{EntryNumber, Timestamp};
use sqlx::SqliteConnection;

use crate::failure::{Corruption, Failure};
use crate::rows::{Head, stored_number};

/// Numbers of entries, from `from` on and before `before`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbers {
    pub(crate) from: i64,
    pub(crate) before: i64,
}

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
async fn first_recorded_from(
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

/// A place in the order of effective times: a time and a number, also one that no entry has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct EffectivePlace {
    pub(crate) time: i64,
    pub(crate) number: i64,
}

/// Places in the order of effective times, from `from` on and before `before`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EffectivePlaces {
    pub(crate) from: EffectivePlace,
    pub(crate) before: EffectivePlace,
}

impl EffectivePlace {
    pub(crate) fn of(time: Timestamp, number: EntryNumber) -> Self {
        Self { time: time.micros(), number: stored_number(number) }
    }

    pub(crate) fn next(self) -> Self {
        Self { number: self.number.saturating_add(1), ..self }
    }
}

/// Returns the places of the entries that are effective in a span of time.
pub(crate) fn effective_in(time: &TimeRange) -> EffectivePlaces {
    let start = |time: Timestamp| EffectivePlace { time: time.micros(), number: 0 };
    EffectivePlaces {
        from: start(time.from.unwrap_or(Timestamp::MIN)),
        before: time.to.map_or(EffectivePlace { time: Timestamp::MAX.micros(), number: i64::MAX }, start),
    }
}

/// Says whether an account has so few lines that they may all be looked at for one page.
pub(crate) async fn has_few_lines(
    connection: &mut SqliteConnection,
    head: &Head,
    address: &str,
) -> Result<bool, Failure> {
    let max = i64::try_from(engine::query::SCAN_MAX).unwrap_or(i64::MAX);
    let beyond = sqlx::query_scalar!(
        r#"SELECT EXISTS (
            SELECT 1 FROM lines WHERE ledger = ?1 AND address = ?2 LIMIT 1 OFFSET ?3
        ) AS "beyond!: bool""#,
        head.ledger,
        address,
        max
    )
    .fetch_one(connection)
    .await?;
    Ok(!beyond)
}
