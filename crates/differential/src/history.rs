//! One history: commands in a ledger of their own, one after the other, each reply held against the model's.

use std::collections::VecDeque;
use std::io;

use ledger::{Command, Entry, EntryBody, EntryNumber, HoldState, Rejection};
use reference_model::Model;
use serde_json::{Value, json};

use crate::connection::{Connection, Reply, Request};
use crate::draw::Draw;
use crate::outcomes::Outcomes;
use crate::problems::{Problem, comparable, rejected};
use crate::{asked, shown, times};

/// How many requests before the one that differed are shown.
const SHOWN_BEFORE: usize = 8;

/// The service and the model do not agree on a request.
#[derive(Clone, Debug)]
pub(crate) struct Differs {
    pub(crate) asked: String,
    pub(crate) expected: Value,
    pub(crate) got: Value,
    /// The requests right before it.
    pub(crate) before: Vec<String>,
}

/// Why a history ends early.
#[derive(Debug)]
pub(crate) enum Stop {
    Io(io::Error),
    Differs(Box<Differs>),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// A key under which something took effect, and what was said then.
struct Used {
    key: String,
    command: Command,
    reply: Reply,
}

/// A history as far as it was played.
pub(crate) struct History<'a> {
    pub(crate) ledger: String,
    connection: &'a mut Connection,
    pub(crate) draw: Draw,
    pub(crate) model: Model,
    pub(crate) log: Vec<Entry>,
    /// Of each entry: the key it was asked for with.
    pub(crate) keys: Vec<Option<String>>,
    /// Of each entry: when it was recorded, once a reply has shown it.
    pub(crate) recorded: Vec<Option<String>>,
    used: Vec<Used>,
    /// Keys that were sent and are not used up.
    free: Vec<String>,
    next_key: u64,
    last_recorded: String,
    before: VecDeque<String>,
}

impl<'a> History<'a> {
    /// Makes the ledger that the history is played in.
    pub(crate) fn begin(connection: &'a mut Connection, ledger: String, seed: u64) -> Result<Self, Stop> {
        let mut history = Self {
            ledger,
            connection,
            draw: Draw::new(seed),
            model: Model::default(),
            log: Vec::new(),
            keys: Vec::new(),
            recorded: Vec::new(),
            used: Vec::new(),
            free: Vec::new(),
            next_key: 0,
            last_recorded: String::new(),
            before: VecDeque::new(),
        };
        let request = Request {
            method: "POST",
            path: "/v1/ledgers".to_owned(),
            key: None,
            body: Some(json!({ "name": history.ledger }).to_string()),
        };
        let reply = history.call(&request)?;
        history.same(&request, json!(201), json!(reply.status))?;
        Ok(history)
    }

    /// Plays one command, or sends one request that is none, and compares.
    pub(crate) fn step(&mut self, outcomes: &mut Outcomes) -> Result<(), Stop> {
        let kind = self.draw.random.u32(..100);
        match kind {
            0..3 => return self.malformed(outcomes),
            3 => return self.unknown_ledger(outcomes),
            4..10 if !self.used.is_empty() => {
                let nth = self.draw.random.usize(..self.used.len());
                return self.again(nth, self.used[nth].command.clone(), false, outcomes);
            }
            _ => {}
        }
        let command = self.draw.command(&self.model, &self.log);
        let takes_dry_run = !matches!(command, Command::ChangeAccount(_) | Command::ReleaseHold(_));
        let dry_run = takes_dry_run && self.draw.chance(7);
        if (10..13).contains(&kind) && !self.used.is_empty() {
            let nth = self.draw.random.usize(..self.used.len());
            return self.again(nth, command, dry_run, outcomes);
        }
        self.command(command, dry_run, outcomes)
    }

