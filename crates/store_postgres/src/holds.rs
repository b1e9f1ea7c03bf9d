//! Holds and reversals: how far they have come. Written in the transaction of the batch that writes the entries, by a
//! statement of their own: batches of nothing but transactions that were posted never send it.

use engine::codec::{encode_amounts, encode_state};
use engine::port::{DueHold, LogRecord};
use engine::query::{Hold, HoldQuery, Page};
use ledger::{Address, Amount, EntryNumber, HoldStanding, HoldState, LedgerName, Remainder, Timestamp};
use sql_rows::{
    Corruption, EntryRow, Failure, HoldPage, HoldRow, HoldRows, Reader, ReversalRow, UsedEntries, VersionRow,
    entry_number, standings, stored_limit, stored_number, stored_time, unreversed, versions,
};
use sqlx::PgConnection;

use crate::columns::{BigInts, Texts};
use crate::entries::{Portion, listed};
use crate::rows::head;

/// Writes how the entries of a batch leave holds and reversals.
pub(crate) async fn write_holds(
    connection: &mut PgConnection,
    ledger: &LedgerName,
    records: &[LogRecord],
) -> Result<(), Failure> {
    let used = UsedEntries::of(records);
    let id = head(connection, ledger).await?.ledger;
    let holds = load_holds(connection, id, &used.holds).await?;
    let left = load_unreversed(connection, id, &used.transactions).await?;
    let rows = HoldRows::of(records, holds, left)?;
    let (mut numbers, mut states, mut captured) = (BigInts::default(), Texts::default(), Texts::default());
    let mut expiries = BigInts::default();
    for hold in &rows.holds {
        numbers.push(stored_number(hold.hold));
        states.push(encode_state(hold.state));
        captured.push(&encode_amounts(&hold.captured));
        expiries.push_if_any(stored_time(hold.expires_at));
    }
    let (mut addresses, mut named_by) = (Texts::default(), BigInts::default());
    for (account, hold) in &rows.accounts {
        addresses.push(account.as_str());
        named_by.push(stored_number(*hold));
    }
    let (mut transactions, mut reversed) = (BigInts::default(), Texts::default());
    for (transaction, amounts) in &rows.reversals {
        transactions.push(stored_number(*transaction));
        reversed.push(&encode_amounts(amounts));
    }
    sqlx::query!(
        "WITH written_holds AS (
            INSERT INTO holds (ledger, number, state, captured, expires_at)
            SELECT $1, UNNEST($2::bigint[]), UNNEST($3::text[]), UNNEST($4::text[]), UNNEST($5::bigint[])
            ON CONFLICT (ledger, number) DO UPDATE SET state = excluded.state, captured = excluded.captured
        ), written_accounts AS (
            INSERT INTO hold_accounts (ledger, address, number)
            SELECT $1, UNNEST($6::text[]), UNNEST($7::bigint[])
        )
        INSERT INTO reversals (ledger, number, reversed)
        SELECT $1, UNNEST($8::bigint[]), UNNEST($9::text[])
        ON CONFLICT (ledger, number) DO UPDATE SET reversed = excluded.reversed",
        id,
        &numbers as _,
        &states as _,
        &captured as _,
        &expiries as _,
        &addresses as _,
        &named_by as _,
        &transactions as _,
        &reversed as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Reads how holds stand, of those numbers that are holds.
pub(crate) async fn load_holds(
    connection: &mut PgConnection,
    ledger: i64,
    wanted: &[EntryNumber],
) -> Result<Vec<(EntryNumber, HoldStanding)>, Failure> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query_as!(
        HoldRow,
        "SELECT found.* FROM UNNEST($2::bigint[]) AS wanted (number) CROSS JOIN LATERAL (
            SELECT number, state, captured, expires_at FROM holds
            WHERE ledger = $1 AND number = wanted.number OFFSET 0
        ) AS found",
        ledger,
        &bigints(wanted) as _
    )
    .fetch_all(&mut *connection)
    .await?;
    let numbers: Vec<i64> = rows.iter().map(|row| row.number).collect();
    let entries = all_listed(connection, ledger, &numbers).await?;
    Ok(standings(&rows, entries)?)
}

/// Reads what of transactions has not been reversed, of those numbers that are transactions.
pub(crate) async fn load_unreversed(
    connection: &mut PgConnection,
    ledger: i64,
    wanted: &[EntryNumber],
) -> Result<Vec<(EntryNumber, Remainder)>, Failure> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let rows = reversal_rows(connection, ledger, wanted).await?;
    let there = sqlx::query_scalar!(
        "SELECT found.number FROM UNNEST($2::bigint[]) AS wanted (number) CROSS JOIN LATERAL (
            SELECT number FROM entries WHERE ledger = $1 AND number = wanted.number OFFSET 0
        ) AS found",
        ledger,
        &bigints(wanted) as _
    )
    .fetch_all(&mut *connection)
    .await?;
    let entries = all_listed(connection, ledger, &there).await?;
    Ok(unreversed(entries, &rows)?)
}

/// Reads entries by number, all of them, however large they are together.
async fn all_listed(
    connection: &mut PgConnection,
    ledger: i64,
    numbers: &[i64],
) -> Result<Vec<EntryRow>, Failure> {
    let mut all = Vec::with_capacity(numbers.len());
    while let Some(rest) = numbers.get(all.len()..).filter(|rest| !rest.is_empty()) {
        let Portion { entries, .. } = listed(connection, ledger, rest, stored_limit(rest.len())).await?;
        if entries.is_empty() {
            return Err(Corruption::new("the log", "an entry is missing").into());
        }
        all.extend(entries);
    }
    Ok(all)
}

