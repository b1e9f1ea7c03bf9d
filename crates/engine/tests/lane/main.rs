//! The lane, on SQLite: batches, keys, bounds, faults, drain.

mod appending;
mod asking;
mod changing;
mod companions;
mod faulty_store;
mod reading;
mod scheduling;
mod together;
mod users;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use engine::port::Store;
use engine::{Engine, EngineMetrics, EngineOptions, Outcome, Submission, SubmitError, Submitted};
use faulty_store::{Fault, FaultyStore};
use ledger::{
    Address, Asset, Command, Expectations, LedgerName, Metadata, PostTransaction, Posting, Postings,
    Quantity, Reference, Rejection,
};
use prometheus_client::registry::Registry;
use store_sqlite::{SqliteOptions, SqliteStore};
use tempfile::TempDir;

/// An engine on a database of its own, with the ledger `main`.
struct Bench {
    engine: Engine,
    store: Arc<FaultyStore>,
    registry: Registry,
    folder: TempDir,
}

impl Bench {
    async fn new() -> Self {
        Self::with(EngineOptions::default()).await
    }

    async fn with(options: EngineOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bench = Self::open(folder, options).await;
        bench.engine.create_ledger(main(), Metadata::default(), None).await.unwrap();
        bench
    }

    async fn open(folder: TempDir, options: EngineOptions) -> Self {
        let file = folder.path().join("florin.db");
        Self::open_file(&file, folder, options).await
    }

    async fn open_file(file: &Path, folder: TempDir, options: EngineOptions) -> Self {
        let sqlite = SqliteStore::open(SqliteOptions::new(file)).await.unwrap();
        sqlite.migrate().await.unwrap();
        let store = Arc::new(FaultyStore::new(Arc::new(sqlite)));
        let mut registry = Registry::default();
        let metrics = EngineMetrics::register(&mut registry);
        let engine = Engine::start(Arc::clone(&store) as Arc<dyn Store>, options, metrics);
        Self { engine, store, registry, folder }
    }

    /// Ends everything and opens the same database anew.
    async fn reopen(self) -> Self {
        self.engine.drain().await;
        self.store.close().await;
        Self::open(self.folder, EngineOptions::default()).await
    }

    async fn submit(&self, submission: Submission) -> Result<Submitted, SubmitError> {
        self.engine.submit(&main(), submission).await
    }

    /// Submits from a task of its own.
    fn spawn(&self, submission: Submission) -> tokio::task::JoinHandle<Result<Submitted, SubmitError>> {
        let engine = self.engine.clone();
        tokio::spawn(async move { engine.submit(&main(), submission).await })
    }

    async fn posted(&self, account: &str) -> i128 {
        let address = Address::parse(account).unwrap();
        let account = self.store.account(&main(), &address).await.unwrap();
        account.map_or(0, |account| account.balances[0].1.posted())
    }

    async fn entries(&self) -> u64 {
        self.store.ledger(&main()).await.unwrap().entries.0
    }

    /// Reads a metric, its labels included in the name.
    fn metric(&self, name: &str) -> f64 {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry).unwrap();
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
            .unwrap_or_default()
    }

    /// Waits until a metric has a value: the lane works in a task of its own.
    async fn until(&self, name: &str, value: f64) {
        let waited = tokio::time::timeout(Duration::from_secs(20), async {
            while (self.metric(name) - value).abs() > f64::EPSILON {
                tokio::task::yield_now().await;
            }
        });
        waited.await.unwrap_or_else(|_| panic!("{name} stayed at {}, not {value}", self.metric(name)));
    }
}

fn main() -> LedgerName {
    LedgerName::parse("main").unwrap()
}

fn transfer(source: &str, destination: &str, amount: u64) -> Submission {
    transfers(&[(source, destination, amount)])
}

fn transfers(postings: &[(&str, &str, u64)]) -> Submission {
    let postings = postings
        .iter()
        .map(|(source, destination, amount)| {
            let address = |text| Address::parse(text).unwrap();
            Posting::new(
                address(source),
                address(destination),
                Asset::parse("USD/2").unwrap(),
                Quantity::Exactly((*amount).into()),
            )
            .unwrap()
        })
        .collect();
    let command = Command::PostTransaction(PostTransaction {
        postings: Postings::new(postings).unwrap(),
        reference: None,
        effective_at: None,
        metadata: Metadata::default(),
        expectations: Expectations::default(),
    });
    Submission::new(command, None)
}

