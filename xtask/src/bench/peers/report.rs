//! The report in Markdown, with its plots beside it. What a person has written into the report there stays.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context;

use super::losses::{self, ratio};
use super::results::{Case, Machine, Results, Settings};
use super::{Contestant, Job, Options, plots};
use crate::bench::table::{Figure, Spread, counted, megabytes, row};

/// Between these stands what people write; everything else is written anew.
const KEPT: [&str; 2] = [
    "<!-- kept: what people found out, which is not written by the benchmark -->",
    "<!-- end of what is kept -->",
];

/// Says what a case is, in one line.
pub(super) fn describe(case: Case) -> String {
    let Case { job, store, entries, accounts, connections, rate } = case;
    let rate = rate.map(|rate| format!(" at {rate}/s")).unwrap_or_default();
    let size = match (entries, accounts) {
        (10_000, 10_000) => String::new(),
        _ => format!(", {entries} entries, {accounts} accounts"),
    };
    // A text that never changes comes from no database.
    let store = if job == Job::Static { String::new() } else { format!(", {}", store.name()) };
    let connections = counted(connections as usize, "connection");
    format!("{}{store}{size}, {connections}{rate}", job.name())
}

/// Writes the report where the options say.
///
/// # Errors
/// A file cannot be written, or a plot cannot be drawn.
pub(super) fn write(options: &Options, results: &Results) -> anyhow::Result<()> {
    let Some(file) = &options.report else {
        print!("{}", report(results, None, ""));
        return Ok(());
    };
    let before = std::fs::read_to_string(file).unwrap_or_default();
    let folder = file.with_extension("");
    let drawn = plots::draw(results, &folder)?;
    let folder = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let text = report(results, Some((&folder, &drawn)), kept(&before));
    std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
    eprintln!("the report is in {}", file.display());
    Ok(())
}

/// Returns what people have written into an earlier report.
fn kept(report: &str) -> &str {
    let after = report.split_once(KEPT[0]).map(|(_, after)| after);
    after.and_then(|after| after.split_once(KEPT[1])).map_or("", |(kept, _)| kept.trim())
}

fn report(results: &Results, plots: Option<(&str, &[plots::Chart])>, kept: &str) -> String {
    let mut text = String::from(
        "# Benchmarks\n\n\
         Written by `cargo xtask bench peers --report FILE`. The service and the same job on other frameworks, \
         on one machine in one run, on copies of the same ledger, after all of them had given the same answers to the byte. \
         [What everybody does, and what the peers leave out](../bench/README.md) stands beside the peers. Absolute figures \
         are this machine's; ratios are what to look at.\n\n",
    );
    marks(&mut text, results);
    machine(&mut text, &results.machine, &results.settings);
    programs(&mut text, results);
    if let Some((folder, charts)) = plots {
        text.push_str("## In pictures\n\n");
        for chart in charts {
            let _ = writeln!(text, "![{}]({folder}/{}.svg)\n", chart.title, Path::new(&chart.name).display());
        }
    }
    text.push_str(
        "## Requests, as many as are answered\n\n\
         Medians of the rounds, with the slowest and the fastest. Processor time is microseconds of one core for each \
         request: of the program that answers, of the database server, and of what makes the load, which shares the machine. The last \
         column is the service's rate by the contestant's, round by round.\n\n",
    );
    for case in results.cases().into_iter().filter(|case| case.rate.is_none()) {
        table(&mut text, results, case);
    }
    if results.cases().iter().any(|case| case.rate.is_some()) {
        text.push_str(
            "## Latency at fixed rates\n\n\
             Requests are due at a fixed rate whether earlier ones were answered or not, and a late answer counts from when \
             its request was due. Who cannot keep up shows it in the first column.\n\n",
        );
        for case in results.cases().into_iter().filter(|case| case.rate.is_some()) {
            table(&mut text, results, case);
        }
    }
    pgbench(&mut text, results);
    lost(&mut text, results, kept);
    text
}

