//! The sums that a batch changes, as it leaves them. A batch reads those that the ones before it did not leave.

use engine::port::Head;
use ledger::{LedgerName, Root, RootKey, SumChanges, Timestamp};
use sql_rows::{Failure, stored_number};
use sqlx::SqliteConnection;

use crate::json::{next_array, write_row};
use crate::known_ledgers::{KnownLedgers, Sum};
use crate::number::StoredTotal;
use crate::rows::SumRow;

/// Sums that a batch changes.
pub(crate) struct ChangedSums {
    /// As the batch leaves them.
    pub(crate) left: Vec<Sum>,
    /// What others change by, which have to be [read](Self::read) first.
    unread: Vec<Sum>,
}

impl ChangedSums {
    /// Makes of changes the sums that they lead to, of a ledger with its head at `at`.
    pub(crate) fn of(known: &KnownLedgers, ledger: &LedgerName, at: Head, changes: &SumChanges<'_>) -> Self {
        let changes = changes.iter().map(|(root, asset, change)| {
            let root = Root::parse(root).expect("the first segment of an account is a root");
            (RootKey { root, asset: asset.clone() }, *change)
        });
        let (left, unread) = known.add_known(ledger, at, changes.collect());
        Self { left, unread }
    }

    /// Says whether all are known.
    pub(crate) fn are_known(&self) -> bool {
        self.unread.is_empty()
    }

    /// Reads those that are not known. Says whether the head was at `at`: else they are of no use.
    pub(crate) async fn read(
        &mut self,
        connection: &mut SqliteConnection,
        ledger: &LedgerName,
        at: Head,
    ) -> Result<bool, Failure> {
        self.unread.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        let mut rest = &*self.unread;
        let mut found = Vec::new();
        while let Some(wanted) = next_array(&mut rest, |json, (key, _)| {
            write_row(json, &(key.root.as_str(), key.asset.as_str()));
        }) {
            let rows = read(connection, ledger, at, wanted).await?;
            if rows.is_empty() {
                return Ok(false);
            }
            found.extend(rows);
        }
        for row in found {
            let (key, so_far) = row.sum()?;
            if let Ok(place) = self.unread.binary_search_by(|(other, _)| other.cmp(&key)) {
                self.unread[place].1.add(&so_far);
            }
        }
        self.left.append(&mut self.unread);
        Ok(true)
    }
}

/// Reads all that is wanted, with zeros for sums that are not there; nothing where the ledger's head is not at `at`.
async fn read(
    connection: &mut SqliteConnection,
    ledger: &LedgerName,
    at: Head,
    wanted: String,
) -> Result<Vec<SumRow>, sqlx::Error> {
    let (name, next) = (ledger.as_str(), stored_number(at.next));
    let last_recorded_at = at.last_recorded_at.map(Timestamp::micros);
    // `-ledgers.id` is what `sums_of` makes of it.
    sqlx::query_as!(
        SumRow,
        r#"SELECT wanted.value ->> 0 AS "root!: String", wanted.value ->> 1 AS "asset!: String",
            ifnull(posted_in, 0) AS "posted_in!: StoredTotal", ifnull(posted_out, 0) AS "posted_out!: StoredTotal",
            ifnull(pending_in, 0) AS "pending_in!: StoredTotal",
            ifnull(pending_out, 0) AS "pending_out!: StoredTotal"
        FROM ledgers CROSS JOIN jsonb_each(?4) AS wanted
        LEFT JOIN balances ON ledger = -ledgers.id AND address = wanted.value ->> 0 AND asset = wanted.value ->> 1
        WHERE name = ?1 AND next_entry = ?2 AND last_recorded_at IS ?3"#,
        name,
        next,
        last_recorded_at,
        wanted
    )
    .fetch_all(connection)
    .await
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