fn transaction_of(submission: &mut Submission) -> &mut PostTransaction {
    match &mut submission.command {
        Command::PostTransaction(post) => post,
        other => panic!("{other:?} is no transaction"),
    }
}

trait With {
    fn key(self, key: &str) -> Self;
    fn reference(self, reference: &str) -> Self;
    fn dry_run(self) -> Self;
}

impl With for Submission {
    fn key(mut self, key: &str) -> Self {
        self.key = Some(engine::idempotency::IdempotencyKey::parse(key).unwrap());
        self
    }

    fn reference(mut self, reference: &str) -> Self {
        transaction_of(&mut self).reference = Some(Reference::parse(reference).unwrap());
        self
    }

    fn dry_run(mut self) -> Self {
        self.dry_run = true;
        self
    }
}

fn is_short_of_funds(result: &Result<Submitted, SubmitError>) -> bool {
    matches!(result, Err(SubmitError::Rejected(Rejection::InsufficientFunds { .. })))
}

#[tokio::test]
async fn what_is_recorded_is_there_after_reopening() {
    let bench = Bench::new().await;
    let first = bench.submit(transfer("world", "alice", 100)).await.unwrap();
    let second = bench.submit(transfer("alice", "bob", 30)).await.unwrap();
    assert_eq!((first.entry.number.0, second.entry.number.0), (0, 1));
    assert_eq!(second.outcome, Outcome::Recorded);
    assert!(is_short_of_funds(&bench.submit(transfer("alice", "bob", 71)).await));

    let bench = bench.reopen().await;
    assert_eq!((bench.posted("alice").await, bench.posted("bob").await), (70, 30));
    let record = bench.store.entry(&main(), second.entry.number).await.unwrap().unwrap();
    assert_eq!(record.entry, second.entry);
    assert_eq!(bench.submit(transfer("alice", "bob", 70)).await.unwrap().entry.number.0, 2);
}

#[tokio::test]
async fn what_waits_while_a_batch_runs_becomes_one_batch() {
    let bench = Bench::new().await;
    bench.store.hold();
    let mut callers = vec![bench.spawn(transfer("world", "alice", 1))];
    // The lane has taken the first one, and waits with it.
    bench.until("florin_batch_commands_count", 1.0).await;
    callers.extend((0..20).map(|_| bench.spawn(transfer("world", "alice", 1))));
    bench.until("florin_lane_queue_depth", 20.0).await;
    bench.store.release();
    let mut numbers = Vec::new();
    for caller in callers {
        numbers.push(caller.await.unwrap().unwrap().entry.number.0);
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (0..21).collect::<Vec<_>>());
    assert!((bench.metric("florin_batch_commands_count") - 2.0).abs() < f64::EPSILON);
    assert_eq!(bench.posted("alice").await, 21);
}

#[tokio::test]
async fn a_batch_is_full_when_its_postings_are() {
    let bench = Bench::with(EngineOptions { batch_max: 4, ..EngineOptions::default() }).await;
    bench.store.hold();
    let first = bench.spawn(transfer("world", "alice", 1));
    bench.until("florin_batch_commands_count", 1.0).await;
    let two = transfers(&[("world", "alice", 1), ("alice", "bob", 1)]);
    let callers: Vec<_> = (0..4).map(|_| bench.spawn(two.clone())).collect();
    bench.until("florin_lane_queue_depth", 4.0).await;
    bench.store.release();
    first.await.unwrap().unwrap();
    for caller in callers {
        caller.await.unwrap().unwrap();
    }
    // One alone, then eight postings in two batches of four.
    assert!((bench.metric("florin_batch_commands_count") - 3.0).abs() < f64::EPSILON);
}

