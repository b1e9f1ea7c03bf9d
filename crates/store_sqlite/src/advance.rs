//! Advancing a ledger's head. A batch does it before anything else, and reads on the same way to SQLite's
//! thread the sums that it changes.

use engine::port::Head;
use ledger::{Asset, BalanceTotal, Entry, LedgerName, SumChanges, Timestamp};
use sql_rows::{Corruption, Failure, stored_number, sums_of};
use sqlx::SqliteConnection;

use crate::json::{next_array, write_row};
use crate::number::StoredTotal;
use crate::rows::SumRow;

/// A ledger of which the head is advanced.
pub(crate) struct Advanced<'a> {
    /// Its number in the database.
    pub(crate) ledger: i64,
    /// The sums that change, as they will be.
    pub(crate) sums: Vec<ChangedSum<'a>>,
}

/// A sum that a batch changes: root, asset, and what it changes to.
pub(crate) type ChangedSum<'a> = (&'a str, &'a Asset, BalanceTotal);

/// Advances the head with an entry as the last one, where it stands where it is expected; else there is `None`.
pub(crate) async fn advance<'a>(
    connection: &mut SqliteConnection,
    ledger: &LedgerName,
    expected: Head,
    last: &Entry,
    steps: &SumChanges<'a>,
) -> Result<Option<Advanced<'a>>, Failure> {
    let mut sums: Vec<ChangedSum<'a>> =
        steps.iter().map(|(root, asset, change)| (root, asset, *change)).collect();
    let mut rest = &*sums;
    let wanted = next_array(&mut rest, write_key);
    let (name, next) = (ledger.as_str(), stored_number(last.number.next()));
    let (recorded_at, expected_next) = (last.recorded_at.micros(), stored_number(expected.next));
    let last_recorded_at = expected.last_recorded_at.map(Timestamp::micros);
    // `-ledgers.id` is what `sums_of` makes of it.
    let found = sqlx::query!(
        r#"UPDATE ledgers SET next_entry = ?1, last_recorded_at = ?2
        WHERE name = ?3 AND next_entry = ?4 AND last_recorded_at IS ?5
        RETURNING id, (
            SELECT json_group_array(json_array(address, asset, posted_in, posted_out, pending_in, pending_out))
            FROM jsonb_each(?6) AS wanted CROSS JOIN balances
            WHERE ledger = -ledgers.id AND address = wanted.value ->> 0 AND asset = wanted.value ->> 1
        ) AS "sums!: String""#,
        next,
        recorded_at,
        name,
        expected_next,
        last_recorded_at,
        wanted
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(found) = found else { return Ok(None) };
    let mut so_far = read(&found.sums)?;
    // The others, of a batch that changes tens of thousands.
    while let Some(wanted) = next_array(&mut rest, write_key) {
        so_far.extend(load(connection, sums_of(found.id), wanted).await?);
    }
    for sum in &so_far {
        add(&mut sums, sum)?;
    }
    Ok(Some(Advanced { ledger: found.id, sums }))
}

fn write_key(json: &mut Vec<u8>, (root, asset, _): &ChangedSum<'_>) {
    write_row(json, &(root, asset.as_str()));
}

async fn load(
    connection: &mut SqliteConnection,
    ledger: i64,
    wanted: String,
) -> Result<Vec<SumRow>, sqlx::Error> {
    sqlx::query_as!(
        SumRow,
        r#"SELECT address AS "root!", asset AS "asset!", posted_in AS "posted_in!: StoredTotal",
            posted_out AS "posted_out!: StoredTotal", pending_in AS "pending_in!: StoredTotal",
            pending_out AS "pending_out!: StoredTotal"
        FROM jsonb_each(?2) AS wanted CROSS JOIN balances
        WHERE ledger = ?1 AND address = wanted.value ->> 0 AND asset = wanted.value ->> 1"#,
        ledger,
        wanted
    )
    .fetch_all(connection)
    .await
}

/// Reads sums that SQLite has put into an array.
fn read(json: &str) -> Result<Vec<SumRow>, Corruption> {
    type Row = (String, String, StoredTotal, StoredTotal, StoredTotal, StoredTotal);
    let rows: Vec<Row> =
        serde_json::from_str(json).map_err(|error| Corruption::new("the kept sums", error.to_string()))?;
    let rows = rows.into_iter().map(|(root, asset, posted_in, posted_out, pending_in, pending_out)| SumRow {
        root,
        asset,
        posted_in,
        posted_out,
        pending_in,
        pending_out,
    });
    Ok(rows.collect())
}

/// Adds what a sum is so far to what it changes by.
fn add(sums: &mut [ChangedSum<'_>], so_far: &SumRow) -> Result<(), Corruption> {
    let (key, sum) = so_far.sum()?;
    let place =
        sums.binary_search_by(|(root, asset, _)| (*root, *asset).cmp(&(key.root.as_str(), &key.asset)));
    if let Ok(place) = place {
        sums[place].2.add(&sum);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use test_support::{Request, append, ledger_name, transfer};

    use crate::writer::tests::empty_store;

    #[tokio::test]
    async fn sums_that_one_array_does_not_hold_are_read_as_well() {
        let folder = tempfile::tempdir().unwrap();
        let (store, main) = (empty_store(&folder).await, ledger_name("main"));
        let long = "x".repeat(100);
        let requests: Vec<Request> =
            (0..12_000).map(|n| transfer("world", &format!("{long}{n}:wallet"), 1)).collect();
        for _ in 0..2 {
            append(&store, &main, &requests).await;
        }
        let statement =
            "SELECT posted_in, count(*) FROM balances WHERE ledger < 0 AND address <> 'world' GROUP BY 1";
        let mut connection = store.reader().await.unwrap();
        let sums: Vec<(i64, i64)> = sqlx::query_as(statement).fetch_all(&mut *connection).await.unwrap();
        assert_eq!(sums, [(2, 12_000)]);
    }
}
