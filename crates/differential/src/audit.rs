//! The end of a history: all that can be read of its ledger, held against the model.

use ledger::{Address, Direction, EntryBody, HoldState};
use reference_model::Model;
use serde_json::{Value, json};

use crate::connection::Request;
use crate::draw::{ACCOUNTS, address, is_hold};
use crate::history::{History, Stop};
use crate::problems::{Problem, comparable};
use crate::{shown, times};

/// How many items are asked for at once at most.
const PAGE_MAX: usize = 200;

/// How many of one kind are read one by one.
const ONE_BY_ONE: usize = 3;

impl History<'_> {
    /// Reads everything, and compares.
    pub(crate) fn audit(&mut self) -> Result<(), Stop> {
        self.audit_log()?;
        self.audit_ledger()?;
        let transactions = self.transactions();
        self.audit_transactions(&transactions)?;
        self.audit_holds()?;
        self.audit_accounts()?;
        self.audit_filters(&transactions)?;
        self.audit_exports()?;
        self.audit_statements()?;
        self.audit_moments(&transactions)
    }

    /// Compares every entry, and takes over when each was recorded. What no reply has shown yet is taken from here, if it
    /// lies between what was recorded before and after it.
    fn audit_log(&mut self) -> Result<(), Stop> {
        let (request, entries) = self.pages(&format!("/log?limit={PAGE_MAX}"), self.log.len())?;
        let mut last = String::new();
        let mut moments = Vec::new();
        for (nth, got) in entries.into_iter().enumerate() {
            let mut expected = shown::log_entry(&self.log[nth], self.keys[nth].as_deref());
            let shown = got["recorded_at"].as_str().filter(|shown| times::read(shown).is_some());
            let recorded = self.recorded[nth].clone().or_else(|| shown.map(str::to_owned));
            let recorded = recorded.filter(|recorded| *recorded >= last).unwrap_or_default();
            self.settle(&mut expected, &got, Some(&recorded));
            self.same(&request, expected, got)?;
            let Some(moment) = times::read(&recorded) else {
                return self.same(&request, json!("a moment"), json!(recorded));
            };
            let entry = &mut self.log[nth];
            if entry.effective_at == entry.recorded_at {
                entry.effective_at = moment;
            }
            entry.recorded_at = moment;
            moments.push(moment);
            last = recorded;
        }
        self.model.record_at(moments);
        Ok(())
    }

    fn audit_ledger(&mut self) -> Result<(), Stop> {
        let request = self.get("");
        let reply = self.call(&request)?;
        let expected = json!({ "status": 200, "name": self.ledger, "entries": self.log.len() });
        let got =
            json!({ "status": reply.status, "name": reply.body["name"], "entries": reply.body["entries"] });
        self.same(&request, expected, got)
    }

    fn audit_transactions(&mut self, transactions: &[Value]) -> Result<(), Stop> {
        let expected: Vec<_> = transactions.iter().rev().cloned().collect();
        self.list("/transactions", &expected)?;
        self.one("transactions", &expected)?;
        for _ in 0..expected.len().min(ONE_BY_ONE) {
            let id = expected[self.draw.random.usize(..expected.len())]["id"].clone();
            let mut changes = Vec::new();
            for entry in self.log.iter().rev() {
                if let EntryBody::TransactionChange(change) = &entry.body
                    && id == change.transaction.0
                {
                    changes.push(shown::transaction_change(entry, change));
                }
            }
            self.list(&format!("/transactions/{id}/changes"), &changes)?;
        }
        Ok(())
    }

    /// Returns every transaction as it is now, oldest first.
    fn transactions(&self) -> Vec<Value> {
        let mut transactions = Vec::new();
        for entry in self.log.iter().filter(|entry| entry.body.transaction().is_some()) {
            let mut view = shown::transaction(&self.ledger, entry, &self.model.reversed(entry.number));
            view["metadata"] = shown::metadata(&self.model.beside(entry.number));
            transactions.push(view);
        }
        transactions
    }

    fn audit_holds(&mut self) -> Result<(), Stop> {
        let mut expected = Vec::new();
        let states = self.model.holds();
        for entry in self.log.iter().rev().filter(|entry| is_hold(entry)) {
            let state = states.iter().find(|(number, ..)| *number == entry.number);
            let state = state.map_or(HoldState::Open, |(_, state, _)| *state);
            expected.push(shown::hold(&self.ledger, entry, state, &self.model.captured(entry.number)));
        }
        self.list("/holds", &expected)?;
        for state in ["open", "captured", "voided", "expired"] {
            let of_it: Vec<_> = expected.iter().filter(|hold| hold["state"] == state).cloned().collect();
            self.list(&format!("/holds?state={state}"), &of_it)?;
            let account = self.draw.an_account();
            let names = |posting: &Value| {
                [&posting["source"], &posting["destination"]].contains(&&json!(account.as_str()))
            };
            let is_of_it =
                |hold: &&Value| hold["postings"].as_array().is_some_and(|all| all.iter().any(names));
            let of_both: Vec<_> = of_it.iter().filter(is_of_it).cloned().collect();
            self.list(&format!("/holds?state={state}&account={account}"), &of_both)?;
        }
        self.one("holds", &expected)
    }

    /// Reads some of what was listed, one by one.
    fn one(&mut self, kind: &str, expected: &[Value]) -> Result<(), Stop> {
        for _ in 0..expected.len().min(ONE_BY_ONE) {
            let expected = &expected[self.draw.random.usize(..expected.len())];
            let request = self.get(&format!("/{kind}/{}", expected["id"]));
            let reply = self.call(&request)?;
            self.same(&request, expected.clone(), reply.body)?;
        }
        Ok(())
    }

    fn audit_accounts(&mut self) -> Result<(), Stop> {
        let expected = accounts(&self.model, &|account| Some(self.model.version(account)));
        self.list("/accounts", &expected)?;
        for account in &expected {
            let request = self.get(&format!("/accounts/{}", account["address"].as_str().unwrap_or_default()));
            let reply = self.call(&request)?;
            self.same(&request, account.clone(), reply.body)?;
        }
        for account in ACCOUNTS.map(address) {
            if !expected.iter().any(|view| view["address"] == account.as_str()) {
                self.no_account(&format!("/accounts/{account}"))?;
                continue;
            }
            let mut lines = self.lines_of(&account);
            lines.reverse();
            self.list(&format!("/accounts/{account}/entries"), &lines)?;
            let changes = self.changes_of(&account);
            self.list(&format!("/accounts/{account}/changes"), &changes)?;
        }
        Ok(())
    }

    /// Asks for an account that is not there.
    pub(crate) fn no_account(&mut self, path: &str) -> Result<(), Stop> {
        let request = self.get(path);
        let reply = self.call(&request)?;
        self.same(&request, Problem::new(404, "account.not_found").body(), comparable(&reply.body))
    }

    /// Returns every change of an account, newest first.
    pub(crate) fn changes_of(&self, account: &Address) -> Vec<Value> {
        let mut changes = Vec::new();
        for entry in self.log.iter().rev() {
            match &entry.body {
                EntryBody::Account(change) if change.account == *account => {
                    changes.push(shown::account_change(entry, change));
                }
                _ => {}
            }
        }
        changes
    }

    /// Returns an account's statement, oldest line first.
    pub(crate) fn lines_of(&self, account: &Address) -> Vec<Value> {
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
                lines.push(shown::line(entry, nth, posting, side, balance));
            }
        }
        lines
    }

    /// Reads a list in several pages, and compares.
    pub(crate) fn list(&mut self, path: &str, expected: &[Value]) -> Result<(), Stop> {
        let page = (expected.len() / self.draw.random.usize(1..4)).clamp(2, PAGE_MAX);
        let limited = format!("{path}{}limit={page}", if path.contains('?') { '&' } else { '?' });
        let (request, items) = self.pages(&limited, expected.len())?;
        for (expected, got) in expected.iter().zip(items) {
            self.same(&request, expected.clone(), got)?;
        }
        Ok(())
    }

    /// Reads all pages of a list, which has to have so many items.
    fn pages(&mut self, path: &str, count: usize) -> Result<(Request, Vec<Value>), Stop> {
        let mut items: Vec<Value> = Vec::new();
        let first = self.get(path);
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

    pub(crate) fn get(&self, path: &str) -> Request {
        Request::get(format!("/v1/ledgers/{}{path}", self.ledger))
    }
}

/// Returns every account that a model knows, by address.
pub(crate) fn accounts(model: &Model, version: &dyn Fn(&Address) -> Option<u64>) -> Vec<Value> {
    let mut accounts = model.changed();
    accounts.extend(model.touched().into_iter().map(|key| key.account));
    let view = |account: &Address| {
        let balances = shown::balances_of(model, account);
        shown::account(account.as_str(), &model.account(account), version(account), &balances)
    };
    accounts.iter().map(view).collect()
}
