//! Lists of transactions: chooses the index to walk, then lets the query judge each entry. Never looks at more
//! than `scan_max` entries for one page, and never sorts the log.

use async_trait::async_trait;
use engine::pair::MetadataPair;
use engine::query::{Clock, Order, Page, SORTED_MAX, TransactionPosition, TransactionQuery};
use ledger::{Asset, Entry, LedgerName};
use sql_rows::{
    ByEffectiveTime, EffectivePlaces, Failure, Moved, MovedByEffectiveTime, Numbers, TransactionPage, Way,
    WayReads, addresses_under, choose_way, entries_that_moved, most_rows_match, one_more,
};
use sqlx::PgConnection;

use crate::entries::{Portion, by_reference, effective, listed, recorded, sorted, with_all_pairs, with_pair};
use crate::movements::Lists;
use crate::rows::{Head, head};
use crate::spans::{Portions, Sorting, recorded_in};

pub(crate) async fn transactions(
    connection: &mut PgConnection,
    ledger: &LedgerName,
    query: &TransactionQuery,
) -> Result<Page<Entry, TransactionPosition>, Failure> {
    let head = head(connection, ledger).await?;
    let walk = Walk::choose(connection, &head, query).await?;
    let mut page = TransactionPage::new(query);
    let mut after = query.after;
    let rows_max = walk.rows_max(query);
    let mut portions = if most_rows_match(query) {
        Portions::beginning_with(one_more(query.limit), rows_max)
    } else {
        Portions::new(query.limit, rows_max)
    };
    while let Some(rows) = portions.next() {
        let portion = walk.portion(connection, &head, query.order, after, rows).await?;
        let Portion { entries, passed, is_last } = portion;
        for entry in entries {
            if !page.has_room() {
                return Ok(page.finish());
            }
            page.take(entry.current()?);
        }
        if is_last {
            break;
        }
        page.pass(passed);
        if passed > 0 && !page.has_room() {
            break;
        }
        after = page.last();
        if let Some(rows) = page.rows_expected() {
            portions.expect(rows);
        }
    }
    Ok(page.finish())
}

/// The way through the entries that may match, in the order of the list.
struct Walk<'q> {
    way: Way<'q>,
    asset: Option<&'q str>,
    /// What the entries that match have beside the way, by an index.
    others: Vec<MetadataPair>,
    by: By,
}

/// Which entries of a way are walked through.
enum By {
    /// Those with these numbers, by number.
    Recorded(Numbers),
    /// Those of the whole ledger at these places, by effective time, whatever the way is.
    Effective(EffectivePlaces),
    /// Those of these entries at these places, by effective time.
    FewEffective(ByEffectiveTime, EffectivePlaces),
    /// Those that moved accounts, at these places, by effective time.
    MovedEffective(MovedByEffectiveTime, EffectivePlaces),
}

impl<'q> Walk<'q> {
    async fn choose(
        connection: &mut PgConnection,
        head: &Head,
        query: &'q TransactionQuery,
    ) -> Result<Self, Failure> {
        let way = choose_way(&mut Counts { connection, ledger: head.ledger }, query).await?;
        let asset = query.asset.as_ref().map(Asset::as_str);
        let by = match query.clock {
            Clock::Recorded => By::Recorded(recorded_in(connection, head, &query.time).await?),
            Clock::Effective => {
                let places = EffectivePlaces::within(&query.time).after(query.after, query.order);
                by_effective_time(connection, head, way, asset, places).await?
            }
        };
        let pairs = query.metadata.iter().map(|(key, value)| MetadataPair::of(key, value));
        let others = pairs.filter(|pair| way != Way::Pair(*pair)).collect();
        Ok(Self { way, asset, others, by })
    }

    /// Returns how many rows one page can need.
    fn rows_max(&self, query: &TransactionQuery) -> i64 {
        match self.by {
            By::Recorded(_) | By::FewEffective(..) | By::MovedEffective(..) => self.way.rows_wanted(query),
            By::Effective(_) => Way::All.rows_wanted(query),
        }
    }

