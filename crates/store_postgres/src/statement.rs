//! Statements of accounts, newest line first. Never looks at more than `SCAN_MAX` lines or entries for one page.

use engine::port::DatedLine;
use engine::query::{Clock, Page, SCAN_MAX, StatementPosition, StatementQuery};
use ledger::LedgerName;
use sql_rows::{EffectivePlaces, Failure, Numbers, StatementPage, one_more};
use sqlx::PgConnection;

use crate::number::StoredNumber;
use crate::rows::{EntryLineRow, Head, LineRow, head};
use crate::spans::{Portions, has_few_lines, recorded_in};

pub(crate) async fn statement(
    connection: &mut PgConnection,
    ledger: &LedgerName,
    query: &StatementQuery,
) -> Result<Option<Page<DatedLine, StatementPosition>>, Failure> {
    let head = head(connection, ledger).await?;
    let address = query.account.as_str();
    let moved = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM lines WHERE ledger = $1 AND address = $2) AS "moved!""#,
        head.ledger,
        address
    )
    .fetch_one(&mut *connection)
    .await?;
    if !moved {
        return Ok(None);
    }
    let mut page = StatementPage::new(query);
    match query.clock {
        Clock::Recorded => {
            let numbers = recorded_in(connection, &head, &query.time).await?;
            let mut rest = query.clone();
            for rows in Portions::new(query.limit, StatementPage::rows_wanted(query)) {
                let lines = by_recorded_time(connection, &head, &rest, numbers, rows).await?;
                if take_all(&mut page, &lines, rows)? {
                    break;
                }
                rest.after = page.last();
            }
        }
        Clock::Effective if has_few_lines(connection, &head, address).await? => {
            let rows = StatementPage::rows_wanted(query);
            let lines = sorted_by_effective_time(connection, &head, query, rows).await?;
            take_all(&mut page, &lines, rows)?;
        }
        Clock::Effective => {
            let mut rest = query.clone();
            for rows in Portions::new(query.limit, one_more(SCAN_MAX)) {
                let entries = by_effective_time(connection, &head, &rest, rows).await?;
                if take_entries(&mut page, entries, address, rows)? {
                    break;
                }
                rest.after = page.last();
            }
        }
    }
    Ok(Some(page.finish()))
}

/// Has a page look at lines, of which `asked` were asked for. Says whether the page is done.
fn take_all(page: &mut StatementPage<'_>, lines: &[LineRow], asked: i64) -> Result<bool, Failure> {
    for line in lines {
        if !page.has_room() {
            return Ok(true);
        }
        page.take(line.line()?);
    }
    Ok(one_more(lines.len()) <= asked)
}

/// Lines are kept in the order of their entries, which is that of recorded times.
async fn by_recorded_time(
    connection: &mut PgConnection,
    head: &Head,
    query: &StatementQuery,
    numbers: Numbers,
    rows: i64,
) -> Result<Vec<LineRow>, Failure> {
    let before = StatementPage::recorded_before(query, numbers);
    let rows = sqlx::query_as!(
        LineRow,
        r#"SELECT address, entry, posting, direction, counterparty, asset,
            amount AS "amount: StoredNumber", balance AS "balance: StoredNumber",
            recorded_at AS "recorded_at?", effective_at AS "effective_at?"
        FROM lines LEFT JOIN LATERAL (
            SELECT recorded_at, effective_at FROM entries
            WHERE entries.ledger = $1 AND entries.number = lines.entry OFFSET 0
        ) AS its_entry ON true
        WHERE lines.ledger = $1 AND address = $2 AND entry >= $3 AND (entry, posting) < ($4, $5)
        ORDER BY entry DESC, posting DESC LIMIT $6"#,
        head.ledger,
        query.account.as_str(),
        numbers.from,
        before.0,
        before.1,
        rows
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// Lines are not kept in the order of effective times: where an account has few, they are sorted.
async fn sorted_by_effective_time(
    connection: &mut PgConnection,
    head: &Head,
    query: &StatementQuery,
    rows: i64,
) -> Result<Vec<LineRow>, Failure> {
    let places = EffectivePlaces::within(&query.time);
    let before = StatementPage::effective_before(query, places);
    let rows = sqlx::query_as!(
        LineRow,
        r#"SELECT address, entry, posting, direction, counterparty, asset,
            amount AS "amount: StoredNumber", balance AS "balance: StoredNumber",
            recorded_at AS "recorded_at?", effective_at AS "effective_at?"
        FROM lines CROSS JOIN LATERAL (
            SELECT recorded_at, effective_at FROM entries
            WHERE entries.ledger = $1 AND entries.number = lines.entry OFFSET 0
        ) AS its_entry
        WHERE lines.ledger = $1 AND address = $2 AND effective_at >= $3 AND (effective_at, entry, posting) < ($4, $5, $6)
        ORDER BY effective_at DESC, entry DESC, posting DESC LIMIT $7"#,
        head.ledger,
        query.account.as_str(),
        places.from.time,
        before.0,
        before.1,
        before.2,
        rows
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// Where an account has many lines, it is on many entries: walks the entries in the order of their
/// effective times and takes the account's lines as it comes by.
async fn by_effective_time(
    connection: &mut PgConnection,
    head: &Head,
    query: &StatementQuery,
    rows: i64,
) -> Result<Vec<EntryLineRow>, Failure> {
    let places = EffectivePlaces::within(&query.time);
    let (before, begun) = StatementPage::walk_before(query, places);
    let rows = sqlx::query_as!(
        EntryLineRow,
        r#"SELECT number, recorded_at, effective_at, posting AS "posting?", direction AS "direction?",
            counterparty AS "counterparty?", asset AS "asset?", amount AS "amount?: StoredNumber",
            balance AS "balance?: StoredNumber"
        FROM entries LEFT JOIN LATERAL (
            SELECT * FROM lines WHERE lines.ledger = $1 AND lines.address = $2
                AND lines.entry = entries.number AND (lines.entry <> $6 OR lines.posting < $7) OFFSET 0
        ) AS own ON true
        WHERE entries.ledger + 0 = $1 AND effective_at >= $3 AND (effective_at, number + 0) < ($4, $5)
        ORDER BY effective_at DESC, number + 0 DESC, posting DESC LIMIT $8"#,
        head.ledger,
        query.account.as_str(),
        places.from.time,
        before.0,
        before.1,
        begun.0,
        begun.1,
        rows
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

fn take_entries(
    page: &mut StatementPage<'_>,
    entries: Vec<EntryLineRow>,
    address: &str,
    asked: i64,
) -> Result<bool, Failure> {
    let few = one_more(entries.len()) <= asked;
    for row in entries {
        if !page.has_room() {
            return Ok(true);
        }
        let (time, entry) = row.place()?;
        match row.line(address) {
            Some(row) => page.take(row.line()?),
            None => page.pass(StatementPosition { time, entry, posting: 0 }),
        }
    }
    Ok(few)
}
