//! Plays scenarios on a store, through a real engine, and says where anything is not as it stands there.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use engine::port::Store;
use engine::query::AccountQuery;
use engine::verify::verify;
use engine::{Engine, EngineMetrics, EngineOptions, Outcome, Submission, SubmitError, Submitted};
use ledger::{BalanceKey, Command, EntryNumber, LedgerName, Metadata, ReleaseHold};
use prometheus_client::registry::Registry;
use test_support::{StoreFixture, at, ledger_name};

use super::amounts;
use super::script::{Answer, BalanceLine, Figures, Row, Scenario, Step, Target, kind};
use super::told;

/// When every scenario begins, in microseconds: 2026 begins.
const START: i64 = 1_767_225_600_000_000;

/// More accounts than a scenario has.
const ACCOUNTS_MAX: usize = 1_000;

/// A store with an engine, and a clock that scenarios set.
pub(crate) struct Stage {
    name: &'static str,
    store: Arc<dyn Store>,
    engine: Engine,
    now: Arc<AtomicI64>,
    /// Dropped last: the store's files go with it.
    _database: Box<dyn StoreFixture>,
}

/// How a scenario is played: on its ledger, as far as it has come.
struct Play<'s> {
    stage: &'s Stage,
    ledger: LedgerName,
    /// The entries of the rows that have a name.
    entries: HashMap<String, EntryNumber>,
    /// Where something is not as it should be.
    faults: Vec<String>,
}

impl Stage {
    pub(crate) async fn set(name: &'static str, database: Box<dyn StoreFixture>) -> Self {
        let store = database.open().await;
        let now = Arc::new(AtomicI64::new(START));
        let clock = {
            let now = Arc::clone(&now);
            move || at(now.load(Ordering::SeqCst))
        };
        let metrics = EngineMetrics::register(&mut Registry::default());
        let engine = Engine::start_with_clock(Arc::clone(&store), EngineOptions::default(), metrics, clock);
        Self { name, store, engine, now, _database: database }
    }

    /// Plays a scenario on a new ledger of this name. Returns what is not as it stands there, line by line.
    pub(crate) async fn play(&self, file: &str, scenario: &Scenario, ledger: &str) -> Vec<String> {
        self.now.store(START, Ordering::SeqCst);
        let ledger = ledger_name(ledger);
        let created = self.engine.create_ledger(ledger.clone(), Metadata::default(), None).await;
        created.expect("the ledger is created");
        let mut play = Play { stage: self, ledger, entries: HashMap::new(), faults: Vec::new() };
        for step in &scenario.steps {
            play.step(step).await;
        }
        play.verified(scenario.line).await;
        let place = |fault| format!("{}: {file}:{fault} ({})", self.name, scenario.title);
        play.faults.into_iter().map(place).collect()
    }

    pub(crate) async fn clear(self) {
        self.engine.drain().await;
        self.store.close().await;
    }
}

