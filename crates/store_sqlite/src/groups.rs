//! Sums of balances over groups of accounts, as SQLite can: it adds 64 bits, and says so where they are not
//! enough.

use std::collections::BTreeMap;

use async_trait::async_trait;
use engine::query::{BalanceGroup, BalanceQuery, BalanceSum, Page};
use futures_util::TryStreamExt;
use ledger::{Balance, BalanceKey, BalanceTotal, LedgerName, RootKey};
use sql_rows::{
    Corruption, Failure, Group, GroupReads, KeptReads, sum_groups_as_of, sum_groups_now, sums_of,
};
use sqlx::SqliteConnection;

use crate::number::{StoredNumber, StoredTotal};
use crate::rows::{BalanceRow, Head, SumRow, head};
use crate::store::SqliteStore;

pub(crate) async fn balances(
    store: &SqliteStore,
    ledger: &LedgerName,
    query: &BalanceQuery,
) -> Result<Page<BalanceGroup, String>, Failure> {
    let mut transaction = store.readers.begin().await?;
    let head = head(&mut transaction, ledger).await?;
    let mut reads = Reads { connection: &mut transaction, head };
    match query.as_of {
        None => sum_groups_now(&mut reads, query).await,
        Some(as_of) => sum_groups_as_of(&mut reads, query, as_of).await,
    }
}

/// Reads of one ledger at one moment.
pub(crate) struct Reads<'c> {
    pub(crate) connection: &'c mut SqliteConnection,
    pub(crate) head: Head,
}

