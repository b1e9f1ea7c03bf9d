//! Holds replies to commands against the model, and remembers what the commands did.

use ledger::{Amount, Command, Entry, EntryBody, HoldState, Origin, Rejection};
use reference_model::Model;
use serde_json::{Value, json};

use crate::batches::is_derived;
use crate::connection::{Reply, Request};
use crate::history::{History, Stop, place};
use crate::outcomes::Outcomes;
use crate::problems::{Problem, comparable, rejected};
use crate::{shown, times};

/// A command and the key that it was sent with.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) command: Command,
    pub(crate) key: Option<String>,
}

/// A key under which something took effect, and what was said then.
pub(crate) struct Used {
    pub(crate) key: String,
    pub(crate) command: Command,
    pub(crate) reply: Reply,
}

impl History<'_> {
    /// Holds what came of a command against what the model makes of it, and remembers what it did.
    pub(crate) fn answered(
        &mut self,
        request: &Request,
        sent: Sent,
        mut reply: Reply,
        outcomes: &mut Outcomes,
    ) -> Result<(), Stop> {
        if let Some(used) = self.used_by(&sent) {
            if used.command != sent.command {
                let problem = reused(&self.model, &sent.command);
                outcomes.count(problem.code);
                return self.problem(request, problem, &reply);
            }
            outcomes.count("replayed");
            return self.replayed(request, used, reply);
        }
        let Sent { command, key } = sent;
        let entry = match self.model.take(&command, times::NOW) {
            Ok(entry) => entry,
            Err(rejection) => {
                let problem = rejected(&rejection);
                outcomes.count(problem.code);
                self.free.extend(key.filter(|key| !is_derived(key)));
                return self.problem(request, problem, &reply);
            }
        };
        outcomes.count(outcome(&entry.body));
        let expected = self.reply_to(&entry);
        if request.is_batch() {
            reply.location.clone_from(&expected.location);
        }
        let known = match &entry.body {
            // The reply shows the hold, and when that was recorded.
            EntryBody::Release(release) => self.recorded[place(release.hold)].clone(),
            _ => None,
        };
        let recorded = self.reply(request, expected, &reply, known.as_deref())?;
        let recorded = recorded.filter(|_| !matches!(entry.body, EntryBody::Release(_)));
        if let Some(recorded) = &recorded {
            self.last_recorded.clone_from(recorded);
        }
        self.remember(entry, key.clone(), recorded);
        self.used.extend(key.map(|key| Used { key, command, reply }));
        Ok(())
    }

    /// Holds what came of a dry run against what the model would make of it.
    pub(crate) fn tried(
        &mut self,
        request: &Request,
        sent: Sent,
        reply: &Reply,
        outcomes: &mut Outcomes,
    ) -> Result<(), Stop> {
        if self.used_by(&sent).is_some() {
            let problem = reused(&self.model, &sent.command);
            outcomes.count(problem.code);
            return self.problem(request, problem, reply);
        }
        self.free.extend(sent.key);
        match self.model.clone().take(&sent.command, times::NOW) {
            Err(rejection) => {
                outcomes.count("tried, and rejected");
                self.problem(request, rejected(&rejection), reply)
            }
            Ok(entry) => {
                outcomes.count("tried, and possible");
                let mut expected = self.reply_to(&entry);
                expected.status = 200;
                expected.location = None;
                expected.body["id"] = Value::Null;
                self.reply(request, expected, reply, None).map(drop)
            }
        }
    }

    /// Holds what came against the first reply to the same command.
    pub(crate) fn replayed(&self, request: &Request, used: &Used, mut reply: Reply) -> Result<(), Stop> {
        if request.is_batch() {
            reply.location.clone_from(&used.reply.location);
        }
        let expected = Reply { replayed: true, ..used.reply.clone() };
        self.same(request, all_of(&expected), all_of(&reply))
    }

    /// Returns what took effect under the key of a command.
    pub(crate) fn used_by(&self, sent: &Sent) -> Option<&Used> {
        self.used.iter().find(|used| Some(&used.key) == sent.key.as_ref())
    }

    /// Remembers an entry.
    pub(crate) fn remember(&mut self, entry: Entry, key: Option<String>, recorded: Option<String>) {
        self.log.push(entry);
        self.keys.push(key);
        self.recorded.push(recorded);
    }

    /// Returns what is to be replied to a command that made an entry.
    fn reply_to(&self, entry: &Entry) -> Reply {
        let zeros = |count| vec![Amount::ZERO; count];
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
                let balances = shown::balances_of(&self.model, &change.account);
                let version = Some(entry.number.0 + 1);
                (200, None, shown::account(change.account.as_str(), &kept, version, &balances))
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

    pub(crate) fn problem(&self, request: &Request, problem: Problem, reply: &Reply) -> Result<(), Stop> {
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
        let by_the_model = expected.get("recorded_at")?.clone();
        let recorded = match (known, got["recorded_at"].as_str()) {
            (Some(known), _) => known,
            (None, Some(shown)) if times::read(shown).is_some() && *shown >= *self.last_recorded => shown,
            _ => return None,
        };
        if expected["effective_at"] == by_the_model {
            expected["effective_at"] = recorded.into();
        }
        expected["recorded_at"] = recorded.into();
        Some(recorded.to_owned())
    }
}

/// Returns why a command is rejected whose key another one used up. What is not there comes first.
pub(crate) fn reused(model: &Model, command: &Command) -> Problem {
    match model.clone().take(command, times::NOW) {
        Err(rejection @ (Rejection::HoldNotFound { .. } | Rejection::TransactionNotFound { .. })) => {
            rejected(&rejection)
        }
        _ => Problem::new(422, "idempotency.key_reused"),
    }
}

fn outcome(body: &EntryBody) -> &'static str {
    match body {
        EntryBody::Transaction(transaction) => match transaction.origin {
            Origin::Posted => "transaction",
            Origin::Capture(_) => "capture",
            Origin::Reversal(_) => "reversal",
        },
        EntryBody::Account(_) => "account changed",
        EntryBody::TransactionChange(_) => "transaction changed",
        EntryBody::Hold(_) => "hold",
        EntryBody::Release(_) => "hold voided",
    }
}

fn all_of(reply: &Reply) -> Value {
    json!({
        "status": reply.status,
        "replayed": reply.replayed,
        "location": reply.location,
        "body": reply.body,
    })
}
