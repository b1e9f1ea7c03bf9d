//! What is asked of PostgreSQL to show accounts as they were. The log itself is only read where a list or an index
//! leads to an entry.

use async_trait::async_trait;
use engine::query::{Account, AsOf, Order, PAGE_WEIGHT_MAX};
use engine::shifted::ShiftedMovement;
use futures_util::TryStreamExt as _;
use ledger::{Address, LedgerName, Timestamp};
use sql_rows::{
    BodyRow, Corruption, Failure, ListRow, Moved, Numbers, Past, PastReads, ThenKeptRow, entries_that_moved,
};
use sqlx::PgConnection;

use crate::columns::Texts;
use crate::groups::Reads;
use crate::movements::Lists;
use crate::number::StoredNumber;
use crate::rows::{ShiftedRow, head};
use crate::spans::first_recorded_from;

pub(crate) async fn account(
    connection: &mut PgConnection,
    ledger: &LedgerName,
    address: &Address,
    as_of: AsOf,
) -> Result<Option<Account>, Failure> {
    let head = head(connection, ledger).await?;
    let mut reads = Reads { connection, head };
    Past::at(&mut reads, as_of).await?.account(address).await
}

#[async_trait]
impl PastReads for Reads<'_> {
    fn next(&self) -> i64 {
        self.head.next
    }

    async fn recorded_before(&mut self, time: Timestamp) -> Result<i64, Failure> {
        first_recorded_from(self.connection, &self.head, time).await
    }

    async fn addresses(&mut self, from: &str, before: &str, limit: i64) -> Result<Vec<String>, Failure> {
        // As lists of accounts do: from address to address through the primary keys.
        let found = sqlx::query_scalar!(
            r#"WITH RECURSIVE found (address) AS (
                SELECT LEAST(
                    (
                        SELECT address FROM balances
                        WHERE ledger = $1 AND address >= $2 AND address < $3
                        ORDER BY address LIMIT 1
                    ), (
                        SELECT address FROM accounts
                        WHERE ledger = $1 AND address >= $2 AND address < $3
                        ORDER BY address LIMIT 1
                    )
                )
                UNION ALL
                SELECT LEAST(
                    (
                        SELECT address FROM balances
                        WHERE ledger = $1 AND address > found.address AND address < $3
                        ORDER BY address LIMIT 1
                    ), (
                        SELECT address FROM accounts
                        WHERE ledger = $1 AND address > found.address AND address < $3
                        ORDER BY address LIMIT 1
                    )
                )
                FROM found WHERE found.address IS NOT NULL
            )
            SELECT address AS "address!" FROM found WHERE address IS NOT NULL LIMIT $4"#,
            self.head.ledger,
            from,
            before,
            limit
        )
        .fetch_all(&mut *self.connection)
        .await?;
        Ok(found)
    }

    async fn changed_addresses(
        &mut self,
        from: &str,
        before: &str,
        limit: i64,
    ) -> Result<Vec<String>, Failure> {
        let found = sqlx::query_scalar!(
            "SELECT address FROM accounts
            WHERE ledger = $1 AND address >= $2 AND address < $3 ORDER BY address LIMIT $4",
            self.head.ledger,
            from,
            before,
            limit
        )
        .fetch_all(&mut *self.connection)
        .await?;
        Ok(found)
    }

    async fn last_lists(
        &mut self,
        accounts: &[&str],
        asset: Option<&str>,
        before: i64,
    ) -> Result<Vec<ListRow>, Failure> {
        let accounts: Texts = accounts.iter().copied().collect();
        let lists = sqlx::query_as!(
            ListRow,
            r#"SELECT b.address AS "address!", b.asset AS "asset!", list.last AS "last?",
                list.numbers AS "numbers!"
            FROM UNNEST($2::text[]) AS wanted (address)
            CROSS JOIN LATERAL (
                SELECT address, asset, recent_movements FROM balances
                WHERE ledger = $1 AND address = wanted.address AND ($3::text IS NULL OR asset = $3) OFFSET 0
            ) AS b
            CROSS JOIN LATERAL (
                SELECT NULL::bigint AS last, b.recent_movements AS numbers
                UNION ALL (
                    SELECT last, numbers FROM earlier_movements
                    WHERE ledger = $1 AND address = b.address AND asset = b.asset AND last >= $4
                    ORDER BY last LIMIT 1
                ) UNION ALL (
                    SELECT last, numbers FROM earlier_movements
                    WHERE ledger = $1 AND address = b.address AND asset = b.asset AND last < $4
                    ORDER BY last DESC LIMIT 1
                )
            ) AS list"#,
            self.head.ledger,
            &accounts as _,
            asset,
            before
        )
        .fetch_all(&mut *self.connection)
        .await?;
        Ok(lists)
    }

    async fn kept(&mut self, accounts: &[&str], before: i64) -> Result<Vec<ThenKeptRow>, Failure> {
        let accounts: Texts = accounts.iter().copied().collect();
        let kept = sqlx::query_as!(
            ThenKeptRow,
            r#"SELECT wanted.address AS "address!", change.number AS "number!", (
                    SELECT number FROM account_changes
                    WHERE ledger = $1 AND address = wanted.address AND number >= $3 ORDER BY number LIMIT 1
                ) IS NOT NULL AS "is_changed_since!", kept.policy AS "policy?", kept.metadata AS "metadata?"
            FROM UNNEST($2::text[]) AS wanted (address)
            CROSS JOIN LATERAL (
                SELECT number FROM account_changes
                WHERE ledger = $1 AND address = wanted.address AND number < $3
                ORDER BY number DESC LIMIT 1
            ) AS change
            LEFT JOIN LATERAL (
                SELECT policy, metadata FROM accounts
                WHERE ledger = $1 AND address = wanted.address OFFSET 0
            ) AS kept ON true"#,
            self.head.ledger,
            &accounts as _,
            before
        )
        .fetch_all(&mut *self.connection)
        .await?;
        Ok(kept)
    }

    async fn first_movements(
        &mut self,
        moved: Moved<'_>,
        before: i64,
        rows: i64,
    ) -> Result<Vec<i64>, Failure> {
        let mut lists = Lists::of(self.connection, &self.head, moved);
        entries_that_moved(&mut lists, Numbers { from: 0, before }, Order::Ascending, rows).await
    }

    async fn shifted(
        &mut self,
        accounts: &[&str],
        asset: Option<&str>,
        time: Timestamp,
        rows: i64,
    ) -> Result<Vec<ShiftedMovement>, Failure> {
        let accounts: Texts = accounts.iter().copied().collect();
        let found = sqlx::query_as!(
            ShiftedRow,
            r#"SELECT shifted.address AS "address!", shifted.later_at AS "later_at!",
                shifted.number AS "number!", shifted.asset AS "asset!", shifted.earlier_at AS "earlier_at!",
                shifted.posted_in AS "posted_in!: StoredNumber",
                shifted.posted_out AS "posted_out!: StoredNumber"
            FROM UNNEST($2::text[]) AS wanted (address)
            CROSS JOIN LATERAL (
                SELECT address, later_at, number, asset, earlier_at, posted_in, posted_out FROM shifted_movements
                WHERE ledger = $1 AND address = wanted.address AND later_at > $4
                    AND ($3::text IS NULL OR asset = $3) OFFSET 0
            ) AS shifted
            LIMIT $5"#,
            self.head.ledger,
            &accounts as _,
            asset,
            time.micros(),
            rows
        )
        .fetch_all(&mut *self.connection)
        .await?;
        Ok(found.iter().map(ShiftedRow::movement).collect::<Result<_, Corruption>>()?)
    }

    async fn bodies(&mut self, numbers: &[i64]) -> Result<Vec<BodyRow>, Failure> {
        let mut rows = sqlx::query_as!(
            BodyRow,
            r#"SELECT e.number AS "number!", e.kind AS "kind!", e.body AS "body!"
            FROM UNNEST($2::bigint[]) WITH ORDINALITY AS wanted (number, place) CROSS JOIN LATERAL (
                SELECT number, kind, body FROM entries WHERE ledger = $1 AND number = wanted.number OFFSET 0
            ) AS e ORDER BY place"#,
            self.head.ledger,
            numbers
        )
        .fetch(&mut *self.connection);
        let (mut bodies, mut bytes) = (Vec::new(), 0);
        while bytes < PAGE_WEIGHT_MAX
            && let Some(row) = rows.try_next().await?
        {
            bytes += row.body.len();
            bodies.push(row);
        }
        Ok(bodies)
    }
}
