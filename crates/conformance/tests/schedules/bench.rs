//! A database with several engines on it, each with its runner, and one clock for all of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use engine::port::Store;
use engine::schedules::{
    Definition, Recurrence, Rule, RunOutcome, RunQuery, RunnerOptions, Schedule, ScheduleId, ScheduleRun,
    ScheduleRunner, ScheduleState, Timing, Zone,
};
use engine::{Engine, EngineMetrics, EngineOptions};
use ledger::{
    Command, Expectations, LedgerName, Metadata, PostTransaction, Posting, Postings, Quantity, Rejection,
    Timestamp,
};
use prometheus_client::registry::Registry;
use store_memory::{MemoryDatabase, MemoryStore};
use store_postgres::{PostgresOptions, PostgresStore};
use store_sqlite::{SqliteOptions, SqliteStore};
use test_support::{address, asset, at, ledger_name};

/// Midnight of 1 January 2026, in microseconds: when all tests begin.
pub(crate) const BEGIN: i64 = 1_767_225_600_000_000;
pub(crate) const SECOND: i64 = 1_000_000;
pub(crate) const MINUTE: i64 = 60 * SECOND;

/// Longer than anything may take.
const LONG: Duration = Duration::from_mins(1);

/// What keeps a database for as long as a test runs.
pub(crate) enum Database {
    Memory(MemoryDatabase),
    Sqlite(tempfile::TempDir),
    Postgres(test_postgres::Database),
}

impl Database {
    /// One of each kind that there is here.
    pub(crate) async fn of_each_kind() -> Vec<Self> {
        let sqlite = tempfile::tempdir().expect("a folder");
        let mut all = vec![Self::Memory(MemoryDatabase::default()), Self::Sqlite(sqlite)];
        all.extend(test_postgres::database().await.map(Self::Postgres));
        all
    }

    async fn open(&self) -> Arc<dyn Store> {
        match self {
            Self::Memory(database) => Arc::new(MemoryStore::open(database, true)),
            Self::Sqlite(folder) => {
                let options = SqliteOptions::new(folder.path().join("test.db"));
                let store = SqliteStore::open(options).await.expect("it opens");
                store.migrate().await.expect("it is migrated");
                Arc::new(store)
            }
            Self::Postgres(database) => {
                let options = PostgresOptions::parse(database.url()).expect("an address");
                let store = PostgresStore::open(options).await.expect("it opens");
                store.migrate().await.expect("it is migrated");
                Arc::new(store)
            }
        }
    }
}

/// Engines on one database.
pub(crate) struct Bench {
    pub(crate) engines: Vec<Engine>,
    runners: Vec<ScheduleRunner>,
    clock: Arc<AtomicI64>,
    _database: Database,
}

impl Bench {
    /// Opens a database as often as there are to be engines, without runners so far.
    pub(crate) async fn open(database: Database, engines: usize) -> Self {
        let clock = Arc::new(AtomicI64::new(BEGIN));
        let mut opened = Vec::new();
        for _ in 0..engines {
            let store = database.open().await;
            let clock = Arc::clone(&clock);
            let metrics = EngineMetrics::register(&mut Registry::default());
            let now = move || at(clock.load(Ordering::SeqCst));
            opened.push(Engine::start_with_clock(store, EngineOptions::default(), metrics, now));
        }
        let bench = Self { engines: opened, runners: Vec::new(), clock, _database: database };
        bench.engines[0].create_ledger(main(), Metadata::default(), None).await.expect("it is created");
        bench
    }

    /// Starts a runner on every engine.
    pub(crate) fn run(&mut self) {
        let options = RunnerOptions { poll: Duration::from_millis(5), lease: LONG };
        let engines = self.engines.iter().cloned();
        self.runners = engines.map(|engine| ScheduleRunner::start(engine, options, describe)).collect();
    }

    /// Starts one runner, on the first engine, that claims for as long as this.
    pub(crate) fn run_one(&mut self, lease: Duration) {
        let options = RunnerOptions { poll: Duration::from_millis(5), lease };
        self.runners.push(ScheduleRunner::start(self.engines[0].clone(), options, describe));
    }

    /// Stops the runners, and returns when they have.
    pub(crate) async fn rest(&mut self) {
        for runner in self.runners.drain(..) {
            runner.stop().await;
        }
    }

