//! The short way to write: what was decided on a remembered state, if the ledger still is as it is remembered. One
//! statement, which commits by itself, wherever one takes all rows.

use engine::port::{Appended, CommitError, Head, LogRecord, LookedUp, Unused};
use ledger::{BalanceKey, LedgerName};
use sql_rows::{BatchRows, Failure};

use crate::batch::look_up;
use crate::batch_rows::{Rows, is_stale};
use crate::failure::commit_failed;
use crate::store::SqliteStore;
use crate::sums::ChangedSums;

/// Reads balances, and what their accounts allow, beside whoever writes.
pub(crate) async fn balances_of(
    store: &SqliteStore,
    ledger: &LedgerName,
    keys: &[BalanceKey],
) -> Result<LookedUp, Failure> {
    let mut connection = store.reader().await?;
    let name = ledger.as_str();
    let found = sqlx::query_scalar!("SELECT id FROM ledgers WHERE name = ?1", name)
        .fetch_optional(&mut *connection)
        .await?;
    let Some(id) = found else { return Ok(LookedUp::default()) };
    look_up(&mut connection, id, keys).await
}

/// Writes entries and commits, if the ledger's head stands at `expected` and nothing that they or `unused` name is in use.
pub(crate) async fn append(
    store: &SqliteStore,
    ledger: &LedgerName,
    expected: Head,
    unused: &Unused,
    records: &[LogRecord],
) -> Result<Appended, CommitError> {
    let Some(last) = records.last() else { return Ok(Appended::Written) };
    // Who comes the long way first, as everybody does, leaves it there.
    let Some(id) = store.known.id(ledger) else { return Ok(Appended::Stale) };
    let projections = BatchRows::of(records, expected.next.0).map_err(rolled_back)?;
    let mut sums = ChangedSums::of(&store.known, ledger, expected, &projections.sums);
    let mut connection = store.writer.acquire().await.map_err(rolled_back)?;
    if !sums.are_known() && !sums.read(&mut connection, ledger, expected).await.map_err(rolled_back)? {
        return Ok(Appended::Stale);
    }
    let rows = Rows::of(id).advance(ledger, expected, &last.entry).refuse_used(unused);
    let rows = rows.write(records, &projections, &sums.left);
    if rows.fit_one_statement() {
        if let Err(error) = rows.execute(&mut connection).await {
            return if is_stale(&error) { Ok(Appended::Stale) } else { Err(commit_failed(error)) };
        }
    } else {
        drop(connection);
        let mut transaction = store.writer.begin().await.map_err(rolled_back)?;
        if let Err(error) = rows.execute(&mut transaction).await {
            return if is_stale(&error) { Ok(Appended::Stale) } else { Err(rolled_back(error)) };
        }
        transaction.commit().await.map_err(commit_failed)?;
    }
    store.after_commit().tell(ledger, expected, &last.entry, sums.left);
    Ok(Appended::Written)
}

fn rolled_back(error: impl Into<Failure>) -> CommitError {
    CommitError::RolledBack(error.into().into())
}

#[cfg(test)]
mod tests {
    use engine::port::{Appended, LogRecord, Store as _, Unused};
    use test_support::{Request, append, decide_batch, head_before, ledger_name, transfer};

    use crate::writer::tests::empty_store;
    use crate::{SqliteOptions, SqliteStore};

    async fn written(store: &SqliteStore, requests: &[Request]) -> Vec<LogRecord> {
        let main = ledger_name("main");
        let (_, records) = decide_batch(store, &main, requests).await;
        let head = head_before(&records);
        let appended = super::append(store, &main, head, &Unused::default(), &records).await.unwrap();
        assert_eq!(appended, Appended::Written);
        records
    }

    async fn sums(store: &SqliteStore, root: &str) -> Vec<(String, String)> {
        let mut connection = store.reader().await.unwrap();
        let statement = "SELECT CAST(posted_in AS TEXT), CAST(posted_out AS TEXT) FROM balances
            WHERE ledger < 0 AND address = ?";
        sqlx::query_as(statement).bind(root).fetch_all(&mut *connection).await.unwrap()
    }

