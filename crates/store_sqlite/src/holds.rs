//! Holds and reversals: how far they have come. Written by the batch that writes the entries, never by itself.

use engine::codec::{encode_amounts, encode_state};
use engine::port::{DueHold, LogRecord};
use engine::query::{Hold, HoldQuery, Page};
use futures_util::TryStreamExt;
use ledger::{Address, Amount, EntryNumber, HoldStanding, LedgerName, Remainder, Timestamp};
use sql_rows::{
    EntryRow, Failure, HoldPage, HoldRow, HoldRows, Reader, ReversalRow, UsedEntries, VersionRow,
    entry_number, standings, stored_limit, stored_number, stored_time, unreversed, versions,
};
use sqlx::SqliteConnection;

use crate::entries::listed;
use crate::json::{next_array, write_row};
use crate::rows::head;
use crate::store::SqliteStore;

/// Writes how the entries of a batch leave holds and reversals.
pub(crate) async fn write_holds(
    connection: &mut SqliteConnection,
    ledger: i64,
    records: &[LogRecord],
) -> Result<(), Failure> {
    if !HoldRows::are_changed_by(records) {
        return Ok(());
    }
    let used = UsedEntries::of(records);
    let holds = load_holds(connection, ledger, &used.holds).await?;
    let left = load_unreversed(connection, ledger, &used.transactions).await?;
    let rows = HoldRows::of(records, holds, left)?;
    let mut rest = &*rows.holds;
    while let Some(json) = next_array(&mut rest, |json, hold| {
        let captured = encode_amounts(&hold.captured);
        let expires_at = stored_time(hold.expires_at);
        write_row(json, &(stored_number(hold.hold), encode_state(hold.state), captured, expires_at));
    }) {
        // WHERE true: without it the parser takes ON CONFLICT for a join's ON.
        sqlx::query!(
            "INSERT INTO holds (ledger, number, state, captured, expires_at)
            SELECT ?1, value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM jsonb_each(?2) WHERE true
            ON CONFLICT (ledger, number) DO UPDATE SET state = excluded.state, captured = excluded.captured",
            ledger,
            json
        )
        .execute(&mut *connection)
        .await?;
    }
    let mut rest = &*rows.accounts;
    while let Some(json) = next_array(&mut rest, |json, (account, hold)| {
        write_row(json, &(account.as_str(), stored_number(*hold)));
    }) {
        sqlx::query!(
            "INSERT INTO hold_accounts (ledger, address, number)
            SELECT ?1, value ->> 0, value ->> 1 FROM jsonb_each(?2)",
            ledger,
            json
        )
        .execute(&mut *connection)
        .await?;
    }
    let mut rest = &*rows.reversals;
    while let Some(json) = next_array(&mut rest, |json, (transaction, reversed)| {
        write_row(json, &(stored_number(*transaction), encode_amounts(reversed)));
    }) {
        sqlx::query!(
            "INSERT INTO reversals (ledger, number, reversed)
            SELECT ?1, value ->> 0, value ->> 1 FROM jsonb_each(?2) WHERE true
            ON CONFLICT (ledger, number) DO UPDATE SET reversed = excluded.reversed",
            ledger,
            json
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Reads how holds stand, of those numbers that are holds.
pub(crate) async fn load_holds(
    connection: &mut SqliteConnection,
    ledger: i64,
    wanted: &[EntryNumber],
) -> Result<Vec<(EntryNumber, HoldStanding)>, Failure> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let numbers = json(wanted);
    let rows = sqlx::query_as!(
        HoldRow,
        r#"SELECT number AS "number!", state AS "state!", captured AS "captured!", expires_at
        FROM json_each(?2) AS wanted CROSS JOIN holds WHERE ledger = ?1 AND number = wanted.value"#,
        ledger,
        numbers
    )
    .fetch_all(&mut *connection)
    .await?;
    let numbers: Vec<i64> = rows.iter().map(|row| row.number).collect();
    let entries: Vec<EntryRow> = listed(connection, ledger, &numbers).try_collect().await?;
    Ok(standings(&rows, entries)?)
}

/// Reads what of transactions has not been reversed, of those numbers that are transactions.
pub(crate) async fn load_unreversed(
    connection: &mut SqliteConnection,
    ledger: i64,
    wanted: &[EntryNumber],
) -> Result<Vec<(EntryNumber, Remainder)>, Failure> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let rows = reversal_rows(connection, ledger, wanted).await?;
    let numbers = json(wanted);
    let there = sqlx::query_scalar!(
        r#"SELECT number AS "number!" FROM json_each(?2) AS wanted CROSS JOIN entries
        WHERE ledger = ?1 AND number = wanted.value"#,
        ledger,
        numbers
    )
    .fetch_all(&mut *connection)
    .await?;
    let entries: Vec<EntryRow> = listed(connection, ledger, &there).try_collect().await?;
    Ok(unreversed(entries, &rows)?)
}

async fn reversal_rows(
    connection: &mut SqliteConnection,
    ledger: i64,
    wanted: &[EntryNumber],
) -> Result<Vec<ReversalRow>, Failure> {
    let numbers = json(wanted);
    let rows = sqlx::query_as!(
        ReversalRow,
        r#"SELECT number AS "number!", reversed AS "reversed!" FROM json_each(?2) AS wanted
        CROSS JOIN reversals WHERE ledger = ?1 AND number = wanted.value"#,
        ledger,
        numbers
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// Reads the versions of accounts that anything ever touched.
pub(crate) async fn load_versions(
    connection: &mut SqliteConnection,
    ledger: i64,
    wanted: &[Address],
) -> Result<Vec<(Address, u64)>, Failure> {
    let mut rows = Vec::new();
    let mut rest = wanted;
    while let Some(json) = next_array(&mut rest, |json, address| write_row(json, &address.as_str())) {
        let found = sqlx::query_as!(
            VersionRow,
            r#"SELECT b.address AS "address!", b.recent_movements AS "recent_movements!", (
                SELECT max(last) FROM earlier_movements AS e
                WHERE e.ledger = b.ledger AND e.address = b.address AND e.asset = b.asset
            ) AS "last?: i64"
            FROM json_each(?2) AS wanted CROSS JOIN balances AS b
            WHERE b.ledger = ?1 AND b.address = wanted.value
            UNION ALL
            SELECT wanted.value, '', (
                SELECT max(number) FROM account_changes AS c WHERE c.ledger = ?1 AND c.address = wanted.value
            )
            FROM json_each(?2) AS wanted"#,
            ledger,
            json
        )
        .fetch_all(&mut *connection)
        .await?;
        rows.extend(found);
    }
    Ok(versions(rows)?)
}

pub(crate) async fn hold(
    store: &SqliteStore,
    ledger: &LedgerName,
    number: EntryNumber,
) -> Result<Option<Hold>, Failure> {
    let mut connection = store.reader().await?;
    let head = head(&mut connection, ledger).await?;
    let number = stored_number(number);
    let row = sqlx::query_as!(
        HoldRow,
        "SELECT number, state, captured, expires_at FROM holds WHERE ledger = ?1 AND number = ?2",
        head.ledger,
        number
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let query = HoldQuery { limit: 1, ..HoldQuery::default() };
    let page = HoldPage::of(&query, vec![row])?;
    let entries: Vec<EntryRow> = listed(&mut connection, head.ledger, &page.numbers()).try_collect().await?;
    Ok(page.finish(entries)?.items.pop())
}

pub(crate) async fn holds(
    store: &SqliteStore,
    ledger: &LedgerName,
    query: &HoldQuery,
) -> Result<Page<Hold, EntryNumber>, Failure> {
    let mut connection = store.reader().await?;
    let head = head(&mut connection, ledger).await?;
    let before = query.after.map_or(i64::MAX, stored_number);
    let limit = HoldPage::rows_wanted(query);
    let rows = if let Some(account) = &query.account {
        let address = account.as_str();
        sqlx::query_as!(
            HoldRow,
            "SELECT h.number, h.state, h.captured, h.expires_at
            FROM hold_accounts AS a CROSS JOIN holds AS h ON h.ledger = a.ledger AND h.number = a.number
            WHERE a.ledger = ?1 AND a.address = ?2 AND a.number < ?3 ORDER BY a.number DESC LIMIT ?4",
            head.ledger,
            address,
            before,
            limit
        )
        .fetch_all(&mut *connection)
        .await?
    } else if query.state == Some(ledger::HoldState::Open) {
        sqlx::query_as!(
            HoldRow,
            "SELECT number, state, captured, expires_at FROM holds INDEXED BY open_holds
            WHERE ledger = ?1 AND number < ?2 AND state = 'open' ORDER BY number DESC LIMIT ?3",
            head.ledger,
            before,
            limit
        )
        .fetch_all(&mut *connection)
        .await?
    } else {
        sqlx::query_as!(
            HoldRow,
            "SELECT number, state, captured, expires_at FROM holds
            WHERE ledger = ?1 AND number < ?2 ORDER BY number DESC LIMIT ?3",
            head.ledger,
            before,
            limit
        )
        .fetch_all(&mut *connection)
        .await?
    };
    let page = HoldPage::of(query, rows)?;
    let entries: Vec<EntryRow> = listed(&mut connection, head.ledger, &page.numbers()).try_collect().await?;
    Ok(page.finish(entries)?)
}

pub(crate) async fn due_holds(
    store: &SqliteStore,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<DueHold>, Failure> {
    let mut connection = store.reader().await?;
    let (now, limit) = (now.micros(), stored_limit(limit));
    let rows = sqlx::query!(
        "SELECT ledgers.name, due.number
        FROM (
            SELECT ledger, number, expires_at FROM holds INDEXED BY open_holds_by_expiry
            WHERE state = 'open' AND expires_at IS NOT NULL AND expires_at <= ?1
            ORDER BY expires_at, ledger, number LIMIT ?2
        ) AS due
        CROSS JOIN ledgers ON ledgers.id = due.ledger ORDER BY due.expires_at, due.ledger, due.number",
        now,
        limit
    )
    .fetch_all(&mut *connection)
    .await?;
    let place = || "the holds that are due".to_owned();
    rows.into_iter()
        .map(|row| {
            Ok(DueHold { ledger: Reader::at(&place).ledger(&row.name)?, hold: entry_number(row.number)? })
        })
        .collect()
}

pub(crate) async fn reversed(
    store: &SqliteStore,
    ledger: &LedgerName,
    transactions: &[EntryNumber],
) -> Result<Vec<(EntryNumber, Vec<Amount>)>, Failure> {
    let mut connection = store.reader().await?;
    let head = head(&mut connection, ledger).await?;
    let rows = reversal_rows(&mut connection, head.ledger, transactions).await?;
    rows.iter().map(|row| Ok(row.reversed()?)).collect()
}

fn json(numbers: &[EntryNumber]) -> String {
    let numbers: Vec<i64> = numbers.iter().map(|number| stored_number(*number)).collect();
    serde_json::to_string(&numbers).expect("numbers can always be written")
}
