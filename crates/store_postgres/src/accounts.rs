//! Lists of accounts with their balances. An account is there from its first movement or change on, never before.

use engine::query::{Account, AccountQuery, Page};
use futures_util::TryStreamExt as _;
use ledger::{Address, Asset, LedgerName};
use sql_rows::{AccountPage, Failure, accounts_as_of, end_of};
use sqlx::PgConnection;

use crate::groups::Reads;
use crate::number::StoredNumber;
use crate::rows::{AccountRow, head};

pub(crate) async fn accounts(
    connection: &mut PgConnection,
    ledger: &LedgerName,
    query: &AccountQuery,
) -> Result<Page<Account, Address>, Failure> {
    let head = head(&mut *connection, ledger).await?;
    if let Some(as_of) = query.as_of {
        return accounts_as_of(&mut Reads { connection, head }, query, as_of).await;
    }
    let prefix = query.prefix.as_deref().unwrap_or_default();
    // Goes from address to address through the primary keys, past all other assets of each. LEAST passes NULL over.
    let mut rows = sqlx::query_as!(
        AccountRow,
        r#"WITH RECURSIVE found (address) AS (
            SELECT LEAST(
                (
                    SELECT address FROM balances
                    WHERE ledger = $1 AND address > $2 AND address >= $3 AND address < $4
                    ORDER BY address LIMIT 1
                ), (
                    SELECT address FROM accounts
                    WHERE ledger = $1 AND address > $2 AND address >= $3 AND address < $4
                    ORDER BY address LIMIT 1
                )
            )
            UNION ALL
            SELECT LEAST(
                (
                    SELECT address FROM balances
                    WHERE ledger = $1 AND address > found.address AND address < $4
                    ORDER BY address LIMIT 1
                ), (
                    SELECT address FROM accounts
                    WHERE ledger = $1 AND address > found.address AND address < $4
                    ORDER BY address LIMIT 1
                )
            )
            FROM found WHERE found.address IS NOT NULL
        )
        SELECT found.address AS "address!", policy AS "policy?", metadata AS "metadata?", last AS "last?",
            asset AS "asset?",
            posted_in AS "posted_in?: StoredNumber", posted_out AS "posted_out?: StoredNumber",
            pending_in AS "pending_in?: StoredNumber", pending_out AS "pending_out?: StoredNumber"
        FROM (SELECT address FROM found WHERE address IS NOT NULL LIMIT $6) AS found
        LEFT JOIN LATERAL (
            SELECT policy, metadata, last, NULL AS asset, NULL::numeric AS posted_in, NULL::numeric AS posted_out,
                NULL::numeric AS pending_in, NULL::numeric AS pending_out
            FROM (
                SELECT GREATEST(
                    (
                        SELECT max(COALESCE(substring(recent_movements FROM '([0-9]+) $')::bigint, (
                            SELECT max(e.last) FROM earlier_movements AS e
                            WHERE e.ledger = $1 AND e.address = found.address AND e.asset = b.asset
                        )))
                        FROM balances AS b WHERE b.ledger = $1 AND b.address = found.address
                    ),
                    (SELECT max(number) FROM account_changes AS c WHERE c.ledger = $1 AND c.address = found.address)
                ) AS last
            ) AS touched
            LEFT JOIN LATERAL (
                SELECT policy, metadata FROM accounts WHERE ledger = $1 AND accounts.address = found.address OFFSET 0
            ) AS kept ON true
            UNION ALL
            SELECT NULL, NULL, NULL, asset, posted_in, posted_out, pending_in, pending_out
            FROM balances WHERE ledger = $1 AND balances.address = found.address
                AND ($5::text IS NULL OR asset = $5)
        ) AS own ON true
        ORDER BY found.address, asset NULLS FIRST"#,
        head.ledger,
        query.after.as_ref().map_or("", Address::as_str),
        prefix,
        end_of(prefix),
        query.asset.as_ref().map(Asset::as_str),
        AccountPage::rows_wanted(query)
    )
    .fetch(connection);
    // One by one, so that a page of large accounts ends before it takes much memory.
    let mut page = AccountPage::new(query);
    while let Some(row) = rows.try_next().await? {
        if !page.take(row)? {
            break;
        }
    }
    Ok(page.finish())
}
