//! Statements of accounts. Never looks at more than `scan_max` lines and entries for one page.

use engine::port::DatedLine;
use engine::query::{Clock, Order, Page, StatementPosition, StatementQuery, scan_max};
use ledger::{Asset, BalanceKey, Entry, EntryNumber, LedgerName};
use sql_rows::{
    EntryRow, Failure, Moved, MovedByEffectiveTime, Numbers, StatementPage, entries_that_moved, stored_number,
};
use sqlx::PgConnection;

use crate::entries::{Portion, effective, listed};
use crate::movements::Lists;
use crate::rows::head;
use crate::spans::{Portions, recorded_in};

pub(crate) async fn statement(
    connection: &mut PgConnection,
    ledger: &LedgerName,
    query: &StatementQuery,
) -> Result<Option<Page<DatedLine, StatementPosition>>, Failure> {
    let head = head(connection, ledger).await?;
    let moved = Moved { account: query.account.as_str(), asset: query.asset.as_ref().map(Asset::as_str) };
    if !has_moved(connection, head.ledger, moved.account).await? {
        return Ok(None);
    }
    let mut page = StatementPage::new(query);
    match query.clock {
        Clock::Recorded => {
            let recorded = recorded_in(connection, &head, &query.time).await?;
            for rows in Portions::new(query.limit, StatementPage::rows_wanted(query.limit)) {
                let range = page.numbers(recorded);
                let numbers =
                    entries_that_moved(&mut Lists::of(connection, &head, moved), range, query.order, rows)
                        .await?;
                let portion = listed(connection, head.ledger, &numbers, rows).await?;
                if take_all(&mut page, portion)? {
                    break;
                }
            }
        }
        // The entries of an account are not kept in the order of their effective times. Where they cannot be merged into
        // it, very many count at another time than they were recorded at: many of the entries that a walk comes by.
        Clock::Effective => {
            let merged =
                MovedByEffectiveTime::of(&mut Lists::of(connection, &head, moved), page.places()).await?;
            let looks = if merged.is_some() { query.limit } else { scan_max(query.limit) };
            for rows in Portions::new(query.limit, StatementPage::rows_wanted(looks)) {
                let (places, order) = (page.places(), query.order);
                let first = match &merged {
                    Some(merged) => {
                        merged.first(&mut Lists::of(connection, &head, moved), places, order, rows).await?
                    }
                    None => None,
                };
                let portion = match first {
                    Some(numbers) => listed(connection, head.ledger, &numbers, rows).await?,
                    None => effective(connection, head.ledger, places, order, rows).await?,
                };
                if take_all(&mut page, portion)? {
                    break;
                }
            }
        }
    }
    Ok(Some(page.finish()))
}

async fn has_moved(connection: &mut PgConnection, ledger: i64, account: &str) -> Result<bool, Failure> {
    let moved = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM balances WHERE ledger = $1 AND address = $2) AS "moved!""#,
        ledger,
        account
    )
    .fetch_one(connection)
    .await?;
    Ok(moved)
}

/// Has a page look at entries. Says whether the page is done.
fn take_all(page: &mut StatementPage<'_>, portion: Portion) -> Result<bool, Failure> {
    for entry in portion.entries {
        if !page.take(&entry.record()?.entry)? {
            return Ok(true);
        }
    }
    Ok(portion.is_last)
}

/// Reads the last entry ahead of another that touched a balance.
pub(crate) async fn last_movement(
    connection: &mut PgConnection,
    ledger: &LedgerName,
    key: &BalanceKey,
    before: EntryNumber,
) -> Result<Option<Entry>, Failure> {
    let head = head(connection, ledger).await?;
    let moved = Moved { account: key.account.as_str(), asset: Some(key.asset.as_str()) };
    let range = Numbers { from: 0, before: stored_number(before) };
    let numbers =
        entries_that_moved(&mut Lists::of(connection, &head, moved), range, Order::Descending, 1).await?;
    let last = listed(connection, head.ledger, &numbers, 1).await?.entries.into_iter().next();
    Ok(last.map(EntryRow::record).transpose()?.map(|record| record.entry))
}
