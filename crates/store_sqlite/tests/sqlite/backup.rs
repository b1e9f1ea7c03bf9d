//! Copies made beside the traffic: whole, under a name that was free, or not there at all.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use engine::port::{CommitError, Store};
use ledger::EntryNumber;
use sqlx::Executor;
use store_sqlite::{BackupError, SqliteOptions, SqliteStore};
use test_support::{StoreFixture, append, decide_batch, transfer};

use crate::{Place, chain};

impl Place {
    fn copy(&self) -> PathBuf {
        self.folder.path().join("copy.db")
    }

    /// The names in the folder that are not the database's own.
    fn others(&self) -> BTreeSet<String> {
        let names = std::fs::read_dir(self.folder.path()).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| !name.starts_with("test.db")).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_made_while_somebody_writes_is_the_log_as_it_stood_at_one_moment() {
    let place = Place::new();
    let (store, main) = (Arc::new(place.store().await), place.with_main().await.1);
    append(&*store, &main, &vec![transfer("world", "a", 1); 2_000]).await;
    let stop = Arc::new(AtomicBool::new(false));
    let writing = {
        let (store, main, stop) = (Arc::clone(&store), main.clone(), Arc::clone(&stop));
        tokio::spawn(async move {
            let mut batches = 0;
            while !stop.load(Ordering::Relaxed) {
                append(&*store, &main, &vec![transfer("world", "b", 1); 20]).await;
                batches += 1;
            }
            batches
        })
    };
    for round in 0..3 {
        let to = place.folder.path().join(format!("{round}.db"));
        let before = store.ledger(&main).await.unwrap().entries;
        let mut seen = Vec::new();
        let backup = store.backup(&to, |copied| seen.push(copied)).await.unwrap();
        assert!(!to.exists(), "it has its name when it is kept");
        let after = store.ledger(&main).await.unwrap().entries;
        assert_eq!(backup.keep().unwrap(), std::fs::metadata(&to).unwrap().len());
        assert!(seen.iter().all(|copied| copied.done_bytes <= copied.total_bytes), "{seen:?}");
        assert!(seen.is_sorted_by_key(|copied| copied.done_bytes) && seen[0].total_bytes > 0, "{seen:?}");

        let copy = SqliteStore::open(SqliteOptions::new(&to)).await.unwrap();
        let entries = copy.ledger(&main).await.unwrap().entries;
        assert!(before <= entries && entries <= after, "{before:?} {entries:?} {after:?}");
        let mut snapshot = copy.snapshot(&main).await.unwrap();
        let report = engine::verify::verify(&mut *snapshot, |_| {}).await.unwrap();
        assert!(report.is_clean() && report.entries == entries.0, "{report:?}");
        let count = usize::try_from(entries.0).unwrap();
        let logs = [&copy as &dyn Store, &*store].map(|store| store.log(&main, EntryNumber(0), count));
        let [copied, original] = logs.map(futures_util::FutureExt::boxed);
        assert_eq!(copied.await.unwrap(), original.await.unwrap());
        drop(snapshot);
        copy.close().await;
    }
    stop.store(true, Ordering::Relaxed);
    assert!(writing.await.unwrap() > 0);
}

#[tokio::test]
async fn a_name_that_is_taken_is_refused_and_what_has_it_stays() {
    let place = Place::new();
    let store = place.store().await;
    std::fs::write(place.copy(), "precious").unwrap();
    let error = store.backup(&place.copy(), |_| {}).await.map(drop).unwrap_err();
    assert!(matches!(error, BackupError::Exists { .. }), "{error:?}");
    assert!(chain(&error).contains("copy.db` is there already"), "{}", chain(&error));
    std::fs::remove_file(place.copy()).unwrap();

    // Taken while the copy was being made.
    let backup = store.backup(&place.copy(), |_| {}).await.unwrap();
    std::fs::write(place.copy(), "precious").unwrap();
    let error = backup.keep().unwrap_err();
    assert!(matches!(error, BackupError::Exists { .. }), "{error:?}");
    assert_eq!(std::fs::read_to_string(place.copy()).unwrap(), "precious");
    std::fs::remove_file(place.copy()).unwrap();

    std::os::unix::fs::symlink("nowhere", place.copy()).unwrap();
    let error = store.backup(&place.copy(), |_| {}).await.map(drop).unwrap_err();
    assert!(matches!(error, BackupError::Exists { .. }), "{error:?}");
    let error = store.backup(&place.path(), |_| {}).await.map(drop).unwrap_err();
    assert!(matches!(error, BackupError::Exists { .. }), "the database itself: {error:?}");
    assert_eq!(place.others(), BTreeSet::from(["copy.db".to_owned()]));
}

#[tokio::test]
async fn a_copy_that_fails_or_is_not_kept_leaves_nothing_behind() {
    let place = Place::new();
    let (store, main) = (place.store().await, place.with_main().await.1);
    append(&store, &main, &vec![transfer("world", "a", 1); 3_000]).await;
    drop(store.backup(&place.copy(), |_| {}).await.unwrap());
    assert_eq!(place.others(), BTreeSet::new());

    let nowhere = place.folder.path().join("no/folder/copy.db");
    let error = store.backup(&nowhere, |_| {}).await.map(drop).unwrap_err();
    assert!(
        matches!(error, BackupError::File { .. }) && chain(&error).contains("no/folder/copy.db"),
        "{error:?}"
    );

    // A page in the middle that is none.
    place.stranger().await.execute("PRAGMA wal_checkpoint(TRUNCATE)").await.unwrap();
    store.close().await;
    let mut bytes = std::fs::read(place.path()).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 4096].fill(0xff);
    std::fs::write(place.path(), bytes).unwrap();
    let store = SqliteStore::open(place.options()).await.unwrap();
    let error = store.backup(&place.copy(), |_| {}).await.map(drop).unwrap_err();
    assert!(matches!(error, BackupError::Copy { .. }) && chain(&error).contains("malformed"), "{error:?}");
    assert_eq!(place.others(), BTreeSet::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_nobody_waits_for_any_more_leaves_nothing_behind() {
    let place = Place::new();
    let (store, main) = (place.store().await, place.with_main().await.1);
    append(&store, &main, &vec![transfer("world", "a", 1); 1_000]).await;
    for round in 0..100 {
        let enough = Duration::from_micros(round * 40);
        let copied = tokio::time::timeout(enough, store.backup(&place.copy(), |_| {})).await;
        drop(copied.map(Result::unwrap));
        assert_eq!(place.others(), BTreeSet::new(), "{enough:?}");
    }
    store.close().await;
    // SQLite may have been at work all the while.
    assert_eq!(place.others(), BTreeSet::new());
}

#[tokio::test]
async fn looking_at_a_copy_changes_nothing_of_it() {
    let place = Place::new();
    let (store, main) = (place.store().await, place.with_main().await.1);
    append(&store, &main, &[transfer("world", "a", 1)]).await;
    std::fs::set_permissions(place.path(), std::fs::Permissions::from_mode(0o640)).unwrap();
    let backup = store.backup(&place.copy(), |_| {}).await.unwrap();
    let copy = backup.open();
    assert_eq!(copy.ledger(&main).await.unwrap().entries, EntryNumber(1));
    assert_eq!(copy.schema().await.unwrap(), store.schema().await.unwrap());
    let (batch, records) = decide_batch(&copy, &main, &[transfer("world", "a", 1)]).await;
    let error = batch.commit(&records).await.unwrap_err();
    assert!(matches!(error, CommitError::RolledBack(_)) && chain(&error).contains("readonly"), "{error:?}");
    copy.close().await;
    assert_eq!(place.others().len(), 1, "one file is all that there is: {:?}", place.others());
    backup.keep().unwrap();
    assert_eq!(place.others(), BTreeSet::from(["copy.db".to_owned()]));
    let mode = std::fs::metadata(place.copy()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640, "whoever could not read the database cannot read its copy");
}

#[tokio::test]
async fn a_copy_waits_for_nobody_who_writes() {
    let place = Place::new();
    let (store, main) = (place.store().await, place.with_main().await.1);
    append(&store, &main, &[transfer("world", "a", 1)]).await;
    let mut stranger = place.stranger().await;
    stranger.execute("BEGIN IMMEDIATE; UPDATE balances SET posted_in = 7").await.unwrap();
    store.backup(&place.copy(), |_| {}).await.unwrap().keep().unwrap();
    let copy = SqliteStore::open(SqliteOptions::new(place.copy())).await.unwrap();
    let mut snapshot = copy.snapshot(&main).await.unwrap();
    assert!(engine::verify::verify(&mut *snapshot, |_| {}).await.unwrap().is_clean());
}
