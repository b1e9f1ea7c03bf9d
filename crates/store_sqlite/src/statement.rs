//! Statements of accounts, newest line first. Never looks at more than `SCAN_MAX` lines or entries for one page.

use engine::port::DatedLine;
use engine::query::{Clock, Page, SCAN_MAX, StatementPosition, StatementQuery};
use futures_util::TryStreamExt;
use ledger::LedgerName;
use sql_rows::{EffectivePlaces, Failure, StatementPage, one_more};
use sqlx::SqliteConnection;

use crate::number::StoredNumber;
use crate::rows::{EntryLineRow, Head, LineRow, head};
use crate::spans::{has_few_lines, recorded_in};
use crate::store::SqliteStore;

pub(crate) async fn statement(
    store: &SqliteStore,
    ledger: &LedgerName,
    query: &StatementQuery,
) -> Result<Option<Page<DatedLine, StatementPosition>>, Failure> {
    let mut connection = store.reader().await?;
    let head = head(&mut connection, ledger).await?;
    let address = query.account.as_str();
    let moved = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM lines WHERE ledger = ?1 AND address = ?2) AS "moved!: bool""#,
        head.ledger,
        address
    )
    .fetch_one(&mut *connection)
    .await?;
    if !moved {
        return Ok(None);
    }
    let page = match query.clock {
        Clock::Recorded => by_recorded_time(&mut connection, &head, query).await?,
        Clock::Effective if has_few_lines(&mut connection, &head, address).await? => {
            sorted_by_effective_time(&mut connection, &head, query).await?
        }
        Clock::Effective => by_effective_time(&mut connection, &head, query).await?,
    };
    Ok(Some(page))
}

async fn by_recorded_time(
    connection: &mut SqliteConnection,
    head: &Head,
    query: &StatementQuery,
) -> Result<Page<DatedLine, StatementPosition>, Failure> {
    let address = query.account.as_str();
    let numbers = recorded_in(connection, head, &query.time).await?;
    let before = StatementPage::recorded_before(query, numbers);
    let rows = StatementPage::rows_wanted(query);
    let mut rows = sqlx::query_as!(
        LineRow,
        r#"SELECT address, entry, posting, direction, counterparty, asset,
            amount AS "amount: StoredNumber", balance AS "balance: StoredNumber",
            recorded_at AS "recorded_at?", effective_at AS "effective_at?"
        FROM lines LEFT JOIN entries ON entries.ledger = ?1 AND entries.number = lines.entry
        WHERE lines.ledger = ?1 AND address = ?2 AND entry >= ?3 AND (entry, posting) < (?4, ?5)
        ORDER BY entry DESC, posting DESC LIMIT ?6"#,
        head.ledger,
        address,
        numbers.from,
        before.0,
        before.1,
        rows
    )
    .fetch(connection);
    let mut page = StatementPage::new(query);
    while let Some(row) = rows.try_next().await? {
        if !page.has_room() {
            break;
        }
        page.take(row.line()?);
    }
    Ok(page.finish())
}

/// Lines are not kept in the order of effective times: where an account has few, they are sorted.
async fn sorted_by_effective_time(
    connection: &mut SqliteConnection,
    head: &Head,
    query: &StatementQuery,
) -> Result<Page<DatedLine, StatementPosition>, Failure> {
    let address = query.account.as_str();
    let places = EffectivePlaces::within(&query.time);
    let before = StatementPage::effective_before(query, places);
    let rows = StatementPage::rows_wanted(query);
    let mut rows = sqlx::query_as!(
        LineRow,
        r#"SELECT address, entry, posting, direction, counterparty, asset,
            amount AS "amount: StoredNumber", balance AS "balance: StoredNumber",
            recorded_at AS "recorded_at?", effective_at AS "effective_at?"
        FROM lines CROSS JOIN entries ON entries.ledger = ?1 AND entries.number = lines.entry
        WHERE lines.ledger = ?1 AND address = ?2 AND effective_at >= ?3
            AND (effective_at, entry, posting) < (?4, ?5, ?6)
        ORDER BY effective_at DESC, entry DESC, posting DESC LIMIT ?7"#,
        head.ledger,
        address,
        places.from.time,
        before.0,
        before.1,
        before.2,
        rows
    )
    .fetch(connection);
    let mut page = StatementPage::new(query);
    while let Some(row) = rows.try_next().await? {
        if !page.has_room() {
            break;
        }
        page.take(row.line()?);
    }
    Ok(page.finish())
}

/// Where an account has many lines, it is on many entries: walks the entries in the order of their
/// effective times and takes the account's lines as it comes by.
async fn by_effective_time(
    connection: &mut SqliteConnection,
    head: &Head,
    query: &StatementQuery,
) -> Result<Page<DatedLine, StatementPosition>, Failure> {
    let address = query.account.as_str();
    let places = EffectivePlaces::within(&query.time);
    let (before, begun) = StatementPage::walk_before(query, places);
    let rows = one_more(SCAN_MAX);
    let mut rows = sqlx::query_as!(
        EntryLineRow,
        r#"SELECT number, recorded_at, effective_at, posting AS "posting?", direction AS "direction?",
            counterparty AS "counterparty?", asset AS "asset?", amount AS "amount?: StoredNumber",
            balance AS "balance?: StoredNumber"
        FROM entries LEFT JOIN lines ON lines.ledger = ?1 AND lines.address = ?2
            AND lines.entry = entries.number AND (lines.entry <> ?6 OR lines.posting < ?7)
        WHERE entries.ledger = ?1 AND effective_at >= ?3 AND (effective_at, number) < (?4, ?5)
        ORDER BY effective_at DESC, number DESC, posting DESC LIMIT ?8"#,
        head.ledger,
        address,
        places.from.time,
        before.0,
        before.1,
        begun.0,
        begun.1,
        rows
    )
    .fetch(connection);
    let mut page = StatementPage::new(query);
    while let Some(row) = rows.try_next().await? {
        if !page.has_room() {
            break;
        }
        let (time, entry) = row.place()?;
        match row.line(address) {
            Some(row) => page.take(row.line()?),
            None => page.pass(StatementPosition { time, entry, posting: 0 }),
        }
    }
    Ok(page.finish())
}
