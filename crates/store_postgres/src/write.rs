//! The statement that writes: everything of a batch in one, if the ledger is as the batch takes it to be.

use engine::codec;
use engine::idempotency::IdempotencyKey;
use engine::port::{Appended, Head, LogRecord, Unused};
use ledger::{Direction, EntryBody, LedgerName, Reference, Timestamp};
use sql_rows::{BatchRows, Failure, stored_number};
use sqlx::PgConnection;

use crate::columns::{BigInts, ByteStrings, Numbers, Texts};
use crate::number::StoredNumber;

/// The statement. Lists of UNNEST stand in the place of columns, where rows are handed on as they are made: in the
/// place of a table each list would be kept in a store of its own first.
///
/// There is one that looks for what has to be unused, before `RETURNING`, and one that does not: PostgreSQL gets ready
/// to look anew for each statement, which takes an eighth of the time of a small batch.
macro_rules! written {
    ($connection:ident, $looks:literal, [$ledger:ident, $expected:ident, $last:ident, $entries:ident, $lines:ident,
        $balances:ident], $($unused:ident),*) => {
        sqlx::query_scalar!(
            r#"WITH head AS (
                UPDATE ledgers SET next_entry = $2, last_recorded_at = $3
                WHERE name = $1 AND next_entry = $4 AND last_recorded_at IS NOT DISTINCT FROM $27"#
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
            ), written_lines AS (
                INSERT INTO lines (ledger, address, entry, posting, direction, counterparty, asset, amount,
                    balance)
                SELECT head.id, line.* FROM head CROSS JOIN (
                    SELECT UNNEST($13::text[]), UNNEST($14::bigint[]), UNNEST($15::bigint[]),
                        UNNEST($16::text[]), UNNEST($17::text[]), UNNEST($18::text[]), UNNEST($19::numeric[]),
                        UNNEST($20::numeric[])
                ) AS line
            ), written_balances AS (
                INSERT INTO balances AS b (ledger, address, asset, posted_in, posted_out, pending_in,
                    pending_out)
                SELECT head.id, balance.* FROM head CROSS JOIN (
                    SELECT UNNEST($21::text[]), UNNEST($22::text[]), UNNEST($23::numeric[]),
                        UNNEST($24::numeric[]), UNNEST($25::numeric[]), UNNEST($26::numeric[])
                ) AS balance
                ON CONFLICT (ledger, address, asset) DO UPDATE SET posted_in = excluded.posted_in,
                    posted_out = excluded.posted_out, pending_in = excluded.pending_in,
                    pending_out = excluded.pending_out
            )
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
            &$lines.address as _,
            &$lines.entry as _,
            &$lines.posting as _,
            &$lines.direction as _,
            &$lines.counterparty as _,
            &$lines.asset as _,
            &$lines.amount as _,
            &$lines.balance as _,
            &$balances.address as _,
            &$balances.asset as _,
            &$balances.posted_in as _,
            &$balances.posted_out as _,
            &$balances.pending_in as _,
            &$balances.pending_out as _,
            $expected.last_recorded_at.map(Timestamp::micros),
            $(&$unused as _),*
        )
        .fetch_optional($connection)
        .await?
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
    let lines = Lines::of(&rows);
    let balances = Balances::of(&rows);
    let moved = if unused == &Unused::default() {
        written!(connection, " ", [ledger, expected, last, entries, lines, balances],)
    } else {
        let keys: Texts = unused.keys.iter().map(IdempotencyKey::as_str).collect();
        let references: Texts = unused.references.iter().map(Reference::as_str).collect();
        written!(
            connection,
            r#" AND NOT EXISTS (
                    SELECT 1 FROM UNNEST($28::text[]) AS unused (key) CROSS JOIN LATERAL (
                        SELECT ledger FROM entries WHERE idempotency_key = unused.key OFFSET 0
                    ) AS used WHERE used.ledger = ledgers.id
                )
                AND NOT EXISTS (
                    SELECT 1 FROM UNNEST($29::text[]) AS unused (reference) CROSS JOIN LATERAL (
                        SELECT ledger FROM entries WHERE reference = unused.reference OFFSET 0
                    ) AS used WHERE used.ledger = ledgers.id
                )
                "#,
            [ledger, expected, last, entries, lines, balances],
            keys,
            references
        )
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

/// Rows of `lines`, column by column.
#[derive(Default)]
struct Lines {
    address: Texts,
    entry: BigInts,
    posting: BigInts,
    direction: Texts,
    counterparty: Texts,
    asset: Texts,
    amount: Numbers,
    balance: Numbers,
}

impl Lines {
    fn of(rows: &BatchRows<'_>) -> Self {
        let mut columns = Self::default();
        for line in &rows.lines {
            columns.address.push(line.account.as_str());
            columns.entry.push(stored_number(line.entry));
            columns.posting.push(i64::try_from(line.posting).unwrap_or(i64::MAX));
            columns.direction.push(match line.direction {
                Direction::Debit => "debit",
                Direction::Credit => "credit",
            });
            columns.counterparty.push(line.counterparty.as_str());
            columns.asset.push(line.asset.as_str());
            columns.amount.push(line.amount);
            columns.balance.push(StoredNumber(line.balance));
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
}

impl Balances {
    fn of(rows: &BatchRows<'_>) -> Self {
        let mut columns = Self::default();
        for (key, balance) in &rows.balances {
            columns.address.push(key.account.as_str());
            columns.asset.push(key.asset.as_str());
            columns.posted_in.push(balance.posted_in);
            columns.posted_out.push(balance.posted_out);
            columns.pending_in.push(balance.pending_in);
            columns.pending_out.push(balance.pending_out);
        }
        columns
    }
}
