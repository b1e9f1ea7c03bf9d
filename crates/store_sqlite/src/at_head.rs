//! Reads of single accounts, as many as wait for it by one statement, together with the head of the log.

use engine::port::AccountsAtHead;
use ledger::{Address, LedgerName};
use sql_rows::{Failure, HeadRow};

use crate::number::StoredNumber;
use crate::rows::PlacedRow;
use crate::store::SqliteStore;

pub(crate) async fn accounts_at_head(
    store: &SqliteStore,
    ledger: &LedgerName,
    addresses: &[Address],
) -> Result<AccountsAtHead, Failure> {
    let mut connection = store.reader().await?;
    let name = ledger.as_str();
    if addresses.is_empty() {
        let head = sqlx::query_as!(
            HeadRow,
            r#"SELECT next_entry AS "next!", last_recorded_at FROM ledgers WHERE name = ?1"#,
            name
        );
        let head = head.fetch_optional(&mut *connection).await?.ok_or(Failure::LedgerNotFound)?;
        return Ok(AccountsAtHead { head: head.head(ledger)?, accounts: Vec::new() });
    }
    let wanted: Vec<&str> = addresses.iter().map(Address::as_str).collect();
    let wanted = serde_json::to_string(&wanted).expect("texts can always be written");
    // Through what is wanted, and from there by primary keys: the joins are to run in the order in which they stand.
    let rows = sqlx::query_as!(
        PlacedRow,
        r#"SELECT next_entry AS "next!: i64", last_recorded_at AS "last_recorded_at?: i64", wanted.key + 0 AS "place?: i64",
            policy AS "policy?: String", kept.metadata AS "metadata?: String", (
                SELECT max(number) FROM account_changes AS c WHERE c.ledger = ledgers.id AND c.address = wanted.value
            ) AS "last?: i64",
            NULL AS "asset?: String", NULL AS "posted_in?: StoredNumber", NULL AS "posted_out?: StoredNumber",
            NULL AS "pending_in?: StoredNumber", NULL AS "pending_out?: StoredNumber"
        FROM ledgers
        CROSS JOIN json_each(?2) AS wanted
        CROSS JOIN accounts AS kept ON kept.ledger = ledgers.id AND kept.address = wanted.value
        WHERE ledgers.name = ?1
        UNION ALL
        SELECT next_entry, last_recorded_at, wanted.key + 0, NULL, NULL, COALESCE(
                CAST(NULLIF(substr(
                    rtrim(recent_movements), length(rtrim(rtrim(recent_movements), '0123456789')) + 1
                ), '') AS INTEGER), (
                    SELECT max(e.last) FROM earlier_movements AS e
                    WHERE e.ledger = ledgers.id AND e.address = wanted.value AND e.asset = balances.asset
                )
            ),
            asset, posted_in, posted_out, pending_in, pending_out
        FROM ledgers
        CROSS JOIN json_each(?2) AS wanted
        CROSS JOIN balances ON balances.ledger = ledgers.id AND balances.address = wanted.value
        WHERE ledgers.name = ?1
        UNION ALL
        SELECT next_entry, last_recorded_at, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
        FROM ledgers WHERE ledgers.name = ?1
        ORDER BY 3, 7"#,
        name,
        wanted
    )
    .fetch_all(&mut *connection)
    .await?;
    sql_rows::accounts_at_head(ledger, addresses, rows)
}