#[tokio::test]
async fn commands_of_a_batch_see_those_before_them() {
    let bench = Bench::new().await;
    bench.store.hold();
    let first = bench.spawn(transfer("world", "x", 1));
    bench.until("florin_batch_commands_count", 1.0).await;
    // In this order; each is queued before the next is sent.
    let mut callers = Vec::new();
    for (waiting, submission) in [
        (1.0, transfer("alice", "bob", 1)),
        (2.0, transfer("world", "alice", 5)),
        (3.0, transfer("alice", "bob", 5)),
        (4.0, transfer("alice", "bob", 1)),
    ] {
        callers.push(bench.spawn(submission));
        bench.until("florin_lane_queue_depth", waiting).await;
    }
    bench.store.release();
    first.await.unwrap().unwrap();
    let mut results = Vec::new();
    for caller in callers {
        results.push(caller.await.unwrap());
    }
    assert!(is_short_of_funds(&results[0]));
    assert!(results[1].is_ok() && results[2].is_ok());
    assert!(is_short_of_funds(&results[3]));
}

#[tokio::test]
async fn the_same_key_moves_money_once_also_after_reopening() {
    let bench = Bench::new().await;
    let first = bench.submit(transfer("world", "alice", 10).key("k")).await.unwrap();
    let again = bench.submit(transfer("world", "alice", 10).key("k")).await.unwrap();
    assert_eq!(again, Submitted { outcome: Outcome::Replayed, ..first.clone() });
    let other = bench.submit(transfer("world", "alice", 11).key("k")).await;
    assert!(matches!(other, Err(SubmitError::KeyReused)));

    let bench = bench.reopen().await;
    let again = bench.submit(transfer("world", "alice", 10).key("k")).await.unwrap();
    assert_eq!(again, Submitted { outcome: Outcome::Replayed, ..first });
    assert_eq!((bench.entries().await, bench.posted("alice").await), (1, 10));
}

#[tokio::test]
async fn a_key_that_is_still_running_is_refused_and_free_once_answered() {
    let bench = Bench::new().await;
    bench.store.hold();
    let first = bench.spawn(transfer("world", "alice", 10).key("k"));
    bench.until("florin_batch_commands_count", 1.0).await;
    let second = bench.submit(transfer("world", "alice", 10).key("k")).await;
    assert!(matches!(second, Err(SubmitError::KeyInProgress)));
    bench.store.release();
    first.await.unwrap().unwrap();
    let third = bench.submit(transfer("world", "alice", 10).key("k")).await.unwrap();
    assert_eq!(third.outcome, Outcome::Replayed);
}

#[tokio::test]
async fn a_rejected_command_leaves_its_key_free() {
    let bench = Bench::new().await;
    assert!(is_short_of_funds(&bench.submit(transfer("alice", "bob", 1).key("k")).await));
    bench.submit(transfer("world", "alice", 1)).await.unwrap();
    let decided_anew = bench.submit(transfer("alice", "bob", 1).key("k")).await.unwrap();
    assert_eq!(decided_anew.outcome, Outcome::Recorded);
}

#[tokio::test]
async fn a_dry_run_writes_nothing_and_uses_no_key() {
    let bench = Bench::new().await;
    let dry = bench.submit(transfer("world", "alice", 5).key("k").dry_run()).await.unwrap();
    assert_eq!((dry.outcome, dry.entry.balances[0].1.posted()), (Outcome::DryRun, 5));
    assert_eq!((bench.entries().await, bench.posted("alice").await), (0, 0));
    assert!(is_short_of_funds(&bench.submit(transfer("alice", "bob", 1).dry_run()).await));
    let real = bench.submit(transfer("world", "alice", 5).key("k")).await.unwrap();
    assert_eq!(real.outcome, Outcome::Recorded);
    let other_request = bench.submit(transfer("world", "alice", 5).key("k").dry_run()).await;
    assert!(matches!(other_request, Err(SubmitError::KeyReused)));
}