    fn command(&mut self, command: Command, dry_run: bool, outcomes: &mut Outcomes) -> Result<(), Stop> {
        let key = self.key();
        let request = asked::request(&self.ledger, &command, key.as_deref(), dry_run);
        let reply = self.call(&request)?;
        let judged = if dry_run {
            self.model.clone().take(&command, times::NOW)
        } else {
            self.model.take(&command, times::NOW)
        };
        match judged {
            Err(rejection) => {
                let problem = rejected(&rejection);
                outcomes.count(if dry_run { "tried, and rejected" } else { problem.code });
                self.free.extend(key);
                self.problem(&request, problem, &reply)
            }
            Ok(entry) if dry_run => {
                outcomes.count("tried, and possible");
                self.free.extend(key);
                let mut expected = self.reply_to(&entry);
                expected.status = 200;
                expected.location = None;
                expected.body["id"] = Value::Null;
                self.reply(&request, expected, &reply, None).map(drop)
            }
            Ok(entry) => {
                outcomes.count(match &entry.body {
                    EntryBody::Transaction(transaction) => match transaction.origin {
                        ledger::Origin::Posted => "transaction",
                        ledger::Origin::Capture(_) => "capture",
                        ledger::Origin::Reversal(_) => "reversal",
                    },
                    EntryBody::Account(_) => "account changed",
                    EntryBody::TransactionChange(_) => "transaction changed",
                    EntryBody::Hold(_) => "hold",
                    EntryBody::Release(_) => "hold voided",
                });
                let expected = self.reply_to(&entry);
                let known = match &entry.body {
                    // The reply shows the hold, and when that was recorded.
                    EntryBody::Release(release) => self.recorded[place(release.hold)].clone(),
                    _ => None,
                };
                let shows_own_time = matches!(entry.body, EntryBody::Transaction(_) | EntryBody::Hold(_));
                let recorded = self.reply(&request, expected, &reply, known.as_deref())?;
                let recorded = recorded.filter(|_| shows_own_time);
                if let Some(recorded) = &recorded {
                    self.last_recorded.clone_from(recorded);
                }
                self.recorded.push(recorded);
                self.log.push(entry);
                self.keys.push(key.clone());
                self.used.extend(key.map(|key| Used { key, command, reply }));
                Ok(())
            }
        }
    }

    /// Sends a command under a key that is used up: the first reply once more if the command is the same.
    fn again(
        &mut self,
        nth: usize,
        command: Command,
        dry_run: bool,
        outcomes: &mut Outcomes,
    ) -> Result<(), Stop> {
        let used = &self.used[nth];
        let request = asked::request(&self.ledger, &command, Some(&used.key), dry_run);
        if command != used.command || dry_run {
            // What is not there comes first.
            let problem = match self.model.clone().take(&command, times::NOW) {
                Err(rejection @ (Rejection::HoldNotFound { .. } | Rejection::TransactionNotFound { .. })) => {
                    rejected(&rejection)
                }
                _ => Problem::new(422, "idempotency.key_reused"),
            };
            outcomes.count(problem.code);
            let reply = self.call(&request)?;
            return self.problem(&request, problem, &reply);
        }
        outcomes.count("replayed");
        let expected = Reply { replayed: true, ..used.reply.clone() };
        let reply = self.call(&request)?;
        self.same(&request, all_of(&expected), all_of(&reply))
    }

    fn malformed(&mut self, outcomes: &mut Outcomes) -> Result<(), Stop> {
        outcomes.count("request.invalid");
        let fault = self.draw.fault(&self.ledger, &self.model);
        let reply = self.call(&fault.request)?;
        let mut fields = fault.fields;
        fields.sort_unstable();
        let errors = reply.body["errors"].as_array().cloned().unwrap_or_default();
        let mut named: Vec<_> =
            errors.iter().map(|error| error["field"].as_str().unwrap_or_default().to_owned()).collect();
        named.sort_unstable();
        let expected = json!({ "status": 400, "code": "request.invalid", "fields": fields });
        let got = json!({ "status": reply.status, "code": reply.body["code"], "fields": named });
        self.same(&fault.request, expected, got)
    }

    fn unknown_ledger(&mut self, outcomes: &mut Outcomes) -> Result<(), Stop> {
        outcomes.count("ledger.not_found");
        let command = self.draw.command(&self.model, &self.log);
        let request = asked::request("nowhere", &command, None, false);
        let reply = self.call(&request)?;
        self.problem(&request, Problem::new(404, "ledger.not_found"), &reply)
    }

    /// Draws a key: most often a new one, sometimes none, or one that was sent and not used up.
    fn key(&mut self) -> Option<String> {
        match self.draw.random.u32(..10) {
            0..2 => None,
            2..4 if !self.free.is_empty() => {
                Some(self.free.swap_remove(self.draw.random.usize(..self.free.len())))
            }
            _ => {
                self.next_key += 1;
                Some(format!("key-{}", self.next_key))
            }
        }
    }

