//! What a run says in the end: to people as a table, to programs as JSON.

use std::fmt::Write as _;

use ::differential::{Difference, Plan, Played};
use serde_json::{Value, json};

/// What was seen on one database.
pub(super) struct Row {
    pub(super) database: &'static str,
    pub(super) played: Result<Played, Box<Difference>>,
    pub(super) seconds: f64,
    /// Whether `server verify` has found nothing.
    pub(super) verified: bool,
}

impl Row {
    /// Returns what is wrong, if anything is.
    pub(super) fn failure(&self) -> Option<String> {
        match &self.played {
            Err(difference) => Some(format!(
                "{}: the service and the model do not agree; to see it again: {}",
                self.database,
                again(self.database, difference)
            )),
            Ok(_) if !self.verified => {
                Some(format!("{}: `server verify` has found something", self.database))
            }
            Ok(_) => None,
        }
    }
}

fn again(database: &str, difference: &Difference) -> String {
    format!(
        "cargo xtask differential --database {database} --seed {} --commands {} --history {} --ledgers-at-once 1",
        difference.seed, difference.commands, difference.commands
    )
}

pub(super) fn table(plan: &Plan, rows: &[Row]) -> String {
    let mut table = format!(
        "Seed {}, {} commands on each database, {} to a history, {} ledgers at once.\n\n\
         | database | commands | histories | differences | `server verify` | seconds |\n|---|---:|---:|---:|---|---:|\n",
        plan.seed, plan.commands, plan.history, plan.ledgers_at_once
    );
    for row in rows {
        let verified = if row.verified { "nothing found" } else { "**findings**" };
        let played = match &row.played {
            Ok(played) => format!("{} | {} | 0", played.commands, played.histories),
            Err(_) => "– | – | **1**".to_owned(),
        };
        writeln!(table, "| {} | {played} | {verified} | {:.0} |", row.database, row.seconds)
            .expect("a string takes everything");
    }
    let good: Vec<_> =
        rows.iter().filter_map(|row| Some((row.database, row.played.as_ref().ok()?))).collect();
    if !good.is_empty() {
        let names: Vec<_> = good.iter().map(|(name, _)| *name).collect();
        write!(
            table,
            "\n| what came of a command | {} |\n|---|{}\n",
            names.join(" | "),
            "---:|".repeat(good.len())
        )
        .expect("a string takes everything");
        for (outcome, _) in good[0].1.outcomes.iter() {
            let counts: Vec<_> =
                good.iter().map(|(_, played)| played.outcomes.of(outcome).to_string()).collect();
            writeln!(table, "| {outcome} | {} |", counts.join(" | ")).expect("a string takes everything");
        }
    }
    for row in rows {
        if let Err(difference) = &row.played {
            writeln!(
                table,
                "\n{}, ledger {}, after {} commands of seed {}:\n{}\nasked:    {}\nexpected: {}\ngot:      {}",
                row.database,
                difference.ledger,
                difference.commands,
                difference.seed,
                difference.before.join("\n"),
                difference.asked,
                difference.expected,
                difference.got
            )
            .expect("a string takes everything");
        }
    }
    table
}

pub(super) fn json(plan: &Plan, rows: &[Row]) -> Value {
    let row = |row: &Row| {
        let mut shown = json!({
            "database": row.database,
            "seconds": row.seconds,
            "verified": row.verified,
        });
        match &row.played {
            Ok(played) => {
                shown["commands"] = played.commands.into();
                shown["histories"] = played.histories.into();
                shown["differences"] = 0.into();
                shown["outcomes"] = Value::Object(
                    played.outcomes.iter().map(|(name, count)| (name.to_owned(), count.into())).collect(),
                );
            }
            Err(difference) => {
                shown["differences"] = 1.into();
                shown["difference"] = json!({
                    "seed": difference.seed,
                    "commands": difference.commands,
                    "ledger": difference.ledger,
                    "asked": difference.asked,
                    "expected": difference.expected,
                    "got": difference.got,
                    "before": difference.before,
                    "again": again(row.database, difference),
                });
            }
        }
        shown
    };
    json!({
        "seed": plan.seed,
        "commands": plan.commands,
        "history": plan.history,
        "ledgers_at_once": plan.ledgers_at_once,
        "databases": rows.iter().map(row).collect::<Vec<_>>(),
    })
}
