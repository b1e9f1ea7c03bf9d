//! Lists of transactions: chooses the index to walk, then lets the query judge each entry. Never looks at more
//! than `SCAN_MAX` entries for one page, and never sorts the log.

use engine::query::{Clock, Page, TransactionPosition, TransactionQuery};
use futures_util::TryStreamExt;
use ledger::{Asset, Entry, LedgerName};
use sql_rows::{
    EffectivePlaces, Failure, Moved, TransactionPage, account_to_walk, entries_that_moved,
    few_entries_that_moved, rows_wanted,
};
use sqlx::SqliteConnection;

use crate::entries::{Entries, by_reference, effective, listed, recorded, sorted_by_effective_time};
use crate::movements::Lists;
use crate::rows::{Head, head};
use crate::spans::recorded_in;
use crate::store::SqliteStore;

pub(crate) async fn transactions(
    store: &SqliteStore,
    ledger: &LedgerName,
    query: &TransactionQuery,
) -> Result<Page<Entry, TransactionPosition>, Failure> {
    let mut connection = store.reader().await?;
    let head = head(&mut connection, ledger).await?;
    let mut page = TransactionPage::new(query);
    let mut after = query.after;
    loop {
        let Candidates { mut rows, asked } = candidates(&mut connection, &head, query, after).await?;
        let mut taken = 0;
        while let Some(row) = rows.try_next().await? {
            if !page.has_room() {
                return Ok(page.finish());
            }
            page.take(row.record()?.entry);
            taken += 1;
        }
        if taken < asked {
            return Ok(page.finish());
        }
        after = page.last();
    }
}

/// Entries that may match, in the order of the list. They arrive as they are asked for.
struct Candidates<'c> {
    rows: Entries<'c>,
    /// There are more, where it is so many.
    asked: i64,
}

/// Returns the next entries that may match, behind a position.
async fn candidates<'c>(
    connection: &'c mut SqliteConnection,
    head: &Head,
    query: &TransactionQuery,
    after: Option<TransactionPosition>,
) -> Result<Candidates<'c>, Failure> {
    let (ledger, order) = (head.ledger, query.order);
    let found = |rows, asked| Ok(Candidates { rows, asked });
    if let Some(reference) = &query.reference {
        return found(by_reference(connection, ledger, reference.as_str()), i64::MAX);
    }
    let asset = query.asset.as_ref().map(Asset::as_str);
    let moved = account_to_walk(query).map(|account| Moved { account, asset });
    match query.clock {
        Clock::Recorded => {
            let numbers = recorded_in(connection, head, &query.time).await?.after(after, order);
            let Some(moved) = moved else {
                let rows = rows_wanted(query, false);
                return found(recorded(connection, ledger, numbers, order, rows), rows);
            };
            let rows = rows_wanted(query, true);
            let numbers =
                entries_that_moved(&mut Lists::of(connection, head, moved), numbers, order, rows).await?;
            found(listed(connection, ledger, &numbers), rows)
        }
        Clock::Effective => {
            let places = EffectivePlaces::within(&query.time).after(after, order);
            // The entries of an account are not kept in the order of their effective times. A few can
            // be sorted; an account with many is on many of the entries that the walk comes by.
            if let Some(moved) = moved
                && let Some(numbers) =
                    few_entries_that_moved(&mut Lists::of(connection, head, moved), head.next).await?
            {
                let rows = rows_wanted(query, true);
                let numbers =
                    sorted_by_effective_time(connection, ledger, &numbers, places, order, rows).await?;
                return found(listed(connection, ledger, &numbers), rows);
            }
            let rows = rows_wanted(query, false);
            found(effective(connection, ledger, places, order, rows), rows)
        }
    }
}
