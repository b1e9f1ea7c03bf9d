//! The statement that writes: everything of a batch in one, if the ledger is as the batch takes it to be.

use engine::codec;
use engine::idempotency::IdempotencyKey;
use engine::port::{Appended, Head, LogRecord, Unused};
use ledger::{EntryBody, LedgerName, Reference, Timestamp};
use sql_rows::{BatchRows, Failure, MovedBalance, stored_number};
use sqlx::PgConnection;

use crate::columns::{BigInts, ByteStrings, Numbers, Texts};

/// The statement. Lists of UNNEST stand in the place of columns, where rows are handed on as they are made: in the
/// place of a table each list would be kept in a store of its own first.
///
/// There are three of it, because PostgreSQL gets ready anew for all that a statement might do: one only writes; one
/// ends lists of movements as well, with the balances' movements as they were before the statement; and one looks
/// before `RETURNING` for what has to be unused. Each of both takes an eighth of the time of a small batch.
macro_rules! written {
    ($connection:ident, $looks:literal, $ends:literal,
        [$ledger:ident, $expected:ident, $last:ident, $entries:ident, $balances:ident], $($more:expr),*) => {
        sqlx::query_scalar!(
            r#"WITH head AS (
                UPDATE ledgers SET next_entry = $2, last_recorded_at = $3
                WHERE name = $1 AND next_entry = $4 AND last_recorded_at IS NOT DISTINCT FROM $20"#
            + $looks
            + r#"RETURNING id
            ), written_entries AS (
                INSERT INTO entries (ledger, number, kind, recorded_at, effective_at, reference,
                    idempotency_key, request_fingerprint, body)
                SELECT head.id, entry.* FROM head CROSS JOIN (
                    SELECT UNNEST($5::bigint[]), UNNEST($6::text[]), UNNEST($7::bigint[]),
                        UNNEST($8::bigint[]), UNNEST($9::text[]), UNNEST($10::text[]), UNNEST($11::bytea[]),
                        UNNEST($12::text[])
                ) AS entry
            ), written_balances AS (
                INSERT INTO balances AS b (ledger, address, asset, posted_in, posted_out, pending_in,
                    pending_out, recent_movements)
                SELECT head.id, balance.* FROM head CROSS JOIN (
                    SELECT UNNEST($13::text[]), UNNEST($14::text[]), UNNEST($15::numeric[]),
                        UNNEST($16::numeric[]), UNNEST($17::numeric[]), UNNEST($18::numeric[]),
                        UNNEST($19::text[])
                ) AS balance
                ON CONFLICT (ledger, address, asset) DO UPDATE SET posted_in = excluded.posted_in,
                    posted_out = excluded.posted_out, pending_in = excluded.pending_in,
                    pending_out = excluded.pending_out,
                    recent_movements = CASE excluded.recent_movements
                        WHEN '' THEN '' ELSE b.recent_movements || excluded.recent_movements END
            )"#
            + $ends
            + r#"
            SELECT id FROM head"#,
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
            &$balances.address as _,
            &$balances.asset as _,
            &$balances.posted_in as _,
            &$balances.posted_out as _,
            &$balances.pending_in as _,
            &$balances.pending_out as _,
            &$balances.movements as _,
            $expected.last_recorded_at.map(Timestamp::micros),
            $(&$more as _),*
        )
        .fetch_optional($connection)
        .await?
    };
}

/// As [`written`], and ends lists.
macro_rules! written_with_lists {
    ($connection:ident, $looks:literal, $common:tt, $ended:ident, $($more:ident),*) => {
        written!(
            $connection,
            $looks,
            r#", ended_lists AS (
                INSERT INTO earlier_movements (ledger, address, asset, last, numbers)
                SELECT head.id, list.address, list.asset, list.last, COALESCE(recent.movements, '') || list.numbers
                FROM head CROSS JOIN (
                    SELECT UNNEST($21::text[]) AS address, UNNEST($22::text[]) AS asset,
                        UNNEST($23::bigint[]) AS last, UNNEST($24::text[]) AS numbers
                ) AS list
                LEFT JOIN LATERAL (
                    SELECT recent_movements AS movements FROM balances
                    WHERE ledger = head.id AND address = list.address AND asset = list.asset OFFSET 0
                ) AS recent ON true
            )"#,
            $common,
            $ended.address,
            $ended.asset,
            $ended.last,
            $ended.numbers
            $(, $more)*
        )
    };
}

/// Writes the entries with all their projections and advances the head, if that stands as `expected` and nothing
/// of `unused` is in use. One of the entries' own keys or references in use is an error.
pub(crate) async fn write(
    connection: &mut PgConnection,
    ledger: &LedgerName,
    expected: Head,
    unused: &Unused,
    records: &[LogRecord],
) -> Result<Appended, Failure> {
    let Some(last) = records.last() else { return Ok(Appended::Written) };
    let rows = BatchRows::of(records, expected.next.0)?;
    let entries = Entries::of(records);
    let (balances, ended) = Balances::of(&rows);
    let moved = if unused != &Unused::default() {
        let keys: Texts = unused.keys.iter().map(IdempotencyKey::as_str).collect();
        let references: Texts = unused.references.iter().map(Reference::as_str).collect();
        written_with_lists!(
            connection,
            r#" AND NOT EXISTS (
                    SELECT 1 FROM UNNEST($25::text[]) AS unused (key) CROSS JOIN LATERAL (
                        SELECT ledger FROM entries WHERE idempotency_key = unused.key OFFSET 0
                    ) AS used WHERE used.ledger = ledgers.id
                )
                AND NOT EXISTS (
                    SELECT 1 FROM UNNEST($26::text[]) AS unused (reference) CROSS JOIN LATERAL (
                        SELECT ledger FROM entries WHERE reference = unused.reference OFFSET 0
                    ) AS used WHERE used.ledger = ledgers.id
                )
                "#,
            [ledger, expected, last, entries, balances],
            ended,
            keys,
            references
        )
    } else if ended.last.is_empty() {
        written!(connection, " ", "", [ledger, expected, last, entries, balances],)
    } else {
        written_with_lists!(connection, " ", [ledger, expected, last, entries, balances], ended,)
    };
    Ok(if moved.is_some() { Appended::Written } else { Appended::Stale })
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
            let EntryBody::Transaction(transaction) = &entry.body;
            columns.number.push(stored_number(entry.number));
            columns.kind.push(codec::kind(entry));
            columns.recorded_at.push(entry.recorded_at.micros());
            columns.effective_at.push(entry.effective_at.micros());
            columns.reference.push_if_any(transaction.reference.as_ref().map(Reference::as_str));
            columns.key.push_if_any(request.as_ref().map(|request| request.key.as_str()));
            columns.fingerprint.push_if_any(request.as_ref().map(|request| request.fingerprint.0.as_slice()));
            columns.body.push(&codec::encode(entry));
        }
        columns
    }
}

/// Rows of `balances`, column by column.
#[derive(Default)]
struct Balances {
    address: Texts,
    asset: Texts,
    posted_in: Numbers,
    posted_out: Numbers,
    pending_in: Numbers,
    pending_out: Numbers,
    /// What is added to the recent movements; nothing where these end.
    movements: Texts,
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
        for (key, MovedBalance { balance, movements }) in &rows.0 {
            columns.address.push(key.account.as_str());
            columns.asset.push(key.asset.as_str());
            columns.posted_in.push(balance.posted_in);
            columns.posted_out.push(balance.posted_out);
            columns.pending_in.push(balance.pending_in);
            columns.pending_out.push(balance.pending_out);
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
        (columns, ended)
    }
}
