//! Walks over entries. Rows arrive as they are asked for: a page that ends early has not read the rest.

use engine::pair::MetadataPair;
use engine::query::Order;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _};
use sql_rows::{Corruption, EffectivePlaces, EntryRow, Failure, Numbers};
use sqlx::SqliteConnection;

/// Entries, one after the other.
pub(crate) type Entries<'c> = BoxStream<'c, Result<EntryRow, Failure>>;

/// Entries with all their columns, from what stands behind FROM, where they are called `e`.
macro_rules! entries {
    ($connection:expr, $from:literal, $($argument:expr),* $(,)?) => {
        sqlx::query_as!(
            EntryRow,
            r#"SELECT e.number AS "number!", e.kind AS "kind!", e.recorded_at AS "recorded_at!",
                e.effective_at AS "effective_at!", e.reference, e.idempotency_key,
                e.request_fingerprint, e.body AS "body!", (
                    SELECT metadata FROM changed_transactions AS changed
                    WHERE changed.ledger = e.ledger AND changed.number = e.number
                ) AS "current_metadata?" FROM "# + $from,
            $($argument),*
        )
        .fetch($connection)
        .map_err(Failure::from)
        .boxed()
    };
}

/// Reads the entry with a reference, if there is one.
pub(crate) fn by_reference<'c>(
    connection: &'c mut SqliteConnection,
    ledger: i64,
    reference: &str,
) -> Entries<'c> {
    entries!(connection, "entries AS e WHERE ledger = ?1 AND reference = ?2", ledger, reference)
}

/// Reads up to `rows` entries by number.
pub(crate) fn recorded(
    connection: &mut SqliteConnection,
    ledger: i64,
    Numbers { from, before }: Numbers,
    order: Order,
    rows: i64,
) -> Entries<'_> {
    match order {
        Order::Ascending => entries!(
            connection,
            "entries AS e WHERE ledger = ?1 AND number >= ?2 AND number < ?3 ORDER BY number LIMIT ?4",
            ledger,
            from,
            before,
            rows
        ),
        Order::Descending => entries!(
            connection,
            "entries AS e WHERE ledger = ?1 AND number >= ?2 AND number < ?3 ORDER BY number DESC LIMIT ?4",
            ledger,
            from,
            before,
            rows
        ),
    }
}

/// Reads up to `rows` entries by effective time.
pub(crate) fn effective(
    connection: &mut SqliteConnection,
    ledger: i64,
    EffectivePlaces { from, before }: EffectivePlaces,
    order: Order,
    rows: i64,
) -> Entries<'_> {
    match order {
        Order::Ascending => entries!(
            connection,
            "entries AS e WHERE ledger = ?1 AND (effective_at, number) >= (?2, ?3)
                AND (effective_at, number) < (?4, ?5) ORDER BY effective_at, number LIMIT ?6",
            ledger,
            from.time,
            from.number,
            before.time,
            before.number,
            rows
        ),
        Order::Descending => entries!(
            connection,
            "entries AS e WHERE ledger = ?1 AND (effective_at, number) >= (?2, ?3)
                AND (effective_at, number) < (?4, ?5) ORDER BY effective_at DESC, number DESC LIMIT ?6",
            ledger,
            from.time,
            from.number,
            before.time,
            before.number,
            rows
        ),
    }
}

