//! Sums of balances over groups of accounts, all of a page as of one moment.

use async_trait::async_trait;
use engine::query::{BalanceGroup, BalanceQuery, BalanceSum, Page};
use ledger::{Balance, BalanceKey, BalanceTotal, LedgerName, RootKey};
use sql_rows::{
    Corruption, Failure, Group, GroupReads, KeptReads, sum_groups_as_of, sum_groups_now, sums_of,
};
use sqlx::{Connection, PgConnection};

use crate::number::{StoredNumber, StoredSum, StoredTotal};
use crate::rows::{BalanceRow, Head, SumRow, head};

pub(crate) async fn balances(
    connection: &mut PgConnection,
    ledger: &LedgerName,
    query: &BalanceQuery,
) -> Result<Page<BalanceGroup, String>, Failure> {
    let mut transaction = connection.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let head = head(&mut transaction, ledger).await?;
    let mut reads = Reads { connection: &mut transaction, head };
    let page = match query.as_of {
        None => sum_groups_now(&mut reads, query).await?,
        Some(as_of) => sum_groups_as_of(&mut reads, query, as_of).await?,
    };
    transaction.commit().await?;
    Ok(page)
}

/// Reads of one ledger at one moment.
pub(crate) struct Reads<'c> {
    pub(crate) connection: &'c mut PgConnection,
    pub(crate) head: Head,
}

#[async_trait]
impl GroupReads for Reads<'_> {
    async fn first_address(&mut self, from: &str, before: &str) -> Result<Option<String>, Failure> {
        let found = sqlx::query_scalar!(
            "SELECT address FROM balances WHERE ledger = $1 AND address >= $2 AND address < $3
            ORDER BY address LIMIT 1",
            self.head.ledger,
            from,
            before
        )
        .fetch_optional(&mut *self.connection)
        .await?;
        Ok(found)
    }

    async fn first_parent(
        &mut self,
        names: &[&str],
        from: &str,
        before: &str,
    ) -> Result<Option<String>, Failure> {
        let hidden = sqlx::query_scalar!(
            r#"SELECT name AS "name!" FROM UNNEST($2::text[]) WITH ORDINALITY AS parent (name, place)
            CROSS JOIN LATERAL (
                SELECT 1 FROM balances WHERE ledger = $1
                    AND address >= name || ':' AND address < name || ';' AND address >= $3 AND address < $4
                LIMIT 1
            ) AS under
            ORDER BY place LIMIT 1"#,
            self.head.ledger,
            names as _,
            from,
            before
        )
        .fetch_optional(&mut *self.connection)
        .await?;
        Ok(hidden)
    }

    async fn balances(
        &mut self,
        from: &str,
        before: &str,
        limit: i64,
    ) -> Result<Option<Vec<(BalanceKey, Balance)>>, Failure> {
        let rows = sqlx::query_as!(
            BalanceRow,
            r#"SELECT address, asset, posted_in AS "posted_in!: StoredNumber",
                posted_out AS "posted_out!: StoredNumber", pending_in AS "pending_in!: StoredNumber",
                pending_out AS "pending_out!: StoredNumber"
            FROM balances WHERE ledger = $1 AND address >= $2 AND address < $3
            ORDER BY address, asset LIMIT $4"#,
            self.head.ledger,
            from,
            before,
            limit
        )
        .fetch_all(&mut *self.connection)
        .await?;
        Ok(Some(rows.iter().map(BalanceRow::balance).collect::<Result<_, Corruption>>()?))
    }

    async fn sum(&mut self, group: &Group) -> Result<Vec<(String, BalanceSum)>, Failure> {
        // Sums saturate where 128 bits end. Counters that cannot be must not vanish in a sum.
        let rows = sqlx::query!(
            r#"SELECT asset AS "asset!",
                LEAST(sum(posted_in), 2::numeric ^ 128 - 1)::numeric(39, 0) AS "posted_in!: StoredSum",
                LEAST(sum(posted_out), 2::numeric ^ 128 - 1)::numeric(39, 0) AS "posted_out!: StoredSum",
                LEAST(sum(pending_in), 2::numeric ^ 128 - 1)::numeric(39, 0) AS "pending_in!: StoredSum",
                LEAST(sum(pending_out), 2::numeric ^ 128 - 1)::numeric(39, 0) AS "pending_out!: StoredSum",
                bool_and(
                    LEAST(posted_in, posted_out, pending_in, pending_out) >= 0
                    AND GREATEST(posted_in, posted_out, pending_in, pending_out) < 2::numeric ^ 127
                    AND scale(posted_in + posted_out + pending_in + pending_out) = 0
                ) AS "sound!"
            FROM (
                SELECT * FROM balances WHERE ledger = $1 AND address = $2
                UNION ALL
                SELECT * FROM balances WHERE ledger = $1 AND address >= $3 AND address < $4
            ) AS accounts
            GROUP BY asset"#,
            self.head.ledger,
            group.own,
            group.from,
            group.before
        )
        .fetch_all(&mut *self.connection)
        .await?;
        let mut sums = Vec::with_capacity(rows.len());
        for row in rows {
            if !row.sound {
                let place = format!("the balances of {} in {}", group.name, row.asset);
                return Err(Corruption::new(place, "a counter below 0, or not whole").into());
            }
            let sum = BalanceSum {
                posted_in: row.posted_in.0,
                posted_out: row.posted_out.0,
                pending_in: row.pending_in.0,
                pending_out: row.pending_out.0,
            };
            sums.push((row.asset, sum));
        }
        Ok(sums)
    }
}

