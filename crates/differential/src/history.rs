//! One history: commands in a ledger of their own, one after the other, each reply held against the model's.

use std::collections::VecDeque;
use std::io;

use ledger::{Command, Entry, EntryNumber};
use reference_model::Model;
use serde_json::{Value, json};

use crate::asked;
use crate::batches::{self, Batch};
use crate::connection::{Connection, Reply, Request};
use crate::draw::Draw;
use crate::judge::{Sent, Used};
use crate::outcomes::Outcomes;
use crate::problems::Problem;

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
    pub(crate) used: Vec<Used>,
    /// Keys that were sent and are not used up.
    pub(crate) free: Vec<String>,
    /// Batches that were sent.
    pub(crate) batches: Vec<Batch>,
    /// Every schedule as it has to be shown now.
    pub(crate) schedules: Vec<Value>,
    next_key: u64,
    pub(crate) last_recorded: String,
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
            batches: Vec::new(),
            schedules: Vec::new(),
            next_key: 0,
            last_recorded: String::new(),
            before: VecDeque::new(),
        };
        let request = Request::post("/v1/ledgers".to_owned(), &json!({ "name": history.ledger }));
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
            4..10 => {
                if let Some(Used { key, command, .. }) = self.a_used_key() {
                    let sent = Sent { command: command.clone(), key: Some(key.clone()) };
                    return self.command(sent, false, outcomes);
                }
            }
            13..23 => return self.batch(outcomes),
            _ => {}
        }
        let command = self.draw.command(&self.model, &self.log);
        let takes_dry_run = matches!(
            command,
            Command::PostTransaction(_)
                | Command::CreateHold(_)
                | Command::CaptureHold(_)
                | Command::ReverseTransaction(_)
        );
        let dry_run = takes_dry_run && self.draw.chance(7);
        let used = if (10..13).contains(&kind) { self.a_used_key() } else { None };
        let key = match used.map(|used| used.key.clone()) {
            Some(key) => Some(key),
            None => self.key(),
        };
        self.command(Sent { command, key }, dry_run, outcomes)
    }

    /// Sends a command in its own request.
    pub(crate) fn command(&mut self, sent: Sent, dry_run: bool, outcomes: &mut Outcomes) -> Result<(), Stop> {
        let request = asked::request(&self.ledger, &sent.command, sent.key.as_deref(), dry_run);
        let reply = self.call(&request)?;
        if dry_run {
            return self.tried(&request, sent, &reply, outcomes);
        }
        self.answered(&request, sent, reply, outcomes)
    }

    fn malformed(&mut self, outcomes: &mut Outcomes) -> Result<(), Stop> {
        outcomes.count("request.invalid");
        let fault = self.draw.fault(&self.ledger, &self.model);
        let reply = self.call(&fault.request)?;
        self.invalid(&fault.request, fault.fields, &reply)
    }

    /// Compares the fields that are named, in any order.
    pub(crate) fn invalid(
        &self,
        request: &Request,
        mut fields: Vec<String>,
        reply: &Reply,
    ) -> Result<(), Stop> {
        fields.sort_unstable();
        let errors = reply.body["errors"].as_array().cloned().unwrap_or_default();
        let mut named: Vec<_> =
            errors.iter().map(|error| error["field"].as_str().unwrap_or_default().to_owned()).collect();
        named.sort_unstable();
        let expected = json!({ "status": 400, "code": "request.invalid", "fields": fields });
        let got = json!({ "status": reply.status, "code": reply.body["code"], "fields": named });
        self.same(request, expected, got)
    }

    fn unknown_ledger(&mut self, outcomes: &mut Outcomes) -> Result<(), Stop> {
        outcomes.count("ledger.not_found");
        if self.draw.chance(20) {
            return self.batch_nowhere();
        }
        let command = self.draw.command(&self.model, &self.log);
        let request = asked::request(&self.nowhere(), &command, None, false);
        let reply = self.call(&request)?;
        self.problem(&request, Problem::new(404, "ledger.not_found"), &reply)
    }

    /// Returns the name of a ledger that is not there, and that no other history asks for.
    pub(crate) fn nowhere(&self) -> String {
        format!("{}-nowhere", self.ledger)
    }

    /// Draws a key that is used up, and that callers may choose.
    fn a_used_key(&mut self) -> Option<&Used> {
        let own: Vec<_> = self.used.iter().filter(|used| !batches::is_derived(&used.key)).collect();
        if own.is_empty() { None } else { Some(own[self.draw.random.usize(..own.len())]) }
    }

    /// Draws a key: most often a new one, sometimes none, or one that was sent and not used up.
    pub(crate) fn key(&mut self) -> Option<String> {
        match self.draw.random.u32(..10) {
            0..2 => None,
            2..4 if !self.free.is_empty() => {
                Some(self.free.swap_remove(self.draw.random.usize(..self.free.len())))
            }
            _ => Some(self.new_key()),
        }
    }

    /// Returns a key that was never sent.
    pub(crate) fn new_key(&mut self) -> String {
        self.next_key += 1;
        format!("key-{}", self.next_key)
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
