//! Changes of accounts: what is kept beside balances, and which entries changed it. Written in the transaction of the
//! batch that writes the entries, by a statement of their own: batches of nothing but transactions never send it.

use engine::codec;
use engine::pair::MetadataPair;
use engine::port::KeptAccount;
use engine::query::{ChangeQuery, Page};
use ledger::{Address, Entry, EntryNumber, LedgerName, Timestamp};
use sql_rows::{ChangePage, ChangedAccounts, ChangedPairs, Failure, KeptRow, one_more, stored_number};
use sqlx::PgConnection;

use crate::columns::{BigInts, Texts};
use crate::entries::listed;
use crate::rows::head;
use crate::spans::first_recorded_from;

/// Writes how accounts are from now on, and that these entries made them so.
pub(crate) async fn write_changes(
    connection: &mut PgConnection,
    ledger: &LedgerName,
    changed: &ChangedAccounts<'_>,
) -> Result<(), Failure> {
    let accounts_before: Vec<Address> = changed.accounts.keys().map(|account| (*account).clone()).collect();
    let before = load_kept(connection, ledger, &accounts_before).await?.into_iter();
    let pairs = ChangedPairs::between(
        before.map(|kept| (kept.address, kept.metadata)),
        changed.accounts.values().map(|change| (&change.account, &change.metadata)),
    );
    let addresses: Texts = changed.changes.iter().map(|(account, _)| account.as_str()).collect();
    let mut numbers = BigInts::default();
    changed.changes.iter().for_each(|(_, entry)| numbers.push(stored_number(*entry)));
    let (mut accounts, mut policies, mut metadata) = (Texts::default(), Texts::default(), Texts::default());
    for change in changed.accounts.values() {
        accounts.push(change.account.as_str());
        policies.push(&codec::encode_policy(&change.policy));
        metadata.push(&codec::encode_metadata(&change.metadata));
    }
    let columns = |rows: &[(MetadataPair, Address)]| {
        let mut pairs = BigInts::default();
        for (pair, _) in rows {
            pairs.push(pair.0);
        }
        (pairs, rows.iter().map(|(_, account)| account.as_str()).collect::<Texts>())
    };
    let ((gone, gone_of), (new, new_of)) = (columns(&pairs.gone), columns(&pairs.new));
    sqlx::query!(
        "WITH its_ledger AS MATERIALIZED (
            SELECT id FROM ledgers WHERE name = $1
        ), written_changes AS (
            INSERT INTO account_changes (ledger, address, number)
            SELECT its_ledger.id, change.* FROM its_ledger CROSS JOIN (
                SELECT UNNEST($2::text[]), UNNEST($3::bigint[])
            ) AS change
        ), gone_pairs AS (
            DELETE FROM account_pairs USING its_ledger CROSS JOIN (
                SELECT UNNEST($7::bigint[]) AS pair, UNNEST($8::text[]) AS address
            ) AS gone CROSS JOIN LATERAL (
                SELECT ctid AS place FROM account_pairs
                WHERE ledger = its_ledger.id AND pair = gone.pair AND address = gone.address OFFSET 0
            ) AS found
            WHERE account_pairs.ctid = found.place
        ), new_pairs AS (
            INSERT INTO account_pairs (ledger, pair, address)
            SELECT its_ledger.id, new.* FROM its_ledger CROSS JOIN (
                SELECT UNNEST($9::bigint[]), UNNEST($10::text[])
            ) AS new
        )
        INSERT INTO accounts (ledger, address, policy, metadata)
        SELECT its_ledger.id, account.* FROM its_ledger CROSS JOIN (
            SELECT UNNEST($4::text[]), UNNEST($5::text[]), UNNEST($6::text[])
        ) AS account
        ON CONFLICT (ledger, address) DO UPDATE SET policy = excluded.policy, metadata = excluded.metadata",
        ledger.as_str(),
        &addresses as _,
        &numbers as _,
        &accounts as _,
        &policies as _,
        &metadata as _,
        &gone as _,
        &gone_of as _,
        &new as _,
        &new_of as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Reads what is kept beside accounts, of those that were ever changed.
pub(crate) async fn load_kept(
    connection: &mut PgConnection,
    ledger: &LedgerName,
    wanted: &[Address],
) -> Result<Vec<KeptAccount>, Failure> {
    let wanted: Texts = wanted.iter().map(Address::as_str).collect();
    let rows = sqlx::query_as!(
        KeptRow,
        "SELECT kept.address, kept.policy, kept.metadata
        FROM ledgers CROSS JOIN UNNEST($2::text[]) AS wanted (address)
        CROSS JOIN LATERAL (
            SELECT * FROM accounts
            WHERE accounts.ledger = ledgers.id AND accounts.address = wanted.address OFFSET 0
        ) AS kept
        WHERE ledgers.name = $1",
        ledger.as_str(),
        &wanted as _
    )
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| Ok(row.account()?)).collect()
}

pub(crate) async fn account_changes(
    connection: &mut PgConnection,
    ledger: &LedgerName,
    query: &ChangeQuery,
) -> Result<Option<Page<Entry, EntryNumber>>, Failure> {
    let head = head(connection, ledger).await?;
    let (address, limit) = (query.account.as_str(), one_more(query.limit));
    let before = query.after.map_or(i64::MAX, stored_number);
    let before = match query.until.and_then(Timestamp::next) {
        Some(end) => before.min(first_recorded_from(connection, &head, end).await?),
        None => before,
    };
    let numbers = sqlx::query_scalar!(
        "SELECT number FROM account_changes WHERE ledger = $1 AND address = $2 AND number < $3
        ORDER BY number DESC LIMIT $4",
        head.ledger,
        address,
        before,
        limit
    )
    .fetch_all(&mut *connection)
    .await?;
    if numbers.is_empty() && !is_there(connection, head.ledger, address).await? {
        return Ok(None);
    }
    Ok(Some(page_of_changes(connection, head.ledger, &numbers, query.limit).await?))
}

/// Reads the changes with these numbers, of an account or of a transaction, up to `limit`.
pub(crate) async fn page_of_changes(
    connection: &mut PgConnection,
    ledger: i64,
    numbers: &[i64],
    limit: usize,
) -> Result<Page<Entry, EntryNumber>, Failure> {
    let portion = listed(connection, ledger, numbers, one_more(limit)).await?;
    let more = portion.entries.len() < numbers.len();
    let mut page = ChangePage::new(limit);
    for row in portion.entries {
        if !page.take(row)? {
            return Ok(page.finish(true));
        }
    }
    Ok(page.finish(more))
}

/// Says whether an account ever moved or was ever changed.
async fn is_there(connection: &mut PgConnection, ledger: i64, address: &str) -> Result<bool, Failure> {
    let is_there = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM balances WHERE ledger = $1 AND address = $2)
            OR EXISTS (SELECT 1 FROM accounts WHERE ledger = $1 AND address = $2) AS "is_there!""#,
        ledger,
        address
    );
    Ok(is_there.fetch_one(connection).await?)
}
