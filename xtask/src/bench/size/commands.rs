//! The commands that a ledger is filled with, as text. Holds are captured, and transactions reversed, of which the
//! service has told before.

use std::fmt::Write as _;

use serde::Deserialize;

use super::chances::{Kind, a_thousand};
use crate::bench::load::{FUNDS, account};

/// An account that takes a part of every order, so that it is on very many entries.
pub(super) const FEES: &str = "fees";

/// Shops that are paid, and tills in each.
pub(super) const SHOPS: u32 = 500;
pub(super) const TILLS: u32 = 10;

/// Values of metadata that a fifth, and a five hundredth, of all orders have.
pub(super) const CHANNELS: [&str; 5] = ["web", "app", "shop", "phone", "post"];
pub(super) const RUNS: u32 = 500;

/// Values of metadata that accounts have.
pub(super) const TIERS: [&str; 3] = ["gold", "silver", "bronze"];

/// How many accounts one transaction gives money to in the beginning.
pub(super) const FUNDED_AT_ONCE: u32 = 10;

/// So many holds and transactions are remembered at most.
const REMEMBERED_MAX: usize = 500;

/// Writes commands.
#[derive(Debug)]
pub(super) struct Commands {
    random: fastrand::Rng,
    /// Tells the references of one run from those of others.
    run: u64,
    accounts: u32,
    /// Holds that are open.
    holds: Vec<u64>,
    /// Transfers that nothing has reversed.
    transfers: Vec<u64>,
    /// What the last batch was made of.
    kinds: Vec<Kind>,
}

/// What came of a batch.
#[derive(Debug, Deserialize)]
pub(super) struct Outcomes {
    results: Vec<Outcome>,
}

#[derive(Debug, Deserialize)]
struct Outcome {
    status: u16,
    body: Option<Body>,
    problem: Option<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
struct Body {
    id: Option<u64>,
}

/// What a batch has come to.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) recorded: u64,
    pub(super) refused: u64,
    /// One of the refusals.
    pub(super) problem: Option<String>,
}

impl Commands {
    pub(super) fn new(random: fastrand::Rng, run: u64, accounts: u32) -> Self {
        Self { random, run, accounts, holds: Vec::new(), transfers: Vec::new(), kinds: Vec::new() }
    }

    /// Writes a batch that gives accounts what they may spend: of those from `first` on so many transactions. It can be
    /// sent again.
    pub(super) fn funding(&mut self, first: u32, transactions: u64) -> String {
        self.kinds.clear();
        let mut batch = Batch::new();
        let starts = (first..self.accounts).step_by(FUNDED_AT_ONCE as usize);
        for (first, _) in starts.zip(0..transactions) {
            self.kinds.push(Kind::Deposit);
            let last = first.saturating_add(FUNDED_AT_ONCE).min(self.accounts);
            let postings: Vec<_> = (first..last)
                .map(|number| posting("world", &account(number, self.accounts), "USD/2", FUNDS))
                .collect();
            batch.add("transaction", &format!("fund-{first}"), &postings, "");
        }
        batch.finish()
    }

    /// Writes a batch of up to a thousand commands, which have the numbers from `first` on among all of this run.
    pub(super) fn batch(&mut self, first: u64, count: u64) -> String {
        self.kinds.clear();
        let mut batch = Batch::new();
        let drawn = a_thousand(&mut self.random);
        for (number, kind) in (first..first + count).zip(drawn) {
            let kind = self.possible(kind);
            self.kinds.push(kind);
            self.add(&mut batch, kind, number);
        }
        batch.finish()
    }

    /// Returns what can be done now: where nothing is remembered that a command could be about, a transfer.
    fn possible(&self, kind: Kind) -> Kind {
        match kind {
            Kind::Capture | Kind::Void if self.holds.is_empty() => Kind::Transfer,
            Kind::Reversal if self.transfers.is_empty() => Kind::Transfer,
            kind => kind,
        }
    }

