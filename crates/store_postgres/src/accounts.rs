//! Lists of accounts with their balances. An account is there from its first movement or change on, never before.

use engine::pair::MetadataPair;
use engine::query::{Account, AccountQuery, Page};
use futures_util::{Stream, TryStreamExt as _};
use ledger::{Address, Asset, LedgerName};
use sql_rows::{AccountPage, Failure, accounts_as_of, end_of, first_behind};
use sqlx::PgConnection;

use crate::groups::Reads;
use crate::number::StoredNumber;
use crate::rows::{AccountRow, head};

/// Accounts with what is kept beside them and with their balances, from what finds their addresses.
macro_rules! accounts {
    ($found:literal, [$ledger:expr, $from:ident, $end:ident, $asset:ident, $rows:ident], $($more:expr),*) => {
        sqlx::query_as!(
            AccountRow,
            r#"WITH RECURSIVE found (address) AS ("# + $found + r#")
            SELECT found.address AS "address!", policy AS "policy?", metadata AS "metadata?", last AS "last?",
                asset AS "asset?",
                posted_in AS "posted_in?: StoredNumber", posted_out AS "posted_out?: StoredNumber",
                pending_in AS "pending_in?: StoredNumber", pending_out AS "pending_out?: StoredNumber"
            FROM (SELECT address FROM found WHERE address IS NOT NULL LIMIT $5) AS found
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
                    AND ($4::text IS NULL OR asset = $4)
            ) AS own ON true
            ORDER BY found.address, asset NULLS FIRST"#,
            $ledger,
            $from,
            $end,
            $asset,
            $rows,
            $($more),*
        )
    };
}

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
    let after = query.after.as_ref().map_or("", Address::as_str);
    let (from, end) = (first_behind(prefix, after), end_of(prefix));
    let (asset, rows) = (query.asset.as_ref().map(Asset::as_str), AccountPage::rows_wanted(query));
    let mut page = AccountPage::new(query);
    match (query.metadata.first(), asset) {
        (Some((key, value)), _) => {
            let pair = MetadataPair::of(key, value).0;
            let found = accounts!(
                "SELECT address FROM account_pairs
                WHERE ledger = $1 AND pair = $6 AND address >= $2 AND address < $3
                ORDER BY address LIMIT $5",
                [head.ledger, from, end, asset, rows],
                pair
            );
            take_all(&mut page, found.fetch(connection)).await?;
        }
        (None, Some(_)) => {
            let found = accounts!(
                "SELECT address FROM balances
                WHERE ledger + 0 = $1 AND asset = $4 AND address >= $2 AND address < $3
                ORDER BY address LIMIT $5",
                [head.ledger, from, end, asset, rows],
            );
            take_all(&mut page, found.fetch(connection)).await?;
        }
        // Goes from address to address through the primary keys, past all other assets of each. LEAST passes NULL over.
        (None, None) => {
            let found = accounts!(
                "SELECT LEAST(
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
                FROM found WHERE found.address IS NOT NULL",
                [head.ledger, from, end, asset, rows],
            );
            take_all(&mut page, found.fetch(connection)).await?;
        }
    }
    Ok(page.finish())
}

/// Has a page look at accounts, one by one: a page of large ones ends before it takes much memory.
async fn take_all(
    page: &mut AccountPage<'_>,
    mut rows: impl Stream<Item = Result<AccountRow, sqlx::Error>> + Unpin,
) -> Result<(), Failure> {
    while let Some(row) = rows.try_next().await? {
        if !page.take(row)? {
            break;
        }
    }
    Ok(())
}
