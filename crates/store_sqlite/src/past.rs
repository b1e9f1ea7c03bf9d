//! What is asked of SQLite to show accounts as they were. The log itself is only read where a list or an index leads
//! to an entry.

use async_trait::async_trait;
use engine::query::{Account, AsOf, Order, PAGE_WEIGHT_MAX};
use engine::shifted::ShiftedMovement;
use futures_util::TryStreamExt;
use ledger::{Address, LedgerName, Timestamp};
use sql_rows::{
    BodyRow, Corruption, Failure, ListRow, Moved, Numbers, Past, PastReads, ThenKeptRow, entries_that_moved,
};

use crate::groups::Reads;
use crate::movements::{BalanceLists, Lists, rows_of};
use crate::number::StoredNumber;
use crate::rows::{ShiftedRow, head};
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

    async fn kept(&mut self, accounts: &[&str], before: i64) -> Result<Vec<ThenKeptRow>, Failure> {
        let accounts = array(accounts);
        let kept = sqlx::query_as!(
            ThenKeptRow,
            r#"SELECT changed.address AS "address!: String", changed.number AS "number!: i64", EXISTS (
                SELECT 1 FROM account_changes WHERE ledger = ?1 AND address = changed.address AND number >= ?3
            ) AS "is_changed_since!: bool", kept.policy AS "policy?", kept.metadata AS "metadata?"
            FROM (
                SELECT wanted.value || '' AS address, (
                    SELECT number FROM account_changes
                    WHERE ledger = ?1 AND address = wanted.value AND number < ?3
                    ORDER BY number DESC LIMIT 1
                ) AS number
                FROM json_each(?2) AS wanted
            ) AS changed
            LEFT JOIN accounts AS kept ON kept.ledger = ?1 AND kept.address = changed.address
            WHERE changed.number IS NOT NULL"#,
            self.head.ledger,
            accounts,
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
        let (accounts, micros) = (array(accounts), time.micros());
        let found = sqlx::query_as!(
            ShiftedRow,
            r#"SELECT shifted.address AS "address!", shifted.later_at AS "later_at!",
                shifted.number AS "number!", shifted.asset AS "asset!", shifted.earlier_at AS "earlier_at!",
                shifted.posted_in AS "posted_in!: StoredNumber",
                shifted.posted_out AS "posted_out!: StoredNumber"
            FROM json_each(?2) AS wanted CROSS JOIN shifted_movements AS shifted
                ON shifted.ledger = ?1 AND shifted.address = wanted.value AND shifted.later_at > ?4
                    AND (?3 IS NULL OR shifted.asset = ?3)
            LIMIT ?5"#,
            self.head.ledger,
            accounts,
            asset,
            micros,
            rows
        )
        .fetch_all(&mut *self.connection)
        .await?;
        Ok(found.iter().map(ShiftedRow::movement).collect::<Result<_, Corruption>>()?)
    }

    async fn bodies(&mut self, numbers: &[i64]) -> Result<Vec<BodyRow>, Failure> {
        let numbers = serde_json::to_string(numbers).expect("numbers can always be written");
        let mut rows = sqlx::query_as!(
            BodyRow,
            r#"SELECT e.number AS "number!", e.kind AS "kind!", e.body AS "body!"
            FROM json_each(?2) AS listed CROSS JOIN entries AS e ON e.ledger = ?1 AND e.number = listed.value"#,
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

fn array(texts: &[&str]) -> String {
    serde_json::to_string(texts).expect("texts can always be written")
}
