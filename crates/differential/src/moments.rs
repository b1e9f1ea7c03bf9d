//! Answers as of past moments, by both clocks, held against a model of each.

use ledger::Entry;
use reference_model::{Clock, Model, Moment};
use serde_json::Value;

use crate::audit::accounts;
use crate::draw::Draw;
use crate::groups::groups;
use crate::history::{History, Stop};
use crate::times;

/// Of how many moments to ask.
const MOMENTS: usize = 5;

impl Draw {
    fn moment(&mut self, log: &[Entry]) -> Moment {
        let clock = if self.chance(50) { Clock::Recorded } else { Clock::Effective };
        Moment { time: self.a_time(log), clock }
    }
}

impl History<'_> {
    /// Asks how things were, and compares. Takes every transaction as it is now, oldest first.
    pub(crate) fn audit_moments(&mut self, transactions: &[Value]) -> Result<(), Stop> {
        let (prefix, depth) = (self.draw.a_prefix(), self.draw.random.usize(1..4));
        let of_now = groups(&self.model, Some(prefix), depth);
        self.list(&format!("/balances?prefix={prefix}&depth={depth}"), &of_now)?;
        for _ in 0..MOMENTS {
            let moment = self.draw.moment(&self.log);
            let at = format!("at={}&clock={}", times::text(moment.time), clock(moment.clock));
            if moment.clock == Clock::Recorded && moment.time >= times::by_the_clock() {
                self.not_yet(&at)?;
                continue;
            }
            let past = self.model.as_of(moment);
            self.accounts_at(&past, &at)?;
            self.groups_at(&past, &at)?;
            self.lists_until(moment, &at, transactions)?;
        }
        Ok(())
    }

    /// Asks for what nobody can know yet.
    fn not_yet(&mut self, at: &str) -> Result<(), Stop> {
        let lists = ["accounts/world", "accounts", "balances", "transactions"];
        let path = lists[self.draw.random.usize(..lists.len())];
        let request = self.get(&format!("/{path}?{at}"));
        let reply = self.call(&request)?;
        self.invalid(&request, vec!["at".to_owned()], &reply)
    }

    fn accounts_at(&mut self, past: &Model, at: &str) -> Result<(), Stop> {
        let all = accounts(past, &|_| None);
        let account = self.draw.an_account();
        let path = format!("/accounts/{account}?{at}");
        match all.iter().find(|view| view["address"] == account.as_str()) {
            None => self.no_account(&path)?,
            Some(expected) => {
                let request = self.get(&path);
                let reply = self.call(&request)?;
                self.same(&request, expected.clone(), reply.body)?;
            }
        }
        let (query, chosen) = self.draw.accounts_query();
        self.list(&format!("/accounts?{at}&{query}"), &chosen.of(all))
    }

    fn groups_at(&mut self, past: &Model, at: &str) -> Result<(), Stop> {
        let prefix = self.draw.chance(60).then(|| self.draw.a_prefix());
        let depth = self.draw.random.usize(1..4);
        let query = prefix.map_or_else(String::new, |prefix| format!("&prefix={prefix}"));
        self.list(&format!("/balances?{at}&depth={depth}{query}"), &groups(past, prefix, depth))
    }

    /// Asks for what ends at a moment.
    fn lists_until(&mut self, moment: Moment, at: &str, transactions: &[Value]) -> Result<(), Stop> {
        let name = match moment.clock {
            Clock::Recorded => "recorded_at",
            Clock::Effective => "effective_at",
        };
        let time = |view: &Value| view[name].as_str().and_then(times::read).unwrap_or(times::FUTURE);
        let ended = |mut views: Vec<Value>| {
            views.retain(|view| time(view) <= moment.time);
            // Those of one time stay in the order of the log.
            views.sort_by_key(|view| time(view));
            views.reverse();
            views
        };
        let transactions = ended(transactions.to_vec());
        self.list(&format!("/transactions?{at}"), &transactions)?;
        let account = self.draw.an_account();
        let is_there = self.model.changed().contains(&account)
            || self.model.touched().iter().any(|key| key.account == account);
        if !is_there {
            return self.no_account(&format!("/accounts/{account}/entries?{at}"));
        }
        let lines = ended(self.lines_of(&account));
        self.list(&format!("/accounts/{account}/entries?{at}"), &lines)?;
        if moment.clock == Clock::Recorded {
            let mut changes = self.changes_of(&account);
            changes.retain(|change| time(change) <= moment.time);
            self.list(&format!("/accounts/{account}/changes?at={}", times::text(moment.time)), &changes)?;
        }
        Ok(())
    }
}

fn clock(clock: Clock) -> &'static str {
    match clock {
        Clock::Recorded => "recorded",
        Clock::Effective => "effective",
    }
}
