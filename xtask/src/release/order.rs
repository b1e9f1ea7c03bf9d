//! Which functions run when the service starts, answers and stops, in the order in which the linker is to put them.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::bench::alloc::{Home, SETTINGS, Store, routes, send};
use crate::bench::load::Client;
use crate::bench::service::Service;

/// How often each route is asked for: what runs for each request comes out above what runs once.
const REQUESTS: u32 = 20;

/// Finds out with a program that has its symbols, on both databases: a line for each function, what took most first.
///
/// # Errors
/// The service cannot be started, or answers as it should not; or the program has no symbols.
pub(super) fn of(program: &Path, folder: &Path) -> anyhow::Result<String> {
    let mut costs = HashMap::new();
    for store in [Store::Postgres, Store::Sqlite] {
        eprintln!("seeing what runs on {} …", store.name());
        let profile = profile(store, program, folder)?;
        for (function, cost) in self_costs(&std::fs::read_to_string(profile)?, program) {
            *costs.entry(function).or_default() += cost;
        }
    }
    if costs.is_empty() {
        bail!("{} has no symbols", program.display());
    }
    Ok(order(costs))
}

/// Has a service start, answer and stop under callgrind, and returns the file with what ran.
fn profile(store: Store, program: &Path, folder: &Path) -> anyhow::Result<PathBuf> {
    let home = Home::new(store, folder)?;
    home.fill(program)?;
    let database = home.copy(0)?;
    let file = folder.join(format!("{}.callgrind", store.name()));
    let mut valgrind = Command::new("valgrind");
    valgrind.args([
        "--tool=callgrind",
        "--demangle=no",
        "--compress-strings=no",
        "--fair-sched=yes",
        "--quiet",
    ]);
    valgrind.arg(format!("--callgrind-out-file={}", file.display())).arg(program);
    let service = Service::start_with(valgrind, &database.url, &SETTINGS)?;
    let mut client = Client::open(service.address)?;
    for route in routes() {
        for _ in 0..REQUESTS {
            send(&mut client, &route).context(route.name)?;
        }
    }
    drop(client);
    service.end()?;
    Ok(file)
}

/// Returns what each function of a program cost by itself, by its symbol, as callgrind writes it without shortening names.
fn self_costs(profile: &str, program: &Path) -> HashMap<String, u64> {
    let mut costs = HashMap::new();
    let name = program.file_name().unwrap_or_default();
    let (mut is_ours, mut function, mut is_call) = (false, "", false);
    for line in profile.lines() {
        if let Some(object) = line.strip_prefix("ob=") {
            is_ours = Path::new(object).file_name() == Some(name);
        } else if let Some(symbol) = line.strip_prefix("fn=") {
            // One that calls itself is shown with how deep it is.
            function = symbol.split('\'').next().unwrap_or_default();
        } else if line.starts_with("calls=") {
            is_call = true;
        } else if line.starts_with(|first: char| first.is_ascii_digit() || "+-*".contains(first)) {
            // The line after a call is what it cost, which is not the caller's own.
            let is_own = !std::mem::take(&mut is_call);
            let cost = line.split(' ').next_back().and_then(|cost| cost.parse::<u64>().ok());
            if let (true, true, false, Some(cost)) = (is_own, is_ours, function.starts_with("0x"), cost) {
                *costs.entry(function.to_owned()).or_default() += cost;
            }
        }
    }
    costs
}

/// Lists symbols, what cost most first.
fn order(costs: HashMap<String, u64>) -> String {
    let mut functions: Vec<(String, u64)> = costs.into_iter().collect();
    functions.sort_by(|(name, cost), (other, than)| than.cmp(cost).then_with(|| name.cmp(other)));
    functions.iter().fold(String::new(), |mut text, (name, _)| {
        writeln!(text, "{name}").expect("texts can be written");
        text
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::path::Path;

    use super::{order, self_costs};

    const PROFILE: &str = "version: 1\nevents: Ir\n\nob=/usr/lib/libc.so.6\nfl=???\nfn=malloc\n0 70\n\n\
                           ob=/target/release/server\nfl=???\nfn=main\n0 5\ncob=/usr/lib/libc.so.6\ncfn=malloc\n\
                           calls=2 0\n* 1000\n+3 2\n\nfn=walk'2\n0 9\n\nfn=walk\n0 1\n\nfn=0x000000000040a0\n0 8\n";

    #[test]
    fn a_function_costs_what_it_does_itself() {
        let costs = self_costs(PROFILE, Path::new("elsewhere/server"));
        let expected = [("main", 7), ("walk", 10)].map(|(name, cost)| (name.to_owned(), cost));
        assert_eq!(costs, HashMap::from(expected));
        assert!(self_costs(PROFILE, Path::new("another")).is_empty());
    }

    #[test]
    fn what_runs_most_comes_first() {
        let costs = [("start", 5), ("answer", 70), ("also", 5)].map(|(name, cost)| (name.to_owned(), cost));
        assert_eq!(order(HashMap::from(costs)), "answer\nalso\nstart\n");
    }
}