#[tokio::test]
async fn a_full_queue_refuses_at_once_and_takes_again_later() {
    let bench = Bench::with(EngineOptions { queue_max: 1000, ..EngineOptions::default() }).await;
    bench.store.hold();
    let wide: Vec<_> = (0..600).map(|_| ("world", "alice", 1)).collect();
    let first = bench.spawn(transfers(&wide));
    bench.until("florin_batch_commands_count", 1.0).await;
    // What is being written takes room, too: memory is bounded.
    assert!(matches!(bench.submit(transfers(&wide).key("k")).await, Err(SubmitError::Overloaded)));
    let narrow = bench.spawn(transfer("world", "alice", 1));
    bench.until("florin_lane_queue_depth", 1.0).await;
    bench.store.release();
    first.await.unwrap().unwrap();
    narrow.await.unwrap().unwrap();
    bench.submit(transfers(&wide).key("k")).await.unwrap();
    assert_eq!(bench.posted("alice").await, 1201);
}

#[tokio::test]
async fn a_batch_that_rolls_back_fails_all_of_its_callers_and_leaves_no_gap() {
    let bench = Bench::new().await;
    bench.submit(transfer("world", "alice", 1)).await.unwrap();
    bench.store.hold();
    // Commits nothing, so that the fault meets the batch behind it.
    let blocker = bench.spawn(transfer("world", "x", 1).dry_run());
    bench.until("florin_batch_commands_count", 2.0).await;
    let recorded = bench.spawn(transfer("alice", "bob", 1).key("k"));
    bench.until("florin_lane_queue_depth", 1.0).await;
    // Rejected only because of the one before it, which is not going to hold.
    let rejected = bench.spawn(transfer("alice", "bob", 1));
    bench.until("florin_lane_queue_depth", 2.0).await;
    bench.store.fail_next_commit(Fault::RolledBack);
    bench.store.release();
    assert_eq!(blocker.await.unwrap().unwrap().outcome, Outcome::DryRun);
    assert!(matches!(recorded.await.unwrap(), Err(SubmitError::Unavailable(_))));
    assert!(matches!(rejected.await.unwrap(), Err(SubmitError::Unavailable(_))));
    assert_eq!((bench.entries().await, bench.posted("bob").await), (1, 0));

    let retried = bench.submit(transfer("alice", "bob", 1).key("k")).await.unwrap();
    assert_eq!((retried.outcome, retried.entry.number.0), (Outcome::Recorded, 1));
}

#[tokio::test]
async fn an_unknown_outcome_is_settled_by_the_key() {
    for (fault, settled) in [(Fault::AnswerLost, Outcome::Replayed), (Fault::RequestLost, Outcome::Recorded)]
    {
        let bench = Bench::new().await;
        bench.store.fail_next_commit(fault);
        let unknown = bench.submit(transfer("world", "alice", 7).key("k")).await;
        assert!(matches!(unknown, Err(SubmitError::OutcomeUnknown(_))), "{fault:?}: {unknown:?}");
        let retried = bench.submit(transfer("world", "alice", 7).key("k")).await.unwrap();
        assert_eq!(retried.outcome, settled, "{fault:?}");
        assert_eq!((bench.entries().await, bench.posted("alice").await), (1, 7), "{fault:?}");
    }
}

/// What is there to be seen may be less durable than what was acknowledged: a commit that waits for a standby.
#[tokio::test]
async fn whoever_is_told_of_an_earlier_entry_waits_for_a_commit_after_it() {
    let bench = Bench::new().await;
    let post = || transfer("world", "alice", 7).reference("r").key("k");
    bench.submit(post()).await.unwrap();
    let same_reference = || transfer("world", "alice", 7).reference("r");
    for told in [post(), same_reference()] {
        bench.store.fail_next_commit(Fault::RolledBack);
        let failed = bench.submit(told).await;
        assert!(matches!(failed, Err(SubmitError::Unavailable(_))), "{failed:?}");
    }
    assert_eq!(bench.submit(post()).await.unwrap().outcome, Outcome::Replayed);
    let taken = bench.submit(same_reference()).await;
    assert!(matches!(taken, Err(SubmitError::Rejected(Rejection::ReferenceTaken { .. }))), "{taken:?}");
    assert_eq!(bench.entries().await, 1);
}

