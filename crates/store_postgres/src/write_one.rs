//! The statement that writes one entry alone which moved two balances, as of a caller whom nobody else waits with. It
//! has values where the statement for batches has lists, for which PostgreSQL gets ready for longer than it then takes
//! to write them. Never writes anything else than the statement for batches would.

use engine::codec;
use engine::idempotency::KeyedRequest;
use engine::pair::MetadataPair;
use engine::port::{Appended, Head, LogRecord};
use ledger::{Asset, BalanceKey, BalanceTotal, Entry, EntryNumber, LedgerName, Reference, Timestamp};
use sql_rows::{BatchRows, Failure, MovedBalance, stored_number};
use sqlx::PgConnection;
use sqlx::postgres::PgQueryResult;

use crate::number::{StoredNumber, StoredTotal};
use crate::write::appended;

/// One entry, the two balances that it moved, and what the sums of these change by.
pub(crate) struct OneEntry<'a> {
    entry: &'a Entry,
    request: Option<&'a KeyedRequest>,
    first: MovedRow<'a>,
    second: MovedRow<'a>,
    sums: Vec<ChangedSum<'a>>,
}

type MovedRow<'a> = (&'a BalanceKey, &'a MovedBalance<'a>);
type ChangedSum<'a> = (&'a str, &'a Asset, &'a BalanceTotal);

/// The statement, with as many sums as it has rows of them, and with or without what the entry is found by. What a sum
/// has already stays, and what it changes by is added.
macro_rules! written {
    ($one:ident, $ledger:ident, $expected:ident, $pairs:literal, "", $($more:expr),*) => {
        written!(@ $one, $ledger, $expected, $pairs, "", "moved.posted_in", "moved.posted_out", [$($more),*])
    };
    ($one:ident, $ledger:ident, $expected:ident, $pairs:literal, $sums:literal, $($more:expr),*) => {
        written!(
            @ $one,
            $ledger,
            $expected,
            $pairs,
            $sums,
            "CASE WHEN moved.id < 0 THEN b.posted_in + moved.posted_in ELSE moved.posted_in END",
            "CASE WHEN moved.id < 0 THEN b.posted_out + moved.posted_out ELSE moved.posted_out END",
            [$($more),*]
        )
    };
    (@ $one:ident, $ledger:ident, $expected:ident, $pairs:literal, $sums:literal, $posted_in:literal,
        $posted_out:literal, [$($more:expr),*]) => {
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
                    ((SELECT id FROM head), $17, $18, $19::numeric, $20::numeric, $21)"# + $sums + r#"
            ) AS moved (id, address, asset, posted_in, posted_out, movements)
            ON b.ledger = moved.id AND b.address = moved.address AND b.asset = moved.asset
            WHEN MATCHED THEN UPDATE SET posted_in = "# + $posted_in + ", posted_out = " + $posted_out + r#",
                recent_movements = b.recent_movements || moved.movements, room = NULL
            WHEN NOT MATCHED AND moved.id IS NOT NULL THEN INSERT VALUES (moved.id, moved.address, moved.asset,
                moved.posted_in, moved.posted_out, 0, 0, moved.movements)"#,
            $ledger.as_str(),
            stored_number($one.entry.number.next()),
            $one.entry.recorded_at.micros(),
            stored_number($expected.next),
            $expected.last_recorded_at.map(Timestamp::micros),
            codec::kind($one.entry),
            $one.entry.effective_at.micros(),
            $one.entry.body.reference().map(Reference::as_str),
            $one.request.map(|request| request.key.as_str()),
            $one.request.map(|request| request.fingerprint.0.as_slice()),
            codec::encode($one.entry),
            $one.first.0.account.as_str(),
            $one.first.0.asset.as_str(),
            StoredNumber::from($one.first.1.balance.posted_in) as _,
            StoredNumber::from($one.first.1.balance.posted_out) as _,
            $one.first.1.movements.numbers,
            $one.second.0.account.as_str(),
            $one.second.0.asset.as_str(),
            StoredNumber::from($one.second.1.balance.posted_in) as _,
            StoredNumber::from($one.second.1.balance.posted_out) as _,
            $one.second.1.movements.numbers,
            $($more),*
        )
    };
}

impl<'a> OneEntry<'a> {
    /// Takes a batch that is one such entry and ends no list of movements.
    pub(crate) fn of(records: &'a [LogRecord], rows: &'a BatchRows<'a>) -> Option<Self> {
        let [LogRecord { entry, request }] = records else { return None };
        let mut balances = rows.balances.iter().map(|(key, moved)| (*key, moved));
        let (first, second) = (balances.next()?, balances.next()?);
        let fits = |moved: &MovedBalance<'_>| !moved.movements.end_a_list;
        (balances.next().is_none() && fits(first.1) && fits(second.1)).then(|| Self {
            entry,
            request: request.as_ref(),
            first,
            second,
            sums: rows.sums.iter().collect(),
        })
    }

