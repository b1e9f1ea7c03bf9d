//! Batches: load what commands touch, then write what was decided, all in one SQL transaction. Never a
//! statement per row: what every batch has goes in [together](crate::batch_rows), the rest a table at a time, as JSON
//! arrays.
//!
//! `jsonb_each` hands out rows that are parsed already. With `json_each` every `->>` would parse its row
//! anew, which takes half as long again.

use async_trait::async_trait;
use engine::idempotency::IdempotencyKey;
use engine::port::{
    Accompanies, AccompanyError, Batch, CommitError, Head, KeyUse, Loaded, LogRecord, LookedUp, Opened,
    Wanted,
};
use fail_points::Point;
use identity::AuditEvent;
use ledger::{BalanceKey, Entry, EntryNumber, LedgerName, Reference};
use sql_rows::{BatchRows, Corruption, Failure, HeadRow, Reader, add_looked_up, balances_of, entry_number};
use sqlx::{Sqlite, SqliteConnection, Transaction};

use crate::after_commit::AfterCommit;
use crate::audit::record_all;
use crate::batch_rows::Rows;
use crate::changes::{load_kept, write_changes};
use crate::companion;
use crate::failure::commit_failed;
use crate::holds::{load_holds, load_unreversed, load_versions, write_holds};
use crate::json::{next_array, write_row};
use crate::known_ledgers::Sum;
use crate::number::StoredNumber;
use crate::rows::AccountRow;
use crate::store::SqliteStore;
use crate::sums::ChangedSums;
use crate::transaction_changes::{load_transactions, write_transaction_changes};

pub(crate) async fn begin(
    store: &SqliteStore,
    ledger: &LedgerName,
    wanted: Wanted,
) -> Result<Opened, Failure> {
    let mut transaction = store.writer.begin().await?;
    let name = ledger.as_str();
    let head = sqlx::query!("SELECT id, next_entry, last_recorded_at FROM ledgers WHERE name = ?1", name)
        .fetch_optional(&mut *transaction)
        .await?
        .ok_or(Failure::LedgerNotFound)?;
    store.known.keep_id(ledger, head.id);
    let at = HeadRow { next: head.next_entry, last_recorded_at: head.last_recorded_at }.head(ledger)?;
    let mut balances = wanted.missing;
    if wanted.cached_at != Some(at) {
        balances.extend(wanted.cached);
    }
    let holds = load_holds(&mut transaction, head.id, &wanted.holds).await?;
    let unreversed = load_unreversed(&mut transaction, head.id, &wanted.reversals).await?;
    balances.extend(balances_of(&holds, &unreversed));
    let versions = load_versions(&mut transaction, head.id, &wanted.versions).await?;
    let LookedUp { balances, mut policies } = look_up(&mut transaction, head.id, &balances).await?;
    let mut metadata = Vec::with_capacity(wanted.accounts.len());
    for account in load_kept(&mut transaction, head.id, &wanted.accounts).await? {
        policies.push((account.address.clone(), account.policy));
        metadata.push((account.address, account.metadata));
    }
    let transactions = load_transactions(&mut transaction, head.id, &wanted.transactions).await?;
    let keys = load_keys(&mut transaction, head.id, &wanted.keys).await?;
    let references = load_references(&mut transaction, head.id, &wanted.references).await?;
    let (ledger, after_commit) = (ledger.clone(), store.after_commit());
    let batch = Box::new(SqliteBatch { transaction, ledger, id: head.id, head: at, after_commit });
    let loaded = Loaded {
        head: at,
        balances,
        policies,
        metadata,
        transactions,
        keys,
        references,
        holds,
        unreversed,
        versions,
    };
    Ok(Opened { loaded, batch })
}

/// Reads balances, and what their accounts allow.
pub(crate) async fn look_up(
    connection: &mut SqliteConnection,
    ledger: i64,
    wanted: &[BalanceKey],
) -> Result<LookedUp, Failure> {
    let mut found = LookedUp::default();
    let mut rest = wanted;
    while let Some(json) = next_array(&mut rest, |json, key| {
        write_row(json, &(key.account.as_str(), key.asset.as_str()));
    }) {
        // LEFT JOIN also keeps SQLite from looking at every balance of the ledger first.
        let rows = sqlx::query_as!(
            AccountRow,
            r#"SELECT wanted.value ->> 0 AS "address!: String", kept.policy AS "policy?",
                NULL AS "metadata?: String", NULL AS "last?: i64", asset AS "asset?",
                posted_in AS "posted_in?: StoredNumber", posted_out AS "posted_out?: StoredNumber",
                pending_in AS "pending_in?: StoredNumber", pending_out AS "pending_out?: StoredNumber"
            FROM jsonb_each(?2) AS wanted
            LEFT JOIN balances ON balances.ledger = ?1 AND balances.address = wanted.value ->> 0
                AND balances.asset = wanted.value ->> 1
            LEFT JOIN accounts AS kept ON kept.ledger = ?1 AND kept.address = wanted.value ->> 0
            WHERE asset IS NOT NULL OR kept.policy IS NOT NULL"#,
            ledger,
            json
        )
        .fetch_all(&mut *connection)
        .await?;
        for row in rows {
            add_looked_up(&mut found, row)?;
        }
    }
    Ok(found)
}

