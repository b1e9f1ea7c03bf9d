//! Batches: load what commands touch, then write what was decided, all in one SQL transaction. Never a
//! statement per row: rows go in a table at a time, as values where every batch has some, else as JSON arrays.
//!
//! `jsonb_each` hands out rows that are parsed already. With `json_each` every `->>` would parse its row
//! anew, which takes half as long again.

use std::sync::Arc;

use async_trait::async_trait;
use engine::codec;
use engine::idempotency::IdempotencyKey;
use engine::port::{
    Accompanies, AccompanyError, Batch, CommitError, Head, KeyUse, Loaded, LogRecord, LookedUp, Opened,
    Wanted,
};
use engine::shifted::ShiftedMovement;
use fail_points::Point;
use identity::AuditEvent;
use ledger::{BalanceKey, Entry, EntryNumber, LedgerName, Reference};
use sql_rows::{
    BatchRows, Corruption, Failure, HeadRow, MovedBalance, Reader, add_looked_up, balances_of, entry_number,
    recorded_pairs, shifted_movements, stored_number, sums_of,
};
use sqlx::{Sqlite, SqliteConnection, Transaction};
use tokio::sync::Notify;

use crate::advance::{Advanced, ChangedSum, advance};
use crate::audit::record_all;
use crate::changes::{load_kept, write_changes};
use crate::checkpoints::Checkpoints;
use crate::companion;
use crate::failure::commit_failed;
use crate::holds::{load_holds, load_unreversed, load_versions, write_holds};
use crate::json::{next_array, write_row};
use crate::number::{StoredNumber, StoredTotal};
use crate::rows::AccountRow;
use crate::store::SqliteStore;
use crate::transaction_changes::{load_transactions, write_pairs, write_transaction_changes};
use crate::values::{Insert, Values};

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
    let batch = Box::new(SqliteBatch::new(store, transaction, ledger, at));
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

/// A balance that a batch has moved.
type MovedRow<'m, 'r> = (&'m &'r BalanceKey, &'m MovedBalance<'r>);

/// An open batch: a transaction that holds the file's lock, and where the log stood when it began.
pub(crate) struct SqliteBatch {
    pub(crate) transaction: Transaction<'static, Sqlite>,
    ledger: LedgerName,
    head: Head,
    committed: Option<Arc<Notify>>,
}

#[async_trait]
impl Batch for SqliteBatch {
    async fn commit(mut self: Box<Self>, records: &[LogRecord]) -> Result<(), CommitError> {
        let written = self.advance_and_write(records).await;
        written.map_err(|failure| CommitError::RolledBack(failure.into()))?;
        self.end().await
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
    pub(crate) fn new(
        store: &SqliteStore,
        transaction: Transaction<'static, Sqlite>,
        ledger: &LedgerName,
        head: Head,
    ) -> Self {
        let committed = store.checkpoints.as_ref().map(Checkpoints::committed);
        Self { transaction, ledger: ledger.clone(), head, committed }
    }

    /// Commits what is written.
    pub(crate) async fn end(self) -> Result<(), CommitError> {
        self.transaction.commit().await.map_err(commit_failed)?;
        if let Some(committed) = self.committed {
            committed.notify_one();
        }
        Ok(())
    }

    async fn advance_and_write(&mut self, records: &[LogRecord]) -> Result<(), Failure> {
        let Some(last) = records.last() else { return Ok(()) };
        let rows = BatchRows::of(records, self.head.next.0)?;
        let advanced = self.advance(&last.entry, &rows).await?.ok_or(Failure::HeadMoved)?;
        self.write(records, &rows, advanced).await
    }

    /// Advances the head, with an entry as the last one; `None` where it is not where the batch began.
    pub(crate) async fn advance<'a>(
        &mut self,
        last: &Entry,
        rows: &BatchRows<'a>,
    ) -> Result<Option<Advanced<'a>>, Failure> {
        let advanced = advance(&mut self.transaction, &self.ledger, self.head, last, &rows.sums).await?;
        fail_points::reach(Point::SqliteHeadAdvanced);
        Ok(advanced)
    }

    /// Writes entries with all their projections.
    pub(crate) async fn write(
        &mut self,
        records: &[LogRecord],
        rows: &BatchRows<'_>,
        Advanced { ledger, sums }: Advanced<'_>,
    ) -> Result<(), Failure> {
        let transaction = &mut *self.transaction;
        ENTRIES.write(transaction, records, |values, record| entry(values, ledger, record)).await?;
        fail_points::reach(Point::SqliteEntriesWritten);
        let balances: Vec<MovedRow<'_, '_>> = rows.balances.iter().collect();
        end_lists(transaction, ledger, &balances).await?;
        write_pairs(transaction, ledger, &recorded_pairs(records)).await?;
        write_all_shifted(transaction, ledger, &shifted_movements(records)).await?;
        write_changes(transaction, ledger, records).await?;
        write_holds(transaction, ledger, records).await?;
        write_transaction_changes(transaction, ledger, records).await?;
        fail_points::reach(Point::SqliteMovementsWritten);
        let balances = balances.into_iter().map(WrittenRow::Balance);
        let rows: Vec<_> = balances.chain(sums.into_iter().map(WrittenRow::Sum)).collect();
        BALANCES.write(transaction, &rows, |values, row| row.bind(values, ledger)).await?;
        fail_points::reach(Point::SqliteBalancesWritten);
        Ok(())
    }
}

