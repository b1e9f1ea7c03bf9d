//! Lists of transactions: chooses the index to walk, then lets the query judge each entry. Never looks at more
//! than `SCAN_MAX` entries for one page, and never sorts the log.

use engine::query::{Clock, Order, Page, TransactionPosition, TransactionQuery};
use futures_util::TryStreamExt;
use futures_util::stream::BoxStream;
use ledger::{Entry, LedgerName, Reference};
use sql_rows::{EffectivePlaces, EntryRow, Failure, Numbers, TransactionPage, account_to_walk, rows_wanted};
use sqlx::SqliteConnection;

use crate::rows::{Head, head};
use crate::spans::{has_few_lines, recorded_in};
use crate::store::SqliteStore;

type Rows<'c> = BoxStream<'c, Result<EntryRow, sqlx::Error>>;

pub(crate) async fn transactions(
    store: &SqliteStore,
    ledger: &LedgerName,
    query: &TransactionQuery,
) -> Result<Page<Entry, TransactionPosition>, Failure> {
    let mut connection = store.reader().await?;
    let head = head(&mut connection, ledger).await?;
    let mut rows = candidates(&mut connection, &head, query).await?;
    let mut page = TransactionPage::new(query);
    while let Some(row) = rows.try_next().await? {
        if !page.has_room() {
            break;
        }
        page.take(row.record()?.entry);
    }
    Ok(page.finish())
}

/// Returns the entries that may match, in the order of the list, from the position on. Rows arrive as
/// they are asked for.
async fn candidates<'c>(
    connection: &'c mut SqliteConnection,
    head: &Head,
    query: &'c TransactionQuery,
) -> Result<Rows<'c>, Failure> {
    if query.reference.is_some() {
        return Ok(by_reference(connection, head.ledger, query));
    }
    let account = account_to_walk(query);
    match query.clock {
        Clock::Recorded => {
            let numbers = recorded_in(connection, head, &query.time).await?.after(query.after, query.order);
            let rows = rows_wanted(query, account);
            Ok(match account {
                Some(account) => {
                    recorded_of_account(connection, head.ledger, account, numbers, query.order, rows)
                }
                None => recorded(connection, head.ledger, numbers, query.order, rows),
            })
        }
        Clock::Effective => {
            let places = EffectivePlaces::within(&query.time).after(query.after, query.order);
            // The entries of an account are not kept in the order of their effective times. A few can
            // be sorted; an account with many is on many of the entries that the walk comes by.
            if let Some(account) = account
                && has_few_lines(connection, head, account).await?
            {
                let rows = rows_wanted(query, Some(account));
                return Ok(effective_of_account(connection, head.ledger, account, places, query.order, rows));
            }
            Ok(effective(connection, head.ledger, places, query.order, rows_wanted(query, None)))
        }
    }
}

/// Entries with all their columns, from what stands behind FROM, where they are called `e`.
macro_rules! entries {
    ($from:literal, $($argument:expr),* $(,)?) => {
        sqlx::query_as!(
            EntryRow,
            r#"SELECT e.number AS "number!", e.kind AS "kind!", e.recorded_at AS "recorded_at!",
                e.effective_at AS "effective_at!", e.reference, e.idempotency_key,
                e.request_fingerprint, e.body AS "body!" FROM "# + $from,
            $($argument),*
        )
    };
}

fn by_reference<'c>(connection: &'c mut SqliteConnection, ledger: i64, query: &TransactionQuery) -> Rows<'c> {
    let reference = query.reference.as_ref().map(Reference::as_str);
    entries!("entries AS e WHERE ledger = ?1 AND reference = ?2", ledger, reference).fetch(connection)
}

fn recorded(
    connection: &mut SqliteConnection,
    ledger: i64,
    Numbers { from, before }: Numbers,
    order: Order,
    rows: i64,
) -> Rows<'_> {
    match order {
        Order::Ascending => entries!(
            "entries AS e WHERE ledger = ?1 AND number >= ?2 AND number < ?3 ORDER BY number LIMIT ?4",
            ledger,
            from,
            before,
            rows
        )
        .fetch(connection),
        Order::Descending => entries!(
            "entries AS e WHERE ledger = ?1 AND number >= ?2 AND number < ?3 ORDER BY number DESC LIMIT ?4",
            ledger,
            from,
            before,
            rows
        )
        .fetch(connection),
    }
}

