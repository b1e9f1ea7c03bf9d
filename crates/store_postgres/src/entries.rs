//! Walks over entries. Never keeps more of them at a time than one page may hold.

use engine::pair::MetadataPair;
use engine::query::{Order, PAGE_WEIGHT_MAX};
use futures_util::{Stream, TryStreamExt as _};
use sql_rows::{Corruption, EffectivePlaces, EntryRow, Failure, Numbers, one_more};
use sqlx::PgConnection;

/// Some of the entries of a walk.
pub(crate) struct Portion {
    /// The entries, in order.
    pub(crate) entries: Vec<EntryRow>,
    /// How many others of the walk lie between them, which do not match.
    pub(crate) passed: usize,
    /// Whether the walk ends with them. Otherwise it goes on behind the last of them.
    pub(crate) is_last: bool,
}

impl Portion {
    /// Takes rows, of which `asked` were asked for, until they are as large as a page may be.
    async fn of(
        mut rows: impl Stream<Item = Result<EntryRow, sqlx::Error>> + Unpin,
        asked: i64,
    ) -> Result<Self, Failure> {
        let (mut entries, mut bytes) = (Vec::new(), 0);
        while let Some(row) = rows.try_next().await? {
            bytes += row.body.len();
            entries.push(row);
            if bytes >= PAGE_WEIGHT_MAX {
                return Ok(Self { entries, passed: 0, is_last: false });
            }
        }
        Ok(Self { is_last: one_more(entries.len()) <= asked, passed: 0, entries })
    }
}

/// Entries with all their columns, from what stands behind FROM, where they are called `e`.
macro_rules! entries {
    ($connection:expr, $asked:expr, $from:literal, $($argument:expr),* $(,)?) => {{
        let rows = sqlx::query_as!(
            EntryRow,
            r#"SELECT e.number AS "number!", e.kind AS "kind!", e.recorded_at AS "recorded_at!",
                e.effective_at AS "effective_at!", e.reference AS "reference?",
                e.idempotency_key AS "idempotency_key?", e.request_fingerprint AS "request_fingerprint?",
                e.body AS "body!", (
                    SELECT metadata FROM changed_transactions AS changed
                    WHERE changed.ledger = e.ledger AND changed.number = e.number
                ) AS "current_metadata?" FROM "# + $from,
            $($argument),*
        )
        .fetch($connection);
        Portion::of(rows, $asked).await
    }};
}

/// Reads the entry with a reference, if there is one.
pub(crate) async fn by_reference(
    connection: &mut PgConnection,
    ledger: i64,
    reference: &str,
) -> Result<Portion, Failure> {
    entries!(connection, 2, "entries AS e WHERE e.reference = $2 AND e.ledger * 1 = $1", ledger, reference)
}

/// Reads up to `rows` entries by number.
pub(crate) async fn recorded(
    connection: &mut PgConnection,
    ledger: i64,
    Numbers { from, before }: Numbers,
    order: Order,
    rows: i64,
) -> Result<Portion, Failure> {
    match order {
        Order::Ascending => entries!(
            connection,
            rows,
            "entries AS e WHERE ledger = $1 AND number >= $2 AND number < $3 ORDER BY number LIMIT $4",
            ledger,
            from,
            before,
            rows
        ),
        Order::Descending => entries!(
            connection,
            rows,
            "entries AS e WHERE ledger = $1 AND number >= $2 AND number < $3 ORDER BY number DESC LIMIT $4",
            ledger,
            from,
            before,
            rows
        ),
    }
}

/// Reads up to `rows` entries by effective time.
pub(crate) async fn effective(
    connection: &mut PgConnection,
    ledger: i64,
    EffectivePlaces { from, before }: EffectivePlaces,
    order: Order,
    rows: i64,
) -> Result<Portion, Failure> {
    match order {
        Order::Ascending => entries!(
            connection,
            rows,
            "entries AS e WHERE ledger + 0 = $1 AND (effective_at, number + 0) >= ($2, $3)
                AND (effective_at, number + 0) < ($4, $5) ORDER BY effective_at, number + 0 LIMIT $6",
            ledger,
            from.time,
            from.number,
            before.time,
            before.number,
            rows
        ),
        Order::Descending => entries!(
            connection,
            rows,
            "entries AS e WHERE ledger + 0 = $1 AND (effective_at, number + 0) >= ($2, $3)
                AND (effective_at, number + 0) < ($4, $5)
            ORDER BY effective_at DESC, number + 0 DESC LIMIT $6",
            ledger,
            from.time,
            from.number,
            before.time,
            before.number,
            rows
        ),
    }
}