/// Writes the lists that end: what stands in the balance's row so far, then the new numbers.
async fn end_lists(
    connection: &mut SqliteConnection,
    ledger: i64,
    balances: &[MovedRow<'_, '_>],
) -> Result<(), Failure> {
    let ended: Vec<_> = balances.iter().filter(|(_, moved)| moved.movements.end_a_list).copied().collect();
    let mut rest = &*ended;
    while let Some(json) = next_array(&mut rest, write_list) {
        sqlx::query!(
            "INSERT INTO earlier_movements (ledger, address, asset, last, numbers)
            SELECT ?1, value ->> 0, value ->> 1, value ->> 2, ifnull((
                SELECT recent_movements FROM balances
                WHERE ledger = ?1 AND address = value ->> 0 AND asset = value ->> 1
            ), '') || (value ->> 3)
            FROM jsonb_each(?2)",
            ledger,
            json
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

async fn write_all_shifted(
    connection: &mut SqliteConnection,
    ledger: i64,
    movements: &[ShiftedMovement],
) -> Result<(), Failure> {
    let mut rest = movements;
    while let Some(json) = next_array(&mut rest, write_shifted) {
        sqlx::query!(
            "INSERT INTO shifted_movements (ledger, address, later_at, number, asset, earlier_at,
                posted_in, posted_out)
            SELECT ?1, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
                value ->> 6
            FROM jsonb_each(?2)",
            ledger,
            json
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

const ENTRIES: Insert = Insert {
    into: "entries (ledger, number, kind, recorded_at, effective_at, reference, idempotency_key,
        request_fingerprint, body)",
    columns: 9,
    then: "",
};

const BALANCES: Insert = Insert {
    into: "balances (ledger, address, asset, posted_in, posted_out, pending_in, pending_out, recent_movements)",
    columns: 8,
    then: "ON CONFLICT (ledger, address, asset) DO UPDATE SET posted_in = excluded.posted_in,
        posted_out = excluded.posted_out, pending_in = excluded.pending_in,
        pending_out = excluded.pending_out, recent_movements = iif(
            excluded.recent_movements = '', '', recent_movements || excluded.recent_movements)",
};

fn entry<'q>(values: Values<'q>, ledger: i64, LogRecord { entry, request }: &LogRecord) -> Values<'q> {
    values
        .bind(ledger)
        .bind(stored_number(entry.number))
        .bind(codec::kind(entry))
        .bind(entry.recorded_at.micros())
        .bind(entry.effective_at.micros())
        .bind(entry.body.reference().map(|reference| text(reference.as_str())))
        .bind(request.as_ref().map(|request| text(request.key.as_str())))
        .bind(request.as_ref().map(|request| request.fingerprint.0.to_vec()))
        .bind(codec::encode(entry))
}

/// A text as SQLite's driver keeps it: any other it would put behind one more pointer.
fn text(text: &str) -> Arc<str> {
    text.into()
}

fn write_list(json: &mut Vec<u8>, (key, MovedBalance { movements, .. }): &MovedRow<'_, '_>) {
    let last = stored_number(movements.last);
    write_row(json, &(key.account.as_str(), key.asset.as_str(), last, movements.numbers.as_str()));
}

fn write_shifted(json: &mut Vec<u8>, movement: &ShiftedMovement) {
    let row = (
        movement.key.account.as_str(),
        movement.later_at.micros(),
        stored_number(movement.entry),
        movement.key.asset.as_str(),
        movement.earlier_at.micros(),
        StoredNumber::from(movement.posted_in),
        StoredNumber::from(movement.posted_out),
    );
    write_row(json, &row);
}

/// A row of `balances` as a batch leaves it.
enum WrittenRow<'m, 'r> {
    Balance(MovedRow<'m, 'r>),
    Sum(ChangedSum<'r>),
}

impl WrittenRow<'_, '_> {
    fn bind<'q>(&self, values: Values<'q>, ledger: i64) -> Values<'q> {
        match self {
            Self::Balance((key, MovedBalance { balance, movements })) => values
                .bind(ledger)
                .bind(text(key.account.as_str()))
                .bind(text(key.asset.as_str()))
                .bind(StoredNumber::from(balance.posted_in))
                .bind(StoredNumber::from(balance.posted_out))
                .bind(StoredNumber::from(balance.pending_in))
                .bind(StoredNumber::from(balance.pending_out))
                // Nothing at all: the list has ended.
                .bind(if movements.end_a_list { String::new() } else { movements.numbers.clone() }),
            Self::Sum((root, asset, sum)) => values
                .bind(sums_of(ledger))
                .bind(text(root))
                .bind(text(asset.as_str()))
                .bind(StoredTotal(sum.posted_in))
                .bind(StoredTotal(sum.posted_out))
                .bind(StoredTotal(sum.pending_in))
                .bind(StoredTotal(sum.pending_out))
                .bind(""),
        }
    }
}