#[tokio::test]
async fn a_caller_that_goes_away_does_not_stop_its_command() {
    let bench = Bench::new().await;
    bench.store.hold();
    let gone = bench.spawn(transfer("world", "alice", 3).key("k"));
    bench.until("florin_batch_commands_count", 1.0).await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    bench.store.release();
    let next = bench.submit(transfer("world", "alice", 1)).await.unwrap();
    assert_eq!(next.entry.number.0, 1);
    let retried = bench.submit(transfer("world", "alice", 3).key("k")).await.unwrap();
    assert_eq!(retried.outcome, Outcome::Replayed);
    assert_eq!(bench.posted("alice").await, 4);
}

#[tokio::test]
async fn remembered_balances_are_dropped_when_another_engine_wrote() {
    let bench = Bench::new().await;
    let mut registry = Registry::default();
    let metrics = EngineMetrics::register(&mut registry);
    let other = Engine::start(Arc::clone(&bench.store) as Arc<dyn Store>, EngineOptions::default(), metrics);
    bench.submit(transfer("world", "alice", 10)).await.unwrap();
    other.submit(&main(), transfer("alice", "bob", 10)).await.unwrap();
    assert!(is_short_of_funds(&bench.submit(transfer("alice", "bob", 1)).await));
    bench.submit(transfer("bob", "alice", 4)).await.unwrap();
    let spent = other.submit(&main(), transfer("alice", "carol", 5)).await;
    assert!(is_short_of_funds(&spent));
    other.submit(&main(), transfer("alice", "carol", 4)).await.unwrap();
    assert_eq!((bench.posted("alice").await, bench.posted("bob").await), (0, 6));
    assert_eq!(bench.entries().await, 4);
}

#[tokio::test]
async fn a_lane_that_may_have_nothing_at_hand_decides_the_same() {
    for packed_balances_bytes_max in [0, 1 << 20] {
        let options =
            EngineOptions { cached_balances_max: 0, packed_balances_bytes_max, ..EngineOptions::default() };
        let bench = Bench::with(options).await;
        bench.submit(transfer("world", "alice", 10)).await.unwrap();
        bench.submit(transfer("alice", "bob", 10)).await.unwrap();
        assert!(is_short_of_funds(&bench.submit(transfer("alice", "bob", 1)).await));
        assert_eq!(bench.posted("bob").await, 10);
    }
}

#[tokio::test]
async fn an_idle_lane_ends_and_the_next_command_opens_another() {
    let options = EngineOptions { lane_idle: Duration::from_millis(20), ..EngineOptions::default() };
    let bench = Bench::with(options).await;
    for number in 0..3 {
        let submitted = bench.submit(transfer("world", "alice", 1).key(&format!("k{number}"))).await.unwrap();
        assert_eq!(submitted.entry.number.0, number);
        bench.until("florin_lanes", 0.0).await;
    }
}

#[tokio::test]
async fn a_ledger_that_is_not_there_keeps_no_lane() {
    let bench = Bench::new().await;
    for name in ["nowhere", "elsewhere"] {
        let ledger = LedgerName::parse(name).unwrap();
        let missing = bench.engine.submit(&ledger, transfer("world", "alice", 1)).await;
        assert!(matches!(missing, Err(SubmitError::LedgerNotFound)));
    }
    bench.until("florin_lanes", 0.0).await;
}

#[tokio::test]
async fn draining_finishes_what_waits_and_takes_nothing_new() {
    let bench = Bench::new().await;
    bench.store.hold();
    let mut callers = vec![bench.spawn(transfer("world", "alice", 1))];
    bench.until("florin_batch_commands_count", 1.0).await;
    callers.extend((0..4).map(|_| bench.spawn(transfer("world", "alice", 1))));
    bench.until("florin_lane_queue_depth", 4.0).await;
    let drain = bench.engine.drain();
    tokio::pin!(drain);
    // Polled once, the drain has begun; it cannot end while the batch is held.
    tokio::select! {
        biased;
        () = &mut drain => panic!("drained while commands waited"),
        () = std::future::ready(()) => {}
    }
    assert!(matches!(bench.submit(transfer("world", "late", 1)).await, Err(SubmitError::ShuttingDown)));
    bench.store.release();
    drain.await;
    for caller in callers {
        caller.await.unwrap().unwrap();
    }
    assert_eq!((bench.posted("alice").await, bench.posted("late").await), (5, 0));
}
