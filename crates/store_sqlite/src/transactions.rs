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
    query: &TransactionQuery,
) -> Result<Entries<'c>, Failure> {
    let (ledger, order) = (head.ledger, query.order);
    if let Some(reference) = &query.reference {
        return Ok(by_reference(connection, ledger, reference.as_str()));
    }
    let asset = query.asset.as_ref().map(Asset::as_str);
    let moved = account_to_walk(query).map(|account| Moved { account, asset });
    match query.clock {
        Clock::Recorded => {
            let numbers = recorded_in(connection, head, &query.time).await?.after(query.after, order);
            let Some(moved) = moved else {
                return Ok(recorded(connection, ledger, numbers, order, rows_wanted(query, false)));
            };
            let rows = rows_wanted(query, true);
            let numbers =
                entries_that_moved(&mut Lists::of(connection, head, moved), numbers, order, rows).await?;
            Ok(listed(connection, ledger, &numbers))
        }
        Clock::Effective => {
            let places = EffectivePlaces::within(&query.time).after(query.after, order);
            // The entries of an account are not kept in the order of their effective times. A few can
            // be sorted; an account with many is on many of the entries that the walk comes by.
            if let Some(moved) = moved
                && let Some(numbers) =
                    few_entries_that_moved(&mut Lists::of(connection, head, moved), head.next).await?
            {
                let rows = rows_wanted(query, true);
                let numbers =
                    sorted_by_effective_time(connection, ledger, &numbers, places, order, rows).await?;
                return Ok(listed(connection, ledger, &numbers));
            }
            Ok(effective(connection, ledger, places, order, rows_wanted(query, false)))
        }
    }
}
