//! Companions: rows of one's own that are written with an entry, both or neither.
//!
//! What a row is, the fixture knows. [`companion_contract!`](crate::companion_contract) makes a test of every case.

use std::future::pending;

use async_trait::async_trait;
use engine::companion::StoreTransaction;
use engine::port::{Accompanies, AccompanyError, CommitError, Source, Store};
use ledger::{Entry, LedgerName};
use tokio::sync::Notify;

use crate::{StoreFixture, append, decide_batch, transfer};

/// A database that has a place for rows of somebody's own.
#[async_trait]
pub trait KeepsRows: StoreFixture {
    /// Makes the place for them.
    async fn make_rows(&self);

    /// Writes one in a store's transaction.
    async fn write_row(&self, transaction: &mut StoreTransaction<'_>, row: &str) -> Result<(), Source>;

    /// Reads those that are there for good.
    async fn rows(&self) -> Vec<String>;
}

/// Makes a test of every case of companions. The argument is an expression that makes a new
/// [`KeepsRows`]; it is evaluated for each case.
#[macro_export]
macro_rules! companion_contract {
    ($fixture:expr) => {
        mod companions {
            #[allow(unused_imports)]
            use super::*;

            $crate::companion_contract! { @cases $fixture;
                a_row_is_there_with_its_entry
                a_refusal_takes_its_rows_with_it_and_the_batch_goes_on
                rows_without_their_entry_are_gone
                a_companion_that_fails_leaves_nothing_and_holds_up_nobody
                a_companion_given_up_in_the_middle_leaves_nothing_and_holds_up_nobody
            }
        }
    };
    (@cases $fixture:expr; $($case:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let fixture = $fixture;
                $crate::contract::companions::$case(&fixture).await;
            }
        )*
    };
}

/// Writes a row, and then does as it is told.
struct Row<'f> {
    fixture: &'f dyn KeepsRows,
    content: &'static str,
    then: Then<'f>,
}

enum Then<'f> {
    Ends,
    Refuses,
    Fails,
    /// Says that it has written, and never ends.
    Stays(&'f Notify),
}

#[async_trait]
impl Accompanies for Row<'_> {
    async fn write(
        &mut self,
        transaction: &mut StoreTransaction<'_>,
        entry: &Entry,
    ) -> Result<(), AccompanyError> {
        let row = format!("{} of entry {}", self.content, entry.number.0);
        self.fixture.write_row(transaction, &row).await.map_err(AccompanyError::Failed)?;
        match self.then {
            Then::Ends => Ok(()),
            Then::Refuses => Err(AccompanyError::Refused),
            Then::Fails => Err(AccompanyError::Failed("it fails".into())),
            Then::Stays(written) => {
                written.notify_one();
                pending().await
            }
        }
    }
}

async fn place(fixture: &dyn KeepsRows) -> (std::sync::Arc<dyn Store>, LedgerName) {
    let (store, main) = fixture.with_main().await;
    fixture.make_rows().await;
    (store, main)
}

async fn entries(store: &dyn Store, ledger: &LedgerName) -> u64 {
    store.ledger(ledger).await.unwrap().entries.0
}

/// Both are there after the commit, and neither before.
pub async fn a_row_is_there_with_its_entry(fixture: &dyn KeepsRows) {
    let (store, main) = place(fixture).await;
    append(&*store, &main, &[transfer("world", "a", 1)]).await;
    let (mut batch, records) = decide_batch(&*store, &main, &[transfer("world", "a", 1)]).await;
    let mut companion = Row { fixture, content: "a row", then: Then::Ends };
    batch.accompany(&mut companion, &records[0].entry).await.unwrap();
    assert_eq!((fixture.rows().await.len(), entries(&*store, &main).await), (0, 1));
    batch.commit(&records).await.unwrap();
    assert_eq!(fixture.rows().await, ["a row of entry 1"]);
    assert_eq!(entries(&*store, &main).await, 2);
}

/// What was written before the companion refused is gone, and the batch can be ended well.
pub async fn a_refusal_takes_its_rows_with_it_and_the_batch_goes_on(fixture: &dyn KeepsRows) {
    let (store, main) = place(fixture).await;
    let (mut batch, records) = decide_batch(&*store, &main, &[transfer("world", "a", 1)]).await;
    let mut companion = Row { fixture, content: "a row", then: Then::Refuses };
    let refused = batch.accompany(&mut companion, &records[0].entry).await;
    assert!(matches!(refused, Err(AccompanyError::Refused)), "{refused:?}");
    batch.commit(&[]).await.unwrap();
    assert_eq!((fixture.rows().await.len(), entries(&*store, &main).await), (0, 0));
    append(&*store, &main, &[transfer("world", "a", 1)]).await;
}

/// A batch that is dropped, or cannot be written, takes the rows with it.
pub async fn rows_without_their_entry_are_gone(fixture: &dyn KeepsRows) {
    let (store, main) = place(fixture).await;
    append(&*store, &main, &[transfer("world", "a", 1).key("k-1")]).await;
    let mut companion = Row { fixture, content: "a row", then: Then::Ends };
    let (mut batch, records) = decide_batch(&*store, &main, &[transfer("world", "a", 1)]).await;
    batch.accompany(&mut companion, &records[0].entry).await.unwrap();
    drop(batch);
    let (mut batch, records) = decide_batch(&*store, &main, &[transfer("world", "a", 2).key("k-1")]).await;
    batch.accompany(&mut companion, &records[0].entry).await.unwrap();
    assert!(matches!(batch.commit(&records).await, Err(CommitError::RolledBack(_))), "the key is in use");
    assert_eq!((fixture.rows().await.len(), entries(&*store, &main).await), (0, 1));
}

/// After a failure the batch is dropped, and the next one finds nothing of it.
pub async fn a_companion_that_fails_leaves_nothing_and_holds_up_nobody(fixture: &dyn KeepsRows) {
    let (store, main) = place(fixture).await;
    for _ in 0..3 {
        let (mut batch, records) = decide_batch(&*store, &main, &[transfer("world", "a", 1)]).await;
        let mut companion = Row { fixture, content: "a row", then: Then::Fails };
        let failed = batch.accompany(&mut companion, &records[0].entry).await;
        assert!(matches!(failed, Err(AccompanyError::Failed(_))), "{failed:?}");
    }
    append(&*store, &main, &[transfer("world", "a", 1)]).await;
    assert_eq!((fixture.rows().await.len(), entries(&*store, &main).await), (0, 1));
}

/// Whoever waits no longer drops the companion in the middle, and then the batch.
pub async fn a_companion_given_up_in_the_middle_leaves_nothing_and_holds_up_nobody(fixture: &dyn KeepsRows) {
    let (store, main) = place(fixture).await;
    for _ in 0..3 {
        let (mut batch, records) = decide_batch(&*store, &main, &[transfer("world", "a", 1)]).await;
        let written = Notify::new();
        let mut companion = Row { fixture, content: "a row", then: Then::Stays(&written) };
        tokio::select! {
            ended = batch.accompany(&mut companion, &records[0].entry) => panic!("it ended: {ended:?}"),
            () = written.notified() => {}
        }
    }
    let (mut batch, records) = decide_batch(&*store, &main, &[transfer("world", "a", 1)]).await;
    let mut companion = Row { fixture, content: "the last", then: Then::Ends };
    batch.accompany(&mut companion, &records[0].entry).await.unwrap();
    batch.commit(&records).await.unwrap();
    assert_eq!(fixture.rows().await, ["the last of entry 0"]);
}