impl Play<'_> {
    async fn step(&mut self, step: &Step) {
        match step {
            Step::Clock(time) => self.stage.now.store(time.micros(), Ordering::SeqCst),
            Step::Commands(rows) => self.commands(rows).await,
            Step::Expire { line, expected } => {
                let before = self.recorded().await;
                let expired = self.stage.engine.expire_due_holds().await;
                expired.expect("the store says which holds are due");
                let found = self.recorded().await - before;
                self.hold_to(*line, &format!("{expected} expired"), &format!("{found} expired"));
            }
            Step::Balances { line, lines } => self.balances(*line, lines).await,
            Step::Hold { line, hold, state } => {
                let found = match self.entries.get(hold) {
                    Some(entry) => {
                        self.stage.store.hold(&self.ledger, *entry).await.expect("the store reads")
                    }
                    None => None,
                };
                let found = found.map_or("no hold", |hold| told::state_text(hold.standing.state));
                self.hold_to(*line, told::state_text(*state), found);
            }
        }
    }

    async fn commands(&mut self, rows: &[Row]) {
        let before = self.recorded().await;
        let submissions: Vec<Submission> = rows.iter().map(|row| self.submission(row)).collect();
        let ledger = rows.iter().find_map(|row| row.ledger.clone()).unwrap_or_else(|| self.ledger.clone());
        let answers = match <[Submission; 1]>::try_from(submissions) {
            Ok([alone]) => vec![self.stage.engine.submit(&ledger, alone).await],
            Err(together) => self.stage.engine.submit_together(&ledger, together).await,
        };
        let mut recorded = 0;
        for (row, answer) in rows.iter().zip(answers) {
            if let Ok(Submitted { entry, outcome }) = &answer {
                recorded += u64::from(*outcome == Outcome::Recorded);
                if let Some(name) = &row.name {
                    self.entries.insert(name.clone(), entry.number);
                }
            }
            let (expected, found) = (expected_text(row), found_text(row, &answer));
            self.hold_to(row.line, &expected, &found);
        }
        // What was refused, or had been done before, leaves no trace.
        let found = self.recorded().await - before;
        self.hold_to(rows[0].line, &format!("{recorded} recorded"), &format!("{found} recorded"));
    }

    fn submission(&self, row: &Row) -> Submission {
        let number = match &row.target {
            Some(Target::Named(name)) => {
                self.entries.get(name).copied().unwrap_or(EntryNumber(u64::MAX >> 1))
            }
            Some(Target::Numbered(number)) => *number,
            None => EntryNumber::default(),
        };
        let mut command = row.command.clone();
        match &mut command {
            Command::CaptureHold(capture) => capture.hold = number,
            Command::ReleaseHold(ReleaseHold { hold, .. }) => *hold = number,
            Command::ReverseTransaction(reversal) => reversal.transaction = number,
            Command::ChangeTransaction(change) => change.transaction = number,
            Command::PostTransaction(_) | Command::ChangeAccount(_) | Command::CreateHold(_) => {}
        }
        Submission { command, key: row.key.clone(), dry_run: row.dry_run, audit: None }
    }

    async fn balances(&mut self, line: usize, lines: &[BalanceLine]) {
        let everything = AccountQuery { limit: ACCOUNTS_MAX, ..AccountQuery::default() };
        let page = self.stage.store.accounts(&self.ledger, &everything).await.expect("the store reads");
        assert!(page.next.is_none(), "a scenario has fewer accounts than a page");
        let mut found: BTreeMap<BalanceKey, Figures> = BTreeMap::new();
        for account in page.items {
            for (asset, balance) in &account.balances {
                let key = BalanceKey { account: account.address.clone(), asset: asset.clone() };
                found.insert(key, Figures::of(balance));
            }
        }
        for BalanceLine { line, key, figures } in lines {
            let found = found.remove(key).unwrap_or_default();
            let say = |figures: Figures| format!("{} has {}", key.account, figures.to_text(&key.asset));
            self.hold_to(*line, &say(*figures), &say(found));
        }
        found.retain(|_, figures| *figures != Figures::default());
        for (key, figures) in found {
            let extra = format!("{} has {}", key.account, figures.to_text(&key.asset));
            self.hold_to(line, "no other balance", &extra);
        }
    }

    async fn verified(&mut self, line: usize) {
        let mut snapshot = self.stage.store.snapshot(&self.ledger).await.expect("the store reads");
        let report = verify(&mut *snapshot, |_| ()).await.expect("the store reads");
        if !report.is_clean() {
            self.hold_to(line, "a ledger that holds", &format!("{:?}", report.findings));
        }
    }

    /// Returns how many entries there are.
    async fn recorded(&self) -> u64 {
        self.stage.store.ledger(&self.ledger).await.expect("the store reads").entries.0
    }

    fn hold_to(&mut self, line: usize, expected: &str, found: &str) {
        if expected != found {
            self.faults.push(format!("{line}: expected {expected}, found {found}"));
        }
    }
}

fn expected_text(row: &Row) -> String {
    let answer = match &row.expected.answer {
        Answer::Done => String::new(),
        Answer::Replayed => " replayed".to_owned(),
        Answer::Refused(code) => format!(" {code}"),
    };
    let facts = row.expected.facts.iter().map(|(name, value)| format!("; {name} {value}"));
    format!("{}{answer}{}", row.expected.status, facts.collect::<String>())
}

/// Says what came of a row, with those of the facts that the row is about.
fn found_text(row: &Row, answer: &Result<Submitted, SubmitError>) -> String {
    let error = match answer {
        Ok(submitted) => {
            let made =
                !matches!(kind(&row.command), "void" | "expiry" | "account change" | "transaction change");
            let status = if made && submitted.outcome != Outcome::DryRun { 201 } else { 200 };
            let replayed = if submitted.outcome == Outcome::Replayed { " replayed" } else { "" };
            return format!("{status}{replayed}");
        }
        Err(error) => error,
    };
    let known = told::code(error).and_then(|code| told::CODES.iter().find(|(known, _)| *known == code));
    let Some((code, status)) = known else { return format!("{error:?}") };
    let facts = told::facts(error);
    let said = row.expected.facts.iter().map(|(name, _)| {
        let fact = facts.iter().find(|(known, _)| known == name);
        fact.map_or_else(|| format!("; no {name}"), |(_, value)| format!("; {name} {value}"))
    });
    format!("{status} {code}{}", said.collect::<String>())
}

#[test]
fn amounts_are_written_as_they_are_read() {
    for (units, code, text) in
        [(-5, "USD/2", "-0.05"), (1_234, "USD/2", "12.34"), (0, "JPY", "0"), (7, "BTC/8", "0.00000007")]
    {
        assert_eq!(amounts::text(units, &test_support::asset(code)), text);
    }
}