async fn reversal_rows(
    connection: &mut PgConnection,
    ledger: i64,
    wanted: &[EntryNumber],
) -> Result<Vec<ReversalRow>, Failure> {
    let rows = sqlx::query_as!(
        ReversalRow,
        "SELECT found.* FROM UNNEST($2::bigint[]) AS wanted (number) CROSS JOIN LATERAL (
            SELECT number, reversed FROM reversals WHERE ledger = $1 AND number = wanted.number OFFSET 0
        ) AS found",
        ledger,
        &bigints(wanted) as _
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// Reads the versions of accounts that anything ever touched.
pub(crate) async fn load_versions(
    connection: &mut PgConnection,
    ledger: i64,
    wanted: &[Address],
) -> Result<Vec<(Address, u64)>, Failure> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let wanted: Texts = wanted.iter().map(Address::as_str).collect();
    let rows = sqlx::query_as!(
        VersionRow,
        r#"SELECT wanted.address AS "address!", b.recent_movements AS "recent_movements!", (
            SELECT max(last) FROM earlier_movements AS e
            WHERE e.ledger = $1 AND e.address = wanted.address AND e.asset = b.asset
        ) AS last
        FROM UNNEST($2::text[]) AS wanted (address)
        CROSS JOIN LATERAL (
            SELECT asset, recent_movements FROM balances
            WHERE ledger = $1 AND balances.address = wanted.address OFFSET 0
        ) AS b
        UNION ALL
        SELECT wanted.address, '', (
            SELECT max(number) FROM account_changes AS c WHERE c.ledger = $1 AND c.address = wanted.address
        )
        FROM UNNEST($2::text[]) AS wanted (address)"#,
        ledger,
        &wanted as _
    )
    .fetch_all(connection)
    .await?;
    Ok(versions(rows)?)
}

pub(crate) async fn hold(
    connection: &mut PgConnection,
    ledger: &LedgerName,
    number: EntryNumber,
) -> Result<Option<Hold>, Failure> {
    let head = head(connection, ledger).await?;
    let row = sqlx::query_as!(
        HoldRow,
        "SELECT number, state, captured, expires_at FROM holds WHERE ledger = $1 AND number = $2",
        head.ledger,
        stored_number(number)
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let page = HoldPage::of(&HoldQuery { limit: 1, ..HoldQuery::default() }, vec![row])?;
    let entries = all_listed(connection, head.ledger, &page.numbers()).await?;
    Ok(page.finish(entries)?.items.pop())
}

pub(crate) async fn holds(
    connection: &mut PgConnection,
    ledger: &LedgerName,
    query: &HoldQuery,
) -> Result<Page<Hold, EntryNumber>, Failure> {
    let head = head(connection, ledger).await?;
    let before = query.after.map_or(i64::MAX, stored_number);
    let limit = HoldPage::rows_wanted(query);
    let rows = if let Some(account) = &query.account {
        sqlx::query_as!(
            HoldRow,
            "SELECT h.* FROM (
                SELECT number FROM hold_accounts WHERE ledger = $1 AND address = $2 AND number < $3
                ORDER BY number DESC LIMIT $4
            ) AS a
            CROSS JOIN LATERAL (
                SELECT number, state, captured, expires_at FROM holds
                WHERE ledger = $1 AND holds.number = a.number OFFSET 0
            ) AS h
            ORDER BY a.number DESC",
            head.ledger,
            account.as_str(),
            before,
            limit
        )
        .fetch_all(&mut *connection)
        .await?
    } else if query.state == Some(HoldState::Open) {
        sqlx::query_as!(
            HoldRow,
            "SELECT number, state, captured, expires_at FROM holds
            WHERE ledger + 0 = $1 AND number + 0 < $2 AND state = 'open' ORDER BY number + 0 DESC LIMIT $3",
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
            WHERE ledger = $1 AND number < $2 ORDER BY number DESC LIMIT $3",
            head.ledger,
            before,
            limit
        )
        .fetch_all(&mut *connection)
        .await?
    };
    let page = HoldPage::of(query, rows)?;
    let numbers = page.numbers();
    let Portion { entries, .. } =
        listed(connection, head.ledger, &numbers, stored_limit(numbers.len())).await?;
    Ok(page.finish(entries)?)
}

pub(crate) async fn due_holds(
    connection: &mut PgConnection,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<DueHold>, Failure> {
    let rows = sqlx::query!(
        "SELECT found.name, due.number
        FROM (
            SELECT ledger, number, expires_at FROM holds
            WHERE state = 'open' AND expires_at IS NOT NULL AND expires_at <= $1
            ORDER BY expires_at, ledger, number LIMIT $2
        ) AS due
        CROSS JOIN LATERAL (SELECT name FROM ledgers WHERE ledgers.id = due.ledger OFFSET 0) AS found
        ORDER BY due.expires_at, due.ledger, due.number",
        now.micros(),
        stored_limit(limit)
    )
    .fetch_all(connection)
    .await?;
    let place = || "the holds that are due".to_owned();
    rows.into_iter()
        .map(|row| {
            Ok(DueHold { ledger: Reader::at(&place).ledger(&row.name)?, hold: entry_number(row.number)? })
        })
        .collect()
}

pub(crate) async fn reversed(
    connection: &mut PgConnection,
    ledger: &LedgerName,
    transactions: &[EntryNumber],
) -> Result<Vec<(EntryNumber, Vec<Amount>)>, Failure> {
    let head = head(connection, ledger).await?;
    let rows = reversal_rows(connection, head.ledger, transactions).await?;
    rows.iter().map(|row| Ok(row.reversed()?)).collect()
}

fn bigints(numbers: &[EntryNumber]) -> BigInts {
    let mut column = BigInts::default();
    for number in numbers {
        column.push(stored_number(*number));
    }
    column
}
