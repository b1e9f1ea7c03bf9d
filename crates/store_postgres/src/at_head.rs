//! Reads of single accounts, as many as wait for it by one statement, together with the head of the log.

use engine::port::AccountsAtHead;
use ledger::{Address, LedgerName};
use sql_rows::{Failure, HeadRow};
use sqlx::PgConnection;

use crate::number::StoredNumber;
use crate::rows::PlacedRow;

pub(crate) async fn accounts_at_head(
    connection: &mut PgConnection,
    ledger: &LedgerName,
    addresses: &[Address],
) -> Result<AccountsAtHead, Failure> {
    if addresses.is_empty() {
        let head = sqlx::query_as!(
            HeadRow,
            "SELECT next_entry AS next, last_recorded_at FROM ledgers WHERE name = $1",
            ledger.as_str()
        );
        let head = head.fetch_optional(connection).await?.ok_or(Failure::LedgerNotFound)?;
        return Ok(AccountsAtHead { head: head.head(ledger)?, accounts: Vec::new() });
    }
    let wanted: Vec<&str> = addresses.iter().map(Address::as_str).collect();
    let rows = sqlx::query_as!(
        PlacedRow,
        r#"SELECT next_entry AS "next!", last_recorded_at, place - 1 AS place, policy AS "policy?",
            own.metadata AS "metadata?", last AS "last?", asset AS "asset?",
            posted_in AS "posted_in?: StoredNumber", posted_out AS "posted_out?: StoredNumber",
            pending_in AS "pending_in?: StoredNumber", pending_out AS "pending_out?: StoredNumber"
        FROM ledgers
        CROSS JOIN UNNEST($2::text[]) WITH ORDINALITY AS wanted (address, place)
        LEFT JOIN LATERAL (
            (
                SELECT policy, metadata, (
                        SELECT max(number) FROM account_changes AS c
                        WHERE c.ledger = ledgers.id AND c.address = wanted.address
                    ) AS last,
                    NULL AS asset, NULL::numeric AS posted_in, NULL::numeric AS posted_out,
                    NULL::numeric AS pending_in, NULL::numeric AS pending_out
                FROM accounts
                WHERE accounts.ledger = ledgers.id AND accounts.address = wanted.address OFFSET 0
            )
            UNION ALL
            SELECT NULL, NULL, COALESCE(substring(recent_movements FROM '([0-9]+) $')::bigint, (
                    SELECT max(e.last) FROM earlier_movements AS e
                    WHERE e.ledger = ledgers.id AND e.address = wanted.address AND e.asset = balances.asset
                )),
                asset, posted_in, posted_out, pending_in, pending_out
            FROM balances WHERE balances.ledger = ledgers.id AND balances.address = wanted.address
        ) AS own ON true
        WHERE ledgers.name = $1
        ORDER BY place, asset NULLS FIRST"#,
        ledger.as_str(),
        &wanted as _
    )
    .fetch_all(connection)
    .await?;
    sql_rows::accounts_at_head(ledger, addresses, rows)
}
