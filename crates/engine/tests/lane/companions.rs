//! Commands with a companion: what it writes, and whether there is an entry, is one question with one answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use engine::companion::{AccompaniedError, Companion, CompanionError, StoreTransaction};
use engine::{EngineOptions, Outcome, Submission, SubmitError, Submitted};
use ledger::Entry;
use store_sqlite::connection;

use super::{Bench, Fault, With, is_short_of_funds, main, transfer};

/// Writes a row into a table of the file, unless it is told to do otherwise.
struct Receipt {
    text: &'static str,
    then: Then,
    ran: Arc<AtomicUsize>,
}

#[derive(Clone, Copy)]
enum Then {
    Ends,
    Refuses,
    Fails,
    Panics,
    Stays,
}

#[async_trait]
impl Companion for Receipt {
    type Refusal = &'static str;

    fn identity(&self) -> Vec<u8> {
        self.text.as_bytes().to_vec()
    }

    async fn write(
        &mut self,
        transaction: &mut StoreTransaction<'_>,
        entry: &Entry,
    ) -> Result<(), CompanionError<&'static str>> {
        self.ran.fetch_add(1, Ordering::SeqCst);
        let connection = connection(transaction).expect("a transaction of SQLite");
        sqlx::query("CREATE TABLE IF NOT EXISTS own (content TEXT)").execute(&mut *connection).await?;
        let content = format!("{} {}", self.text, entry.number.0);
        sqlx::query("INSERT INTO own VALUES (?1)").bind(content).execute(connection).await?;
        match self.then {
            Then::Ends => Ok(()),
            Then::Refuses => Err(CompanionError::Refused("no more receipts")),
            Then::Fails => Err(CompanionError::Failed("the paper is out".into())),
            Then::Panics => std::panic::resume_unwind(Box::new("without a word")),
            Then::Stays => std::future::pending().await,
        }
    }
}

/// A bench, and how often a companion ran there.
struct Shop {
    bench: Bench,
    ran: Arc<AtomicUsize>,
}

impl Shop {
    async fn open() -> Self {
        Self::with(EngineOptions::default()).await
    }

    async fn with(options: EngineOptions) -> Self {
        Self { bench: Bench::with(options).await, ran: Arc::default() }
    }

