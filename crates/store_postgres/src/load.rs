//! What batches load: the first statement of a batch takes the ledger's head and loads what the batch will touch;
//! a batch that goes the short way looks up balances alone, and takes nothing.
//!
//! Here and elsewhere, OFFSET 0 keeps the planner from taking a lookup for a join: by its statistics, which know
//! nothing yet of a ledger that was just created, looking at all of it once is as good as one lookup per row.

use engine::idempotency::IdempotencyKey;
use engine::port::{KeyUse, Loaded, LookedUp, Wanted};
use ledger::{BalanceKey, LedgerName, Reference, Timestamp};
use sql_rows::{Corruption, Failure, HeadRow, Reader, add_looked_up, entry_number, stored_number};
use sqlx::PgConnection;

use crate::number::StoredNumber;
use crate::rows::{AccountRow, BalanceRow};

/// A row per batch. What was found comes as lists side by side; `places` says for which of the wanted ones.
struct LoadedRow {
    next: i64,
    last_recorded_at: Option<i64>,
    seen: i64,
    balance_places: Option<Vec<i64>>,
    posted_in: Option<Vec<StoredNumber>>,
    posted_out: Option<Vec<StoredNumber>>,
    pending_in: Option<Vec<StoredNumber>>,
    pending_out: Option<Vec<StoredNumber>>,
    policy_places: Option<Vec<i64>>,
    policies: Option<Vec<String>>,
    key_places: Option<Vec<i64>>,
    key_fingerprints: Option<Vec<Vec<u8>>>,
    key_entries: Option<Vec<i64>>,
    reference_places: Option<Vec<i64>>,
    reference_entries: Option<Vec<i64>>,
}

/// Takes the head and loads.
pub(crate) async fn load(
    connection: &mut PgConnection,
    ledger: &LedgerName,
    wanted: &Wanted,
) -> Result<Loaded, Failure> {
    let mut row = lock_and_read(connection, ledger, wanted).await?;
    if row.seen != row.next {
        // The statement waited for the head. It has the newest one, but reads everything else as it stood
        // when it began; the head is ours by now, so reading once more reads what the head stands for.
        row = lock_and_read(connection, ledger, wanted).await?;
        if row.seen != row.next {
            return Err(Failure::HeadMoved);
        }
    }
    Ok(loaded(row, ledger, wanted)?)
}

async fn lock_and_read(
    connection: &mut PgConnection,
    ledger: &LedgerName,
    wanted: &Wanted,
) -> Result<LoadedRow, Failure> {
    let balances = || wanted.missing.iter().chain(&wanted.cached);
    let addresses: Vec<&str> = balances().map(|key| key.account.as_str()).collect();
    let assets: Vec<&str> = balances().map(|key| key.asset.as_str()).collect();
    let keys: Vec<&str> = wanted.keys.iter().map(IdempotencyKey::as_str).collect();
    let references: Vec<&str> = wanted.references.iter().map(Reference::as_str).collect();
    sqlx::query_as!(
        LoadedRow,
        r#"WITH head AS MATERIALIZED (
            SELECT id, next_entry, last_recorded_at FROM ledgers WHERE name = $1 FOR UPDATE
        )
        SELECT head.next_entry AS "next!", head.last_recorded_at,
            (SELECT next_entry FROM ledgers WHERE ledgers.id = head.id) AS "seen!",
            found_balances.places AS balance_places,
            found_balances.posted_in AS "posted_in: Vec<StoredNumber>",
            found_balances.posted_out AS "posted_out: Vec<StoredNumber>",
            found_balances.pending_in AS "pending_in: Vec<StoredNumber>",
            found_balances.pending_out AS "pending_out: Vec<StoredNumber>",
            found_policies.places AS policy_places, found_policies.policies,
            found_keys.places AS key_places, found_keys.fingerprints AS key_fingerprints,
            found_keys.entries AS key_entries,
            found_references.places AS reference_places, found_references.entries AS reference_entries
        FROM head
        CROSS JOIN LATERAL (
            SELECT array_agg(place) AS places, array_agg(posted_in) AS posted_in,
                array_agg(posted_out) AS posted_out, array_agg(pending_in) AS pending_in,
                array_agg(pending_out) AS pending_out
            FROM UNNEST($2::text[], $3::text[]) WITH ORDINALITY AS wanted (address, asset, place)
            CROSS JOIN LATERAL (
                SELECT * FROM balances WHERE balances.ledger = head.id
                    AND balances.address = wanted.address AND balances.asset = wanted.asset OFFSET 0
            ) AS found
            WHERE place <= $4 OR head.next_entry IS DISTINCT FROM $5
                OR head.last_recorded_at IS DISTINCT FROM $8
        ) AS found_balances
        CROSS JOIN LATERAL (
            SELECT array_agg(place) AS places, array_agg(policy) AS policies
            FROM UNNEST($2::text[]) WITH ORDINALITY AS wanted (address, place)
            CROSS JOIN LATERAL (
                SELECT policy FROM accounts WHERE accounts.ledger = head.id
                    AND accounts.address = wanted.address OFFSET 0
            ) AS found
            WHERE place <= $4 OR head.next_entry IS DISTINCT FROM $5
                OR head.last_recorded_at IS DISTINCT FROM $8
        ) AS found_policies
        CROSS JOIN LATERAL (
            SELECT array_agg(place) AS places, array_agg(request_fingerprint) AS fingerprints,
                array_agg(number) AS entries
            FROM UNNEST($6::text[]) WITH ORDINALITY AS wanted (key, place)
            CROSS JOIN LATERAL (
                SELECT * FROM entries WHERE entries.idempotency_key = wanted.key
                    AND entries.ledger * 1 = head.id OFFSET 0
            ) AS found
        ) AS found_keys
        CROSS JOIN LATERAL (
            SELECT array_agg(place) AS places, array_agg(number) AS entries
            FROM UNNEST($7::text[]) WITH ORDINALITY AS wanted (reference, place)
            CROSS JOIN LATERAL (
                SELECT * FROM entries WHERE entries.reference = wanted.reference
                    AND entries.ledger * 1 = head.id OFFSET 0
            ) AS found
        ) AS found_references"#,
        ledger.as_str(),
        &addresses as _,
        &assets as _,
        i64::try_from(wanted.missing.len()).unwrap_or(i64::MAX),
        wanted.cached_at.map(|head| stored_number(head.next)),
        &keys as _,
        &references as _,
        wanted.cached_at.and_then(|head| head.last_recorded_at).map(Timestamp::micros)
    )
    .fetch_optional(connection)
    .await?
    .ok_or(Failure::LedgerNotFound)
}

