//! Reads of accounts with their balances. An account is there from its first movement on, never before.

use engine::query::{Account, AccountQuery, Page, SCAN_MAX};
use futures_util::TryStreamExt;
use ledger::{Address, Asset, LedgerName};

use crate::failure::{Corruption, Failure};
use crate::number::StoredNumber;
use crate::rows::{BalanceRow, Reader, head, one_more};
use crate::store::SqliteStore;

pub(crate) async fn account(
    store: &SqliteStore,
    ledger: &LedgerName,
    address: &Address,
) -> Result<Option<Account>, Failure> {
    let mut connection = store.reader().await?;
    let (name, wanted) = (ledger.as_str(), address.as_str());
    let rows = sqlx::query_as!(
        BalanceRow,
        r#"SELECT address, asset,
            posted_in AS "posted_in: StoredNumber", posted_out AS "posted_out: StoredNumber",
            pending_in AS "pending_in: StoredNumber", pending_out AS "pending_out: StoredNumber"
        FROM ledgers JOIN balances ON balances.ledger = ledgers.id
        WHERE ledgers.name = ?1 AND balances.address = ?2 ORDER BY asset"#,
        name,
        wanted
    )
    .fetch_all(&mut *connection)
    .await?;
    if rows.is_empty() {
        return head(&mut connection, ledger).await.map(|_| None);
    }
    let mut balances = Vec::with_capacity(rows.len());
    for row in rows {
        let (key, balance) = row.balance()?;
        balances.push((key.asset, balance));
    }
    Ok(Some(Account { address: address.clone(), balances }))
}

/// The first text after all texts that begin with a prefix, as far as addresses go: they are ASCII.
pub(crate) fn end_of(prefix: &str) -> String {
    format!("{prefix}\u{10ffff}")
}

/// A row per account and balance; without a balance where the account has none that is asked for.
struct AccountRow {
    address: String,
    asset: Option<String>,
    posted_in: Option<StoredNumber>,
    posted_out: Option<StoredNumber>,
    pending_in: Option<StoredNumber>,
    pending_out: Option<StoredNumber>,
}

impl AccountRow {
    fn balance(self) -> Option<BalanceRow> {
        Some(BalanceRow {
            address: self.address,
            asset: self.asset?,
            posted_in: self.posted_in?,
            posted_out: self.posted_out?,
            pending_in: self.pending_in?,
            pending_out: self.pending_out?,
        })
    }
}

/// The accounts found so far, and how far the list was looked at.
struct Found {
    items: Vec<Account>,
    looked_at: usize,
    last: Option<Address>,
    limit: usize,
}

impl Found {
    /// Takes a row over. Returns false where the page ends before its account.
    fn take(&mut self, row: AccountRow) -> Result<bool, Corruption> {
        if self.last.as_ref().is_none_or(|last| last.as_str() != row.address) {
            if self.items.len() >= self.limit || self.looked_at == SCAN_MAX {
                return Ok(false);
            }
            let place = || "the list of accounts".to_owned();
            self.last = Some(Reader::at(&place).address(&row.address)?);
            self.looked_at += 1;
        }
        let Some(row) = row.balance() else { return Ok(true) };
        let (key, balance) = row.balance()?;
        match self.items.last_mut().filter(|account| account.address == key.account) {
            Some(account) => account.balances.push((key.asset, balance)),
            None => {
                self.items.push(Account { address: key.account, balances: vec![(key.asset, balance)] });
            }
        }
        Ok(true)
    }
}

pub(crate) async fn accounts(
    store: &SqliteStore,
    ledger: &LedgerName,
    query: &AccountQuery,
) -> Result<Page<Account, Address>, Failure> {
    let mut connection = store.reader().await?;
    let head = head(&mut connection, ledger).await?;
    let prefix = query.prefix.as_deref().unwrap_or_default();
    let end = end_of(prefix);
    let after = query.after.as_ref().map_or("", Address::as_str);
    let asset = query.asset.as_ref().map(Asset::as_str);
    let looked_at_max = one_more(if asset.is_some() { SCAN_MAX } else { query.limit });
    // Goes from address to address through the primary key, past all other assets of each. One row of
    // `found` makes the next one, so they come in order.
    let mut rows = sqlx::query_as!(
        AccountRow,
        r#"WITH RECURSIVE found (address) AS (
            SELECT * FROM (
                SELECT address FROM balances
                WHERE ledger = ?1 AND address > ?2 AND address >= ?3 AND address < ?4
                ORDER BY address LIMIT 1
            )
            UNION ALL
            SELECT (
                SELECT address FROM balances
                WHERE ledger = ?1 AND address > found.address AND address < ?4
                ORDER BY address LIMIT 1
            )
            FROM found WHERE found.address IS NOT NULL
            LIMIT ?6
        )
        SELECT found.address AS "address!", asset AS "asset?",
            posted_in AS "posted_in?: StoredNumber", posted_out AS "posted_out?: StoredNumber",
            pending_in AS "pending_in?: StoredNumber", pending_out AS "pending_out?: StoredNumber"
        FROM found LEFT JOIN balances
            ON ledger = ?1 AND balances.address = found.address AND (?5 IS NULL OR asset = ?5)
        WHERE found.address IS NOT NULL"#,
        head.ledger,
        after,
        prefix,
        end,
        asset,
        looked_at_max
    )
    .fetch(&mut *connection);
    let mut found = Found { items: Vec::new(), looked_at: 0, last: query.after.clone(), limit: query.limit };
    let mut more = false;
    while let Some(row) = rows.try_next().await? {
        if !found.take(row)? {
            more = true;
            break;
        }
    }
    Ok(Page { items: found.items, next: found.last.filter(|_| more) })
}
