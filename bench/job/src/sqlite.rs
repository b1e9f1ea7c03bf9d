//! The job on SQLite: a pool of connections that read, one that writes, and one transaction of the database for each
//! transfer.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use anyhow::Context;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, QueryBuilder, Sqlite, SqliteConnection, SqlitePool};

use crate::balance::Balance;
use crate::names::{Address, LedgerName};
use crate::policy::Policy;
use crate::reply::{Account, AccountColumns, AccountRow, Transaction};
use crate::request::NewTransaction;
use crate::transfer::{Decided, Key, Locked, decide, now, touched};
use crate::{JobError, Settings};

/// How long a request waits for its turn on a connection: many wait for the one that writes.
const TURN_TIMEOUT: Duration = Duration::from_mins(1);

/// One statement reads all of an account; what is kept beside it stands in each row.
const ACCOUNT: &str = "SELECT a.policy, a.metadata,
        (SELECT max(c.number) FROM account_changes AS c WHERE c.ledger = l.id AND c.address = ?2),
        b.asset, CAST(b.posted_in AS TEXT), CAST(b.posted_out AS TEXT), CAST(b.pending_in AS TEXT),
        CAST(b.pending_out AS TEXT), b.recent_movements,
        CASE WHEN b.recent_movements = '' THEN (
            SELECT max(e.last) FROM earlier_movements AS e
            WHERE e.ledger = l.id AND e.address = ?2 AND e.asset = b.asset
        ) END
    FROM ledgers AS l
    LEFT JOIN accounts AS a ON a.ledger = l.id AND a.address = ?2
    LEFT JOIN balances AS b ON b.ledger = l.id AND b.address = ?2
    WHERE l.name = ?1
    ORDER BY b.asset";

const RECORD: &str = "INSERT INTO entries (ledger, number, kind, recorded_at, effective_at, body)
    VALUES (?1, (SELECT COALESCE(max(number) + 1, 0) FROM entries WHERE ledger = ?1), 'transaction', ?2, ?2, ?3)
    RETURNING number";

/// A file that Florin made.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    readers: SqlitePool,
    writer: SqlitePool,
}

impl Database {
    /// Opens the pools. SQLite lets one connection write at a time: a pool of one has requests wait in order, where several
    /// would find the file locked and try again.
    pub(crate) async fn open(settings: &Settings) -> anyhow::Result<Self> {
        let options = SqliteConnectOptions::from_str(&settings.database_url)?
            .create_if_missing(false)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(TURN_TIMEOUT)
            .foreign_keys(true)
            .disable_statement_logging();
        let pool = |size: u32| {
            SqlitePoolOptions::new()
                .max_connections(size)
                .min_connections(size)
                .acquire_timeout(TURN_TIMEOUT)
                .idle_timeout(None)
                .max_lifetime(None)
                .test_before_acquire(false)
        };
        let writer = options.clone().pragma("cache_size", "-65536");
        let writer = pool(1).connect_with(writer).await.context("opening the database")?;
        let readers = pool(settings.pool_size).connect_with(options.read_only(true)).await?;
        Ok(Self { readers, writer })
    }

    pub(crate) async fn account(&self, ledger: &LedgerName, address: &Address) -> Result<Account, JobError> {
        let rows: Vec<AccountColumns> = sqlx::query_as(ACCOUNT)
            .bind(ledger.as_str())
            .bind(address.as_str())
            .fetch_all(&self.readers)
            .await?;
        Account::read(address, rows.into_iter().map(AccountRow::from).collect())
    }

    pub(crate) async fn transfer(
        &self,
        ledger: LedgerName,
        request: NewTransaction,
    ) -> Result<Transaction, JobError> {
        let keys = touched(&request);
        // It is going to write: it takes the lock at once, so that nothing it reads is out of date when it does.
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let (id, locked) = read(&mut transaction, &ledger, &keys).await?;
        let decided = decide(request, locked, now())?;
        let number = write(&mut transaction, id, &decided).await?;
        transaction.commit().await?;
        Ok(decided.recorded(&ledger, number))
    }
}

/// What is there of a balance, and what its account allows.
type BalanceRow = (i64, Option<String>, Option<String>, Option<String>, Option<String>, Option<String>);

/// Reads balances, zeros where there are none, and returns them with the ledger's id.
async fn read(
    connection: &mut SqliteConnection,
    ledger: &LedgerName,
    keys: &[Key],
) -> Result<(i64, BTreeMap<Key, Locked>), JobError> {
    let mut query = QueryBuilder::<Sqlite>::new("WITH wanted (place, address, asset) AS (");
    query.push_values(keys.iter().enumerate(), |mut row, (place, (address, asset))| {
        let place = i64::try_from(place).unwrap_or(i64::MAX);
        row.push_bind(place).push_bind(address.as_str()).push_bind(asset.as_str());
    });
    query.push(
        ") SELECT l.id, CAST(b.posted_in AS TEXT), CAST(b.posted_out AS TEXT), CAST(b.pending_in AS TEXT),
            CAST(b.pending_out AS TEXT), a.policy
        FROM ledgers AS l CROSS JOIN wanted
        LEFT JOIN balances AS b ON b.ledger = l.id AND b.address = wanted.address AND b.asset = wanted.asset
        LEFT JOIN accounts AS a ON a.ledger = l.id AND a.address = wanted.address
        WHERE l.name = ",
    );
    query.push_bind(ledger.as_str()).push(" ORDER BY wanted.place");
    let rows: Vec<BalanceRow> = query.build_query_as().fetch_all(connection).await?;
    let id = rows.first().ok_or(JobError::LedgerNotFound)?.0;
    let mut locked = BTreeMap::new();
    for (key, (_, posted_in, posted_out, pending_in, pending_out, policy)) in keys.iter().zip(rows) {
        let counters = [&posted_in, &posted_out, &pending_in, &pending_out];
        let balance = Balance::parse(counters.map(|text| text.as_deref().unwrap_or("0")))?;
        let policy = Policy::read(policy.as_deref(), &key.0)?;
        locked.insert(key.clone(), Locked { balance, policy });
    }
    Ok((id, locked))
}

/// Writes the entry and the balances, and returns the entry's number.
async fn write(connection: &mut SqliteConnection, ledger: i64, decided: &Decided) -> Result<i64, JobError> {
    let number: i64 = sqlx::query_scalar(RECORD)
        .bind(ledger)
        .bind(decided.recorded_at.as_microsecond())
        .bind(decided.body()?)
        .fetch_one(&mut *connection)
        .await?;
    let recent = format!("{number} ");
    let mut query = QueryBuilder::<Sqlite>::new(
        "INSERT INTO balances (ledger, address, asset, posted_in, posted_out, pending_in, pending_out, recent_movements) ",
    );
    query.push_values(&decided.balances, |mut row, ((address, asset), balance)| {
        row.push_bind(ledger).push_bind(address.as_str()).push_bind(asset.as_str());
        let Balance { posted_in, posted_out, pending_in, pending_out } = *balance;
        for counter in [posted_in, posted_out, pending_in, pending_out] {
            // As Florin stores them: a number where it fits 64 bits, digits where it does not.
            match i64::try_from(counter) {
                Ok(number) => row.push_bind(number),
                Err(_) => row.push_bind(counter.to_string()),
            };
        }
        row.push_bind(recent.as_str());
    });
    query.push(
        " ON CONFLICT (ledger, address, asset) DO UPDATE SET posted_in = excluded.posted_in,
            posted_out = excluded.posted_out, recent_movements = excluded.recent_movements",
    );
    query.build().execute(connection).await?;
    Ok(number)
}
