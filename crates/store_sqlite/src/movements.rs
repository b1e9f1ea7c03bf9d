//! Which entries moved an account. Never reads the entries themselves.

use async_trait::async_trait;
use engine::query::{Order, SCAN_MAX};
use sql_rows::{Corruption, Failure, ListReads, ListRow, Numbers, entries_that_moved, one_more};
use sqlx::SqliteConnection;

use crate::rows::Head;

/// An account whose movements are asked for, in one asset or in all.
#[derive(Clone, Copy)]
pub(crate) struct Moved<'q> {
    pub(crate) account: &'q str,
    pub(crate) asset: Option<&'q str>,
}

/// Returns the first `rows` entries within a range that moved an account, in order.
pub(crate) async fn entries_of(
    connection: &mut SqliteConnection,
    head: &Head,
    moved: Moved<'_>,
    range: Numbers,
    order: Order,
    rows: i64,
) -> Result<Vec<i64>, Failure> {
    entries_that_moved(&mut Lists { connection, ledger: head.ledger, moved }, range, order, rows).await
}

/// Returns all entries that moved an account, if they are so few that they may all be looked at for one page.
pub(crate) async fn few_entries_of(
    connection: &mut SqliteConnection,
    head: &Head,
    moved: Moved<'_>,
) -> Result<Option<Vec<i64>>, Failure> {
    let all = Numbers { from: 0, before: head.next };
    let found = entries_of(connection, head, moved, all, Order::Descending, one_more(SCAN_MAX)).await?;
    Ok((found.len() <= SCAN_MAX).then_some(found))
}

/// All lists of one balance that were asked for.
struct BalanceLists {
    address: String,
    asset: String,
    recent: String,
    /// Those that have ended: pairs of their last entry and their numbers, as JSON.
    ended: String,
}

impl BalanceLists {
    fn rows(self) -> Result<impl Iterator<Item = ListRow>, Corruption> {
        let ended: Vec<(i64, String)> = serde_json::from_str(&self.ended).map_err(|error| {
            Corruption::new(format!("the movements of {} in {}", self.address, self.asset), error.to_string())
        })?;
        let recent = ListRow {
            address: self.address.clone(),
            asset: self.asset.clone(),
            last: None,
            numbers: self.recent,
        };
        let ended = ended.into_iter().map(move |(last, numbers)| ListRow {
            address: self.address.clone(),
            asset: self.asset.clone(),
            last: Some(last),
            numbers,
        });
        Ok(ended.chain([recent]))
    }
}

struct Lists<'c, 'q> {
    connection: &'c mut SqliteConnection,
    ledger: i64,
    moved: Moved<'q>,
}

/// A row for each balance of an account. A list behind the range is not looked at, but for the first one, which
/// may begin within it.
macro_rules! lists {
    ($direction:literal, $($argument:expr),* $(,)?) => {
        sqlx::query_as!(
            BalanceLists,
            r#"SELECT address, asset, recent_movements AS recent, (
                SELECT json_group_array(json_array(last, numbers)) FROM (
                    SELECT last, numbers FROM earlier_movements
                    WHERE ledger = ?1 AND address = ?2 AND asset = balances.asset AND last >= ?4
                        AND last <= ifnull((
                            SELECT last FROM earlier_movements
                            WHERE ledger = ?1 AND address = ?2 AND asset = balances.asset AND last >= ?5
                            ORDER BY last LIMIT 1
                        ), ?5)
                    ORDER BY last "# + $direction + r#" LIMIT ?6
                )
            ) AS "ended!: String"
            FROM balances WHERE ledger = ?1 AND address = ?2 AND (?3 IS NULL OR asset = ?3)
            ORDER BY asset"#,
            $($argument),*
        )
    };
}

#[async_trait]
impl ListReads for Lists<'_, '_> {
    async fn lists(
        &mut self,
        Numbers { from, before }: Numbers,
        order: Order,
        max: i64,
    ) -> Result<Vec<ListRow>, Failure> {
        let (ledger, Moved { account, asset }) = (self.ledger, self.moved);
        let connection = &mut *self.connection;
        let balances = match order {
            Order::Ascending => {
                lists!("", ledger, account, asset, from, before, max).fetch_all(connection).await?
            }
            Order::Descending => {
                lists!("DESC", ledger, account, asset, from, before, max).fetch_all(connection).await?
            }
        };
        let mut lists = Vec::new();
        for balance in balances {
            lists.extend(balance.rows()?);
        }
        Ok(lists)
    }
}
