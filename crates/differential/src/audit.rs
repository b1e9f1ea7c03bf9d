//! The end of a history: all that can be read of its ledger, held against the model.

use ledger::{Direction, EntryBody, HoldState};
use serde_json::{Value, json};

use crate::connection::Request;
use crate::draw::{ACCOUNTS, address, is_hold};
use crate::history::{History, Stop, place};
use crate::problems::comparable;
use crate::{shown, times};

/// How many items are asked for at once: few enough that lists have several pages.
const PAGE: usize = 97;

impl History<'_> {
    /// Reads everything, and compares.
    pub(crate) fn audit(&mut self) -> Result<(), Stop> {
        self.audit_log()?;
        self.audit_ledger()?;
        self.audit_transactions()?;
        self.audit_holds()?;
        self.audit_accounts()
    }

    fn audit_ledger(&mut self) -> Result<(), Stop> {
        let request = self.get("");
        let reply = self.call(&request)?;
        let expected = json!({ "status": 200, "name": self.ledger, "entries": self.log.len() });
        let got =
            json!({ "status": reply.status, "name": reply.body["name"], "entries": reply.body["entries"] });
        self.same(&request, expected, got)
    }

    /// Compares every entry. What no reply has shown yet, when something was recorded, is taken from here, if it lies
    /// between what was recorded before and after it.
    fn audit_log(&mut self) -> Result<(), Stop> {
        let (request, entries) = self.all("/log", self.log.len())?;
        let mut last = String::new();
        for (nth, got) in entries.into_iter().enumerate() {
            let mut expected = shown::log_entry(&self.log[nth], self.keys[nth].as_deref());
            let shown = got["recorded_at"].as_str().filter(|shown| shown.len() == times::LENGTH);
            let recorded = self.recorded[nth].clone().or_else(|| shown.map(str::to_owned));
            let recorded = recorded.filter(|recorded| *recorded >= last).unwrap_or_default();
            self.settle(&mut expected, &got, Some(&recorded));
            self.same(&request, expected, got)?;
            last.clone_from(&recorded);
            self.recorded[nth] = Some(recorded);
        }
        Ok(())
    }

    fn audit_transactions(&mut self) -> Result<(), Stop> {
        let mut expected = Vec::new();
        for entry in self.log.iter().rev() {
            if entry.body.transaction().is_some() {
                let view = shown::transaction(&self.ledger, entry, &self.model.reversed(entry.number));
                expected.push(self.timed(view, place(entry.number)));
            }
        }
        self.list("/transactions", &expected)?;
        self.one("transactions", &expected)
    }

    fn audit_holds(&mut self) -> Result<(), Stop> {
        let mut expected = Vec::new();
        let states = self.model.holds();
        for entry in self.log.iter().rev().filter(|entry| is_hold(entry)) {
            let state = states.iter().find(|(number, ..)| *number == entry.number);
            let state = state.map_or(HoldState::Open, |(_, state, _)| *state);
            let view = shown::hold(&self.ledger, entry, state, &self.model.captured(entry.number));
            expected.push(self.timed(view, place(entry.number)));
        }
        self.list("/holds", &expected)?;
        for state in ["open", "captured", "voided", "expired"] {
            let of_it: Vec<_> = expected.iter().filter(|hold| hold["state"] == state).cloned().collect();
            self.list(&format!("/holds?state={state}"), &of_it)?;
        }
        self.one("holds", &expected)
    }

    /// Reads some of what was listed, one by one.
    fn one(&mut self, kind: &str, expected: &[Value]) -> Result<(), Stop> {
        for _ in 0..expected.len().min(3) {
            let expected = &expected[self.draw.random.usize(..expected.len())];
            let request = self.get(&format!("/{kind}/{}", expected["id"]));
            let reply = self.call(&request)?;
            self.same(&request, expected.clone(), reply.body)?;
        }
        Ok(())
    }

    fn audit_accounts(&mut self) -> Result<(), Stop> {
        let mut accounts = self.model.changed();
        accounts.extend(self.model.touched().into_iter().map(|key| key.account));
        let mut expected = Vec::new();
        for account in &accounts {
            let balances = self.balances_of(account);
            let (kept, version) = (self.model.account(account), self.model.version(account));
            expected.push(shown::account(account.as_str(), &kept, version, &balances));
        }
        self.list("/accounts", &expected)?;
        for account in &expected {
            let request = self.get(&format!("/accounts/{}", account["address"].as_str().unwrap_or_default()));
            let reply = self.call(&request)?;
            self.same(&request, account.clone(), reply.body)?;
        }
        for account in ACCOUNTS.map(address) {
            let lines = self.lines_of(&account);
            if accounts.contains(&account) {
                self.list(&format!("/accounts/{account}/entries"), &lines)?;
                continue;
            }
            let request = self.get(&format!("/accounts/{account}"));
            let reply = self.call(&request)?;
            let expected = crate::problems::Problem::new(404, "account.not_found").body();
            self.same(&request, expected, comparable(&reply.body))?;
        }
        Ok(())
    }

    /// Returns an account's statement, newest line first.
    fn lines_of(&self, account: &ledger::Address) -> Vec<Value> {
        let mut lines = Vec::new();
        for entry in &self.log {
            let EntryBody::Transaction(transaction) = &entry.body else { continue };
            for (nth, posting) in transaction.postings.as_slice().iter().enumerate() {
                let side = if posting.source() == account {
                    Direction::Debit
                } else if posting.destination() == account {
                    Direction::Credit
                } else {
                    continue;
                };
                let balance = self.model.posted_after(account, posting.asset(), entry.number, nth);
                let line = shown::line(entry, nth, posting, side, balance);
                lines.push(self.timed(line, place(entry.number)));
            }
        }
        lines.reverse();
        lines
    }

    /// Puts the time at which an entry was recorded into what is expected of it.
    fn timed(&self, mut expected: Value, nth: usize) -> Value {
        self.settle(&mut expected, &Value::Null, self.recorded[nth].as_deref());
        expected
    }

    fn list(&mut self, path: &str, expected: &[Value]) -> Result<(), Stop> {
        let (request, items) = self.all(path, expected.len())?;
        for (expected, got) in expected.iter().zip(items) {
            self.same(&request, expected.clone(), got)?;
        }
        Ok(())
    }

    /// Reads all pages of a list, which has to have so many items.
    fn all(&mut self, path: &str, count: usize) -> Result<(Request, Vec<Value>), Stop> {
        let mut items: Vec<Value> = Vec::new();
        let first = self.get(&format!("{path}{}limit={PAGE}", if path.contains('?') { '&' } else { '?' }));
        let mut next = first.clone();
        loop {
            let mut reply = self.call(&next)?;
            self.same(&next, json!(200), json!(reply.status))?;
            if let Value::Array(page) = reply.body["items"].take() {
                items.extend(page);
            }
            match reply.body["next_cursor"].as_str() {
                Some(cursor) if items.len() <= count => next.path = format!("{}&cursor={cursor}", first.path),
                _ => break,
            }
        }
        self.same(&first, json!({ "items": count }), json!({ "items": items.len() }))?;
        Ok((first, items))
    }

    fn get(&self, path: &str) -> Request {
        Request::get(format!("/v1/ledgers/{}{path}", self.ledger))
    }
}
