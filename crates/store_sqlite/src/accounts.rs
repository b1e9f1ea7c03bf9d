//! Lists of accounts with their balances. An account is there from its first movement or change on, never before.

use engine::pair::MetadataPair;
use engine::query::{Account, AccountQuery, Page};
use futures_util::{Stream, TryStreamExt};
use ledger::{Address, Asset, LedgerName};
use sql_rows::{AccountPage, Failure, accounts_as_of, end_of, first_behind};

use crate::groups::Reads;
use crate::number::StoredNumber;
use crate::rows::{AccountRow, head};
use crate::store::SqliteStore;

/// Accounts with what is kept beside them and with their balances, from what finds their addresses in order.
macro_rules! accounts {
    ($found:literal, [$ledger:expr, $from:ident, $end:ident, $asset:ident, $rows:ident], $($more:expr),*) => {
        sqlx::query_as!(
            AccountRow,
            r#"WITH RECURSIVE found (address) AS ("# + $found + r#")
            SELECT found.address AS "address!", kept.policy AS "policy?",
                CASE WHEN ?4 IS NOT NULL OR asset IS (
                    SELECT min(asset) FROM balances WHERE ledger = ?1 AND address = found.address
                ) THEN kept.metadata END AS "metadata?: String",
                CASE WHEN ?4 IS NOT NULL OR asset IS (
                    SELECT min(asset) FROM balances WHERE ledger = ?1 AND address = found.address
                ) THEN NULLIF(max(
                    COALESCE((
                        SELECT max(COALESCE(
                            CAST(NULLIF(substr(
                                rtrim(b.recent_movements),
                                length(rtrim(rtrim(b.recent_movements), '0123456789')) + 1
                            ), '') AS INTEGER), (
                                SELECT max(e.last) FROM earlier_movements AS e
                                WHERE e.ledger = b.ledger AND e.address = b.address AND e.asset = b.asset
                            )
                        )) FROM balances AS b WHERE b.ledger = ?1 AND b.address = found.address
                    ), -1), COALESCE((
                        SELECT max(number) FROM account_changes AS c WHERE c.ledger = ?1 AND c.address = found.address
                    ), -1)
                ), -1) END AS "last?: i64",
                asset AS "asset?",
                posted_in AS "posted_in?: StoredNumber", posted_out AS "posted_out?: StoredNumber",
                pending_in AS "pending_in?: StoredNumber", pending_out AS "pending_out?: StoredNumber"
            FROM found
            LEFT JOIN accounts AS kept ON kept.ledger = ?1 AND kept.address = found.address
            LEFT JOIN balances
                ON balances.ledger = ?1 AND balances.address = found.address AND (?4 IS NULL OR asset = ?4)
            WHERE found.address IS NOT NULL"#,
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
    store: &SqliteStore,
    ledger: &LedgerName,
    query: &AccountQuery,
) -> Result<Page<Account, Address>, Failure> {
    let mut connection = store.reader().await?;
    let head = head(&mut connection, ledger).await?;
    if let Some(as_of) = query.as_of {
        return accounts_as_of(&mut Reads { connection: &mut connection, head }, query, as_of).await;
    }
    let prefix = query.prefix.as_deref().unwrap_or_default();
    let after = query.after.as_ref().map_or("", Address::as_str);
    let (from, end) = (first_behind(prefix, after), end_of(prefix));
    let asset = query.asset.as_ref().map(Asset::as_str);
    let rows = AccountPage::rows_wanted(query);
    let mut page = AccountPage::new(query);
    match (query.metadata.first(), asset) {
        (Some((key, value)), _) => {
            let pair = MetadataPair::of(key, value).0;
            let found = accounts!(
                "SELECT address FROM account_pairs
                WHERE ledger = ?1 AND pair = ?6 AND address >= ?2 AND address < ?3
                ORDER BY address LIMIT ?5",
                [head.ledger, from, end, asset, rows],
                pair
            );
            take_all(&mut page, found.fetch(&mut *connection)).await?;
        }
        (None, Some(_)) => {
            let found = accounts!(
                "SELECT address FROM balances
                WHERE ledger = ?1 AND asset = ?4 AND address >= ?2 AND address < ?3
                ORDER BY address LIMIT ?5",
                [head.ledger, from, end, asset, rows],
            );
            take_all(&mut page, found.fetch(&mut *connection)).await?;
        }
        // Goes from address to address through the primary keys, past all other assets of each. One row of `found`
        // makes the next one, so they come in order.
        (None, None) => {
            let found = accounts!(
                "SELECT * FROM (
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
                LIMIT ?5",
                [head.ledger, from, end, asset, rows],
            );
            take_all(&mut page, found.fetch(&mut *connection)).await?;
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