    /// A batch has two rows for each transfer and three more. Of two numbers the first fills a statement, and the second
    /// takes the next larger one, or two in the end.
    #[tokio::test]
    async fn any_number_of_rows_is_written_once() {
        let folder = tempfile::tempdir().unwrap();
        let (store, main) = (empty_store(&folder).await, ledger_name("main"));
        let (mut log, mut accounts) = (Vec::new(), 0);
        for count in [1, 2, 3, 14, 15, 62, 63, 190, 191, 382, 383, 766, 767, 1534, 1535, 2000] {
            let requests: Vec<Request> =
                (accounts..accounts + count).map(|n| transfer("world", &format!("a:{n}"), 1)).collect();
            log.extend(written(&store, &requests).await);
            accounts += count;
        }
        let mut rest = &*log;
        while let Some(first) = rest.first() {
            let page = store.log(&main, first.entry.number, 1_000).await.unwrap();
            let (expected, later) = rest.split_at(page.len());
            assert!(!page.is_empty() && page == expected, "from entry {}", first.entry.number.0);
            rest = later;
        }
        assert_eq!(store.ledger(&main).await.unwrap().entries.0, log.len() as u64);
        assert_eq!(sums(&store, "a").await, [(accounts.to_string(), "0".to_owned())]);
        let mut connection = store.reader().await.unwrap();
        let balances: i64 =
            sqlx::query_scalar("SELECT count(*) FROM balances WHERE ledger > 0 AND posted_in = 1")
                .fetch_one(&mut *connection)
                .await
                .unwrap();
        assert_eq!(usize::try_from(balances).unwrap(), accounts);
    }

    /// No balance takes more than 64 bits.
    #[tokio::test]
    async fn sums_of_more_than_64_bits_are_added_as_well() {
        let folder = tempfile::tempdir().unwrap();
        let (store, main) = (empty_store(&folder).await, ledger_name("main"));
        let much = 1 << 62;
        let given: Vec<Request> = (0..3).map(|n| transfer("world", &format!("a:{n}"), much)).collect();
        append(&store, &main, &given).await;
        for (n, sum) in
            ["4611686018427387904", "9223372036854775808", "13835058055282163712"].iter().enumerate()
        {
            written(&store, &[transfer(&format!("a:{n}"), &format!("b:{n}"), much)]).await;
            assert_eq!(sums(&store, "b").await, [((*sum).to_owned(), "0".to_owned())], "{n}");
        }
        written(&store, &[transfer("b:0", "c", 1), transfer("world", "b:0", 2)]).await;
        assert_eq!(sums(&store, "b").await, [("13835058055282163714".to_owned(), "1".to_owned())]);
    }

    /// One of them is remembered, one is not, and one was changed by somebody else since.
    #[tokio::test]
    async fn sums_that_are_not_remembered_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let (store, main) = (empty_store(&folder).await, ledger_name("main"));
        let given = |root: &str| transfer("world", &format!("{root}:1"), 1);
        written(&store, &[given("a"), given("b")]).await;
        let other = SqliteStore::open(SqliteOptions::new(store.options.path.clone())).await.unwrap();
        append(&other, &main, &[given("b"), given("c")]).await;
        written(&store, &[given("b"), given("c"), given("d")]).await;
        written(&store, &[given("a"), given("d")]).await;
        for (root, sum) in [("a", "2"), ("b", "3"), ("c", "2"), ("d", "2")] {
            assert_eq!(sums(&store, root).await, [(sum.to_owned(), "0".to_owned())], "{root}");
        }
    }

    /// As a copy of the database in its place might have it.
    #[tokio::test]
    async fn a_number_that_is_another_ledgers_is_stale() {
        let folder = tempfile::tempdir().unwrap();
        let (store, main) = (empty_store(&folder).await, ledger_name("main"));
        let (_, records) = decide_batch(&store, &main, &[transfer("world", "a", 1)]).await;
        let head = head_before(&records);
        store.known.keep_id(&main, store.known.id(&main).unwrap() + 1);
        let appended = super::append(&store, &main, head, &Unused::default(), &records).await.unwrap();
        assert_eq!(appended, Appended::Stale);
        written(&store, &[transfer("world", "a", 1)]).await;
    }
}
