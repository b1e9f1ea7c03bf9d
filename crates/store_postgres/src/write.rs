//! The statement that writes: everything of a batch in one, if the ledger is as the batch takes it to be.

use engine::codec;
use engine::idempotency::IdempotencyKey;
use engine::pair::MetadataPair;
use engine::port::{Appended, Head, LogRecord, Unused};
use engine::shifted::ShiftedMovement;
use ledger::{EntryNumber, LedgerName, Reference, Timestamp};
use sql_rows::{BatchRows, Failure, MovedBalance, recorded_pairs, shifted_movements, stored_number, sums_of};
use sqlx::PgConnection;

use crate::columns::{BigInts, ByteStrings, Numbers, Texts};
use crate::write_one::OneEntry;

/// The statement. Lists of UNNEST stand in the place of columns, where rows are handed on as they are made: in the
/// place of a table each list would be kept in a store of its own first.
///
/// There are several of it, because PostgreSQL gets ready anew for all that a statement might do. Some end lists of
/// movements, with the balances' movements as they were before the statement; and one looks before `RETURNING` for what
/// has to be unused, and writes what is pending; and some write what transactions are found by, or what they moved at
/// another time, which most need not. Each takes an eighth of the time of a small batch.
///
/// To merge a row takes less than to insert it `ON CONFLICT`, which locks it first. Nobody else adds one meanwhile: the
/// head is ours by then. Of a sum, what is there already stays, and what changes is added; of a balance, nothing of it.
/// Being an outer join, it leaves the planner no way but to look up each row.
macro_rules! written {
    ($looks:literal, $lists:literal, $pairs:literal, merged, $($more:tt)*) => {
        written!(
            $looks,
            $lists,
            $pairs,
            r#" MERGE INTO balances AS b USING (
                SELECT id * UNNEST($19::bigint[]) AS id, UNNEST($14::text[]) AS address,
                    UNNEST($15::text[]) AS asset,
                    UNNEST($16::numeric[]) AS posted_in, UNNEST($17::numeric[]) AS posted_out,
                    UNNEST($18::text[]) AS movements
                FROM head
            ) AS moved
            ON b.ledger = moved.id AND b.address = moved.address AND b.asset = moved.asset
            WHEN MATCHED THEN UPDATE SET
                posted_in = CASE WHEN moved.id < 0 THEN b.posted_in + moved.posted_in ELSE moved.posted_in END,
                posted_out = CASE WHEN moved.id < 0 THEN b.posted_out + moved.posted_out ELSE moved.posted_out END,
                recent_movements = CASE moved.movements
                    WHEN '' THEN '' ELSE b.recent_movements || moved.movements END,
                room = NULL
            WHEN NOT MATCHED THEN INSERT VALUES (moved.id, moved.address, moved.asset, moved.posted_in,
                moved.posted_out, 0, 0, moved.movements)"#,
            $($more)*
        )
    };
    ($looks:literal, $lists:literal, $pairs:literal, $balances:literal,
        [$ledger:ident, $expected:ident, $last:ident, $entries:ident, $moved:ident], $($more:expr),*) => {
        sqlx::query!(
            r#"WITH head AS (
                UPDATE ledgers SET next_entry = $2, last_recorded_at = $3
                WHERE name = $1 AND next_entry = $4 AND last_recorded_at IS NOT DISTINCT FROM $13"#
            + $looks
            + r#"RETURNING id
            ), written_entries AS (
                INSERT INTO entries (ledger, number, kind, recorded_at, effective_at, reference,
                    idempotency_key, request_fingerprint, body)
                SELECT id, UNNEST($5::bigint[]), UNNEST($6::text[]), UNNEST($7::bigint[]),
                    UNNEST($8::bigint[]), UNNEST($9::text[]), UNNEST($10::text[]), UNNEST($11::bytea[]),
                    UNNEST($12::text[])
                FROM head
            )"#
            + $lists
            + $pairs
            + $balances,
            $ledger.as_str(),
            stored_number($last.entry.number.next()),
            $last.entry.recorded_at.micros(),
            stored_number($expected.next),
            &$entries.number as _,
            &$entries.kind as _,
            &$entries.recorded_at as _,
            &$entries.effective_at as _,
            &$entries.reference as _,
            &$entries.key as _,
            &$entries.fingerprint as _,
            &$entries.body as _,
            $expected.last_recorded_at.map(Timestamp::micros),
            &$moved.address as _,
            &$moved.asset as _,
            &$moved.posted_in as _,
            &$moved.posted_out as _,
            &$moved.movements as _,
            &$moved.of_ledger as _,
            $(&$more as _),*
        )
    };
}

