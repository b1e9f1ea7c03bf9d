//! Lists of transactions: chooses the index to walk, then lets the query judge each entry. Never looks at more
//! than `SCAN_MAX` entries for one page, and never sorts the log.

use engine::query::{Clock, Order, Page, TransactionPosition, TransactionQuery};
use ledger::{Asset, Entry, LedgerName, Reference};
use sql_rows::{
    Corruption, EffectivePlaces, EntryRow, Failure, Numbers, TransactionPage, account_to_walk, one_more,
    rows_wanted,
};
use sqlx::PgConnection;

use crate::movements::{Moved, entries_of, few_entries_of};
use crate::rows::{Head, head};
use crate::spans::{Portions, recorded_in};

type Rows = Result<Vec<EntryRow>, Failure>;

pub(crate) async fn transactions(
    connection: &mut PgConnection,
    ledger: &LedgerName,
    query: &TransactionQuery,
) -> Result<Page<Entry, TransactionPosition>, Failure> {
    let head = head(connection, ledger).await?;
    let walk = Walk::choose(connection, &head, query).await?;
    let mut page = TransactionPage::new(query);
    let mut after = query.after;
    for rows in Portions::new(query.limit, walk.rows_max(query)) {
        let entries = walk.portion(connection, &head, query.order, after, rows).await?;
        let last = one_more(entries.len()) <= rows;
        for entry in entries {
            if !page.has_room() {
                return Ok(page.finish());
            }
            page.take(entry.record()?.entry);
        }
        if last {
            break;
        }
        after = page.last();
    }
    Ok(page.finish())
}

/// The way through the entries that may match, in the order of the list.
enum Walk<'q> {
    Reference(&'q str),
    Recorded(Numbers),
    RecordedOfAccount(Moved<'q>, Numbers),
    Effective(EffectivePlaces),
    /// Through the entries with these numbers.
    EffectiveOfAccount(Vec<i64>, EffectivePlaces),
}

impl<'q> Walk<'q> {
    async fn choose(
        connection: &mut PgConnection,
        head: &Head,
        query: &'q TransactionQuery,
    ) -> Result<Self, Failure> {
        if let Some(reference) = &query.reference {
            return Ok(Self::Reference(Reference::as_str(reference)));
        }
        let asset = query.asset.as_ref().map(Asset::as_str);
        let moved = account_to_walk(query).map(|account| Moved { account, asset });
        match query.clock {
            Clock::Recorded => {
                let numbers = recorded_in(connection, head, &query.time).await?;
                Ok(match moved {
                    Some(moved) => Self::RecordedOfAccount(moved, numbers),
                    None => Self::Recorded(numbers),
                })
            }
            Clock::Effective => {
                let places = EffectivePlaces::within(&query.time);
                // The entries of an account are not kept in the order of their effective times. A few can
                // be sorted; an account with many is on many of the entries that the walk comes by.
                if let Some(moved) = moved
                    && let Some(numbers) = few_entries_of(connection, head, moved).await?
                {
                    return Ok(Self::EffectiveOfAccount(numbers, places));
                }
                Ok(Self::Effective(places))
            }
        }
    }

    /// Returns how many rows one page can need.
    fn rows_max(&self, query: &TransactionQuery) -> i64 {
        match self {
            Self::RecordedOfAccount(..) | Self::EffectiveOfAccount(..) => rows_wanted(query, true),
            Self::Reference(_) | Self::Recorded(_) | Self::Effective(_) => rows_wanted(query, false),
        }
    }

    /// Reads the next entries after a place.
    async fn portion(
        &self,
        connection: &mut PgConnection,
        head: &Head,
        order: Order,
        after: Option<TransactionPosition>,
        rows: i64,
    ) -> Rows {
        let ledger = head.ledger;
        match self {
            Self::Reference(reference) => by_reference(connection, ledger, reference).await,
            Self::Recorded(numbers) => {
                recorded(connection, ledger, numbers.after(after, order), order, rows).await
            }
            Self::RecordedOfAccount(moved, numbers) => {
                let numbers = numbers.after(after, order);
                let numbers = entries_of(connection, head, *moved, numbers, order, rows).await?;
                return entries_by_number(connection, head, &numbers, order).await;
            }
            Self::Effective(places) => {
                effective(connection, ledger, places.after(after, order), order, rows).await
            }
            Self::EffectiveOfAccount(numbers, places) => {
                let places = places.after(after, order);
                entries_by_effective_time(connection, head, numbers, places, order, rows).await
            }
        }
    }
}

/// Entries with all their columns, from what stands behind FROM, where they are called `e`.
macro_rules! entries {
    ($connection:expr, $from:literal, $($argument:expr),* $(,)?) => {
        sqlx::query_as!(
            EntryRow,
            r#"SELECT e.number AS "number!", e.kind AS "kind!", e.recorded_at AS "recorded_at!",
                e.effective_at AS "effective_at!", e.reference AS "reference?",
                e.idempotency_key AS "idempotency_key?", e.request_fingerprint AS "request_fingerprint?",
                e.body AS "body!" FROM "# + $from,
            $($argument),*
        )
        .fetch_all($connection)
        .await
        .map_err(Failure::from)
    };
}

async fn by_reference(connection: &mut PgConnection, ledger: i64, reference: &str) -> Rows {
    entries!(
        connection,
        "(SELECT * FROM entries WHERE reference = $2 OFFSET 0) AS e WHERE ledger = $1",
        ledger,
        reference
    )
}

async fn recorded(
    connection: &mut PgConnection,
    ledger: i64,
    Numbers { from, before }: Numbers,
    order: Order,
    rows: i64,
) -> Rows {
    match order {
        Order::Ascending => entries!(
            connection,
            "entries AS e WHERE ledger = $1 AND number >= $2 AND number < $3 ORDER BY number LIMIT $4",
            ledger,
            from,
            before,
            rows
        ),
        Order::Descending => entries!(
            connection,
            "entries AS e WHERE ledger = $1 AND number >= $2 AND number < $3 ORDER BY number DESC LIMIT $4",
            ledger,
            from,
            before,
            rows
        ),
    }
}

/// Reads the entries with these numbers.
pub(crate) async fn entries_by_number(
    connection: &mut PgConnection,
    head: &Head,
    numbers: &[i64],
    order: Order,
) -> Result<Vec<EntryRow>, Failure> {
    let entries = match order {
        Order::Ascending => entries!(
            connection,
            "UNNEST($2::bigint[]) AS wanted (number) CROSS JOIN LATERAL (
                SELECT * FROM entries WHERE ledger = $1 AND number = wanted.number OFFSET 0
            ) AS e ORDER BY e.number",
            head.ledger,
            numbers
        ),
        Order::Descending => entries!(
            connection,
            "UNNEST($2::bigint[]) AS wanted (number) CROSS JOIN LATERAL (
                SELECT * FROM entries WHERE ledger = $1 AND number = wanted.number OFFSET 0
            ) AS e ORDER BY e.number DESC",
            head.ledger,
            numbers
        ),
    }?;
    if entries.len() < numbers.len() {
        return Err(Corruption::new("the log", "an entry that moved an account is missing").into());
    }
    Ok(entries)
}