#[async_trait]
impl GroupReads for Reads<'_> {
    async fn first_address(&mut self, from: &str, before: &str) -> Result<Option<String>, Failure> {
        Ok(sqlx::query_scalar!(
            "SELECT address FROM balances WHERE ledger = ?1 AND address >= ?2 AND address < ?3
            ORDER BY address LIMIT 1",
            self.head.ledger,
            from,
            before
        )
        .fetch_optional(&mut *self.connection)
        .await?)
    }

    async fn first_parent(
        &mut self,
        names: &[&str],
        from: &str,
        before: &str,
    ) -> Result<Option<String>, Failure> {
        let names = serde_json::to_string(names).expect("texts can always be written");
        let hidden = sqlx::query_scalar!(
            r#"SELECT name.value || '' AS "name!: String" FROM json_each(?2) AS name WHERE EXISTS (
                SELECT 1 FROM balances WHERE ledger = ?1
                    AND address >= name.value || ':' AND address < name.value || ';'
                    AND address >= ?3 AND address < ?4
            ) ORDER BY name.key LIMIT 1"#,
            self.head.ledger,
            names,
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
            FROM balances WHERE ledger = ?1 AND address >= ?2 AND address < ?3
            ORDER BY address, asset LIMIT ?4"#,
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
        let rows = sqlx::query!(
            r#"SELECT asset AS "asset!",
                sum(iif(typeof(posted_in) = 'integer', posted_in >> 32, 0)) AS "posted_in_high!: i64",
                sum(iif(typeof(posted_in) = 'integer', posted_in & 4294967295, 0)) AS "posted_in_low!: i64",
                sum(iif(typeof(posted_out) = 'integer', posted_out >> 32, 0)) AS "posted_out_high!: i64",
                sum(iif(typeof(posted_out) = 'integer', posted_out & 4294967295, 0))
                    AS "posted_out_low!: i64",
                sum(iif(typeof(pending_in) = 'integer', pending_in >> 32, 0)) AS "pending_in_high!: i64",
                sum(iif(typeof(pending_in) = 'integer', pending_in & 4294967295, 0))
                    AS "pending_in_low!: i64",
                sum(iif(typeof(pending_out) = 'integer', pending_out >> 32, 0)) AS "pending_out_high!: i64",
                sum(iif(typeof(pending_out) = 'integer', pending_out & 4294967295, 0))
                    AS "pending_out_low!: i64",
                sum((typeof(posted_in), typeof(posted_out), typeof(pending_in), typeof(pending_out))
                    <> ('integer', 'integer', 'integer', 'integer')) AS "large!: i64"
            FROM (
                SELECT * FROM balances WHERE ledger = ?1 AND address = ?2
                UNION ALL
                SELECT * FROM balances WHERE ledger = ?1 AND address >= ?3 AND address < ?4
            )
            GROUP BY asset"#,
            self.head.ledger,
            group.own,
            group.from,
            group.before
        )
        .fetch_all(&mut *self.connection)
        .await?;
        let mut sums = BTreeMap::new();
        let mut large = false;
        for row in rows {
            large |= row.large > 0;
            let join = |high: i64, low: i64| {
                let whole = (i128::from(high) << 32) + i128::from(low);
                u128::try_from(whole).map_err(|_| {
                    Corruption::new(format!("the balances of {}", group.name), "a counter below 0")
                })
            };
            let sum = BalanceSum {
                posted_in: join(row.posted_in_high, row.posted_in_low)?,
                posted_out: join(row.posted_out_high, row.posted_out_low)?,
                pending_in: join(row.pending_in_high, row.pending_in_low)?,
                pending_out: join(row.pending_out_high, row.pending_out_low)?,
            };
            sums.insert(row.asset, sum);
        }
        if large {
            self.add_large(group, &mut sums).await?;
        }
        Ok(Vec::from_iter(sums))
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
        let sums = sums_of(self.head.ledger);
        let rows = sqlx::query_as!(
            SumRow,
            r#"SELECT address AS "root!", asset, posted_in AS "posted_in!: StoredTotal",
                posted_out AS "posted_out!: StoredTotal", pending_in AS "pending_in!: StoredTotal",
                pending_out AS "pending_out!: StoredTotal"
            FROM balances WHERE ledger = ?1 AND address >= ?2 AND address < ?3
            ORDER BY address, asset LIMIT ?4"#,
            sums,
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
                SELECT * FROM (
                    SELECT address FROM balances WHERE ledger = ?1 AND address >= ?2 AND address < ?3
                    ORDER BY address LIMIT 1
                )
                UNION ALL
                SELECT (
                    SELECT address FROM balances WHERE ledger = ?1 AND address < ?3 AND address >= iif(
                        instr(found.address, ':') = 0,
                        found.address || '!', substr(found.address, 1, instr(found.address, ':') - 1) || ';'
                    )
                    ORDER BY address LIMIT 1
                )
                FROM found WHERE found.address IS NOT NULL
            )
            SELECT balances.address, asset, posted_in AS "posted_in!: StoredNumber",
                posted_out AS "posted_out!: StoredNumber", pending_in AS "pending_in!: StoredNumber",
                pending_out AS "pending_out!: StoredNumber"
            FROM (SELECT address FROM found WHERE instr(address, ':') = 0 LIMIT ?4) AS own
            CROSS JOIN balances ON balances.ledger = ?1 AND balances.address = own.address"#,
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

impl Reads<'_> {
    /// Adds the counters that SQLite cannot add, because 64 bits do not hold them.
    async fn add_large(
        &mut self,
        group: &Group,
        sums: &mut BTreeMap<String, BalanceSum>,
    ) -> Result<(), Failure> {
        let mut rows = sqlx::query!(
            r#"SELECT asset AS "asset!",
                posted_in AS "posted_in!: StoredNumber", posted_out AS "posted_out!: StoredNumber",
                pending_in AS "pending_in!: StoredNumber", pending_out AS "pending_out!: StoredNumber"
            FROM (
                SELECT * FROM balances WHERE ledger = ?1 AND address = ?2
                UNION ALL
                SELECT * FROM balances WHERE ledger = ?1 AND address >= ?3 AND address < ?4
            )
            WHERE (typeof(posted_in), typeof(posted_out), typeof(pending_in), typeof(pending_out))
                <> ('integer', 'integer', 'integer', 'integer')"#,
            self.head.ledger,
            group.own,
            group.from,
            group.before
        )
        .fetch(&mut *self.connection);
        while let Some(row) = rows.try_next().await? {
            let sum = sums.entry(row.asset).or_default();
            for (total, number) in [
                (&mut sum.posted_in, row.posted_in),
                (&mut sum.posted_out, row.posted_out),
                (&mut sum.pending_in, row.pending_in),
                (&mut sum.pending_out, row.pending_out),
            ] {
                if i64::try_from(number.0).is_err() {
                    let large = u128::try_from(number.0)
                        .map_err(|_| Corruption::new("a balance", "a counter below 0"))?;
                    *total = total.saturating_add(large);
                }
            }
        }
        Ok(())
    }
}
