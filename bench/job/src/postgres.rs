//! The job on PostgreSQL: a pool of connections, prepared statements, one transaction of the database for each transfer.
//!
//! Entries get their numbers from a sequence, so that transfers wait for nothing but the balances that they share. A log
//! without gaps, which Florin keeps, would have all of them wait for each other.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use anyhow::Context;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, PgConnection, PgPool};

use crate::balance::Balance;
use crate::names::{Address, LedgerName};
use crate::policy::Policy;
use crate::reply::{Account, AccountColumns, AccountRow, Transaction};
use crate::request::NewTransaction;
use crate::transfer::{Decided, Key, Locked, decide, now, touched};
use crate::{JobError, Settings};

/// How long a request waits for its turn on a connection.
const TURN_TIMEOUT: Duration = Duration::from_mins(1);

/// One statement reads all of an account; what is kept beside it stands in each row.
const ACCOUNT: &str = "SELECT a.policy, a.metadata,
        (SELECT max(c.number) FROM account_changes AS c WHERE c.ledger = l.id AND c.address = $2),
        b.asset, b.posted_in::text, b.posted_out::text, b.pending_in::text, b.pending_out::text, b.recent_movements,
        CASE WHEN b.recent_movements = '' THEN (
            SELECT max(e.last) FROM earlier_movements AS e
            WHERE e.ledger = l.id AND e.address = $2 AND e.asset = b.asset
        ) END
    FROM ledgers AS l
    LEFT JOIN accounts AS a ON a.ledger = l.id AND a.address = $2
    LEFT JOIN balances AS b ON b.ledger = l.id AND b.address = $2
    WHERE l.name = $1
    ORDER BY b.asset";

/// Locks balances in one order, so that no two transfers wait for each other.
const LOCK: &str =
    "SELECT b.ledger, b.posted_in::text, b.posted_out::text, b.pending_in::text, b.pending_out::text,
        a.policy
    FROM ledgers AS l
    CROSS JOIN UNNEST($2::text[], $3::text[]) AS wanted (address, asset)
    JOIN balances AS b ON b.ledger = l.id AND b.address = wanted.address AND b.asset = wanted.asset
    LEFT JOIN accounts AS a ON a.ledger = b.ledger AND a.address = b.address
    WHERE l.name = $1
    ORDER BY b.address, b.asset
    FOR UPDATE OF b";

/// Makes the balances that a transfer is the first to touch.
const MAKE: &str =
    "INSERT INTO balances (ledger, address, asset, posted_in, posted_out, pending_in, pending_out,
        recent_movements)
    SELECT l.id, wanted.address, wanted.asset, 0, 0, 0, 0, ''
    FROM ledgers AS l CROSS JOIN UNNEST($2::text[], $3::text[]) AS wanted (address, asset)
    WHERE l.name = $1
    ORDER BY wanted.address, wanted.asset
    ON CONFLICT DO NOTHING";

const RECORD: &str = "INSERT INTO entries (ledger, number, kind, recorded_at, effective_at, body)
    VALUES ($1, nextval('peer_entries'), 'transaction', $2, $2, $3)
    RETURNING number";

const MOVE: &str = "UPDATE balances AS b
    SET posted_in = moved.posted_in::numeric, posted_out = moved.posted_out::numeric, recent_movements = $6,
        room = NULL
    FROM UNNEST($2::text[], $3::text[], $4::text[], $5::text[]) AS moved (address, asset, posted_in, posted_out)
    WHERE b.ledger = $1 AND b.address = moved.address AND b.asset = moved.asset";

/// A database that Florin made.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    pool: PgPool,
}

impl Database {
    /// Opens the pool, as sqlx documents it: all connections at once and no test before each use, for the server is
    /// near.
    pub(crate) async fn open(settings: &Settings) -> anyhow::Result<Self> {
        // Each statement is planned once for each connection. Left to itself, the server takes its estimate of how long an
        // array is for the cost of a plan that fits all, and plans anew for each of them.
        let options = PgConnectOptions::from_str(&settings.database_url)?
            .options([("plan_cache_mode", "force_generic_plan")])
            .disable_statement_logging();
        let pool = PgPoolOptions::new()
            .max_connections(settings.pool_size)
            .min_connections(settings.pool_size)
            .acquire_timeout(TURN_TIMEOUT)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_with(options)
            .await
            .context("opening the database")?;
        sqlx::query("CREATE SEQUENCE IF NOT EXISTS peer_entries MINVALUE 0").execute(&pool).await?;
        sqlx::query(
            "SELECT setval('peer_entries', (SELECT COALESCE(max(number) + 1, 0) FROM entries), false)",
        )
        .execute(&pool)
        .await?;
        Ok(Self { pool })
    }