/// Reads balances, and what their accounts allow, as they are committed. A standby, which lags behind, refuses to say where
/// its log ends, and so to answer.
pub(crate) async fn balances_of(
    connection: &mut PgConnection,
    ledger: &LedgerName,
    keys: &[BalanceKey],
) -> Result<LookedUp, Failure> {
    let addresses: Vec<&str> = keys.iter().map(|key| key.account.as_str()).collect();
    let assets: Vec<&str> = keys.iter().map(|key| key.asset.as_str()).collect();
    let rows = sqlx::query_as!(
        AccountRow,
        r#"SELECT wanted.address AS "address!", kept.policy AS "policy?", NULL::text AS metadata,
            NULL::bigint AS last, found.asset AS "asset?",
            posted_in AS "posted_in?: StoredNumber", posted_out AS "posted_out?: StoredNumber",
            pending_in AS "pending_in?: StoredNumber", pending_out AS "pending_out?: StoredNumber"
        FROM ledgers CROSS JOIN UNNEST($2::text[], $3::text[]) AS wanted (address, asset)
        LEFT JOIN LATERAL (
            SELECT * FROM balances WHERE balances.ledger = ledgers.id
                AND balances.address = wanted.address AND balances.asset = wanted.asset OFFSET 0
        ) AS found ON true
        LEFT JOIN LATERAL (
            SELECT policy FROM accounts WHERE accounts.ledger = ledgers.id
                AND accounts.address = wanted.address OFFSET 0
        ) AS kept ON true
        WHERE ledgers.name = $1 AND (found.asset IS NOT NULL OR kept.policy IS NOT NULL)
            AND (SELECT pg_current_wal_lsn()) IS NOT NULL"#,
        ledger.as_str(),
        &addresses as _,
        &assets as _
    )
    .fetch_all(connection)
    .await?;
    let mut found = LookedUp::default();
    for row in rows {
        add_looked_up(&mut found, row)?;
    }
    Ok(found)
}

fn loaded(row: LoadedRow, ledger: &LedgerName, wanted: &Wanted) -> Result<Loaded, Corruption> {
    let mut loaded = Loaded {
        head: HeadRow { next: row.next, last_recorded_at: row.last_recorded_at }.head(ledger)?,
        ..Loaded::default()
    };
    let counters = row.posted_in.into_iter().flatten().zip(row.posted_out.into_iter().flatten());
    let counters =
        counters.zip(row.pending_in.into_iter().flatten().zip(row.pending_out.into_iter().flatten()));
    for (place, ((posted_in, posted_out), (pending_in, pending_out))) in
        places(row.balance_places).zip(counters)
    {
        let key = wanted.missing.iter().chain(&wanted.cached).nth(place);
        let Some(key) = key else { continue };
        let (address, asset) = (key.account.as_str().to_owned(), key.asset.as_str().to_owned());
        let row = BalanceRow { address, asset, posted_in, posted_out, pending_in, pending_out };
        loaded.balances.push((key.clone(), row.balance()?.1));
    }
    for (place, policy) in places(row.policy_places).zip(row.policies.into_iter().flatten()) {
        let key = wanted.missing.iter().chain(&wanted.cached).nth(place);
        let Some(BalanceKey { account, .. }) = key else { continue };
        let policy = Reader::at(&|| format!("the account {account}")).policy(&policy)?;
        loaded.policies.push((account.clone(), policy));
    }
    let uses = row.key_fingerprints.into_iter().flatten().zip(row.key_entries.into_iter().flatten());
    for (place, (fingerprint, entry)) in places(row.key_places).zip(uses) {
        let place_of_row = || format!("entry {entry}");
        let Some(key) = wanted.keys.get(place) else { continue };
        let fingerprint = Reader::at(&place_of_row).fingerprint(fingerprint)?;
        loaded.keys.push(KeyUse { key: key.clone(), fingerprint, entry: entry_number(entry)? });
    }
    for (place, entry) in places(row.reference_places).zip(row.reference_entries.into_iter().flatten()) {
        let Some(reference) = wanted.references.get(place) else { continue };
        loaded.references.push((reference.clone(), entry_number(entry)?));
    }
    Ok(loaded)
}

/// Counts places from zero, as lists do.
fn places(places: Option<Vec<i64>>) -> impl Iterator<Item = usize> {
    places.into_iter().flatten().map(|place| usize::try_from(place - 1).unwrap_or(usize::MAX))
}
