//! Statements of accounts. Never looks at more than `scan_max` lines and entries for one page.

use engine::port::DatedLine;
use engine::query::{Clock, Order, Page, StatementPosition, StatementQuery, scan_max};
use futures_util::TryStreamExt;
use ledger::{Asset, BalanceKey, Entry, EntryNumber, LedgerName};
use sql_rows::{
    EntryRow, Failure, Moved, MovedByEffectiveTime, Numbers, StatementPage, entries_that_moved, stored_limit,
    stored_number,
};
use sqlx::SqliteConnection;

use crate::entries::{Entries, effective, listed};
use crate::movements::Lists;
use crate::rows::{Head, head};
use crate::spans::recorded_in;
use crate::store::SqliteStore;

pub(crate) async fn statement(
    store: &SqliteStore,
    ledger: &LedgerName,
    query: &StatementQuery,
) -> Result<Option<Page<DatedLine, StatementPosition>>, Failure> {
    let mut connection = store.reader().await?;
    let head = head(&mut connection, ledger).await?;
    let moved = Moved { account: query.account.as_str(), asset: query.asset.as_ref().map(Asset::as_str) };
    if !has_moved(&mut connection, &head, moved.account).await? {
        return Ok(None);
    }
    let mut page = StatementPage::new(query);
    match query.clock {
        Clock::Recorded => by_recorded_time(&mut connection, &head, query, moved, &mut page).await?,
        Clock::Effective => by_effective_time(&mut connection, &head, query, moved, &mut page).await?,
    }
    Ok(Some(page.finish()))
}

async fn has_moved(connection: &mut SqliteConnection, head: &Head, account: &str) -> Result<bool, Failure> {
    let moved = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM balances WHERE ledger = ?1 AND address = ?2) AS "moved!: bool""#,
        head.ledger,
        account
    )
    .fetch_one(connection)
    .await?;
    Ok(moved)
}

async fn by_recorded_time(
    connection: &mut SqliteConnection,
    head: &Head,
    query: &StatementQuery,
    moved: Moved<'_>,
    page: &mut StatementPage<'_>,
) -> Result<(), Failure> {
    let recorded = recorded_in(connection, head, &query.time).await?;
    let rows = StatementPage::rows_wanted(query.limit);
    loop {
        let range = page.numbers(recorded);
        let numbers =
            entries_that_moved(&mut Lists::of(connection, head, moved), range, query.order, rows).await?;
        let is_full = take_all(page, listed(connection, head.ledger, &numbers)).await?;
        if is_full || stored_limit(numbers.len()) < rows {
            return Ok(());
        }
    }
}

/// The entries of an account are not kept in the order of their effective times. Where they cannot be merged into it,
/// very many count at another time than they were recorded at: many of the entries that the walk comes by.
async fn by_effective_time(
    connection: &mut SqliteConnection,
    head: &Head,
    query: &StatementQuery,
    moved: Moved<'_>,
    page: &mut StatementPage<'_>,
) -> Result<(), Failure> {
    let (ledger, order) = (head.ledger, query.order);
    if let Some(merged) =
        MovedByEffectiveTime::of(&mut Lists::of(connection, head, moved), page.places()).await?
    {
        let rows = StatementPage::rows_wanted(query.limit);
        while let Some(numbers) =
            merged.first(&mut Lists::of(connection, head, moved), page.places(), order, rows).await?
        {
            let is_full = take_all(page, listed(connection, ledger, &numbers)).await?;
            if is_full || stored_limit(numbers.len()) < rows {
                return Ok(());
            }
        }
    }
    let rows = StatementPage::rows_wanted(scan_max(query.limit));
    take_all(page, effective(connection, ledger, page.places(), order, rows)).await?;
    Ok(())
}

/// Has a page look at entries. Says whether it is full.
async fn take_all(page: &mut StatementPage<'_>, mut entries: Entries<'_>) -> Result<bool, Failure> {
    while let Some(row) = entries.try_next().await? {
        if !page.take(&row.record()?.entry)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Reads the last entry ahead of another that touched a balance.
pub(crate) async fn last_movement(
    store: &SqliteStore,
    ledger: &LedgerName,
    key: &BalanceKey,
    before: EntryNumber,
) -> Result<Option<Entry>, Failure> {
    let mut connection = store.reader().await?;
    let head = head(&mut connection, ledger).await?;
    let moved = Moved { account: key.account.as_str(), asset: Some(key.asset.as_str()) };
    let range = Numbers { from: 0, before: stored_number(before) };
    let numbers =
        entries_that_moved(&mut Lists::of(&mut connection, &head, moved), range, Order::Descending, 1)
            .await?;
    let last = listed(&mut connection, head.ledger, &numbers).try_next().await?;
    Ok(last.map(EntryRow::record).transpose()?.map(|record| record.entry))
}
