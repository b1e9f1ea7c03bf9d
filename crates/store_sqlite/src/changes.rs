//! Changes of accounts: what is kept beside balances, and which entries changed it. Written by the batch that writes
//! the entries, never by itself.

use std::collections::BTreeMap;

use engine::codec;
use engine::pair::MetadataPair;
use engine::port::{KeptAccount, LogRecord};
use engine::query::{ChangeQuery, Page};
use futures_util::TryStreamExt;
use ledger::{AccountChange, Address, Entry, EntryNumber, LedgerName, Timestamp};
use sql_rows::{ChangePage, ChangedAccounts, ChangedPairs, Failure, KeptRow, one_more, stored_number};
use sqlx::SqliteConnection;

use crate::entries::listed;
use crate::json::{next_array, write_row};
use crate::rows::head;
use crate::spans::first_recorded_from;
use crate::store::SqliteStore;

/// Writes how accounts are from now on, and that these entries made them so.
pub(crate) async fn write_changes(
    connection: &mut SqliteConnection,
    ledger: i64,
    records: &[LogRecord],
) -> Result<(), Failure> {
    let ChangedAccounts { accounts, changes } = ChangedAccounts::of(records);
    if changes.is_empty() {
        return Ok(());
    }
    write_pairs(connection, ledger, &accounts).await?;
    let mut rest = &*changes;
    while let Some(json) = next_array(&mut rest, write_change) {
        sqlx::query!(
            "INSERT INTO account_changes (ledger, address, number)
            SELECT ?1, value ->> 0, value ->> 1 FROM jsonb_each(?2)",
            ledger,
            json
        )
        .execute(&mut *connection)
        .await?;
    }
    let accounts: Vec<(&Address, &AccountChange)> = accounts.into_iter().collect();
    let mut rest = &*accounts;
    while let Some(json) = next_array(&mut rest, write_account) {
        // WHERE true: without it the parser takes ON CONFLICT for a join's ON.
        sqlx::query!(
            "INSERT INTO accounts (ledger, address, policy, metadata)
            SELECT ?1, value ->> 0, value ->> 1, value ->> 2 FROM jsonb_each(?2) WHERE true
            ON CONFLICT (ledger, address) DO UPDATE SET policy = excluded.policy,
                metadata = excluded.metadata",
            ledger,
            json
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Writes what accounts are found by from now on. What is kept beside them is still what it was.
async fn write_pairs(
    connection: &mut SqliteConnection,
    ledger: i64,
    accounts: &BTreeMap<&Address, &AccountChange>,
) -> Result<(), Failure> {
    let changed: Vec<Address> = accounts.keys().map(|account| (*account).clone()).collect();
    let before = load_kept(connection, ledger, &changed).await?.into_iter();
    let pairs = ChangedPairs::between(
        before.map(|kept| (kept.address, kept.metadata)),
        accounts.values().map(|change| (&change.account, &change.metadata)),
    );
    let mut rest = &*pairs.gone;
    while let Some(json) = next_array(&mut rest, write_pair) {
        sqlx::query!(
            "DELETE FROM account_pairs WHERE ledger = ?1
                AND (pair, address) IN (SELECT value ->> 0, value ->> 1 FROM jsonb_each(?2))",
            ledger,
            json
        )
        .execute(&mut *connection)
        .await?;
    }
    let mut rest = &*pairs.new;
    while let Some(json) = next_array(&mut rest, write_pair) {
        sqlx::query!(
            "INSERT INTO account_pairs (ledger, pair, address)
            SELECT ?1, value ->> 0, value ->> 1 FROM jsonb_each(?2)",
            ledger,
            json
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

fn write_pair(json: &mut Vec<u8>, (pair, account): &(MetadataPair, Address)) {
    write_row(json, &(pair.0, account.as_str()));
}

fn write_change(json: &mut Vec<u8>, (account, entry): &(&Address, EntryNumber)) {
    write_row(json, &(account.as_str(), stored_number(*entry)));
}

fn write_account(json: &mut Vec<u8>, (account, change): &(&Address, &AccountChange)) {
    let (policy, metadata) = (codec::encode_policy(&change.policy), codec::encode_metadata(&change.metadata));
    write_row(json, &(account.as_str(), policy, metadata));
}

/// Reads what is kept beside accounts, of those that were ever changed.
pub(crate) async fn load_kept(
    connection: &mut SqliteConnection,
    ledger: i64,
    wanted: &[Address],
) -> Result<Vec<KeptAccount>, Failure> {
    let mut kept = Vec::new();
    let mut rest = wanted;
    while let Some(json) = next_array(&mut rest, |json, address| write_row(json, &address.as_str())) {
        let rows = sqlx::query_as!(
            KeptRow,
            "SELECT address, policy, metadata FROM json_each(?2) AS wanted CROSS JOIN accounts
            WHERE ledger = ?1 AND address = wanted.value",
            ledger,
            json
        )
        .fetch_all(&mut *connection)
        .await?;
        for row in rows {
            kept.push(row.account()?);
        }
    }
    Ok(kept)
}

pub(crate) async fn account_changes(
    store: &SqliteStore,
    ledger: &LedgerName,
    query: &ChangeQuery,
) -> Result<Option<Page<Entry, EntryNumber>>, Failure> {
    let mut connection = store.reader().await?;
    let head = head(&mut connection, ledger).await?;
    let (address, before) = (query.account.as_str(), query.after.map_or(i64::MAX, stored_number));
    let before = match query.until.and_then(Timestamp::next) {
        Some(end) => before.min(first_recorded_from(&mut connection, &head, end).await?),
        None => before,
    };
    let limit = one_more(query.limit);
    let numbers = sqlx::query_scalar!(
        "SELECT number FROM account_changes WHERE ledger = ?1 AND address = ?2 AND number < ?3
        ORDER BY number DESC LIMIT ?4",
        head.ledger,
        address,
        before,
        limit
    )
    .fetch_all(&mut *connection)
    .await?;
    if numbers.is_empty() && !is_there(&mut connection, head.ledger, address).await? {
        return Ok(None);
    }
    Ok(Some(page_of_changes(&mut connection, head.ledger, &numbers, query.limit).await?))
}

/// Reads the changes with these numbers, of an account or of a transaction, up to `limit`.
pub(crate) async fn page_of_changes(
    connection: &mut SqliteConnection,
    ledger: i64,
    numbers: &[i64],
    limit: usize,
) -> Result<Page<Entry, EntryNumber>, Failure> {
    let mut page = ChangePage::new(limit);
    let mut rows = listed(connection, ledger, numbers);
    while let Some(row) = rows.try_next().await? {
        if !page.take(row)? {
            break;
        }
    }
    Ok(page.finish(false))
}

/// Says whether an account ever moved or was ever changed.
async fn is_there(connection: &mut SqliteConnection, ledger: i64, address: &str) -> Result<bool, Failure> {
    let is_there = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM balances WHERE ledger = ?1 AND address = ?2)
            OR EXISTS (SELECT 1 FROM accounts WHERE ledger = ?1 AND address = ?2) AS "is_there: bool""#,
        ledger,
        address
    );
    Ok(is_there.fetch_one(connection).await?)
}
