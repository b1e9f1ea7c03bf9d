//! Which functions run when the service starts, answers and stops, in the order in which the linker is to put them.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};

use crate::bench::alloc::{Home, SETTINGS, Store, send_all};
use crate::bench::load::Client;
use crate::bench::service::Service;

/// How often each route is asked for: what runs for each request comes out above what runs once.
const REQUESTS: u32 = 20;

/// The service as it comes: with several threads, lines in the log, and keys.
const AS_IT_COMES: [(&str, &str); 2] = [("PX_SERVER__WORKERS", "2"), ("PX_TELEMETRY__FILTER", "info")];

/// One start of the service until it has stopped.
struct Run {
    what: &'static str,
    settings: &'static [(&'static str, &'static str)],
    /// Whether there is no database yet.
    is_first: bool,
    requests: u32,
}

const RUNS: [Run; 4] = [
    Run { what: "as it comes", settings: &AS_IT_COMES, is_first: false, requests: 0 },
    Run { what: "as it is measured", settings: &SETTINGS, is_first: false, requests: 0 },
    Run { what: "for the first time", settings: &AS_IT_COMES, is_first: true, requests: 0 },
    Run { what: "for requests of each route", settings: &SETTINGS, is_first: false, requests: REQUESTS },
];

/// What is known of a function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Seen {
    /// Whether it runs when the service starts and stops, by database.
    idle: [bool; Store::ALL.len()],
    /// Whether it runs when the database is made.
    is_first: bool,
    /// Instructions of its own in all runs.
    cost: u64,
}

/// Finds out with a program that has its symbols, on both databases: a line for each function.
///
/// # Errors
/// The service cannot be started, or answers as it should not; or the program has no symbols.
pub(super) fn of(program: &Path, folder: &Path) -> anyhow::Result<String> {
    let mut functions: HashMap<String, Seen> = HashMap::new();
    for (place, store) in Store::ALL.into_iter().enumerate() {
        let home = Home::new(store, folder)?;
        home.fill(program)?;
        for run in &RUNS {
            eprintln!("seeing what runs on {} {} …", store.name(), run.what);
            let profile = profile(&home, program, folder, run)?;
            for (function, cost) in self_costs(&profile, program) {
                let seen = functions.entry(function).or_default();
                seen.cost += cost;
                seen.is_first |= run.is_first;
                seen.idle[place] |= run.requests == 0 && !run.is_first;
            }
        }
    }
    if functions.is_empty() {
        bail!("{} has no symbols", program.display());
    }
    Ok(order(functions))
}

/// Has a service start, answer and stop under callgrind, and returns what ran.
fn profile(home: &Home, program: &Path, folder: &Path, run: &Run) -> anyhow::Result<String> {
    let database = if run.is_first { home.empty() } else { home.copy(run.requests) }?;
    let file = folder.join("callgrind.out");
    let mut valgrind = Command::new("valgrind");
    valgrind.args([
        "--tool=callgrind",
        "--demangle=no",
        "--compress-strings=no",
        "--fair-sched=yes",
        "--quiet",
    ]);
    valgrind.arg(format!("--callgrind-out-file={}", file.display())).arg(program);
    let service = Service::start_with(valgrind, &database.url, run.settings)?;
    let mut client = Client::open(service.address)?;
    // Somebody always asks whether it is there.
    client.get("/version")?;
    send_all(&mut client, run.requests)?;
    drop(client);
    service.end()?;
    std::fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))
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

/// Lists symbols: those that run when nothing is asked first, on both databases and then on one or the other, so that an idle
/// service has nothing else in memory; then those that make a database, so that they lie together; among them what cost most
/// first.
fn order(functions: HashMap<String, Seen>) -> String {
    let group = |seen: &Seen| match seen.idle {
        [true, true] => 0,
        [true, false] => 1,
        [false, true] => 2,
        [false, false] if seen.is_first => 3,
        [false, false] => 4,
    };
    let mut functions: Vec<(String, Seen)> = functions.into_iter().collect();
    functions.sort_by(|(name, seen), (other, than)| {
        let by_group = group(seen).cmp(&group(than));
        by_group.then_with(|| than.cost.cmp(&seen.cost)).then_with(|| name.cmp(other))
    });
    functions.iter().fold(String::new(), |mut text, (name, _)| {
        writeln!(text, "{name}").expect("texts can be written");
        text
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::path::Path;

    use super::{Seen, order, self_costs};

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
    fn what_runs_in_an_idle_service_comes_first_and_then_what_costs_most() {
        let functions = [
            ("requests", [false, false], false, 900),
            ("once", [false, false], true, 10),
            ("postgres", [true, false], true, 70),
            ("sqlite", [false, true], false, 80),
            ("rarely", [true, true], false, 5),
            ("again", [true, true], true, 5),
            ("often", [true, true], false, 60),
        ];
        let functions =
            functions.map(|(name, idle, is_first, cost)| (name.to_owned(), Seen { idle, is_first, cost }));
        let expected = "often\nagain\nrarely\npostgres\nsqlite\nonce\nrequests\n";
        assert_eq!(order(HashMap::from(functions)), expected);
    }
}