#[async_trait]
impl KeptReads for Reads<'_> {
    async fn kept_sums(
        &mut self,
        from: &str,
        before: &str,
        limit: i64,
    ) -> Result<Vec<(RootKey, BalanceTotal)>, Failure> {
        let rows = sqlx::query_as!(
            SumRow,
            r#"SELECT address AS "root!", asset, posted_in AS "posted_in!: StoredTotal",
                posted_out AS "posted_out!: StoredTotal", pending_in AS "pending_in!: StoredTotal",
                pending_out AS "pending_out!: StoredTotal"
            FROM balances WHERE ledger = $1 AND address >= $2 AND address < $3
            ORDER BY address, asset LIMIT $4"#,
            sums_of(self.head.ledger),
            from,
            before,
            limit
        )
        .fetch_all(&mut *self.connection)
        .await?;
        Ok(rows.iter().map(SumRow::sum).collect::<Result<_, Corruption>>()?)
    }

    async fn own_balances(
        &mut self,
        from: &str,
        before: &str,
        limit: i64,
    ) -> Result<Vec<(BalanceKey, Balance)>, Failure> {
        // `;` comes right behind the colon, `!` before every sign of an address.
        let rows = sqlx::query_as!(
            BalanceRow,
            r#"WITH RECURSIVE found (address) AS (
                (
                    SELECT address FROM balances WHERE ledger = $1 AND address >= $2 AND address < $3
                    ORDER BY address LIMIT 1
                )
                UNION ALL
                SELECT (
                    SELECT address FROM balances WHERE ledger = $1 AND address >= CASE
                        WHEN strpos(found.address, ':') = 0 THEN found.address || '!'
                        ELSE split_part(found.address, ':', 1) || ';' END
                        AND address < $3
                    ORDER BY address LIMIT 1
                )
                FROM found WHERE found.address IS NOT NULL
            )
            SELECT own.address AS "address!", asset AS "asset!", posted_in AS "posted_in!: StoredNumber",
                posted_out AS "posted_out!: StoredNumber", pending_in AS "pending_in!: StoredNumber",
                pending_out AS "pending_out!: StoredNumber"
            FROM (SELECT address FROM found WHERE strpos(address, ':') = 0 LIMIT $4) AS own
            CROSS JOIN LATERAL (
                SELECT * FROM balances WHERE ledger = $1 AND balances.address = own.address OFFSET 0
            ) AS balance"#,
            self.head.ledger,
            from,
            before,
            limit
        )
        .fetch_all(&mut *self.connection)
        .await?;
        Ok(rows.iter().map(BalanceRow::balance).collect::<Result<_, Corruption>>()?)
    }
}