    pub(crate) fn move_clock(&self, micros: i64) {
        self.clock.fetch_add(micros, Ordering::SeqCst);
    }

    pub(crate) fn now(&self) -> Timestamp {
        at(self.clock.load(Ordering::SeqCst))
    }

    pub(crate) fn store(&self) -> &dyn Store {
        self.engines[0].store()
    }

    pub(crate) async fn create(&self, definition: Definition) -> Schedule {
        let created = self.engines[0].create_schedule(&main(), definition, None).await;
        created.expect("it is created").schedule
    }

    pub(crate) async fn schedule(&self, id: ScheduleId) -> Schedule {
        self.store().scheduling().schedule(&main(), id).await.expect("it can be read").expect("it is there")
    }

    /// What came of a schedule's occurrences, in the order in which they were due.
    pub(crate) async fn runs(&self, schedule: ScheduleId) -> Vec<ScheduleRun> {
        let query = RunQuery { schedule, after: None, limit: 1000 };
        let runs = self.store().scheduling().schedule_runs(&main(), &query).await.expect("they can be read");
        let mut runs = runs.expect("the schedule is there").items;
        runs.reverse();
        runs
    }

    /// When a schedule's occurrences were due, in microseconds from the beginning.
    pub(crate) async fn due(&self, schedule: ScheduleId) -> Vec<i64> {
        self.runs(schedule).await.iter().map(|run| run.due_at.micros() - BEGIN).collect()
    }

    pub(crate) async fn entries(&self) -> u64 {
        self.store().ledger(&main()).await.expect("it can be read").entries.0
    }

    pub(crate) async fn posted(&self, account: &str) -> i128 {
        let account = self.store().account(&main(), &address(account)).await.expect("it can be read");
        account.map_or(0, |account| account.balances[0].1.posted())
    }

    /// Waits until so many of a schedule's occurrences were run.
    pub(crate) async fn until_run(&self, schedule: ScheduleId, count: usize) {
        self.until("runs", async || self.runs(schedule).await.len() >= count).await;
    }

    pub(crate) async fn until_state(&self, id: ScheduleId, state: ScheduleState) {
        self.until(state.name(), async || self.schedule(id).await.progress.state == state).await;
    }

    /// Waits until something holds.
    pub(crate) async fn until(&self, what: &str, holds: impl AsyncFn() -> bool) {
        let waited = tokio::time::timeout(LONG, async {
            while !holds().await {
                tokio::task::yield_now().await;
            }
        });
        waited.await.unwrap_or_else(|_| panic!("waited too long for {what}"));
    }
}

pub(crate) fn main() -> LedgerName {
    ledger_name("main")
}

fn describe(rejection: &Rejection) -> (String, String) {
    let code = match rejection {
        Rejection::InsufficientFunds { .. } => "transaction.insufficient_funds",
        _ => "another",
    };
    (code.to_owned(), format!("{rejection:?}"))
}

/// A transaction that moves 1.
pub(crate) fn transfer(source: &str, destination: &str) -> PostTransaction {
    let quantity = Quantity::Exactly(1_u64.into());
    let posting = Posting::new(address(source), address(destination), asset("USD/2"), quantity).unwrap();
    PostTransaction {
        postings: Postings::new(vec![posting]).unwrap(),
        reference: None,
        effective_at: None,
        metadata: Metadata::default(),
        expectations: Expectations::default(),
    }
}

/// Posts a transaction now.
pub(crate) async fn post(bench: &Bench, transaction: PostTransaction) {
    let command = Command::PostTransaction(transaction);
    let submission = engine::Submission::new(command, None);
    bench.engines[0].submit(&main(), submission).await.expect("it is posted");
}

/// Once, so long after the beginning.
pub(crate) fn once(transaction: PostTransaction, after: i64) -> Definition {
    Definition { transaction, timing: Timing::Once(at(BEGIN + after)), metadata: Metadata::default() }
}

/// By a rule that starts at the beginning.
pub(crate) fn by_rule(transaction: PostTransaction, rule: &str) -> Definition {
    let rule = Recurrence::new(Rule::parse(rule).unwrap(), at(BEGIN), Zone::utc()).unwrap();
    Definition { transaction, timing: Timing::Rule(rule), metadata: Metadata::default() }
}

pub(crate) fn is_posted(run: &ScheduleRun) -> bool {
    matches!(run.outcome, RunOutcome::Posted(_))
}