    pub(crate) async fn account(&self, ledger: &LedgerName, address: &Address) -> Result<Account, JobError> {
        let rows: Vec<AccountColumns> = sqlx::query_as(ACCOUNT)
            .bind(ledger.as_str())
            .bind(address.as_str())
            .fetch_all(&self.pool)
            .await?;
        Account::read(address, rows.into_iter().map(AccountRow::from).collect())
    }

    pub(crate) async fn transfer(
        &self,
        ledger: LedgerName,
        request: NewTransaction,
    ) -> Result<Transaction, JobError> {
        let keys = touched(&request);
        let mut transaction = self.pool.begin().await?;
        let (id, locked) = lock(&mut transaction, &ledger, &keys).await?;
        let decided = decide(request, locked, now())?;
        let number = write(&mut transaction, id, &decided).await?;
        transaction.commit().await?;
        Ok(decided.recorded(&ledger, number))
    }
}

/// A row of [`LOCK`].
type LockedRow = (i64, String, String, String, String, Option<String>);

/// Locks balances, and returns them with the ledger's id.
async fn lock(
    connection: &mut PgConnection,
    ledger: &LedgerName,
    keys: &[Key],
) -> Result<(i64, BTreeMap<Key, Locked>), JobError> {
    let (addresses, assets) = columns(keys.iter());
    let mut rows = lock_rows(connection, ledger, &addresses, &assets).await?;
    if rows.len() < keys.len() {
        let make = sqlx::query(MAKE).bind(ledger.as_str()).bind(&addresses).bind(&assets);
        make.execute(&mut *connection).await?;
        rows = lock_rows(connection, ledger, &addresses, &assets).await?;
    }
    let id = rows.first().ok_or(JobError::LedgerNotFound)?.0;
    let mut locked = BTreeMap::new();
    for (key, (_, posted_in, posted_out, pending_in, pending_out, policy)) in keys.iter().zip(rows) {
        let balance = Balance::parse([&posted_in, &posted_out, &pending_in, &pending_out])?;
        let policy = Policy::read(policy.as_deref(), &key.0)?;
        locked.insert(key.clone(), Locked { balance, policy });
    }
    Ok((id, locked))
}

async fn lock_rows(
    connection: &mut PgConnection,
    ledger: &LedgerName,
    addresses: &[&str],
    assets: &[&str],
) -> Result<Vec<LockedRow>, JobError> {
    let rows = sqlx::query_as(LOCK).bind(ledger.as_str()).bind(addresses).bind(assets);
    Ok(rows.fetch_all(connection).await?)
}

/// Writes the entry and the balances, and returns the entry's number.
async fn write(connection: &mut PgConnection, ledger: i64, decided: &Decided) -> Result<i64, JobError> {
    let number: i64 = sqlx::query_scalar(RECORD)
        .bind(ledger)
        .bind(decided.recorded_at.as_microsecond())
        .bind(decided.body()?)
        .fetch_one(&mut *connection)
        .await?;
    let (addresses, assets) = columns(decided.balances.iter().map(|(key, _)| key));
    let counters = |counter: fn(&Balance) -> i128| -> Vec<String> {
        decided.balances.iter().map(|(_, balance)| counter(balance).to_string()).collect()
    };
    sqlx::query(MOVE)
        .bind(ledger)
        .bind(addresses)
        .bind(assets)
        .bind(counters(|balance| balance.posted_in))
        .bind(counters(|balance| balance.posted_out))
        .bind(format!("{number} "))
        .execute(connection)
        .await?;
    Ok(number)
}

fn columns<'k>(keys: impl Iterator<Item = &'k Key>) -> (Vec<&'k str>, Vec<&'k str>) {
    keys.map(|(address, asset)| (address.as_str(), asset.as_str())).unzip()
}