/// As [`written`], and ends lists.
macro_rules! written_with_lists {
    ($looks:literal, $pairs:literal, $balances:tt, $common:tt, $ended:ident, $($more:expr),*) => {
        written!(
            $looks,
            r#", ended_lists AS (
                INSERT INTO earlier_movements (ledger, address, asset, last, numbers)
                SELECT list.id, list.address, list.asset, list.last, COALESCE(recent.movements, '') || list.numbers
                FROM (
                    SELECT id, UNNEST($20::text[]) AS address, UNNEST($21::text[]) AS asset,
                        UNNEST($22::bigint[]) AS last, UNNEST($23::text[]) AS numbers
                    FROM head
                ) AS list
                LEFT JOIN LATERAL (
                    SELECT recent_movements AS movements FROM balances
                    WHERE ledger = list.id AND address = list.address AND asset = list.asset OFFSET 0
                ) AS recent ON true
            )"#,
            $pairs,
            $balances,
            $common,
            $ended.address,
            $ended.asset,
            $ended.last,
            $ended.numbers
            $(, $more)*
        )
    };
}

/// As [`written_with_lists`], after looking for what has to be unused; and writes what is pending.
macro_rules! written_in_full {
    ($pairs:literal, $common:tt, $ended:ident, $($more:expr),*) => {
        written_with_lists!(
            r#" AND NOT EXISTS (
                    SELECT 1 FROM UNNEST($26::text[]) AS unused (key) CROSS JOIN LATERAL (
                        SELECT 1 FROM entries WHERE idempotency_key = unused.key
                            AND ledger * 1 = ledgers.id OFFSET 0
                    ) AS used
                )
                AND NOT EXISTS (
                    SELECT 1 FROM UNNEST($27::text[]) AS unused (reference) CROSS JOIN LATERAL (
                        SELECT 1 FROM entries WHERE reference = unused.reference
                            AND ledger * 1 = ledgers.id OFFSET 0
                    ) AS used
                )
            "#,
            $pairs,
            r#", written_balances AS (
                INSERT INTO balances AS b (ledger, address, asset, posted_in, posted_out, pending_in,
                    pending_out, recent_movements)
                SELECT id * UNNEST($19::bigint[]), UNNEST($14::text[]), UNNEST($15::text[]), UNNEST($16::numeric[]),
                    UNNEST($17::numeric[]), UNNEST($24::numeric[]), UNNEST($25::numeric[]), UNNEST($18::text[])
                FROM head
                ON CONFLICT (ledger, address, asset) DO UPDATE SET
                    posted_in = CASE WHEN b.ledger < 0 THEN b.posted_in + excluded.posted_in ELSE excluded.posted_in END,
                    posted_out = CASE WHEN b.ledger < 0 THEN b.posted_out + excluded.posted_out ELSE excluded.posted_out END,
                    pending_in = CASE WHEN b.ledger < 0 THEN b.pending_in + excluded.pending_in ELSE excluded.pending_in END,
                    pending_out = CASE WHEN b.ledger < 0 THEN b.pending_out + excluded.pending_out ELSE excluded.pending_out END,
                    recent_movements = CASE excluded.recent_movements
                        WHEN '' THEN '' ELSE b.recent_movements || excluded.recent_movements END,
                    room = NULL
            )
            SELECT id FROM head"#,
            $common,
            $ended,
            $($more),*
        )
    };
}