/// Reads the entries with these numbers, in their order; `asked` is how many there could have been.
pub(crate) async fn listed(
    connection: &mut PgConnection,
    ledger: i64,
    numbers: &[i64],
    asked: i64,
) -> Result<Portion, Failure> {
    let portion = entries!(
        connection,
        asked,
        "UNNEST($2::bigint[]) WITH ORDINALITY AS wanted (number, place) CROSS JOIN LATERAL (
            SELECT * FROM entries WHERE ledger = $1 AND number = wanted.number OFFSET 0
        ) AS e ORDER BY place",
        ledger,
        numbers
    )?;
    if portion.is_last && portion.entries.len() < numbers.len() {
        return Err(missing().into());
    }
    Ok(portion)
}

/// Returns up to `rows` numbers of transactions that have a pair, within a range, in order.
pub(crate) async fn with_pair(
    connection: &mut PgConnection,
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
                WHERE ledger = $1 AND pair = $2 AND number >= $3 AND number < $4 ORDER BY number "
                    + $direction
                    + " LIMIT $5",
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

/// Returns those of the numbers whose transactions have all of the pairs, in their order.
pub(crate) async fn with_all_pairs(
    connection: &mut PgConnection,
    ledger: i64,
    numbers: &[i64],
    pairs: &[MetadataPair],
) -> Result<Vec<i64>, Failure> {
    let pairs: Vec<i64> = pairs.iter().map(|pair| pair.0).collect();
    let found = sqlx::query_scalar!(
        r#"SELECT wanted.number AS "number!" FROM UNNEST($2::bigint[]) WITH ORDINALITY AS wanted (number, place)
        WHERE (
            SELECT count(*) FROM UNNEST($3::bigint[]) AS own (pair) CROSS JOIN LATERAL (
                SELECT 1 FROM transaction_pairs
                WHERE ledger = $1 AND pair = own.pair AND number = wanted.number OFFSET 0
            ) AS found
        ) = cardinality($3::bigint[])
        ORDER BY wanted.place"#,
        ledger,
        numbers,
        &pairs
    )
    .fetch_all(connection)
    .await?;
    Ok(found)
}

/// Returns those of the numbers whose entries are effective within a range, by effective time.
pub(crate) async fn sorted(
    connection: &mut PgConnection,
    ledger: i64,
    numbers: &[i64],
    EffectivePlaces { from, before }: EffectivePlaces,
    order: Order,
    rows: i64,
) -> Result<Vec<i64>, Failure> {
    macro_rules! sorted {
        ($order:literal) => {
            sqlx::query!(
                r#"SELECT own.number AS "number!", s.effective_at AS "effective_at?"
                FROM UNNEST($2::bigint[]) AS own (number) LEFT JOIN LATERAL (
                    SELECT effective_at FROM entries WHERE ledger = $1 AND number = own.number OFFSET 0
                ) AS s ON true
                WHERE s.effective_at IS NULL
                    OR ((s.effective_at, own.number) >= ($3, $4) AND (s.effective_at, own.number) < ($5, $6))"#
                    + $order
                    + " LIMIT $7",
                ledger,
                numbers,
                from.time,
                from.number,
                before.time,
                before.number,
                rows
            )
            .fetch_all(connection)
            .await?
            .into_iter()
            .map(|row| row.effective_at.map(|_| row.number).ok_or_else(|| missing().into()))
            .collect()
        };
    }
    match order {
        Order::Ascending => sorted!(" ORDER BY s.effective_at NULLS FIRST, own.number"),
        Order::Descending => sorted!(" ORDER BY s.effective_at DESC NULLS FIRST, own.number DESC"),
    }
}

fn missing() -> Corruption {
    Corruption::new("the log", "an entry that moved an account is missing")
}
