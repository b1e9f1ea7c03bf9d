//! The statement that writes one entry alone which moved two balances, as of a caller whom nobody else waits with. It
//! has values where the statement for batches has lists, for which PostgreSQL gets ready for longer than it then takes
//! to write them. Never writes anything else than the statement for batches would.

use engine::codec;
use engine::pair::MetadataPair;
use engine::port::{Appended, Head, LogRecord};
use ledger::{BalanceKey, EntryNumber, LedgerName, Reference, Timestamp};
use sql_rows::{BatchRows, Failure, MovedBalance, stored_number};
use sqlx::PgConnection;

use crate::number::StoredNumber;
use crate::write::appended;

/// One entry, and the two balances that it moved.
pub(crate) struct OneEntry<'a> {
    record: &'a LogRecord,
    balances: [(&'a BalanceKey, &'a MovedBalance<'a>); 2],
}

impl<'a> OneEntry<'a> {
    /// Takes a batch that is one such entry and ends no list of movements.
    pub(crate) fn of(records: &'a [LogRecord], rows: &'a BatchRows<'a>) -> Option<Self> {
        let [record] = records else { return None };
        let mut balances = rows.0.iter().map(|(key, moved)| (*key, moved));
        let (first, second) = (balances.next()?, balances.next()?);
        let fits = |moved: &MovedBalance<'_>| !moved.movements.end_a_list;
        (balances.next().is_none() && fits(first.1) && fits(second.1))
            .then_some(Self { record, balances: [first, second] })
    }

    /// Writes the entry with its projections, `pairs` among them, and advances the head, if that stands as `expected`. The entry's own
    /// number, key or reference in use is an error.
    pub(crate) async fn write(
        &self,
        connection: &mut PgConnection,
        ledger: &LedgerName,
        expected: Head,
        pairs: &[(MetadataPair, EntryNumber)],
    ) -> Result<Appended, Failure> {
        let LogRecord { entry, request } = self.record;
        let [(first, first_moved), (second, second_moved)] = self.balances;
        macro_rules! written {
            ($pairs:literal, $($more:expr),*) => {
            sqlx::query!(
            r#"WITH head AS (
                UPDATE ledgers SET next_entry = $2, last_recorded_at = $3
                WHERE name = $1 AND next_entry = $4 AND last_recorded_at IS NOT DISTINCT FROM $5 RETURNING id
            ), written_entry AS (
                INSERT INTO entries (ledger, number, kind, recorded_at, effective_at, reference,
                    idempotency_key, request_fingerprint, body)
                SELECT id, $4, $6, $3, $7, $8, $9, $10, $11 FROM head
            )"# + $pairs + r#"
            MERGE INTO balances AS b USING (
                VALUES ((SELECT id FROM head), $12, $13, $14::numeric, $15::numeric, $16),
                    ((SELECT id FROM head), $17, $18, $19::numeric, $20::numeric, $21)
            ) AS moved (id, address, asset, posted_in, posted_out, movements)
            ON b.ledger = moved.id AND b.address = moved.address AND b.asset = moved.asset
            WHEN MATCHED THEN UPDATE SET posted_in = moved.posted_in, posted_out = moved.posted_out,
                recent_movements = b.recent_movements || moved.movements
            WHEN NOT MATCHED AND moved.id IS NOT NULL THEN INSERT VALUES (moved.id, moved.address, moved.asset,
                moved.posted_in, moved.posted_out, 0, 0, moved.movements)"#,
            ledger.as_str(),
            stored_number(entry.number.next()),
            entry.recorded_at.micros(),
            stored_number(expected.next),
            expected.last_recorded_at.map(Timestamp::micros),
            codec::kind(entry),
            entry.effective_at.micros(),
            entry.body.reference().map(Reference::as_str),
            request.as_ref().map(|request| request.key.as_str()),
            request.as_ref().map(|request| request.fingerprint.0.as_slice()),
            codec::encode(entry),
            first.account.as_str(),
            first.asset.as_str(),
            StoredNumber::from(first_moved.balance.posted_in) as _,
            StoredNumber::from(first_moved.balance.posted_out) as _,
            first_moved.movements.numbers,
            second.account.as_str(),
            second.asset.as_str(),
            StoredNumber::from(second_moved.balance.posted_in) as _,
            StoredNumber::from(second_moved.balance.posted_out) as _,
            second_moved.movements.numbers,
            $($more),*
        )
            };
        }
        let written = if pairs.is_empty() {
            written!("",).execute(connection).await?
        } else {
            let pairs: Vec<i64> = pairs.iter().map(|(pair, _)| pair.0).collect();
            written!(
                ", written_pairs AS (
                    INSERT INTO transaction_pairs (ledger, pair, number) SELECT id, UNNEST($22::bigint[]), $4 FROM head
                )",
                &pairs
            )
            .execute(connection)
            .await?
        };
        Ok(appended(written.rows_affected()))
    }
}
