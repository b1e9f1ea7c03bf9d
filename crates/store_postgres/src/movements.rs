//! Which entries moved an account. Never reads the entries themselves.

use async_trait::async_trait;
use engine::query::Order;
use sql_rows::{Failure, ListReads, ListRow, Moved, Numbers, addresses_under};
use sqlx::PgConnection;

use crate::rows::Head;

/// The lists of an account in one ledger.
pub(crate) struct Lists<'c, 'q> {
    connection: &'c mut PgConnection,
    ledger: i64,
    moved: Moved<'q>,
}

impl<'c, 'q> Lists<'c, 'q> {
    pub(crate) fn of(connection: &'c mut PgConnection, head: &Head, moved: Moved<'q>) -> Self {
        Self { connection, ledger: head.ledger, moved }
    }
}

/// The lists of all accounts under an address in one ledger.
pub(crate) struct ListsUnder<'c, 'q> {
    connection: &'c mut PgConnection,
    ledger: i64,
    from: String,
    before: String,
    asset: Option<&'q str>,
    balances: i64,
}

impl<'c, 'q> ListsUnder<'c, 'q> {
    /// `balances` is about how many these accounts have together.
    pub(crate) fn of(
        connection: &'c mut PgConnection,
        head: &Head,
        address: &str,
        asset: Option<&'q str>,
        balances: i64,
    ) -> Self {
        let (from, before) = addresses_under(address);
        Self { connection, ledger: head.ledger, from, before, asset, balances }
    }
}

/// The recent list of each balance of an account, and lists that have ended. A list behind the range is not looked at,
/// but for the first one, which may begin within it.
macro_rules! lists {
    ($whose:literal, $direction:literal, $($argument:expr),* $(,)?) => {
        sqlx::query_as!(
            ListRow,
            r#"SELECT b.address, b.asset, list.last AS "last?", list.numbers AS "numbers!"
            FROM balances AS b CROSS JOIN LATERAL (
                SELECT NULL::bigint AS last, b.recent_movements AS numbers
                UNION ALL (
                    SELECT last, numbers FROM earlier_movements
                    WHERE ledger = $1 AND address = b.address AND asset = b.asset AND last >= $4
                        AND last <= COALESCE((
                            SELECT last FROM earlier_movements
                            WHERE ledger = $1 AND address = b.address AND asset = b.asset AND last >= $5
                            ORDER BY last LIMIT 1
                        ), $5)
                    ORDER BY last "# + $direction + r#" LIMIT $6
                )
            ) AS list
            WHERE b.ledger = $1 AND "# + $whose + r#" AND ($3::text IS NULL OR b.asset = $3)
            ORDER BY b.address, b.asset"#,
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
        let lists = match order {
            Order::Ascending => {
                lists!("b.address = $2", "", ledger, account, asset, from, before, max)
                    .fetch_all(connection)
                    .await?
            }
            Order::Descending => {
                lists!("b.address = $2", "DESC", ledger, account, asset, from, before, max)
                    .fetch_all(connection)
                    .await?
            }
        };
        Ok(lists)
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
        let lists = match order {
            Order::Ascending => {
                lists!("b.address > $2 AND b.address < $7", "", ledger, first, asset, from, before, max, end)
                    .fetch_all(connection)
                    .await?
            }
            Order::Descending => {
                lists!(
                    "b.address > $2 AND b.address < $7",
                    "DESC",
                    ledger,
                    first,
                    asset,
                    from,
                    before,
                    max,
                    end
                )
                .fetch_all(connection)
                .await?
            }
        };
        Ok(lists)
    }
}