    /// Writes the entry with its projections, `pairs` among them, and advances the head, if that stands as `expected`.
    /// The entry's own number, key or reference in use is an error.
    pub(crate) async fn write(
        &self,
        connection: &mut PgConnection,
        ledger: &LedgerName,
        expected: Head,
        pairs: &[(MetadataPair, EntryNumber)],
    ) -> Result<Appended, Failure> {
        let pairs: Vec<i64> = pairs.iter().map(|(pair, _)| pair.0).collect();
        let written = match &*self.sums {
            [] => self.write_alone(connection, ledger, expected, &pairs).await?,
            [sum] => self.write_with_sum(connection, ledger, expected, &pairs, *sum).await?,
            // Two balances have no more.
            [one, other, ..] => {
                self.write_with_sums(connection, ledger, expected, &pairs, *one, *other).await?
            }
        };
        Ok(appended(written.rows_affected()))
    }

    async fn write_alone(
        &self,
        connection: &mut PgConnection,
        ledger: &LedgerName,
        expected: Head,
        pairs: &[i64],
    ) -> sqlx::Result<PgQueryResult> {
        if pairs.is_empty() {
            return written!(self, ledger, expected, "", "",).execute(connection).await;
        }
        written!(
            self,
            ledger,
            expected,
            ", written_pairs AS (
                INSERT INTO transaction_pairs (ledger, pair, number) SELECT id, UNNEST($22::bigint[]), $4 FROM head
            )",
            "",
            pairs
        )
        .execute(connection)
        .await
    }

    async fn write_with_sum(
        &self,
        connection: &mut PgConnection,
        ledger: &LedgerName,
        expected: Head,
        pairs: &[i64],
        (root, asset, sum): ChangedSum<'_>,
    ) -> sqlx::Result<PgQueryResult> {
        let (posted_in, posted_out) = (StoredTotal(sum.posted_in), StoredTotal(sum.posted_out));
        if pairs.is_empty() {
            let written = written!(
                self,
                ledger,
                expected,
                "",
                ", ((SELECT -id FROM head), $22, $23, $24::numeric, $25::numeric, '')",
                root,
                asset.as_str(),
                posted_in as _,
                posted_out as _
            );
            return written.execute(connection).await;
        }
        written!(
            self,
            ledger,
            expected,
            ", written_pairs AS (
                INSERT INTO transaction_pairs (ledger, pair, number) SELECT id, UNNEST($26::bigint[]), $4 FROM head
            )",
            ", ((SELECT -id FROM head), $22, $23, $24::numeric, $25::numeric, '')",
            root,
            asset.as_str(),
            posted_in as _,
            posted_out as _,
            pairs
        )
        .execute(connection)
        .await
    }

    async fn write_with_sums(
        &self,
        connection: &mut PgConnection,
        ledger: &LedgerName,
        expected: Head,
        pairs: &[i64],
        (root, asset, sum): ChangedSum<'_>,
        (other_root, other_asset, other): ChangedSum<'_>,
    ) -> sqlx::Result<PgQueryResult> {
        let (posted_in, posted_out) = (StoredTotal(sum.posted_in), StoredTotal(sum.posted_out));
        let (other_in, other_out) = (StoredTotal(other.posted_in), StoredTotal(other.posted_out));
        if pairs.is_empty() {
            let written = written!(
                self,
                ledger,
                expected,
                "",
                ", ((SELECT -id FROM head), $22, $23, $24::numeric, $25::numeric, ''),
                    ((SELECT -id FROM head), $26, $27, $28::numeric, $29::numeric, '')",
                root,
                asset.as_str(),
                posted_in as _,
                posted_out as _,
                other_root,
                other_asset.as_str(),
                other_in as _,
                other_out as _
            );
            return written.execute(connection).await;
        }
        written!(
            self,
            ledger,
            expected,
            ", written_pairs AS (
                INSERT INTO transaction_pairs (ledger, pair, number) SELECT id, UNNEST($30::bigint[]), $4 FROM head
            )",
            ", ((SELECT -id FROM head), $22, $23, $24::numeric, $25::numeric, ''),
                    ((SELECT -id FROM head), $26, $27, $28::numeric, $29::numeric, '')",
            root,
            asset.as_str(),
            posted_in as _,
            posted_out as _,
            other_root,
            other_asset.as_str(),
            other_in as _,
            other_out as _,
            pairs
        )
        .execute(connection)
        .await
    }
}