/// Reads the entries with these numbers, in the order of the list.
pub(crate) fn listed<'c>(connection: &'c mut SqliteConnection, ledger: i64, numbers: &[i64]) -> Entries<'c> {
    let numbers = json(numbers);
    sqlx::query!(
        r#"SELECT listed.value + 0 AS "number!: i64", e.kind AS "kind?", e.recorded_at AS "recorded_at?",
            e.effective_at AS "effective_at?", e.reference AS "reference?",
            e.idempotency_key AS "idempotency_key?", e.request_fingerprint AS "request_fingerprint?",
            e.body AS "body?", (
                SELECT metadata FROM changed_transactions AS changed
                WHERE changed.ledger = ?1 AND changed.number = e.number
            ) AS "current_metadata?"
        FROM json_each(?2) AS listed LEFT JOIN entries AS e ON e.ledger = ?1 AND e.number = listed.value"#,
        ledger,
        numbers
    )
    .fetch(connection)
    .map(|row| {
        let row = row?;
        let (Some(kind), Some(recorded_at), Some(effective_at), Some(body)) =
            (row.kind, row.recorded_at, row.effective_at, row.body)
        else {
            return Err(missing(row.number));
        };
        Ok(EntryRow {
            number: row.number,
            kind,
            recorded_at,
            effective_at,
            reference: row.reference,
            idempotency_key: row.idempotency_key,
            request_fingerprint: row.request_fingerprint,
            body,
            current_metadata: row.current_metadata,
        })
    })
    .boxed()
}

/// Returns up to `rows` numbers of transactions that have a pair, within a range, in order.
pub(crate) async fn with_pair(
    connection: &mut SqliteConnection,
    ledger: i64,
    pair: MetadataPair,
    Numbers { from, before }: Numbers,
    order: Order,
    rows: i64,
) -> Result<Vec<i64>, Failure> {
    macro_rules! numbers {
        ($direction:literal) => {
            sqlx::query_scalar!(
                "SELECT number FROM transaction_pairs
                WHERE ledger = ?1 AND pair = ?2 AND number >= ?3 AND number < ?4 ORDER BY number "
                    + $direction
                    + " LIMIT ?5",
                ledger,
                pair.0,
                from,
                before,
                rows
            )
            .fetch_all(connection)
            .await?
        };
    }
    Ok(match order {
        Order::Ascending => numbers!(""),
        Order::Descending => numbers!("DESC"),
    })
}

/// An entry's number, and whether there is no such entry.
struct Sorted {
    number: i64,
    missing: bool,
}

/// Of listed entries the first ones by effective time. Those that are missing come before all others, so that they
/// are never overlooked.
macro_rules! sorted {
    ($direction:literal, $($argument:expr),* $(,)?) => {
        sqlx::query_as!(
            Sorted,
            r#"SELECT listed.value + 0 AS "number!: i64", e.number IS NULL AS "missing!: bool"
            FROM json_each(?2) AS listed LEFT JOIN entries AS e ON e.ledger = ?1 AND e.number = listed.value
            WHERE e.number IS NULL OR (
                (e.effective_at, e.number) >= (?3, ?4) AND (e.effective_at, e.number) < (?5, ?6)
            )
            ORDER BY e.number IS NOT NULL, e.effective_at "# + $direction + ", e.number " + $direction +
            " LIMIT ?7",
            $($argument),*
        )
    };
}

/// Sorts numbers of entries by the entries' effective times, and returns up to `rows` that lie within places.
pub(crate) async fn sorted_by_effective_time(
    connection: &mut SqliteConnection,
    ledger: i64,
    numbers: &[i64],
    EffectivePlaces { from, before }: EffectivePlaces,
    order: Order,
    rows: i64,
) -> Result<Vec<i64>, Failure> {
    let numbers = json(numbers);
    let (time, number, time_end, number_end) = (from.time, from.number, before.time, before.number);
    let sorted = match order {
        Order::Ascending => {
            sorted!("", ledger, numbers, time, number, time_end, number_end, rows)
                .fetch_all(connection)
                .await?
        }
        Order::Descending => {
            sorted!("DESC", ledger, numbers, time, number, time_end, number_end, rows)
                .fetch_all(connection)
                .await?
        }
    };
    let number = |row: Sorted| if row.missing { Err(missing(row.number)) } else { Ok(row.number) };
    sorted.into_iter().map(number).collect()
}

fn json(numbers: &[i64]) -> String {
    serde_json::to_string(numbers).expect("numbers can always be written")
}

fn missing(number: i64) -> Failure {
    Corruption::new("the log", format!("entry {number} is missing, though it moved an account")).into()
}
