//! Which entries moved an account. Never reads the entries themselves.

use async_trait::async_trait;
use engine::query::Order;
use ledger::Timestamp;
use sql_rows::{
    Corruption, EffectivePlace, EffectivePlaces, Failure, ListReads, ListRow, Moved, MovedReads, Numbers,
    ShiftedPlaceRow, SortingReads, addresses_under,
};
use sqlx::PgConnection;

use crate::entries::sorted;
use crate::rows::Head;
use crate::spans::Sorting;

/// The lists of an account, or of all accounts under an address, in one ledger.
pub(crate) struct Lists<'c, 'q> {
    connection: &'c mut PgConnection,
    head: Head,
    whose: Whose<'q>,
    asset: Option<&'q str>,
}

/// Which accounts lists are of.
enum Whose<'q> {
    /// This one.
    Account(&'q str),
    /// Those between two texts, which have about so many balances together.
    Between(String, String, i64),
}

impl<'c, 'q> Lists<'c, 'q> {
    pub(crate) fn of(connection: &'c mut PgConnection, head: &Head, moved: Moved<'q>) -> Self {
        Self { connection, head: *head, whose: Whose::Account(moved.account), asset: moved.asset }
    }

    /// `balances` is about how many the accounts under an address have together.
    pub(crate) fn under(
        connection: &'c mut PgConnection,
        head: &Head,
        address: &str,
        asset: Option<&'q str>,
        balances: i64,
    ) -> Self {
        let (from, before) = addresses_under(address);
        Self { connection, head: *head, whose: Whose::Between(from, before, balances), asset }
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

/// Where entries are that moved accounts at another time than they were recorded at. Which of the two times it is when they
/// count is read off the index of such entries. Whatever is found is one of the rows that are asked for: nothing is
/// passed by.
macro_rules! shifted {
    ($whose:literal, $($argument:expr),* $(,)?) => {
        sqlx::query_as!(
            ShiftedPlaceRow,
            r#"SELECT e.effective_at AS "time?", moved.number AS "number!"
            FROM (
                SELECT number FROM shifted_movements WHERE ledger = $1 AND "# + $whose + r#" LIMIT $4
            ) AS moved
            LEFT JOIN LATERAL (
                SELECT effective_at FROM entries
                WHERE ledger - 0 = $1 AND number - 0 = moved.number AND recorded_at <> effective_at OFFSET 0
            ) AS e ON true"#,
            $($argument),*
        )
    };
}

#[async_trait]
impl ListReads for Lists<'_, '_> {
    fn balances(&self) -> i64 {
        match self.whose {
            Whose::Account(_) => 1,
            Whose::Between(_, _, balances) => balances,
        }
    }

    async fn lists(
        &mut self,
        Numbers { from, before }: Numbers,
        order: Order,
        max: i64,
    ) -> Result<Vec<ListRow>, Failure> {
        let (ledger, asset) = (self.head.ledger, self.asset);
        let connection = &mut *self.connection;
        let found = match (&self.whose, order) {
            (Whose::Account(account), Order::Ascending) => {
                lists!("b.address = $2", "", ledger, *account, asset, from, before, max)
                    .fetch_all(connection)
                    .await?
            }
            (Whose::Account(account), Order::Descending) => {
                lists!("b.address = $2", "DESC", ledger, *account, asset, from, before, max)
                    .fetch_all(connection)
                    .await?
            }
            (Whose::Between(first, end, _), Order::Ascending) => {
                lists!("b.address > $2 AND b.address < $7", "", ledger, first, asset, from, before, max, end)
                    .fetch_all(connection)
                    .await?
            }
            (Whose::Between(first, end, _), Order::Descending) => {
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
        Ok(found)
    }
}

#[async_trait]
impl SortingReads for Lists<'_, '_> {
    fn next(&self) -> i64 {
        self.head.next
    }

    async fn recorded_before(&mut self, time: Timestamp) -> Result<i64, Failure> {
        Sorting { connection: &mut *self.connection, head: &self.head }.recorded_before(time).await
    }

    async fn shifted_among(&mut self, numbers: &[i64]) -> Result<Vec<(i64, i64)>, Failure> {
        Sorting { connection: &mut *self.connection, head: &self.head }.shifted_among(numbers).await
    }
}

#[async_trait]
impl MovedReads for Lists<'_, '_> {
    async fn shifted(&mut self, places: EffectivePlaces, rows: i64) -> Result<Vec<EffectivePlace>, Failure> {
        let ledger = self.head.ledger;
        let connection = &mut *self.connection;
        let found = match &self.whose {
            Whose::Account(account) => {
                shifted!("address = $2 AND later_at >= $3", ledger, *account, places.from.time, rows)
                    .fetch_all(connection)
                    .await?
            }
            Whose::Between(first, end, _) => {
                shifted!("address > $2 AND address < $3", ledger, first, end, rows)
                    .fetch_all(connection)
                    .await?
            }
        };
        Ok(found.iter().map(ShiftedPlaceRow::place).collect::<Result<_, Corruption>>()?)
    }

    async fn sorted(
        &mut self,
        numbers: &[i64],
        places: EffectivePlaces,
        order: Order,
        rows: i64,
    ) -> Result<Vec<i64>, Failure> {
        sorted(&mut *self.connection, self.head.ledger, numbers, places, order, rows).await
    }
}