/// Writes the entries with all their projections but changes of [accounts](crate::changes) and of
/// [transactions](crate::transaction_changes), and advances the head, if
/// that stands as `expected` and nothing of `unused` is in use. One of the entries' own keys or references in use is
/// an error.
pub(crate) async fn write(
    connection: &mut PgConnection,
    ledger: &LedgerName,
    expected: Head,
    unused: &Unused,
    records: &[LogRecord],
) -> Result<Appended, Failure> {
    let Some(last) = records.last() else { return Ok(Appended::Written) };
    let rows = BatchRows::of(records, expected.next.0)?;
    let shifted = Shifted::of(&shifted_movements(records));
    let is_plain = unused == &Unused::default() && !moves_pending(records) && shifted.number.is_empty();
    let pairs = recorded_pairs(records);
    if let Some(one) = OneEntry::of(records, &rows).filter(|_| is_plain) {
        return one.write(connection, ledger, expected, &pairs).await;
    }
    let pairs = Pairs::of(&pairs);
    let entries = Entries::of(records);
    let (balances, ended) = Balances::of(&rows);
    let rows_written = if rows.balances.is_empty() || !is_plain {
        let (pending_in, pending_out) = pending(&rows);
        let keys: Texts = unused.keys.iter().map(IdempotencyKey::as_str).collect();
        let references: Texts = unused.references.iter().map(Reference::as_str).collect();
        if shifted.number.is_empty() {
            let written = written_in_full!(
                r#", written_pairs AS (
                    INSERT INTO transaction_pairs (ledger, pair, number)
                    SELECT id, UNNEST($28::bigint[]), UNNEST($29::bigint[]) FROM head
                )"#,
                [ledger, expected, last, entries, balances],
                ended,
                pending_in,
                pending_out,
                keys,
                references,
                pairs.pair,
                pairs.number
            );
            written.fetch_all(connection).await?.len() as u64
        } else {
            let written = written_in_full!(
                r#", written_pairs AS (
                    INSERT INTO transaction_pairs (ledger, pair, number)
                    SELECT id, UNNEST($28::bigint[]), UNNEST($29::bigint[]) FROM head
                ), written_shifted_movements AS (
                    INSERT INTO shifted_movements (ledger, address, later_at, number, asset, earlier_at,
                        posted_in, posted_out)
                    SELECT id, UNNEST($30::text[]), UNNEST($31::bigint[]), UNNEST($32::bigint[]),
                        UNNEST($33::text[]), UNNEST($34::bigint[]), UNNEST($35::numeric[]),
                        UNNEST($36::numeric[])
                    FROM head
                )"#,
                [ledger, expected, last, entries, balances],
                ended,
                pending_in,
                pending_out,
                keys,
                references,
                pairs.pair,
                pairs.number,
                shifted.address,
                shifted.later_at,
                shifted.number,
                shifted.asset,
                shifted.earlier_at,
                shifted.posted_in,
                shifted.posted_out
            );
            written.fetch_all(connection).await?.len() as u64
        }
    } else if !pairs.pair.is_empty() {
        let written = written_with_lists!(
            " ",
            r#", written_pairs AS (
                INSERT INTO transaction_pairs (ledger, pair, number)
                SELECT id, UNNEST($24::bigint[]), UNNEST($25::bigint[]) FROM head
            )"#,
            merged,
            [ledger, expected, last, entries, balances],
            ended,
            pairs.pair,
            pairs.number
        );
        written.execute(connection).await?.rows_affected()
    } else if ended.last.is_empty() {
        let written = written!(" ", "", "", merged, [ledger, expected, last, entries, balances],);
        written.execute(connection).await?.rows_affected()
    } else {
        let written =
            written_with_lists!(" ", "", merged, [ledger, expected, last, entries, balances], ended,);
        written.execute(connection).await?.rows_affected()
    };
    Ok(appended(rows_written))
}

/// Says whether entries change what is pending.
fn moves_pending(records: &[LogRecord]) -> bool {
    records.iter().any(|record| record.entry.body.rests_on_holds())
}

/// Says what a statement did by the rows that it wrote or returned last.
pub(crate) fn appended(rows: u64) -> Appended {
    if rows > 0 { Appended::Written } else { Appended::Stale }
}

/// Rows of `entries`, column by column.
#[derive(Default)]
struct Entries {
    number: BigInts,
    kind: Texts,
    recorded_at: BigInts,
    effective_at: BigInts,
    reference: Texts,
    key: Texts,
    fingerprint: ByteStrings,
    body: Texts,
}