    /// Returns what is to be replied to a command that made an entry.
    fn reply_to(&self, entry: &Entry) -> Reply {
        let zeros = |count| vec![ledger::Amount::ZERO; count];
        let at = |place: &str| Some(format!("/v1/ledgers/{}/{place}/{}", self.ledger, entry.number.0));
        let (status, location, body) = match &entry.body {
            EntryBody::Transaction(transaction) => {
                let nothing = zeros(transaction.postings.as_slice().len());
                (201, at("transactions"), shown::transaction(&self.ledger, entry, &nothing))
            }
            EntryBody::Hold(hold) => {
                let nothing = zeros(hold.postings.as_slice().len());
                (201, at("holds"), shown::hold(&self.ledger, entry, HoldState::Open, &nothing))
            }
            EntryBody::Account(change) => {
                let kept = (change.policy.clone(), change.metadata.clone());
                let balances = self.balances_of(&change.account);
                (200, None, shown::account(change.account.as_str(), &kept, entry.number.0 + 1, &balances))
            }
            EntryBody::TransactionChange(change) => (200, None, shown::transaction_change(entry, change)),
            EntryBody::Release(release) => {
                let hold = &self.log[place(release.hold)];
                let captured = self.model.captured(release.hold);
                let mut body = shown::hold(&self.ledger, hold, HoldState::Voided, &captured);
                body["balances"] = shown::balances(&entry.balances);
                (200, None, body)
            }
        };
        Reply { status, replayed: false, location, body }
    }

    pub(crate) fn balances_of(&self, account: &ledger::Address) -> Vec<(ledger::Asset, ledger::Balance)> {
        let keys = self.model.touched().into_iter().filter(|key| key.account == *account);
        keys.map(|key| (key.asset.clone(), self.model.balance(&key))).collect()
    }

    fn problem(&self, request: &Request, problem: Problem, reply: &Reply) -> Result<(), Stop> {
        let status = problem.status;
        let expected = Reply { status, replayed: false, location: None, body: problem.body() };
        let got = Reply { body: comparable(&reply.body), ..reply.clone() };
        self.same(request, all_of(&expected), all_of(&got))
    }

    /// Compares a reply, and returns when it says something was recorded: `known`, or not before the last time.
    fn reply(
        &self,
        request: &Request,
        mut expected: Reply,
        reply: &Reply,
        known: Option<&str>,
    ) -> Result<Option<String>, Stop> {
        let recorded = self.settle(&mut expected.body, &reply.body, known);
        self.same(request, all_of(&expected), all_of(reply))?;
        Ok(recorded)
    }

    /// Puts the time that is shown into what is expected, if it can be right.
    pub(crate) fn settle(&self, expected: &mut Value, got: &Value, known: Option<&str>) -> Option<String> {
        expected.get("recorded_at")?;
        let recorded = match (known, got["recorded_at"].as_str()) {
            (Some(known), _) => known,
            (None, Some(shown)) if shown.len() == times::LENGTH && *shown >= *self.last_recorded => shown,
            _ => return None,
        };
        expected["recorded_at"] = recorded.into();
        if expected["effective_at"] == times::NOW_TEXT {
            expected["effective_at"] = recorded.into();
        }
        Some(recorded.to_owned())
    }

    /// Asks for something that is there or is not.
    pub(crate) fn call(&mut self, request: &Request) -> Result<Reply, Stop> {
        if self.before.len() > SHOWN_BEFORE {
            self.before.pop_front();
        }
        self.before.push_back(request.shown());
        Ok(self.connection.call(request)?)
    }

    /// Holds what came against what was expected.
    pub(crate) fn same(&self, request: &Request, expected: Value, got: Value) -> Result<(), Stop> {
        if expected == got {
            return Ok(());
        }
        let before = self.before.iter().take(self.before.len().saturating_sub(1)).cloned().collect();
        Err(Stop::Differs(Box::new(Differs { asked: request.shown(), expected, got, before })))
    }
}

/// Returns the place of an entry in the log.
pub(crate) fn place(number: EntryNumber) -> usize {
    usize::try_from(number.0).expect("it is in memory")
}

fn all_of(reply: &Reply) -> Value {
    json!({
        "status": reply.status,
        "replayed": reply.replayed,
        "location": reply.location,
        "body": reply.body,
    })
}
