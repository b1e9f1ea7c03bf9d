//! Lists of transactions: chooses the index to walk, then lets the query judge each entry. Never looks at more
//! than `SCAN_MAX` entries for one page, and never sorts the log.

use engine::query::{Clock, Order, Page, TransactionPosition, TransactionQuery};
use ledger::{Entry, LedgerName, Reference};
use sql_rows::{
    EffectivePlaces, EntryRow, Failure, Numbers, TransactionPage, account_to_walk, one_more, rows_wanted,
};
use sqlx::PgConnection;

use crate::rows::{Head, head};
use crate::spans::{Portions, has_few_lines, recorded_in};

type Rows = Result<Vec<EntryRow>, sqlx::Error>;

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
    RecordedOfAccount(&'q str, Numbers),
    Effective(EffectivePlaces),
    EffectiveOfAccount(&'q str, EffectivePlaces),
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
        let account = account_to_walk(query);
        match query.clock {
            Clock::Recorded => {
                let numbers = recorded_in(connection, head, &query.time).await?;
                Ok(match account {
                    Some(account) => Self::RecordedOfAccount(account, numbers),
                    None => Self::Recorded(numbers),
                })
            }
            Clock::Effective => {
                let places = EffectivePlaces::within(&query.time);
                // The entries of an account are not kept in the order of their effective times. A few can
                // be sorted; an account with many is on many of the entries that the walk comes by.
                if let Some(account) = account
                    && has_few_lines(connection, head, account).await?
                {
                    return Ok(Self::EffectiveOfAccount(account, places));
                }
                Ok(Self::Effective(places))
            }
        }
    }

    /// Returns how many rows one page can need.
    fn rows_max(&self, query: &TransactionQuery) -> i64 {
        match self {
            Self::RecordedOfAccount(account, _) | Self::EffectiveOfAccount(account, _) => {
                rows_wanted(query, Some(account))
            }
            Self::Reference(_) | Self::Recorded(_) | Self::Effective(_) => rows_wanted(query, None),
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
            Self::RecordedOfAccount(account, numbers) => {
                let numbers = numbers.after(after, order);
                recorded_of_account(connection, ledger, account, numbers, order, rows).await
            }
            Self::Effective(places) => {
                effective(connection, ledger, places.after(after, order), order, rows).await
            }
            Self::EffectiveOfAccount(account, places) => {
                let places = places.after(after, order);
                effective_of_account(connection, ledger, account, places, order, rows).await
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

/// Goes from entry to entry of the account, past all other lines of each.
async fn recorded_of_account(
    connection: &mut PgConnection,
    ledger: i64,
    account: &str,
    Numbers { from, before }: Numbers,
    order: Order,
    rows: i64,
) -> Rows {
    match order {
        Order::Ascending => entries!(
            connection,
            "(WITH RECURSIVE walk (entry) AS (
                SELECT (SELECT entry FROM lines WHERE ledger = $1 AND address = $2 AND entry >= $3
                    AND entry < $4 ORDER BY entry LIMIT 1)
                UNION ALL
                SELECT (SELECT entry FROM lines WHERE ledger = $1 AND address = $2 AND entry > walk.entry
                    AND entry < $4 ORDER BY entry LIMIT 1)
                FROM walk WHERE walk.entry IS NOT NULL
            ) SELECT entry FROM walk WHERE entry IS NOT NULL LIMIT $5) AS walk
            CROSS JOIN LATERAL (
                SELECT * FROM entries WHERE ledger = $1 AND number = walk.entry OFFSET 0
            ) AS e ORDER BY e.number",
            ledger,
            account,
            from,
            before,
            rows
        ),
        Order::Descending => entries!(
            connection,
            "(WITH RECURSIVE walk (entry) AS (
                SELECT (SELECT entry FROM lines WHERE ledger = $1 AND address = $2 AND entry >= $3
                    AND entry < $4 ORDER BY entry DESC LIMIT 1)
                UNION ALL
                SELECT (SELECT entry FROM lines WHERE ledger = $1 AND address = $2 AND entry >= $3
                    AND entry < walk.entry ORDER BY entry DESC LIMIT 1)
                FROM walk WHERE walk.entry IS NOT NULL
            ) SELECT entry FROM walk WHERE entry IS NOT NULL LIMIT $5) AS walk
            CROSS JOIN LATERAL (
                SELECT * FROM entries WHERE ledger = $1 AND number = walk.entry OFFSET 0
            ) AS e ORDER BY e.number DESC",
            ledger,
            account,
            from,
            before,
            rows
        ),
    }
}

async fn effective(
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

/// Sorts the numbers of all the account's entries, then reads the entries in that order.
async fn effective_of_account(
    connection: &mut PgConnection,
    ledger: i64,
    account: &str,
    EffectivePlaces { from, before }: EffectivePlaces,
    order: Order,
    rows: i64,
) -> Rows {
    match order {
        Order::Ascending => entries!(
            connection,
            "(SELECT s.effective_at, s.number
                FROM (SELECT DISTINCT entry FROM lines WHERE ledger = $1 AND address = $2) AS own
                CROSS JOIN LATERAL (
                    SELECT effective_at, number FROM entries WHERE ledger = $1 AND number = own.entry OFFSET 0
                ) AS s
                WHERE (s.effective_at, s.number) >= ($3, $4) AND (s.effective_at, s.number) < ($5, $6)
                ORDER BY s.effective_at, s.number LIMIT $7) AS sorted
            CROSS JOIN LATERAL (
                SELECT * FROM entries WHERE ledger = $1 AND number = sorted.number OFFSET 0
            ) AS e
            ORDER BY sorted.effective_at, sorted.number",
            ledger,
            account,
            from.time,
            from.number,
            before.time,
            before.number,
            rows
        ),
        Order::Descending => entries!(
            connection,
            "(SELECT s.effective_at, s.number
                FROM (SELECT DISTINCT entry FROM lines WHERE ledger = $1 AND address = $2) AS own
                CROSS JOIN LATERAL (
                    SELECT effective_at, number FROM entries WHERE ledger = $1 AND number = own.entry OFFSET 0
                ) AS s
                WHERE (s.effective_at, s.number) >= ($3, $4) AND (s.effective_at, s.number) < ($5, $6)
                ORDER BY s.effective_at DESC, s.number DESC LIMIT $7) AS sorted
            CROSS JOIN LATERAL (
                SELECT * FROM entries WHERE ledger = $1 AND number = sorted.number OFFSET 0
            ) AS e
            ORDER BY sorted.effective_at DESC, sorted.number DESC",
            ledger,
            account,
            from.time,
            from.number,
            before.time,
            before.number,
            rows
        ),
    }
}
