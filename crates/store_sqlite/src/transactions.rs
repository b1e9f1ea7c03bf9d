//! Lists of transactions: chooses the index to walk, then lets the query judge each entry. Never looks at more
//! than `scan_max` entries for one page, and never sorts the log.

use async_trait::async_trait;
use engine::pair::MetadataPair;
use engine::query::{Clock, Order, Page, SORTED_MAX, TransactionPosition, TransactionQuery};
use futures_util::TryStreamExt;
use ledger::{Asset, Entry, LedgerName};
use sql_rows::{
    ByEffectiveTime, EffectivePlaces, Failure, Moved, MovedByEffectiveTime, Numbers, TransactionPage, Way,
    WayReads, addresses_under, choose_way, entries_that_moved, one_more,
};
use sqlx::SqliteConnection;

use crate::entries::{
    Entries, by_reference, effective, listed, recorded, sorted_by_effective_time, with_pair,
};
use crate::movements::Lists;
use crate::rows::{Head, head};
use crate::spans::{Sorting, recorded_in};
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
            page.take(row.current()?);
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
    let way = choose_way(&mut Counts { connection, ledger }, query).await?;
    let rows = way.rows_wanted(query);
    if let Way::Reference(reference) = way {
        return found(by_reference(connection, ledger, reference), i64::MAX);
    }
    let asset = query.asset.as_ref().map(Asset::as_str);
    let numbers = match query.clock {
        Clock::Recorded => {
            let numbers = recorded_in(connection, head, &query.time).await?.after(after, order);
            match entries_of(connection, head, way, asset, numbers, order, rows).await? {
                Some(numbers) => numbers,
                None => return found(recorded(connection, ledger, numbers, order, rows), rows),
            }
        }
        Clock::Effective => {
            let places = EffectivePlaces::within(&query.time).after(after, order);
            // Where the entries of a way are not found in the order of their effective times, the way is one of many: they
            // are many of the entries that a walk by effective times comes by.
            let Some(numbers) = first_effective(connection, head, way, asset, places, order, rows).await?
            else {
                let rows = Way::All.rows_wanted(query);
                return found(effective(connection, ledger, places, order, rows), rows);
            };
            numbers
        }
    };
    found(listed(connection, ledger, &numbers), rows)
}

/// Returns the first `rows` entries of a way within a range, in order; `None` where it leads through all of them.
async fn entries_of(
    connection: &mut SqliteConnection,
    head: &Head,
    way: Way<'_>,
    asset: Option<&str>,
    range: Numbers,
    order: Order,
    rows: i64,
) -> Result<Option<Vec<i64>>, Failure> {
    if let Way::Pair(pair) = way {
        return Ok(Some(with_pair(connection, head.ledger, pair, range, order, rows).await?));
    }
    match lists(connection, head, way, asset) {
        Some(mut lists) => Ok(Some(entries_that_moved(&mut lists, range, order, rows).await?)),
        None => Ok(None),
    }
}

/// Returns the first `rows` entries of a way within places, by effective time, if they can be found.
async fn first_effective(
    connection: &mut SqliteConnection,
    head: &Head,
    way: Way<'_>,
    asset: Option<&str>,
    places: EffectivePlaces,
    order: Order,
    rows: i64,
) -> Result<Option<Vec<i64>>, Failure> {
    if let Way::Pair(pair) = way {
        let (ledger, all, most) = (head.ledger, Numbers { from: 0, before: head.next }, one_more(SORTED_MAX));
        let numbers = with_pair(connection, ledger, pair, all, Order::Descending, most).await?;
        if numbers.len() > SORTED_MAX {
            return Ok(None);
        }
        let mut reads = Sorting { connection: &mut *connection, head };
        let sorting = ByEffectiveTime::of(&mut reads, numbers).await?;
        let first = sorting.first(&mut reads, places, order, rows).await?;
        return Ok(Some(sorted_by_effective_time(connection, ledger, &first, places, order, rows).await?));
    }
    let Some(mut lists) = lists(connection, head, way, asset) else { return Ok(None) };
    match MovedByEffectiveTime::of(&mut lists, places).await? {
        Some(moved) => moved.first(&mut lists, places, order, rows).await,
        None => Ok(None),
    }
}

/// Returns the lists of movements that a way goes by, if it does.
fn lists<'a>(
    connection: &'a mut SqliteConnection,
    head: &Head,
    way: Way<'a>,
    asset: Option<&'a str>,
) -> Option<Lists<'a, 'a>> {
    match way {
        Way::Account(account) => Some(Lists::of(connection, head, Moved { account, asset })),
        Way::Under(address, balances) => Some(Lists::under(connection, head, address, asset, balances)),
        Way::Reference(_) | Way::Pair(_) | Way::All => None,
    }
}

/// Counts what may be on a way.
struct Counts<'c> {
    connection: &'c mut SqliteConnection,
    ledger: i64,
}

#[async_trait]
impl WayReads for Counts<'_> {
    async fn count_by_pair(&mut self, pair: MetadataPair, max: i64) -> Result<i64, Failure> {
        let count = sqlx::query_scalar!(
            r#"SELECT count(*) AS "count!" FROM (
                SELECT 1 FROM transaction_pairs WHERE ledger = ?1 AND pair = ?2 LIMIT ?3
            )"#,
            self.ledger,
            pair.0,
            max
        );
        Ok(count.fetch_one(&mut *self.connection).await?)
    }

    async fn count_balances_under(&mut self, address: &str, max: i64) -> Result<i64, Failure> {
        let (from, before) = addresses_under(address);
        let count = sqlx::query_scalar!(
            r#"SELECT count(*) AS "count!" FROM (
                SELECT 1 FROM balances WHERE ledger = ?1 AND address > ?2 AND address < ?3 LIMIT ?4
            )"#,
            self.ledger,
            from,
            before,
            max
        );
        Ok(count.fetch_one(&mut *self.connection).await?)
    }
}
