//! Schedules that are due at once, and what callers do to those that are not.

use std::time::Instant;

use ledger::{Command, PostTransaction, Timestamp};
use serde_json::{Value, json};

use crate::asked;
use crate::connection::{Reply, Request};
use crate::expiry::{PATIENCE, pause};
use crate::history::{History, Stop};
use crate::outcomes::Outcomes;
use crate::problems::{Problem, rejected};
use crate::{shown, times};

/// How many schedules post at once at most.
const DUE_MAX: usize = 3;

/// How long before they are made they are due at the most, in microseconds after [`times::PAST`].
const DUE_WITHIN: i64 = 86_400_000_000;

/// When schedules are due that never post here.
const NOT_YET: &str = "9998-01-01T00:00:00.000000Z";

/// What a caller can do to a schedule: the call, the state it asks for and the problem where it has another, and what
/// the state is afterwards.
const CALLS: [(&str, &[&str], &str, &str); 3] = [
    ("pause", &["active"], "schedule.not_active", "paused"),
    ("resume", &["paused"], "schedule.not_paused", "active"),
    ("cancel", &["active", "paused"], "schedule.ended", "cancelled"),
];

/// How many such calls are made.
const CALLS_MAX: usize = 6;

impl History<'_> {
    /// Makes schedules that are due at once, and waits until each has run. Then makes one that is not due, pauses it,
    /// resumes it, and so on.
    pub(crate) fn run_schedules(&mut self, outcomes: &mut Outcomes) -> Result<(), Stop> {
        for _ in 0..self.draw.random.usize(1..=DUE_MAX) {
            self.post_scheduled(outcomes)?;
        }
        self.call_a_schedule()?;
        let newest_first: Vec<_> = self.schedules.iter().rev().cloned().collect();
        self.audit_schedules("/schedules", newest_first.clone())?;
        for state in ["active", "paused", "completed", "cancelled"] {
            let of_it = newest_first.iter().filter(|schedule| schedule["state"] == state).cloned().collect();
            self.audit_schedules(&format!("/schedules?state={state}"), of_it)?;
        }
        Ok(())
    }

    /// Has a transaction posted by a schedule, and holds what came of it against the model.
    fn post_scheduled(&mut self, outcomes: &mut Outcomes) -> Result<(), Stop> {
        let Command::PostTransaction(post) = self.draw.transaction(&self.model) else {
            unreachable!("a transaction was drawn")
        };
        let due_at = times::later(times::PAST, self.draw.random.i64(0..DUE_WITHIN));
        let id = self.make_schedule(&post, json!({ "at": times::text(due_at) }), &times::text(due_at))?;
        let runs = self.get(&format!("/schedules/{id}/runs"));
        let began = Instant::now();
        let run = loop {
            let mut reply = self.call(&runs)?;
            match reply.body["items"].take() {
                Value::Array(items) if items.is_empty() && began.elapsed() < PATIENCE => pause(),
                Value::Array(mut items) if items.len() == 1 => break items.remove(0),
                other => return self.same(&runs, json!("one run"), other),
            }
        };
        self.has_run(
            &runs,
            id,
            PostTransaction { effective_at: post.effective_at.or(Some(due_at)), ..post },
            due_at,
            run,
            outcomes,
        )?;
        let schedule = &mut self.schedules[id];
        schedule["state"] = "completed".into();
        schedule["next_at"] = Value::Null;
        let expected = schedule.clone();
        self.shows_schedule(id, expected)
    }

    /// Holds what came of an occurrence against what the model makes of its transaction.
    fn has_run(
        &mut self,
        runs: &Request,
        id: usize,
        post: PostTransaction,
        due_at: Timestamp,
        mut run: Value,
        outcomes: &mut Outcomes,
    ) -> Result<(), Stop> {
        let taken = self.model.take(&Command::PostTransaction(post), times::NOW);
        let (outcome, transaction, code) = match &taken {
            Ok(entry) => ("posted", json!(entry.number.0), Value::Null),
            Err(rejection) => ("rejected", Value::Null, json!(rejected(rejection).code)),
        };
        let expected = json!({
            "due_at": times::text(due_at),
            "outcome": outcome,
            "transaction": transaction,
            "code": code,
        });
        let recorded = run["recorded_at"].as_str().and_then(times::read);
        if let Value::Object(members) = &mut run {
            members.shift_remove("recorded_at");
            let detail = members.shift_remove("detail").unwrap_or_default();
            let has_detail = (detail.is_string(), detail.is_null());
            self.same(runs, json!([taken.is_err(), taken.is_ok()]), json!([has_detail.0, has_detail.1]))?;
        }
        self.same(runs, expected, run)?;
        self.same(runs, json!(true), json!(recorded.is_some()))?;
        let request = match self.log.last() {
            None => self.get("/log"),
            Some(last) => self.get(&format!("/log?after={}", last.number.0)),
        };
        let mut reply = self.call(&request)?;
        let Ok(entry) = taken else {
            outcomes.count("scheduled, and rejected");
            return self.same(&request, json!([]), reply.body["items"].take());
        };
        outcomes.count("scheduled, and posted");
        let key = format!("schedule {id} at {}", due_at.micros());
        let mut expected = shown::log_entry(&entry, Some(&key));
        let got = reply.body["items"][0].take();
        let recorded = self.settle(&mut expected, &got, None).unwrap_or_default();
        self.same(&request, expected, got)?;
        self.last_recorded.clone_from(&recorded);
        self.remember(entry, Some(key), Some(recorded));
        Ok(())
    }

    /// Makes a schedule that is not due, and does to it what callers may do, and may not.
    fn call_a_schedule(&mut self) -> Result<(), Stop> {
        let Command::PostTransaction(post) = self.draw.transaction(&self.model) else {
            unreachable!("a transaction was drawn")
        };
        let by_rule = self.draw.chance(50);
        let post =
            if by_rule { PostTransaction { reference: None, effective_at: None, ..post } } else { post };
        let when = if by_rule {
            let every = self.draw.random.u32(1..30);
            let rrule = format!("FREQ=DAILY;INTERVAL={every};COUNT=3");
            json!({ "rule": { "rrule": rrule, "starts_at": NOT_YET, "time_zone": "UTC" } })
        } else {
            json!({ "at": NOT_YET })
        };
        let id = self.make_schedule(&post, when, NOT_YET)?;
        for _ in 0..CALLS_MAX {
            let (call, of, problem, then) = CALLS[self.draw.random.usize(..CALLS.len())];
            let path = format!("/v1/ledgers/{}/schedules/{id}/{call}", self.ledger);
            let request =
                Request { method: "POST", path, key: Some(self.new_key()), body: None, is_lines: false };
            let reply = self.call(&request)?;
            let state = self.schedules[id]["state"].as_str().unwrap_or_default().to_owned();
            if !of.contains(&state.as_str()) {
                self.problem(&request, Problem::of_state(409, problem, &state), &reply)?;
                continue;
            }
            let schedule = &mut self.schedules[id];
            schedule["state"] = then.into();
            schedule["next_at"] = if then == "active" { NOT_YET.into() } else { Value::Null };
            let expected = schedule.clone();
            self.same(&request, expected, timeless(reply.body))?;
            // The same again is a replay, whatever was done.
            let again = self.call(&request)?;
            self.same(&request, json!([200, true]), json!([again.status, again.replayed]))?;
        }
        let expected = self.schedules[id].clone();
        self.shows_schedule(id, expected)
    }

    /// Makes a schedule, and returns its number.
    fn make_schedule(&mut self, post: &PostTransaction, when: Value, next_at: &str) -> Result<usize, Stop> {
        let id = self.schedules.len();
        let transaction = asked::transaction(post);
        let mut body = json!({ "transaction": transaction, "metadata": { "nth": id.to_string() } });
        let mut expected = json!({
            "id": id,
            "ledger": self.ledger,
            "state": "active",
            "transaction": {
                "postings": transaction["postings"],
                "reference": transaction.get("reference"),
                "effective_at": transaction.get("effective_at"),
                "metadata": shown::metadata(&post.metadata),
                "expect": shown::expectations(&post.expectations),
            },
            "at": null,
            "rule": null,
            "metadata": body["metadata"],
            "next_at": next_at,
        });
        if let Value::Object(when) = when {
            for (member, value) in when {
                expected[&member] = value.clone();
                body[&member] = value;
            }
        }
        let path = format!("/v1/ledgers/{}/schedules", self.ledger);
        let request = Request { key: Some(self.new_key()), ..Request::post(path.clone(), &body) };
        let reply = self.call(&request)?;
        let Reply { status, location, .. } = &reply;
        self.same(&request, json!([201, format!("{path}/{id}")]), json!([status, location]))?;
        self.same(&request, expected.clone(), timeless(reply.body))?;
        self.schedules.push(expected);
        Ok(id)
    }

    fn shows_schedule(&mut self, id: usize, expected: Value) -> Result<(), Stop> {
        let request = self.get(&format!("/schedules/{id}"));
        let reply = self.call(&request)?;
        self.same(&request, expected, timeless(reply.body))
    }

    fn audit_schedules(&mut self, path: &str, expected: Vec<Value>) -> Result<(), Stop> {
        let request = self.get(path);
        let mut reply = self.call(&request)?;
        let got = match reply.body["items"].take() {
            Value::Array(items) => items.into_iter().map(timeless).collect(),
            other => other,
        };
        self.same(&request, Value::Array(expected), got)
    }
}

/// Takes away of a schedule when it was made and changed.
fn timeless(mut schedule: Value) -> Value {
    if let Value::Object(members) = &mut schedule {
        for moment in ["created_at", "updated_at"] {
            let shown = members.shift_remove(moment);
            if shown.and_then(|shown| times::read(shown.as_str()?)).is_none() {
                members.insert(moment.to_owned(), "no moment".into());
            }
        }
    }
    schedule
}
