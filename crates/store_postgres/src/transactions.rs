//! Lists of transactions: chooses the index to walk, then lets the query judge each entry. Never looks at more
//! than `SCAN_MAX` entries for one page, and never sorts the log.

use engine::query::{Clock, Order, Page, TransactionPosition, TransactionQuery};
use ledger::{Asset, Entry, LedgerName, Reference};
use sql_rows::{
    EffectivePlaces, Failure, Moved, Numbers, TransactionPage, account_to_walk, entries_that_moved,
    few_entries_that_moved, most_rows_match, one_more, rows_wanted,
};
use sqlx::PgConnection;

use crate::entries::{Portion, by_reference, effective, listed, recorded, sorted};
use crate::movements::Lists;
use crate::rows::{Head, head};
use crate::spans::{Portions, recorded_in};

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
    let portions = if most_rows_match(query) {
        Portions::beginning_with(one_more(query.limit), rows_max)
    } else {
        Portions::new(query.limit, rows_max)
    };
    for rows in portions {
        let Portion { entries, is_last } = walk.portion(connection, &head, query.order, after, rows).await?;
        for entry in entries {
            if !page.has_room() {
                return Ok(page.finish());
            }
            page.take(entry.record()?.entry);
        }
        if is_last {
            break;
        }
        after = page.last();
    }
    Ok(page.finish())
}

/// The way through the entries that may match, in the order of the list.
enum Walk<'q> {
    Reference(&'q str),
    Recorded(Numbers),
    RecordedOfAccount(Moved<'q>, Numbers),
    Effective(EffectivePlaces),
    /// Through the entries with these numbers.
    EffectiveOfAccount(Vec<i64>, EffectivePlaces),
}

impl<'q> Walk<'q> {
    async fn choose(
        connection: &mut PgConnection,
        head: &Head,
        query: &'q TransactionQuery,
    ) -> Result<Self, Failure> {
        if let Some(reference) = &query.reference {
            return Ok(Self::Reference(Reference::as_str(reference)));
        }
        let asset = query.asset.as_ref().map(Asset::as_str);
        let moved = account_to_walk(query).map(|account| Moved { account, asset });
        match query.clock {
            Clock::Recorded => {
                let numbers = recorded_in(connection, head, &query.time).await?;
                Ok(match moved {
                    Some(moved) => Self::RecordedOfAccount(moved, numbers),
                    None => Self::Recorded(numbers),
                })
            }
            Clock::Effective => {
                let places = EffectivePlaces::within(&query.time);
                // The entries of an account are not kept in the order of their effective times. A few can
                // be sorted; an account with many is on many of the entries that the walk comes by.
                if let Some(moved) = moved
                    && let Some(numbers) =
                        few_entries_that_moved(&mut Lists::of(connection, head, moved), head.next).await?
                {
                    return Ok(Self::EffectiveOfAccount(numbers, places));
                }
                Ok(Self::Effective(places))
            }
        }
    }

    /// Returns how many rows one page can need.
    fn rows_max(&self, query: &TransactionQuery) -> i64 {
        match self {
            Self::RecordedOfAccount(..) | Self::EffectiveOfAccount(..) => rows_wanted(query, true),
            Self::Reference(_) | Self::Recorded(_) | Self::Effective(_) => rows_wanted(query, false),
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
        match self {
            Self::Reference(reference) => by_reference(connection, ledger, reference).await,
            Self::Recorded(numbers) => {
                recorded(connection, ledger, numbers.after(after, order), order, rows).await
            }
            Self::RecordedOfAccount(moved, numbers) => {
                let numbers = numbers.after(after, order);
                let numbers =
                    entries_that_moved(&mut Lists::of(connection, head, *moved), numbers, order, rows)
                        .await?;
                listed(connection, ledger, &numbers, rows).await
            }
            Self::Effective(places) => {
                effective(connection, ledger, places.after(after, order), order, rows).await
            }
            Self::EffectiveOfAccount(numbers, places) => {
                let places = places.after(after, order);
                let numbers = sorted(connection, ledger, numbers, places, order, rows).await?;
                listed(connection, ledger, &numbers, rows).await
            }
        }
    }
}