fn marks(text: &mut String, results: &Results) {
    text.push_str("## What has to hold\n\n| | is | has to be | |\n|---|---|---|---|\n");
    for mark in losses::marks(results) {
        row(text, &[&mark.what, &Figure(mark.ratio), &mark.bound, &mark.bound.verdict(mark.ratio)]);
    }
    text.push('\n');
}

fn machine(text: &mut String, machine: &Machine, settings: &Settings) {
    let Machine { date, processor, cores, memory_mb, kernel, rustc, generator, .. } = machine;
    let Settings { seconds, warm_up_ms, rounds, pool_size, .. } = settings;
    let rounds = counted(*rounds as usize, "round");
    let built = if settings.built_before {
        "programs that were built before, however that was"
    } else {
        "all peers with `lto = \"fat\"`, one unit of code generation, stripped, the service as its manifest has it"
    };
    let _ = writeln!(
        text,
        "## The machine and the settings\n\n\
         - {date}: {cores} cores of {processor}, {memory_mb} MB of memory, {kernel}; everything on this one machine. Before \
         the first round {:.1} processes wanted to run.\n\
         - {rustc}; {built}.\n\
         - {generator}; {rounds} of {seconds} s for each turn after {warm_up_ms} ms of warm-up, turns in the order A B C A B C.\n\
         - Peers: {pool_size} connections to the database each. The service: as it is configured, without authentication, \
         which peers have none of.",
        machine.load_before,
    );
    if let (Some(postgres), Some(file_system)) = (&machine.postgres, &machine.file_system) {
        let settings = settings.postgres.iter().map(|setting| format!("`{setting}`")).collect::<Vec<_>>();
        let _ = writeln!(text, "- {postgres} on {file_system}: {}.", settings.join(", "));
    }
    text.push('\n');
}

fn programs(text: &mut String, results: &Results) {
    text.push_str(
        "## Programs and memory\n\n\
         Resident memory of the process before it is asked anything and after everything it was asked, in MB. SQLite is in \
         the process, PostgreSQL is not.\n\n\
         | | framework | program, MB | database | idle, MB | after load, MB | after so many requests |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for program in &results.programs {
        for memory in results.memory.iter().filter(|memory| memory.contestant == program.contestant) {
            row(
                text,
                &[
                    &program.contestant.name(),
                    &program.framework,
                    &Figure(megabytes(program.bytes)),
                    &memory.store.name(),
                    &Figure(megabytes(memory.idle_bytes)),
                    &Figure(megabytes(memory.loaded_bytes)),
                    &memory.requests,
                ],
            );
        }
    }
    text.push('\n');
}

fn table(text: &mut String, results: &Results, case: Case) {
    let _ = writeln!(text, "### {}\n", describe(case));
    text.push_str(
        "| | requests/s | slowest to fastest round | p50, ms | p99, ms | p99.9, ms | program, µs | database, µs | load, µs | \
         failed | Florin ÷ it |\n|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for seen in results.of(case) {
        let name = match seen.contestant {
            Contestant::Florin => format!("**{}**", seen.contestant.name()),
            peer => peer.name().to_owned(),
        };
        row(
            text,
            &[
                &name,
                &Figure(seen.per_second()),
                &Spread(seen.spread()),
                &Figure(seen.median(|round| round.p50_ms)),
                &Figure(seen.median(|round| round.p99_ms)),
                &Figure(seen.median(|round| round.p999_ms)),
                &Figure(seen.median(|round| round.service_us)),
                &Figure(seen.median(|round| round.database_us)),
                &Figure(seen.median(|round| round.load_us)),
                &seen.failures(),
                &Figure(ratio(results, seen)),
            ],
        );
    }
    text.push('\n');
}