    fn add(&mut self, batch: &mut Batch, kind: Kind, number: u64) {
        let key = self.key();
        let amount = self.amount();
        let user = self.user();
        match kind {
            Kind::Transfer => batch.add("transaction", &key, &[self.transfer(&user, amount)], ""),
            Kind::Backdated => {
                let (month, day) = (self.random.u32(1..=12), self.random.u32(1..=28));
                let more = format!(r#","effective_at":"2025-{month:02}-{day:02}T12:00:00Z""#);
                batch.add("transaction", &key, &[self.transfer(&user, amount)], &more);
            }
            Kind::Deposit => {
                batch.add("transaction", &key, &[posting("world", &user, "USD/2", amount)], "");
            }
            Kind::Order => {
                let shop = self.till();
                let postings =
                    [posting(&user, &shop, "USD/2", amount), posting(&shop, FEES, "USD/2", amount / 100)];
                let channel = CHANNELS[self.random.usize(..CHANNELS.len())];
                let run = self.random.u32(..RUNS);
                let more = format!(
                    r#","reference":"order-{0}-{number}","metadata":{{"order":"{0}-{number}","channel":"{channel}","run":"{run}"}}"#,
                    self.run
                );
                batch.add("transaction", &key, &postings, &more);
            }
            Kind::Payout => {
                let count = self.random.usize(2..=5);
                let postings: Vec<_> =
                    (0..count).map(|_| posting("world", &self.user(), "EUR/2", amount)).collect();
                batch.add("transaction", &key, &postings, "");
            }
            Kind::Hold => {
                let shop = self.till();
                batch.add("hold", &key, &[posting(&user, &shop, "USD/2", amount)], "");
            }
            Kind::Capture | Kind::Void => {
                let hold = self.holds.swap_remove(self.random.usize(..self.holds.len()));
                let kind = if kind == Kind::Capture { "capture" } else { "void" };
                batch.add(kind, &key, &[], &format!(r#","hold":{hold}"#));
            }
            Kind::Reversal => {
                let of = self.transfers.swap_remove(self.random.usize(..self.transfers.len()));
                batch.add("reversal", &key, &[], &format!(r#","transaction":{of}"#));
            }
            Kind::AccountChange => {
                let tier = TIERS[self.random.usize(..TIERS.len())];
                let policy = if self.random.bool() { r#","policy":{"floor":{"USD/2":"-5000"}}"# } else { "" };
                let more = format!(r#","account":"{user}","metadata":{{"tier":"{tier}"}}{policy}"#);
                batch.add("account", &key, &[], &more);
            }
        }
    }

    /// Remembers what came of the last batch.
    pub(super) fn learn(&mut self, outcomes: &Outcomes) -> Done {
        let mut done = Done::default();
        for (kind, outcome) in self.kinds.iter().zip(&outcomes.results) {
            if !matches!(outcome.status, 200 | 201) {
                done.refused += 1;
                done.problem = outcome.problem.as_ref().map(ToString::to_string);
                continue;
            }
            done.recorded += 1;
            let Some(id) = outcome.body.as_ref().and_then(|body| body.id) else { continue };
            let remembered = match kind {
                Kind::Hold => &mut self.holds,
                Kind::Transfer => &mut self.transfers,
                _ => continue,
            };
            if remembered.len() == REMEMBERED_MAX {
                remembered.swap_remove(self.random.usize(..REMEMBERED_MAX));
            }
            remembered.push(id);
        }
        done
    }

    /// Writes a change of what is kept beside a transaction: its id, a key, the change. `None` where none is known.
    pub(super) fn transaction_change(&mut self) -> Option<(u64, String, &'static str)> {
        let id = *self.transfers.get(self.random.usize(..self.transfers.len().max(1)))?;
        Some((id, self.key(), r#"{"metadata":{"checked":"yes"}}"#))
    }

    fn transfer(&mut self, from: &str, amount: u64) -> String {
        let mut to = self.user();
        while to == from {
            to = self.user();
        }
        posting(from, &to, "USD/2", amount)
    }

    fn user(&mut self) -> String {
        account(self.random.u32(..self.accounts), self.accounts)
    }

    /// One of the tills of all shops.
    fn till(&mut self) -> String {
        format!("shops:{:03}:till-{}", self.random.u32(..SHOPS), self.random.u32(..TILLS))
    }

    /// Most amounts are small, and a few are large.
    fn amount(&mut self) -> u64 {
        if self.random.u32(..1000) == 0 {
            self.random.u64(1_000_000..10_000_000)
        } else {
            self.random.u64(100..10_000)
        }
    }

    /// A UUID of version 4.
    fn key(&mut self) -> String {
        let digits =
            format!("{:032x}", u128::from(self.random.u64(..)) << 64 | u128::from(self.random.u64(..)));
        format!(
            "{}-{}-4{}-8{}-{}",
            &digits[..8],
            &digits[8..12],
            &digits[13..16],
            &digits[17..20],
            &digits[20..]
        )
    }
}

fn posting(source: &str, destination: &str, asset: &str, amount: u64) -> String {
    format!(r#"{{"source":"{source}","destination":"{destination}","asset":"{asset}","amount":"{amount}"}}"#)
}

/// The text of a batch.
struct Batch(String);

impl Batch {
    fn new() -> Self {
        Self(r#"{"mode":"independent","commands":["#.to_owned())
    }

    fn add(&mut self, kind: &str, key: &str, postings: &[String], more: &str) {
        let comma = if self.0.ends_with('[') { "" } else { "," };
        let postings = if postings.is_empty() {
            String::new()
        } else {
            format!(r#","postings":[{}]"#, postings.join(","))
        };
        write!(self.0, r#"{comma}{{"type":"{kind}","idempotency_key":"{key}"{postings}{more}}}"#)
            .expect("texts can be written");
    }

    fn finish(mut self) -> String {
        self.0.push_str("]}");
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::{Value, json};

    use super::{Commands, FUNDED_AT_ONCE};

    fn commands() -> Commands {
        Commands::new(fastrand::Rng::with_seed(7), 1, 100)
    }

    fn read(batch: &str) -> Vec<Value> {
        let batch: Value = serde_json::from_str(batch).expect("JSON");
        batch["commands"].as_array().expect("commands").clone()
    }

    #[test]
    fn every_command_has_a_key_of_its_own() {
        let mut commands = commands();
        let all: Vec<_> = [commands.batch(0, 1000), commands.batch(1000, 1000)]
            .iter()
            .flat_map(|text| read(text))
            .collect();
        let keys: HashSet<_> = all.iter().map(|command| command["idempotency_key"].to_string()).collect();
        assert_eq!((all.len(), keys.len()), (2000, 2000));
        let references: Vec<_> = all.iter().filter_map(|command| command["reference"].as_str()).collect();
        assert_eq!(references.iter().collect::<HashSet<_>>().len(), references.len());
    }

    #[test]
    fn nobody_pays_themselves() {
        let all = read(&commands().batch(0, 1000));
        let postings = all.iter().filter_map(|command| command["postings"].as_array()).flatten();
        assert!(postings.into_iter().all(|posting| posting["source"] != posting["destination"]));
    }

    #[test]
    fn a_hold_that_the_service_told_of_is_captured_or_let_go_once() {
        let mut commands = commands();
        let holds = read(&commands.batch(0, 1000));
        let results: Vec<_> = (0..1000).map(|id| json!({ "status": 201, "body": { "id": id } })).collect();
        let outcomes = serde_json::from_value(json!({ "results": results })).expect("outcomes");
        let done = commands.learn(&outcomes);
        assert_eq!((done.recorded, done.refused), (1000, 0));
        let mut taken = HashSet::new();
        for command in (0..3).flat_map(|_| read(&commands.batch(1000, 1000))) {
            if let Some(id) = command["hold"].as_u64() {
                assert!(
                    holds[usize::try_from(id).unwrap()]["type"] == "hold" && taken.insert(id),
                    "{command}"
                );
            }
        }
        assert!(!taken.is_empty());
    }

    #[test]
    fn every_account_gets_what_it_may_spend() {
        let (mut commands, mut funded) = (commands(), HashSet::new());
        for first in [0, 3 * FUNDED_AT_ONCE] {
            for command in read(&commands.funding(first, if first == 0 { 3 } else { 100 })) {
                let postings = command["postings"].as_array().expect("postings").clone();
                funded.extend(postings.iter().map(|posting| posting["destination"].to_string()));
            }
        }
        assert_eq!(funded.len(), 100);
    }
}
