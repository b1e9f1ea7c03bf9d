//! Which entries moved an account. Never reads the entries themselves.

use async_trait::async_trait;
use engine::query::Order;
use sql_rows::{Corruption, Failure, ListReads, ListRow, Moved, Numbers, addresses_under};
use sqlx::SqliteConnection;

use crate::rows::Head;

/// All lists of one balance that were asked for.
pub(crate) struct BalanceLists {
    pub(crate) address: String,
    pub(crate) asset: String,
    pub(crate) recent: String,
    /// Those that have ended: pairs of their last entry and their numbers, as JSON.
    pub(crate) ended: String,
}

/// Returns a row for each list.
pub(crate) fn rows_of(balances: Vec<BalanceLists>) -> Result<Vec<ListRow>, Failure> {
    let mut lists = Vec::new();
    for balance in balances {
        lists.extend(balance.rows()?);
    }
    Ok(lists)
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

/// The lists of an account in one ledger.
pub(crate) struct Lists<'c, 'q> {
    connection: &'c mut SqliteConnection,
    ledger: i64,
    moved: Moved<'q>,
}

impl<'c, 'q> Lists<'c, 'q> {
    pub(crate) fn of(connection: &'c mut SqliteConnection, head: &Head, moved: Moved<'q>) -> Self {
        Self { connection, ledger: head.ledger, moved }
    }
}

/// The lists of all accounts under an address in one ledger.
pub(crate) struct ListsUnder<'c, 'q> {
    connection: &'c mut SqliteConnection,
    ledger: i64,
    from: String,
    before: String,
    asset: Option<&'q str>,
    balances: i64,
}

impl<'c, 'q> ListsUnder<'c, 'q> {
    /// `balances` is about how many these accounts have together.
    pub(crate) fn of(
        connection: &'c mut SqliteConnection,
        head: &Head,
        address: &str,
        asset: Option<&'q str>,
        balances: i64,
    ) -> Self {
        let (from, before) = addresses_under(address);
        Self { connection, ledger: head.ledger, from, before, asset, balances }
    }
}

/// A row for each balance. A list behind the range is not looked at, but for the first one, which
/// may begin within it.
macro_rules! lists {
    ($whose:literal, $direction:literal, $($argument:expr),* $(,)?) => {
        sqlx::query_as!(
            BalanceLists,
            r#"SELECT address, asset, recent_movements AS recent, (
                SELECT json_group_array(json_array(last, numbers)) FROM (
                    SELECT last, numbers FROM earlier_movements
                    WHERE ledger = ?1 AND address = balances.address AND asset = balances.asset AND last >= ?4
                        AND last <= ifnull((
                            SELECT last FROM earlier_movements
                            WHERE ledger = ?1 AND address = balances.address AND asset = balances.asset AND last >= ?5
                            ORDER BY last LIMIT 1
                        ), ?5)
                    ORDER BY last "# + $direction + r#" LIMIT ?6
                )
            ) AS "ended!: String"
            FROM balances WHERE ledger = ?1 AND "# + $whose + r#" AND (?3 IS NULL OR asset = ?3)
            ORDER BY address, asset"#,
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
                lists!("address = ?2", "", ledger, account, asset, from, before, max)
                    .fetch_all(connection)
                    .await?
            }
            Order::Descending => {
                lists!("address = ?2", "DESC", ledger, account, asset, from, before, max)
                    .fetch_all(connection)
                    .await?
            }
        };
        rows_of(balances)
    }
}

#[async_trait]
impl ListReads for ListsUnder<'_, '_> {
    fn balances(&self) -> i64 {
        self.balances
    }

    async fn lists(
        &mut self,
        Numbers { from, before }: Numbers,
        order: Order,
        max: i64,
    ) -> Result<Vec<ListRow>, Failure> {
        let (ledger, first, end, asset) = (self.ledger, &self.from, &self.before, self.asset);
        let connection = &mut *self.connection;
        let balances = match order {
            Order::Ascending => {
                lists!("address > ?2 AND address < ?7", "", ledger, first, asset, from, before, max, end)
                    .fetch_all(connection)
                    .await?
            }
            Order::Descending => {
                lists!("address > ?2 AND address < ?7", "DESC", ledger, first, asset, from, before, max, end)
                    .fetch_all(connection)
                    .await?
            }
        };
        rows_of(balances)
    }
}
