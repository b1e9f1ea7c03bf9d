//! Batches: many commands in one request, all of them or none, or each for itself.

mod draw;

use std::fmt::Write as _;
use std::io;

use ledger::Command;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::asked;
use crate::connection::{Reply, Request};
use crate::history::{History, Stop};
use crate::judge::{Sent, reused};
use crate::outcomes::Outcomes;
use crate::problems::{Problem, rejected};
use crate::times;

/// What keys begin with that the service makes.
const RESERVED: &str = "florin:";

/// How commands of a batch depend on each other, and how they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Atomic,
    Independent,
    /// Independent, one a line, from the line of this number on.
    Lines(u64),
}

/// What a batch has at one place.
#[derive(Clone, Debug)]
pub(crate) enum Item {
    Command(Sent),
    /// Something that is no command, and the fields to be named for it, in any order.
    Malformed {
        written: Value,
        fields: Vec<String>,
    },
    /// A line with nothing on it.
    Blank,
}

/// A batch as it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    pub(crate) mode: Mode,
    pub(crate) key: Option<String>,
    pub(crate) items: Vec<Item>,
}

impl Batch {
    /// Returns the request that it is, in a ledger.
    pub(crate) fn request(&self, ledger: &str) -> Request {
        let written = |item: &Item| match item {
            Item::Command(sent) => Some(asked::in_batch(&sent.command, sent.key.as_deref())),
            Item::Malformed { written, .. } => Some(written.clone()),
            Item::Blank => None,
        };
        let items = self.items.iter().map(written);
        let mode = match self.mode {
            Mode::Atomic => "atomic",
            Mode::Independent => "independent",
            Mode::Lines(first) => {
                let line = |item: Option<Value>| item.map_or_else(String::new, |item| item.to_string());
                return Request {
                    method: "POST",
                    path: format!("/v1/ledgers/{ledger}/batches?first_line={first}"),
                    key: self.key.clone(),
                    body: Some(items.map(line).collect::<Vec<_>>().join("\n")),
                    is_lines: true,
                };
            }
        };
        let body = json!({ "mode": mode, "commands": items.flatten().collect::<Vec<_>>() });
        Request { key: self.key.clone(), ..Request::post(format!("/v1/ledgers/{ledger}/batches"), &body) }
    }

    /// Returns what it has, each with its number, and commands with the keys that they get from that of the batch.
    fn numbered(&self) -> Vec<(u64, Item)> {
        let first = if let Mode::Lines(first) = self.mode { first } else { 0 };
        let keyed = |(number, item): (u64, &Item)| match item {
            Item::Command(Sent { command, key: None }) => {
                let key = self.key.as_ref().map(|key| derived(key, number));
                (number, Item::Command(Sent { command: command.clone(), key }))
            }
            item => (number, item.clone()),
        };
        let items = (first..).zip(&self.items).map(keyed);
        items.filter(|(_, item)| !matches!(item, Item::Blank)).collect()
    }
}

/// Says whether the service made a key, so that no caller may choose it.
pub(crate) fn is_derived(key: &str) -> bool {
    key.starts_with(RESERVED)
}

/// Returns the key of a command that has none, in a batch that has one.
fn derived(key: &str, number: u64) -> String {
    let mut derived = format!("{RESERVED}batch:");
    for byte in Sha256::digest(key) {
        write!(derived, "{byte:02x}").expect("a string takes everything");
    }
    derived + &format!(":{number}")
}