/// Goes from entry to entry of the account, past all other lines of each. One row of `walk` makes the
/// next one, so they come in order.
fn recorded_of_account<'c>(
    connection: &'c mut SqliteConnection,
    ledger: i64,
    account: &str,
    Numbers { from, before }: Numbers,
    order: Order,
    rows: i64,
) -> Rows<'c> {
    match order {
        Order::Ascending => entries!(
            "(WITH RECURSIVE walk (entry) AS (
                SELECT (SELECT entry FROM lines WHERE ledger = ?1 AND address = ?2 AND entry >= ?3
                    AND entry < ?4 ORDER BY entry LIMIT 1)
                UNION ALL
                SELECT (SELECT entry FROM lines WHERE ledger = ?1 AND address = ?2 AND entry > walk.entry
                    AND entry < ?4 ORDER BY entry LIMIT 1)
                FROM walk WHERE walk.entry IS NOT NULL
                LIMIT ?5
            ) SELECT entry FROM walk) AS walk
            CROSS JOIN entries AS e ON e.ledger = ?1 AND e.number = walk.entry",
            ledger,
            account,
            from,
            before,
            rows
        )
        .fetch(connection),
        Order::Descending => entries!(
            "(WITH RECURSIVE walk (entry) AS (
                SELECT (SELECT entry FROM lines WHERE ledger = ?1 AND address = ?2 AND entry >= ?3
                    AND entry < ?4 ORDER BY entry DESC LIMIT 1)
                UNION ALL
                SELECT (SELECT entry FROM lines WHERE ledger = ?1 AND address = ?2 AND entry >= ?3
                    AND entry < walk.entry ORDER BY entry DESC LIMIT 1)
                FROM walk WHERE walk.entry IS NOT NULL
                LIMIT ?5
            ) SELECT entry FROM walk) AS walk
            CROSS JOIN entries AS e ON e.ledger = ?1 AND e.number = walk.entry",
            ledger,
            account,
            from,
            before,
            rows
        )
        .fetch(connection),
    }
}

fn effective(
    connection: &mut SqliteConnection,
    ledger: i64,
    EffectivePlaces { from, before }: EffectivePlaces,
    order: Order,
    rows: i64,
) -> Rows<'_> {
    match order {
        Order::Ascending => entries!(
            "entries AS e WHERE ledger = ?1 AND (effective_at, number) >= (?2, ?3)
                AND (effective_at, number) < (?4, ?5) ORDER BY effective_at, number LIMIT ?6",
            ledger,
            from.time,
            from.number,
            before.time,
            before.number,
            rows
        )
        .fetch(connection),
        Order::Descending => entries!(
            "entries AS e WHERE ledger = ?1 AND (effective_at, number) >= (?2, ?3)
                AND (effective_at, number) < (?4, ?5) ORDER BY effective_at DESC, number DESC LIMIT ?6",
            ledger,
            from.time,
            from.number,
            before.time,
            before.number,
            rows
        )
        .fetch(connection),
    }
}

/// Sorts the numbers of all the account's entries, then reads the entries in that order.
fn effective_of_account<'c>(
    connection: &'c mut SqliteConnection,
    ledger: i64,
    account: &str,
    EffectivePlaces { from, before }: EffectivePlaces,
    order: Order,
    rows: i64,
) -> Rows<'c> {
    match order {
        Order::Ascending => entries!(
            "(SELECT DISTINCT s.effective_at, s.number
                FROM lines CROSS JOIN entries AS s ON s.ledger = ?1 AND s.number = lines.entry
                WHERE lines.ledger = ?1 AND lines.address = ?2
                    AND (s.effective_at, s.number) >= (?3, ?4) AND (s.effective_at, s.number) < (?5, ?6)
                ORDER BY s.effective_at, s.number LIMIT ?7) AS sorted
            CROSS JOIN entries AS e ON e.ledger = ?1 AND e.number = sorted.number",
            ledger,
            account,
            from.time,
            from.number,
            before.time,
            before.number,
            rows
        )
        .fetch(connection),
        Order::Descending => entries!(
            "(SELECT DISTINCT s.effective_at, s.number
                FROM lines CROSS JOIN entries AS s ON s.ledger = ?1 AND s.number = lines.entry
                WHERE lines.ledger = ?1 AND lines.address = ?2
                    AND (s.effective_at, s.number) >= (?3, ?4) AND (s.effective_at, s.number) < (?5, ?6)
                ORDER BY s.effective_at DESC, s.number DESC LIMIT ?7) AS sorted
            CROSS JOIN entries AS e ON e.ledger = ?1 AND e.number = sorted.number",
            ledger,
            account,
            from.time,
            from.number,
            before.time,
            before.number,
            rows
        )
        .fetch(connection),
    }
}