    async fn buy(
        &self,
        submission: Submission,
        text: &'static str,
        then: Then,
    ) -> Result<Submitted, AccompaniedError<&'static str>> {
        let receipt = Receipt { text, then, ran: Arc::clone(&self.ran) };
        self.bench.engine.submit_with(&main(), submission, receipt).await
    }

    async fn rows(&self) -> Vec<String> {
        let url = format!("sqlite://{}", self.bench.folder.path().join("florin.db").display());
        let mut connection = <sqlx::SqliteConnection as sqlx::Connection>::connect(&url).await.unwrap();
        let rows =
            sqlx::query_scalar("SELECT content FROM own ORDER BY rowid").fetch_all(&mut connection).await;
        // Where nothing was ever written, there is no table.
        rows.unwrap_or_default()
    }

    fn ran(&self) -> usize {
        self.ran.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn a_row_and_its_entry_are_there_together() {
    let shop = Shop::open().await;
    let first = shop.buy(transfer("world", "alice", 5).key("k-1"), "r-1", Then::Ends).await.unwrap();
    assert_eq!((first.entry.number.0, first.outcome), (0, Outcome::Recorded));
    assert_eq!((shop.rows().await, shop.bench.posted("alice").await), (vec!["r-1 0".to_owned()], 5));
}

#[tokio::test]
async fn the_same_request_again_writes_nothing_and_gets_the_same_entry() {
    let shop = Shop::open().await;
    let first = shop.buy(transfer("world", "alice", 5).key("k-1"), "r-1", Then::Ends).await.unwrap();
    let again = shop.buy(transfer("world", "alice", 5).key("k-1"), "r-1", Then::Refuses).await.unwrap();
    assert_eq!((again.entry, again.outcome), (first.entry, Outcome::Replayed));
    assert_eq!((shop.rows().await.len(), shop.ran()), (1, 1));
}

#[tokio::test]
async fn a_key_stands_for_what_the_companion_was_asked_for_too() {
    let shop = Shop::open().await;
    shop.buy(transfer("world", "alice", 5).key("k-1"), "r-1", Then::Ends).await.unwrap();
    let other = shop.buy(transfer("world", "alice", 5).key("k-1"), "r-2", Then::Ends).await;
    assert!(matches!(other, Err(AccompaniedError::Submit(SubmitError::KeyReused))), "{other:?}");
    let without = shop.bench.submit(transfer("world", "alice", 5).key("k-1")).await;
    assert!(matches!(without, Err(SubmitError::KeyReused)), "{without:?}");
    assert_eq!((shop.rows().await.len(), shop.ran()), (1, 1));
}

#[tokio::test]
async fn a_refusal_reaches_its_caller_and_changes_nothing() {
    let shop = Shop::open().await;
    shop.bench.submit(transfer("world", "alice", 5)).await.unwrap();
    let refused = shop.buy(transfer("alice", "shop", 5).key("k-1"), "r-1", Then::Refuses).await;
    assert!(matches!(refused, Err(AccompaniedError::Refused("no more receipts"))), "{refused:?}");
    assert_eq!((shop.bench.entries().await, shop.rows().await.len()), (1, 0));
    // What the lane remembers is what the ledger holds, and the key is as good as new.
    assert!(is_short_of_funds(&shop.bench.submit(transfer("alice", "shop", 6)).await));
    let second = shop.buy(transfer("alice", "shop", 5).key("k-1"), "r-1", Then::Ends).await.unwrap();
    assert_eq!(second.entry.number.0, 1);
    assert!(is_short_of_funds(&shop.bench.submit(transfer("alice", "shop", 1)).await));
    assert_eq!(shop.rows().await, ["r-1 1"]);
}

#[tokio::test]
async fn whatever_goes_wrong_with_a_companion_is_nobody_elses_trouble_and_can_be_tried_again() {
    let options = EngineOptions { companion_timeout: Duration::from_millis(200), ..EngineOptions::default() };
    let shop = Shop::with(options).await;
    for then in [Then::Fails, Then::Panics, Then::Stays] {
        let failed = shop.buy(transfer("world", "alice", 5).key("k-1"), "r-1", then).await;
        assert!(matches!(failed, Err(AccompaniedError::Submit(SubmitError::Unavailable(_)))), "{failed:?}");
        shop.bench.submit(transfer("world", "bob", 1)).await.unwrap();
    }
    let bought = shop.buy(transfer("world", "alice", 5).key("k-1"), "r-1", Then::Ends).await.unwrap();
    assert_eq!(bought.entry.number.0, 3);
    assert_eq!((shop.bench.posted("alice").await, shop.bench.posted("bob").await), (5, 3));
    assert_eq!(shop.rows().await, ["r-1 3"]);
}

#[tokio::test]
async fn a_commit_that_fails_takes_the_row_with_it_and_one_of_which_nobody_knows_says_so() {
    let shop = Shop::open().await;
    for (fault, rows) in [(Fault::RolledBack, 0), (Fault::RequestLost, 0), (Fault::AnswerLost, 1)] {
        shop.bench.store.fail_next_commit(fault);
        let failed = shop.buy(transfer("world", "alice", 5).key("k-1"), "r-1", Then::Ends).await;
        match fault {
            Fault::RolledBack => {
                assert!(matches!(failed, Err(AccompaniedError::Submit(SubmitError::Unavailable(_)))));
            }
            Fault::RequestLost | Fault::AnswerLost => {
                assert!(matches!(failed, Err(AccompaniedError::Submit(SubmitError::OutcomeUnknown(_)))));
            }
        }
        assert_eq!(shop.rows().await.len(), rows, "{fault:?}");
    }
    // Asking again tells.
    let again = shop.buy(transfer("world", "alice", 5).key("k-1"), "r-1", Then::Ends).await.unwrap();
    assert_eq!(
        (again.outcome, shop.bench.entries().await, shop.rows().await.len()),
        (Outcome::Replayed, 1, 1)
    );
}

#[tokio::test]
async fn a_companion_hears_nothing_of_what_is_rejected_or_only_tried_out() {
    let shop = Shop::open().await;
    let tried = shop.buy(transfer("world", "alice", 5).dry_run(), "r-1", Then::Ends).await.unwrap();
    assert_eq!(tried.outcome, Outcome::DryRun);
    let rejected = shop.buy(transfer("alice", "bob", 5), "r-1", Then::Ends).await;
    assert!(matches!(rejected, Err(AccompaniedError::Submit(SubmitError::Rejected(_)))), "{rejected:?}");
    assert_eq!((shop.ran(), shop.bench.entries().await), (0, 0));
}

#[tokio::test]
async fn commands_with_companions_keep_their_place_between_others() {
    let shop = Shop::open().await;
    shop.bench.store.hold();
    let first = shop.bench.spawn(transfer("world", "alice", 1));
    shop.bench.until("florin_batch_commands_count", 1.0).await;
    let engine = shop.bench.engine.clone();
    let mut depth = 0.0;
    let mut callers = Vec::new();
    for number in 0..6 {
        let engine = engine.clone();
        let receipt = Receipt { text: "r", then: Then::Ends, ran: Arc::clone(&shop.ran) };
        callers.push(tokio::spawn(async move {
            let submission = transfer("world", "alice", 1);
            if number % 2 == 0 {
                engine.submit_with(&main(), submission, receipt).await.unwrap().entry.number.0
            } else {
                engine.submit(&main(), submission).await.unwrap().entry.number.0
            }
        }));
        depth += 1.0;
        shop.bench.until("florin_lane_queue_depth", depth).await;
    }
    shop.bench.store.release();
    first.await.unwrap().unwrap();
    for (number, caller) in (1..).zip(callers) {
        assert_eq!(caller.await.unwrap(), number);
    }
    assert_eq!(shop.rows().await, ["r 1", "r 3", "r 5"]);
}

#[tokio::test]
async fn a_caller_that_goes_away_stops_nothing() {
    let shop = Shop::open().await;
    shop.bench.store.hold();
    {
        let mut buying = std::pin::pin!(shop.buy(transfer("world", "alice", 5), "r-1", Then::Ends));
        assert!(futures_util::FutureExt::now_or_never(buying.as_mut()).is_none());
    }
    shop.bench.store.release();
    shop.bench.engine.drain().await;
    assert_eq!((shop.rows().await.len(), shop.bench.posted("alice").await), (1, 5));
}
