//! What is asked of SQLite to show accounts as they were. The log itself is only read where a list or an index leads
//! to an entry.

use async_trait::async_trait;
use engine::query::{Account, AsOf, Order, PAGE_WEIGHT_MAX};
use futures_util::TryStreamExt;
use ledger::{Address, LedgerName, Timestamp};
use sql_rows::{
    ApartRow, EntryRow, Failure, ListRow, Moved, Numbers, Past, PastReads, Scope, entries_that_moved,
};

use crate::entries::listed;
use crate::groups::Reads;
use crate::movements::{BalanceLists, Lists, rows_of};
use crate::rows::head;
use crate::spans::first_recorded_from;
use crate::store::SqliteStore;

pub(crate) async fn account(
    store: &SqliteStore,
    ledger: &LedgerName,
    address: &Address,
    as_of: AsOf,
) -> Result<Option<Account>, Failure> {
    let mut connection = store.reader().await?;
    let head = head(&mut connection, ledger).await?;
    let mut reads = Reads { connection: &mut connection, head };
    Past::at(&mut reads, as_of, Scope::Account(address)).await?.account(address).await
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
                SELECT * FROM (
                    SELECT address FROM balances
                    WHERE ledger = ?1 AND address >= ?2 AND address < ?3
                    UNION ALL
                    SELECT address FROM accounts
                    WHERE ledger = ?1 AND address >= ?2 AND address < ?3
                    ORDER BY address LIMIT 1
                )
                UNION ALL
                SELECT (
                    SELECT address FROM balances
                    WHERE ledger = ?1 AND address > found.address AND address < ?3
                    UNION ALL
                    SELECT address FROM accounts
                    WHERE ledger = ?1 AND address > found.address AND address < ?3
                    ORDER BY address LIMIT 1
                )
                FROM found WHERE found.address IS NOT NULL
                LIMIT ?4
            )
            SELECT address AS "address!: String" FROM found WHERE address IS NOT NULL"#,
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
            WHERE ledger = ?1 AND address >= ?2 AND address < ?3 ORDER BY address LIMIT ?4",
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
        let accounts = array(accounts);
        let balances = sqlx::query_as!(
            BalanceLists,
            r#"SELECT b.address AS "address!", b.asset AS "asset!", b.recent_movements AS "recent!", (
                SELECT json_group_array(json_array(last, numbers)) FROM (
                    SELECT * FROM (
                        SELECT last, numbers FROM earlier_movements
                        WHERE ledger = ?1 AND address = b.address AND asset = b.asset AND last >= ?4
                        ORDER BY last LIMIT 1
                    )
                    UNION ALL
                    SELECT * FROM (
                        SELECT last, numbers FROM earlier_movements
                        WHERE ledger = ?1 AND address = b.address AND asset = b.asset AND last < ?4
                        ORDER BY last DESC LIMIT 1
                    )
                )
            ) AS "ended!: String"
            FROM json_each(?2) AS wanted CROSS JOIN balances AS b
                ON b.ledger = ?1 AND b.address = wanted.value AND (?3 IS NULL OR b.asset = ?3)"#,
            self.head.ledger,
            accounts,
            asset,
            before
        )
        .fetch_all(&mut *self.connection)
        .await?;
        rows_of(balances)
    }

    async fn last_changes(&mut self, accounts: &[&str], before: i64) -> Result<Vec<(String, i64)>, Failure> {
        let accounts = array(accounts);
        let changes = sqlx::query!(
            r#"SELECT wanted.value || '' AS "address!: String", (
                SELECT number FROM account_changes
                WHERE ledger = ?1 AND address = wanted.value AND number < ?3
                ORDER BY number DESC LIMIT 1
            ) AS "number?: i64"
            FROM json_each(?2) AS wanted"#,
            self.head.ledger,
            accounts,
            before
        )
        .fetch_all(&mut *self.connection)
        .await?;
        Ok(changes.into_iter().filter_map(|row| Some((row.address, row.number?))).collect())
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

    async fn apart(&mut self, time: Timestamp, rows: i64) -> Result<Vec<ApartRow>, Failure> {
        let micros = time.micros();
        let apart = sqlx::query_as!(
            ApartRow,
            "SELECT number, recorded_at, effective_at FROM entries
            WHERE ledger = ?1 AND max(recorded_at, effective_at) > ?2 AND recorded_at <> effective_at
            ORDER BY max(recorded_at, effective_at) LIMIT ?3",
            self.head.ledger,
            micros,
            rows
        )
        .fetch_all(&mut *self.connection)
        .await?;
        Ok(apart)
    }

    async fn entries(&mut self, numbers: &[i64]) -> Result<Vec<EntryRow>, Failure> {
        let mut rows = listed(self.connection, self.head.ledger, numbers);
        let (mut entries, mut bytes) = (Vec::new(), 0);
        while bytes < PAGE_WEIGHT_MAX
            && let Some(row) = rows.try_next().await?
        {
            bytes += row.body.len();
            entries.push(row);
        }
        Ok(entries)
    }
}

fn array(texts: &[&str]) -> String {
    serde_json::to_string(texts).expect("texts can always be written")
}