impl Entries {
    fn of(records: &[LogRecord]) -> Self {
        let mut columns = Self::default();
        for LogRecord { entry, request } in records {
            columns.number.push(stored_number(entry.number));
            columns.kind.push(codec::kind(entry));
            columns.recorded_at.push(entry.recorded_at.micros());
            columns.effective_at.push(entry.effective_at.micros());
            columns.reference.push_if_any(entry.body.reference().map(Reference::as_str));
            columns.key.push_if_any(request.as_ref().map(|request| request.key.as_str()));
            columns.fingerprint.push_if_any(request.as_ref().map(|request| request.fingerprint.0.as_slice()));
            columns.body.push(&codec::encode(entry));
        }
        columns
    }
}

/// Rows of `transaction_pairs`, column by column.
#[derive(Default)]
struct Pairs {
    pair: BigInts,
    number: BigInts,
}

impl Pairs {
    fn of(rows: &[(MetadataPair, EntryNumber)]) -> Self {
        let mut columns = Self::default();
        for (pair, number) in rows {
            columns.pair.push(pair.0);
            columns.number.push(stored_number(*number));
        }
        columns
    }
}

/// Rows of `shifted_movements`, column by column.
#[derive(Default)]
struct Shifted {
    address: Texts,
    later_at: BigInts,
    number: BigInts,
    asset: Texts,
    earlier_at: BigInts,
    posted_in: Numbers,
    posted_out: Numbers,
}

impl Shifted {
    fn of(movements: &[ShiftedMovement]) -> Self {
        let mut columns = Self::default();
        for movement in movements {
            columns.address.push(movement.key.account.as_str());
            columns.later_at.push(movement.later_at.micros());
            columns.number.push(stored_number(movement.entry));
            columns.asset.push(movement.key.asset.as_str());
            columns.earlier_at.push(movement.earlier_at.micros());
            columns.posted_in.push(&movement.posted_in);
            columns.posted_out.push(&movement.posted_out);
        }
        columns
    }
}

/// Rows of `balances`, column by column: balances, then sums.
#[derive(Default)]
struct Balances {
    address: Texts,
    asset: Texts,
    posted_in: Numbers,
    posted_out: Numbers,
    /// What is added to the recent movements; nothing where these end.
    movements: Texts,
    /// What the ledger's id is taken times: 1, and for sums -1. Their counters are what is added.
    of_ledger: BigInts,
}

/// Rows of `earlier_movements`, column by column: what is added to the recent movements before they become one.
#[derive(Default)]
struct EndedLists {
    address: Texts,
    asset: Texts,
    last: BigInts,
    numbers: Texts,
}

impl Balances {
    fn of(rows: &BatchRows<'_>) -> (Self, EndedLists) {
        let (mut columns, mut ended) = (Self::default(), EndedLists::default());
        for (key, MovedBalance { balance, movements, .. }) in &rows.balances {
            columns.of_ledger.push(1);
            columns.address.push(key.account.as_str());
            columns.asset.push(key.asset.as_str());
            columns.posted_in.push(&balance.posted_in);
            columns.posted_out.push(&balance.posted_out);
            if movements.end_a_list {
                columns.movements.push("");
                ended.address.push(key.account.as_str());
                ended.asset.push(key.asset.as_str());
                ended.last.push(stored_number(movements.last));
                ended.numbers.push(&movements.numbers);
            } else {
                columns.movements.push(&movements.numbers);
            }
        }
        for (root, asset, change) in rows.sums.iter() {
            columns.of_ledger.push(sums_of(1));
            columns.address.push(root);
            columns.asset.push(asset.as_str());
            columns.posted_in.push(&change.posted_in);
            columns.posted_out.push(&change.posted_out);
            columns.movements.push("");
        }
        (columns, ended)
    }
}

/// Returns the two columns of `balances` that most transactions leave as they are.
fn pending(rows: &BatchRows<'_>) -> (Numbers, Numbers) {
    let (mut pending_in, mut pending_out) = (Numbers::default(), Numbers::default());
    for moved in rows.balances.values() {
        pending_in.push(&moved.balance.pending_in);
        pending_out.push(&moved.balance.pending_out);
    }
    for (_, _, change) in rows.sums.iter() {
        pending_in.push(&change.pending_in);
        pending_out.push(&change.pending_out);
    }
    (pending_in, pending_out)
}