impl History<'_> {
    /// Sends a batch: a new one, or one that was sent before.
    pub(crate) fn batch(&mut self, outcomes: &mut Outcomes) -> Result<(), Stop> {
        let batch = if !self.batches.is_empty() && self.draw.chance(15) {
            self.batches[self.draw.random.usize(..self.batches.len())].clone()
        } else {
            self.a_batch()
        };
        let request = batch.request(&self.ledger);
        let reply = self.call(&request)?;
        self.compare(&request, batch, &reply, outcomes)
    }

    /// Holds what came of a batch against what the model makes of it, and remembers what it did.
    pub(crate) fn compare(
        &mut self,
        request: &Request,
        batch: Batch,
        reply: &Reply,
        outcomes: &mut Outcomes,
    ) -> Result<(), Stop> {
        let items = batch.numbered();
        outcomes.count(match batch.mode {
            Mode::Atomic => "batch, atomic",
            Mode::Independent => "batch, independent",
            Mode::Lines(_) => "batch, lines",
        });
        let fields = |(number, item): &(u64, Item)| match item {
            Item::Malformed { fields, .. } => {
                fields.iter().map(|field| format!("commands[{number}].{field}")).collect()
            }
            _ => Vec::new(),
        };
        let faults: Vec<_> = items.iter().flat_map(fields).collect();
        if !matches!(batch.mode, Mode::Lines(_)) && !faults.is_empty() {
            outcomes.count("request.invalid");
            return self.invalid(request, faults, reply);
        }
        self.same(request, json!(200), json!(reply.status))?;
        let replies = self.results(request, &batch, &items, reply)?;
        if batch.mode == Mode::Atomic {
            let sent: Vec<_> = items.iter().filter_map(|(_, item)| command(item)).collect();
            let failure = self.first_failure(&sent);
            self.same(request, json!(failure.is_none()), reply.body["applied"].clone())?;
            if let Some(failure) = failure {
                outcomes.count("batch.not_applied");
                return self.not_applied(request, &sent, failure, replies);
            }
        }
        for ((_, item), reply) in items.into_iter().zip(replies) {
            match item {
                Item::Command(sent) => self.answered(request, sent, reply, outcomes)?,
                Item::Malformed { fields, .. } => {
                    outcomes.count("request.invalid");
                    self.invalid(request, fields, &reply)?;
                }
                Item::Blank => {}
            }
        }
        self.batches.push(batch);
        Ok(())
    }

    /// Sends a batch to a ledger that is not there.
    pub(crate) fn batch_nowhere(&mut self) -> Result<(), Stop> {
        let mut batch = self.a_batch();
        batch.items.retain(|item| matches!(item, Item::Command(_)));
        let request = batch.request(&self.nowhere());
        let reply = self.call(&request)?;
        let problem = || Problem::new(404, "ledger.not_found");
        if batch.mode != Mode::Independent {
            return self.problem(&request, problem(), &reply);
        }
        self.same(&request, json!(200), json!(reply.status))?;
        for reply in self.results(&request, &batch, &batch.numbered(), &reply)? {
            self.problem(&request, problem(), &reply)?;
        }
        Ok(())
    }

    /// Returns what came of each command as if it had come alone.
    fn results(
        &self,
        request: &Request,
        batch: &Batch,
        items: &[(u64, Item)],
        reply: &Reply,
    ) -> Result<Vec<Reply>, Stop> {
        let is_lines = matches!(batch.mode, Mode::Lines(_));
        let results = if is_lines { &reply.body } else { &reply.body["results"] };
        let results = results.as_array().cloned().unwrap_or_default();
        if results.iter().any(|result| result["status"] == 503 || result["status"] == 504) {
            let said = format!("the service cannot keep up or was stopped: {}", reply.body);
            return Err(io::Error::other(said).into());
        }
        let mut members: Vec<_> =
            reply.body.as_object().into_iter().flat_map(Map::keys).map(String::as_str).collect();
        members.sort_unstable();
        let expected = match batch.mode {
            Mode::Atomic => &["applied", "results"][..],
            Mode::Independent => &["results"],
            Mode::Lines(_) => &[],
        };
        self.same(
            request,
            json!({ "members": expected, "results": items.len() }),
            json!({ "members": members, "results": results.len() }),
        )?;
        let mut replies = Vec::new();
        for ((number, _), mut result) in items.iter().zip(results) {
            if is_lines {
                self.same(request, json!(number), result["line"].take())?;
                result.as_object_mut().map(|result| result.shift_remove("line"));
            }
            replies.push(as_alone(result));
        }
        Ok(replies)
    }

    /// Says which of some commands fails first where each comes after those before it, and why.
    pub(crate) fn first_failure(&self, sent: &[Sent]) -> Option<(usize, Problem)> {
        let mut model = self.model.clone();
        let mut used: Vec<(&str, &Command)> = Vec::new();
        for (place, Sent { command, key }) in sent.iter().enumerate() {
            let earlier =
                used.iter().find(|(used, _)| Some(*used) == key.as_deref()).map(|(_, command)| *command);
            match earlier.or_else(|| Some(&self.used_by(&sent[place])?.command)) {
                Some(earlier) if earlier == command => {}
                Some(_) => return Some((place, reused(&model, command))),
                None => match model.take(command, times::NOW) {
                    Err(rejection) => return Some((place, rejected(&rejection))),
                    Ok(_) => used.extend(key.as_deref().map(|key| (key, command))),
                },
            }
        }
        None
    }

    /// Compares what came of commands of which none happened as one failed. What happened before is replayed.
    fn not_applied(
        &mut self,
        request: &Request,
        sent: &[Sent],
        (failed, problem): (usize, Problem),
        replies: Vec<Reply>,
    ) -> Result<(), Stop> {
        let mut problem = Some(problem);
        for (place, (sent, reply)) in sent.iter().zip(replies).enumerate() {
            if let Some(problem) = problem.take_if(|_| place == failed) {
                self.problem(request, problem, &reply)?;
            } else if let Some(used) = self.used_by(sent).filter(|used| used.command == sent.command) {
                self.replayed(request, used, reply)?;
            } else {
                self.problem(request, Problem::new(424, "batch.not_applied"), &reply)?;
            }
            if self.used_by(sent).is_none() {
                self.free.extend(sent.key.clone().filter(|key| !is_derived(key)));
            }
        }
        Ok(())
    }
}

fn command(item: &Item) -> Option<Sent> {
    match item {
        Item::Command(sent) => Some(sent.clone()),
        Item::Malformed { .. } | Item::Blank => None,
    }
}

/// Returns a result as the reply that its command would have got alone. One that does not look as a result has to is
/// returned as it is.
fn as_alone(mut result: Value) -> Reply {
    let status = result["status"].as_u64().and_then(|status| status.try_into().ok()).unwrap_or_default();
    let went_well = (200..300).contains(&status);
    let member = if went_well { "body" } else { "problem" };
    let replayed = result.get("replayed") == Some(&true.into());
    let is_whole = result.as_object().map(Map::len) == Some(if replayed { 3 } else { 2 });
    let body = if is_whole && result.get(member).is_some() { result[member].take() } else { result };
    Reply { status, replayed, location: None, body }
}