pub(crate) async fn effective(
    connection: &mut PgConnection,
    ledger: i64,
    EffectivePlaces { from, before }: EffectivePlaces,
    order: Order,
    rows: i64,
) -> Rows {
    match order {
        Order::Ascending => entries!(
            connection,
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

/// Sorts the entries with these numbers by their effective times, then reads as many as are asked for.
pub(crate) async fn entries_by_effective_time(
    connection: &mut PgConnection,
    head: &Head,
    numbers: &[i64],
    EffectivePlaces { from, before }: EffectivePlaces,
    order: Order,
    rows: i64,
) -> Rows {
    match order {
        Order::Ascending => entries!(
            connection,
            "(SELECT s.effective_at, s.number
                FROM UNNEST($2::bigint[]) AS own (number) CROSS JOIN LATERAL (
                    SELECT effective_at, number FROM entries WHERE ledger = $1 AND number = own.number OFFSET 0
                ) AS s
                WHERE (s.effective_at, s.number) >= ($3, $4) AND (s.effective_at, s.number) < ($5, $6)
                ORDER BY s.effective_at, s.number LIMIT $7) AS sorted
            CROSS JOIN LATERAL (
                SELECT * FROM entries WHERE ledger = $1 AND number = sorted.number OFFSET 0
            ) AS e
            ORDER BY sorted.effective_at, sorted.number",
            head.ledger,
            numbers,
            from.time,
            from.number,
            before.time,
            before.number,
            rows
        ),
        Order::Descending => entries!(
            connection,
            "(SELECT s.effective_at, s.number
                FROM UNNEST($2::bigint[]) AS own (number) CROSS JOIN LATERAL (
                    SELECT effective_at, number FROM entries WHERE ledger = $1 AND number = own.number OFFSET 0
                ) AS s
                WHERE (s.effective_at, s.number) >= ($3, $4) AND (s.effective_at, s.number) < ($5, $6)
                ORDER BY s.effective_at DESC, s.number DESC LIMIT $7) AS sorted
            CROSS JOIN LATERAL (
                SELECT * FROM entries WHERE ledger = $1 AND number = sorted.number OFFSET 0
            ) AS e
            ORDER BY sorted.effective_at DESC, sorted.number DESC",
            head.ledger,
            numbers,
            from.time,
            from.number,
            before.time,
            before.number,
            rows
        ),
    }
}
