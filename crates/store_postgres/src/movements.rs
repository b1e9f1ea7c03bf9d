//! Which entries moved an account. Never reads the entries themselves.

use async_trait::async_trait;
use engine::query::{Order, SCAN_MAX};
use sql_rows::{Failure, ListReads, ListRow, Numbers, entries_that_moved, one_more};
use sqlx::PgConnection;

use crate::rows::Head;

/// An account whose movements are asked for, in one asset or in all.
#[derive(Clone, Copy)]
pub(crate) struct Moved<'q> {
    pub(crate) account: &'q str,
    pub(crate) asset: Option<&'q str>,
}

/// Returns the first `rows` entries within a range that moved an account, in order.
pub(crate) async fn entries_of(
    connection: &mut PgConnection,
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
    connection: &mut PgConnection,
    head: &Head,
    moved: Moved<'_>,
) -> Result<Option<Vec<i64>>, Failure> {
    let all = Numbers { from: 0, before: head.next };
    let found = entries_of(connection, head, moved, all, Order::Descending, one_more(SCAN_MAX)).await?;
    Ok((found.len() <= SCAN_MAX).then_some(found))
}

struct Lists<'c, 'q> {
    connection: &'c mut PgConnection,
    ledger: i64,
    moved: Moved<'q>,
}

#[async_trait]
impl ListReads for Lists<'_, '_> {
    async fn lists(
        &mut self,
        Numbers { from, before }: Numbers,
        order: Order,
        max: i64,
    ) -> Result<Vec<ListRow>, Failure> {
        let Moved { account, asset } = self.moved;
        let rows = match order {
            Order::Ascending => {
                sqlx::query_as!(
                    ListRow,
                    r#"SELECT b.address, b.asset, list.last AS "last?", list.numbers AS "numbers!"
                    FROM balances AS b CROSS JOIN LATERAL (
                        SELECT NULL::bigint AS last, b.recent_movements AS numbers
                        UNION ALL (
                            SELECT last, numbers FROM earlier_movements
                            WHERE ledger = $1 AND address = $2 AND asset = b.asset AND last >= $4
                            ORDER BY last LIMIT $5
                        )
                    ) AS list
                    WHERE b.ledger = $1 AND b.address = $2 AND ($3::text IS NULL OR b.asset = $3)
                    ORDER BY b.asset"#,
                    self.ledger,
                    account,
                    asset,
                    from,
                    max
                )
                .fetch_all(&mut *self.connection)
                .await?
            }
            Order::Descending => {
                sqlx::query_as!(
                    ListRow,
                    r#"SELECT b.address, b.asset, list.last AS "last?", list.numbers AS "numbers!"
                    FROM balances AS b CROSS JOIN LATERAL (
                        SELECT NULL::bigint AS last, b.recent_movements AS numbers
                        UNION ALL (
                            SELECT last, numbers FROM earlier_movements
                            WHERE ledger = $1 AND address = $2 AND asset = b.asset AND last >= $4
                                AND last <= COALESCE((
                                    SELECT last FROM earlier_movements
                                    WHERE ledger = $1 AND address = $2 AND asset = b.asset AND last >= $5
                                    ORDER BY last LIMIT 1
                                ), $5)
                            ORDER BY last DESC LIMIT $6
                        )
                    ) AS list
                    WHERE b.ledger = $1 AND b.address = $2 AND ($3::text IS NULL OR b.asset = $3)
                    ORDER BY b.asset"#,
                    self.ledger,
                    account,
                    asset,
                    from,
                    before,
                    max
                )
                .fetch_all(&mut *self.connection)
                .await?
            }
        };
        Ok(rows)
    }
}
