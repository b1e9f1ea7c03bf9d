//! Statements of accounts for a period, held against their lines.

use ledger::{Address, Asset, Timestamp};
use serde_json::{Value, json};

use crate::exports::{decimal, rows};
use crate::history::{History, Stop};
use crate::times;

/// How many statements are asked for.
const STATEMENTS: usize = 3;

/// What a statement goes by: its clock, and the first moment of its period and the first one after it.
struct Period {
    is_effective: bool,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

impl Period {
    fn query(&self) -> String {
        let clock = if self.is_effective { "effective" } else { "recorded" };
        let bound = |name, time: Option<Timestamp>| {
            time.map_or_else(String::new, |time| format!("&{name}={}", times::text(time)))
        };
        format!("clock={clock}{}{}", bound("from", self.from), bound("to", self.to))
    }

    fn time(&self, line: &Value) -> Timestamp {
        let name = if self.is_effective { "effective_at" } else { "recorded_at" };
        line[name].as_str().and_then(times::read).unwrap_or(times::FUTURE)
    }
}

/// What a statement says of one asset.
struct Moved {
    asset: Asset,
    opening: i128,
    /// The lines, with the balance after each.
    lines: Vec<(Value, i128)>,
    debits: i128,
    credits: i128,
}

impl Moved {
    fn closing(&self) -> i128 {
        self.opening + self.credits - self.debits
    }
}

impl History<'_> {
    /// Asks for statements of some accounts, and compares.
    pub(crate) fn audit_statements(&mut self) -> Result<(), Stop> {
        for _ in 0..STATEMENTS {
            let account = self.draw.an_account();
            let is_there = self.model.changed().contains(&account)
                || self.model.touched().iter().any(|key| key.account == account);
            if !is_there {
                self.no_account(&format!("/accounts/{account}/statement"))?;
                continue;
            }
            let period = self.period();
            let all = self.moved(&account, &period);
            self.audit_document(&account, &period, &all)?;
            self.audit_rows(&account, &period, &all)?;
        }
        Ok(())
    }

    fn period(&mut self) -> Period {
        let is_effective = self.draw.chance(50);
        let from = self.draw.chance(50).then(|| self.draw.a_time(&self.log));
        let to = self.draw.chance(50).then(|| self.draw.a_time(&self.log));
        match (from, to) {
            // A period has to end after it begins.
            (Some(from), Some(to)) if from > to => Period { is_effective, from: Some(to), to: Some(from) },
            (Some(from), Some(to)) if from == to => Period { is_effective, from: Some(from), to: None },
            _ => Period { is_effective, from, to },
        }
    }

    /// Returns what a statement has to say of each asset.
    fn moved(&self, account: &Address, period: &Period) -> Vec<Moved> {
        let mut lines = self.lines_of(account);
        // Those of one time stay in the order of the log.
        lines.sort_by_key(|line| period.time(line));
        let keys = self.model.touched().into_iter().filter(|key| key.account == *account);
        let of_asset = |asset: Asset| {
            let mut moved = Moved { asset, opening: 0, lines: Vec::new(), debits: 0, credits: 0 };
            for line in lines.iter().filter(|line| line["asset"] == moved.asset.as_str()) {
                let time = period.time(line);
                if period.to.is_some_and(|to| time >= to) {
                    continue;
                }
                let amount: i128 =
                    line["amount"].as_str().and_then(|text| text.parse().ok()).unwrap_or_default();
                let is_debit = line["direction"] == "debit";
                if period.from.is_some_and(|from| time < from) {
                    moved.opening += if is_debit { -amount } else { amount };
                    continue;
                }
                *(if is_debit { &mut moved.debits } else { &mut moved.credits }) += amount;
                moved.lines.push((line.clone(), moved.closing()));
            }
            moved
        };
        keys.map(|key| of_asset(key.asset)).collect()
    }

    fn audit_document(&mut self, account: &Address, period: &Period, all: &[Moved]) -> Result<(), Stop> {
        let request = self.get(&format!("/accounts/{account}/statement?{}", period.query()));
        let reply = self.call(&request)?;
        let of_asset = |moved: &Moved| {
            let line = |(line, balance): &(Value, i128)| {
                let mut line = line.clone();
                line["balance"] = balance.to_string().into();
                if let Value::Object(members) = &mut line {
                    members.shift_remove("asset");
                }
                line
            };
            json!({
                "asset": moved.asset.as_str(),
                "opening": moved.opening.to_string(),
                "lines": moved.lines.iter().map(line).collect::<Vec<_>>(),
                "debits": moved.debits.to_string(),
                "credits": moved.credits.to_string(),
                "closing": moved.closing().to_string(),
            })
        };
        let expected = json!({
            "ledger": self.ledger,
            "account": account.as_str(),
            "clock": if period.is_effective { "effective" } else { "recorded" },
            "from": period.from.map(times::text),
            "to": period.to.map(times::text),
            "assets": all.iter().map(of_asset).collect::<Vec<_>>(),
        });
        self.same(&request, expected, reply.body)
    }

    fn audit_rows(&mut self, account: &Address, period: &Period, all: &[Moved]) -> Result<(), Stop> {
        let request = self.get(&format!("/accounts/{account}/statement?{}&format=csv", period.query()));
        let reply = self.call(&request)?;
        let mut expected = Vec::new();
        for moved in all {
            let shown = |units| decimal(units, &moved.asset);
            let row = |kind, debit: String, credit: String, balance| {
                json!({
                    "kind": kind,
                    "asset": moved.asset.as_str(),
                    "transaction": "",
                    "posting": "",
                    "recorded_at": "",
                    "effective_at": "",
                    "counterparty": "",
                    "debit": debit,
                    "credit": credit,
                    "balance": shown(balance),
                })
            };
            expected.push(row("opening", String::new(), String::new(), moved.opening));
            for (line, balance) in &moved.lines {
                let amount = line["amount"].as_str().and_then(|text| text.parse().ok()).unwrap_or_default();
                let mut sides = (shown(amount), String::new());
                if line["direction"] == "credit" {
                    sides = (sides.1, sides.0);
                }
                let (debit, credit) = sides;
                let mut row = row("line", debit, credit, *balance);
                for name in ["recorded_at", "effective_at", "counterparty"] {
                    row[name] = line[name].clone();
                }
                for name in ["transaction", "posting"] {
                    row[name] = line[name].to_string().into();
                }
                expected.push(row);
            }
            expected.push(row("closing", shown(moved.debits), shown(moved.credits), moved.closing()));
        }
        let got = rows(&reply.body).map_or(reply.body, Value::Array);
        self.same(&request, Value::Array(expected), got)
    }
}