fn pgbench(text: &mut String, results: &Results) {
    if results.pgbench.is_empty() {
        return;
    }
    text.push_str(
        "## pgbench on the same server\n\n\
         What PostgreSQL does without any service before it: a transfer is two updates and an insert in one transaction, \
         prepared.\n\n\
         | | clients | transfers/s | p50, ms | p99, ms | database, µs |\n|---|---|---|---|---|---|\n",
    );
    for ran in &results.pgbench {
        let figures = [ran.per_second, ran.p50_ms, ran.p99_ms, ran.database_us].map(Figure);
        let [rate, p50, p99, database] = &figures;
        row(text, &[&ran.workload, &ran.clients, rate, p50, p99, database]);
    }
    text.push('\n');
}

fn lost(text: &mut String, results: &Results, kept: &str) {
    text.push_str("## Where we lose and why\n\n");
    let losses = losses::losses(results);
    if losses.is_empty() {
        text.push_str("In none of these figures by more than 5%.\n\n");
    } else {
        text.push_str(
            "Every figure above in which somebody is better by more than 5%, with what both spent: where the service spends \
             more, work is the difference, and where it does not, waiting is.\n\n\
             | | figure | Florin | the best | who | spent |\n|---|---|---|---|---|---|\n",
        );
        for loss in losses {
            let (ours, best) = (Figure(loss.ours), Figure(loss.best));
            row(text, &[&loss.what, &loss.figure, &ours, &best, &loss.by.name(), &loss.beside]);
        }
        text.push('\n');
    }
    let _ = writeln!(text, "{}\n\n{}\n\n{}", KEPT[0], kept, KEPT[1]);
}

#[cfg(test)]
mod tests {
    use super::{KEPT, describe, kept, report};
    use crate::bench::peers::results::Case;
    use crate::bench::peers::results::sample::{case, measured, results};
    use crate::bench::peers::{Contestant, Job};

    #[test]
    fn a_case_is_told_from_others() {
        let it = case(Job::Transfer, 256, Some(2000));
        assert_eq!(describe(it), "POST a transfer, any accounts, PostgreSQL, 256 connections at 2000/s");
        let fixed = case(Job::Static, 1, None);
        assert_eq!(describe(fixed), "GET a text that never changes, 1 connection");
        let large = Case { entries: 1_000_000, rate: None, ..it };
        assert_eq!(
            describe(large),
            "POST a transfer, any accounts, PostgreSQL, 1000000 entries, 10000 accounts, 256 connections"
        );
    }

    #[test]
    fn the_fastest_stands_first_and_ours_is_marked() {
        let it = case(Job::Account, 64, None);
        let results = results(vec![
            measured(it, Contestant::Florin, &[100.0, 90.0, 110.0]),
            measured(it, Contestant::Axum, &[200.0, 180.0, 220.0]),
        ]);
        let report = report(&results, None, "");
        let rows: Vec<&str> =
            report.lines().filter(|line| line.contains("| 5000 ") || line.contains("| 10000 ")).collect();
        assert!(
            rows[0].starts_with(
                "| axum | 200.0 | 180.0 to 220.0 | 5.00 | 20.0 | 40.0 | 5000 | – | 3.00 | 0 | 0.50 |"
            ),
            "{rows:?}"
        );
        assert!(
            rows[1].starts_with("| **Florin** | 100.0 | 90.0 to 110.0 | 10.0 | 40.0 | 80.0 | 10000 |"),
            "{rows:?}"
        );
        assert!(
            report.contains("| Florin | pavex 0.2.10 | 28.0 | PostgreSQL | 12.0 | 36.0 | 1000 |"),
            "{report}"
        );
        assert!(!report.contains("## Latency at fixed rates"), "nothing was asked at one");
    }

    #[test]
    fn what_people_wrote_is_kept() {
        let it = case(Job::Account, 64, Some(100));
        let results = results(vec![measured(it, Contestant::Florin, &[100.0])]);
        let first = report(&results, None, kept(""));
        let written = first.replace(KEPT[0], &format!("{}\nBecause.\n", KEPT[0]));
        let second = report(&results, None, kept(&written));
        assert!(second.contains("\n\nBecause.\n\n"), "{second}");
        assert_eq!(report(&results, None, kept(&second)), second);
    }
}