    /// Reads the next entries after a place.
    async fn portion(
        &self,
        connection: &mut PgConnection,
        head: &Head,
        order: Order,
        after: Option<TransactionPosition>,
        rows: i64,
    ) -> Result<Portion, Failure> {
        let ledger = head.ledger;
        if let Way::Reference(reference) = self.way {
            return by_reference(connection, ledger, reference).await;
        }
        let numbers = match &self.by {
            By::Recorded(numbers) => {
                let range = numbers.after(after, order);
                match entries_of(connection, head, self.way, self.asset, range, order, rows).await? {
                    Some(numbers) if !self.others.is_empty() => {
                        return self.with_others(connection, ledger, &numbers, rows).await;
                    }
                    Some(numbers) => numbers,
                    None => return recorded(connection, ledger, range, order, rows).await,
                }
            }
            By::FewEffective(sorting, places) => {
                let places = places.after(after, order);
                let mut reads = Sorting { connection: &mut *connection, head };
                let first = sorting.first(&mut reads, places, order, rows).await?;
                sorted(connection, ledger, &first, places, order, rows).await?
            }
            By::MovedEffective(moved, places) => {
                let places = places.after(after, order);
                let mut lists =
                    lists(connection, head, self.way, self.asset).expect("it was begun with these lists");
                match moved.first(&mut lists, places, order, rows).await? {
                    Some(numbers) => numbers,
                    None => return effective(connection, ledger, places, order, rows).await,
                }
            }
            By::Effective(places) => {
                return effective(connection, ledger, places.after(after, order), order, rows).await;
            }
        };
        listed(connection, ledger, &numbers, rows).await
    }
}

impl Walk<'_> {
    /// Reads those of the entries that an index does not tell to have other metadata; and the last one, which says how
    /// far the list was looked at.
    async fn with_others(
        &self,
        connection: &mut PgConnection,
        ledger: i64,
        numbers: &[i64],
        asked: i64,
    ) -> Result<Portion, Failure> {
        let mut kept = with_all_pairs(connection, ledger, numbers, &self.others).await?;
        kept.extend(numbers.last().filter(|last| kept.last() != Some(last)));
        let portion = listed(connection, ledger, &kept, one_more(kept.len())).await?;
        let is_last = portion.is_last && one_more(numbers.len()) <= asked;
        Ok(Portion { is_last, passed: numbers.len() - kept.len(), ..portion })
    }
}

/// Returns the first `rows` entries of a way within a range, in order; `None` where it leads through all of them.
async fn entries_of(
    connection: &mut PgConnection,
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

/// Returns the lists of movements that a way goes by, if it does.
fn lists<'a>(
    connection: &'a mut PgConnection,
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

/// Chooses how to find the entries of a way in the order of their effective times. Where they are not found in that order,
/// the way is one of many: they are many of the entries that a walk by effective times comes by.
async fn by_effective_time(
    connection: &mut PgConnection,
    head: &Head,
    way: Way<'_>,
    asset: Option<&str>,
    places: EffectivePlaces,
) -> Result<By, Failure> {
    if let Way::Pair(pair) = way {
        let (all, most) = (Numbers { from: 0, before: head.next }, one_more(SORTED_MAX));
        let numbers = with_pair(connection, head.ledger, pair, all, Order::Descending, most).await?;
        if numbers.len() <= SORTED_MAX {
            let sorting = ByEffectiveTime::of(&mut Sorting { connection, head }, numbers).await?;
            return Ok(By::FewEffective(sorting, places));
        }
    }
    if let Some(mut lists) = lists(connection, head, way, asset)
        && let Some(moved) = MovedByEffectiveTime::of(&mut lists, places).await?
    {
        return Ok(By::MovedEffective(moved, places));
    }
    Ok(By::Effective(places))
}

/// Counts what may be on a way.
struct Counts<'c> {
    connection: &'c mut PgConnection,
    ledger: i64,
}

#[async_trait]
impl WayReads for Counts<'_> {
    async fn count_by_pair(&mut self, pair: MetadataPair, max: i64) -> Result<i64, Failure> {
        let count = sqlx::query_scalar!(
            r#"SELECT count(*) AS "count!" FROM (
                SELECT number FROM transaction_pairs
                WHERE ledger = $1 AND pair = $2 AND number >= 0 ORDER BY number LIMIT $3
            ) AS found"#,
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
                SELECT address FROM balances
                WHERE ledger = $1 AND address > $2 AND address < $3 ORDER BY address LIMIT $4
            ) AS found"#,
            self.ledger,
            from,
            before,
            max
        );
        Ok(count.fetch_one(&mut *self.connection).await?)
    }
}