pub(crate) async fn load_keys(
    connection: &mut SqliteConnection,
    ledger: i64,
    wanted: &[IdempotencyKey],
) -> Result<Vec<KeyUse>, Failure> {
    let mut uses = Vec::new();
    let mut rest = wanted;
    while let Some(json) = next_array(&mut rest, |json, key| write_row(json, &key.as_str())) {
        let rows = sqlx::query!(
            r#"SELECT idempotency_key AS "key!", request_fingerprint AS "fingerprint!", number AS "number!"
            FROM json_each(?2) AS wanted CROSS JOIN entries
            WHERE ledger = ?1 AND idempotency_key = wanted.value"#,
            ledger,
            json
        )
        .fetch_all(&mut *connection)
        .await?;
        for row in rows {
            let place = || format!("entry {}", row.number);
            let request = Reader::at(&place).request(Some(row.key), Some(row.fingerprint))?;
            let entry = entry_number(row.number)?;
            uses.extend(request.map(|request| KeyUse {
                key: request.key,
                fingerprint: request.fingerprint,
                entry,
            }));
        }
    }
    Ok(uses)
}

pub(crate) async fn load_references(
    connection: &mut SqliteConnection,
    ledger: i64,
    wanted: &[Reference],
) -> Result<Vec<(Reference, EntryNumber)>, Failure> {
    let mut references = Vec::new();
    let mut rest = wanted;
    while let Some(json) = next_array(&mut rest, |json, reference| write_row(json, &reference.as_str())) {
        let rows = sqlx::query!(
            r#"SELECT reference AS "reference!", number AS "number!"
            FROM json_each(?2) AS wanted CROSS JOIN entries
            WHERE ledger = ?1 AND reference = wanted.value"#,
            ledger,
            json
        )
        .fetch_all(&mut *connection)
        .await?;
        for row in rows {
            let reference = Reference::parse(&row.reference)
                .map_err(|_| Corruption::new(format!("entry {}", row.number), "its reference"))?;
            references.push((reference, entry_number(row.number)?));
        }
    }
    Ok(references)
}

/// An open batch: a transaction that holds the file's lock, and where the log stood when it began.
struct SqliteBatch {
    transaction: Transaction<'static, Sqlite>,
    ledger: LedgerName,
    id: i64,
    head: Head,
    after_commit: AfterCommit,
}

#[async_trait]
impl Batch for SqliteBatch {
    async fn commit(mut self: Box<Self>, records: &[LogRecord]) -> Result<(), CommitError> {
        let Some(LogRecord { entry: last, .. }) = records.last() else {
            return self.transaction.commit().await.map_err(commit_failed);
        };
        let written = self.write(records, last).await;
        let sums = written.map_err(|failure| CommitError::RolledBack(failure.into()))?;
        self.transaction.commit().await.map_err(commit_failed)?;
        self.after_commit.tell(&self.ledger, self.head, last, sums);
        Ok(())
    }

    async fn record(&mut self, events: &[AuditEvent]) -> Result<(), CommitError> {
        let recorded = record_all(&mut self.transaction, events).await;
        recorded.map_err(|failure| CommitError::RolledBack(failure.into()))
    }

    async fn accompany(
        &mut self,
        companion: &mut dyn Accompanies,
        entry: &Entry,
    ) -> Result<(), AccompanyError> {
        companion::accompany(&mut self.transaction, companion, entry).await
    }
}

impl SqliteBatch {
    /// Writes entries with all their projections, and returns the sums as they leave them.
    async fn write(&mut self, records: &[LogRecord], last: &Entry) -> Result<Vec<Sum>, Failure> {
        let transaction = &mut *self.transaction;
        let projections = BatchRows::of(records, self.head.next.0)?;
        let known = &self.after_commit.known;
        let mut sums = ChangedSums::of(known, &self.ledger, self.head, &projections.sums);
        if !sums.are_known() && !sums.read(transaction, &self.ledger, self.head).await? {
            return Err(Failure::HeadMoved);
        }
        let rows = Rows::of(self.id).advance(&self.ledger, self.head, last);
        rows.write(records, &projections, &sums.left).execute(transaction).await?;
        fail_points::reach(Point::SqliteRowsWritten);
        write_changes(transaction, self.id, records).await?;
        write_holds(transaction, self.id, records).await?;
        write_transaction_changes(transaction, self.id, records).await?;
        fail_points::reach(Point::SqliteBatchWritten);
        Ok(sums.left)
    }
}
