//! `bench auth`: what does it cost to know who asks? The same reads and writes with a key, and with authentication
//! switched off, in turns on services of their own.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, ValueEnum};

use super::cluster::Cluster;
use super::figures::{Figures, Round};
use super::load::{Keys, Load, Traffic, fund};
use super::measure::{ServerSpent, measure};
use super::service::{Service, build};
use super::table::{Bound, Figure, Spread, counted, header, row};

/// What of the throughput has to be left with a key.
const BOUND: Bound = Bound::AtLeast(0.9);

/// What is compared: with a key, and without anybody being asked.
const VARIANTS: [(&str, &[(&str, &str)]); 2] =
    [("a key", &[("PX_AUTHENTICATION__MODE", "required")]), ("off", &[("PX_AUTHENTICATION__MODE", "off")])];

/// What is asked for.
const TRAFFIC: [(Traffic, &str); 2] =
    [(Traffic::Reads, "GET …/accounts/{address}"), (Traffic::Uniform, "POST …/transactions")];

/// Where the ledgers are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Database {
    /// A file in `target`
    Sqlite,
    /// A server of its own in the system's temporary folder (TMPDIR)
    Postgres,
}

/// Reads accounts and posts transfers with a key, and with authentication switched off
///
/// Two services for each database, each with a database of its own, take turns in every round, reads and writes each;
/// medians count. Prints a report in Markdown.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How long each measurement takes in one round, in seconds
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// How long each measurement runs before anything counts, in seconds
    #[arg(long, default_value_t = 1)]
    warm_up: u64,
    /// Rounds
    #[arg(long, default_value_t = 11, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Connections to the service
    #[arg(long, value_delimiter = ',', default_value = "1,64")]
    connections: Vec<usize>,
    /// Accounts
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(2..))]
    accounts: u32,
    /// Databases
    #[arg(long, value_delimiter = ',', default_value = "sqlite,postgres")]
    databases: Vec<Database>,
    /// The service's program; without it, the release binary is built and taken
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// Writes the report into this file as well
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

impl Options {
    /// Returns whether these options ask for a PostgreSQL server.
    pub(crate) fn starts_postgres(&self) -> bool {
        self.databases.contains(&Database::Postgres)
    }
}

/// What was measured of one kind of request, in both ways.
struct Compared {
    database: Database,
    connections: usize,
    asked: &'static str,
    figures: [Figures; 2],
}

/// Runs the benchmark and prints its report.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let binary = options.binary.clone().map_or_else(build, Ok)?;
    let mut compared = Vec::new();
    for &database in &options.databases {
        compared.extend(compare(options, &binary, database)?);
    }
    let report = report(options, &compared);
    print!("{report}");
    if let Some(file) = &options.report {
        std::fs::write(file, report).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

/// Measures on one kind of database.
fn compare(options: &Options, binary: &std::path::Path, database: Database) -> anyhow::Result<Vec<Compared>> {
    let folder = tempfile::Builder::new().prefix("florin-bench-").tempdir_in("target")?;
    let cluster = (database == Database::Postgres).then(|| Cluster::start(None, &[])).transpose()?;
    let mut services = Vec::new();
    for (at, (_, settings)) in VARIANTS.iter().enumerate() {
        let url = match &cluster {
            Some(cluster) => cluster.database(&format!("florin_{at}"))?,
            None => format!("sqlite://{}", folder.path().join(format!("{at}.db")).display()),
        };
        let service = Service::start(binary, &url, settings)?;
        fund(service.address, options.accounts)?;
        services.push(service);
    }
    let each = |&connections: &usize| {
        TRAFFIC.map(|(_, asked)| Compared { database, connections, asked, figures: Default::default() })
    };
    let mut all: Vec<Compared> = options.connections.iter().flat_map(each).collect();
    for round in 0..options.rounds {
        for (place, Compared { connections, asked, figures, .. }) in all.iter_mut().enumerate() {
            // Each goes first in every other round: what the one before leaves behind hits both alike.
            let first = usize::from(round % 2 == 1);
            for variant in [first, 1 - first] {
                let name = VARIANTS[variant].0;
                let shown = counted(*connections, "connection");
                eprintln!("round {}: {database:?}, {asked}, {name}, {shown} …", round + 1);
                let load = Load {
                    address: services[variant].address,
                    connections: *connections,
                    traffic: TRAFFIC[place % TRAFFIC.len()].0,
                    keys: Keys::Random,
                    accounts: options.accounts,
                    is_authorized: variant == 0,
                    warm_up: Duration::from_secs(options.warm_up),
                    duration: Duration::from_secs(options.seconds),
                };
                figures[variant].add(measure(&load, || Ok(ServerSpent::UNKNOWN))?);
            }
        }
    }
    Ok(all)
}

fn report(options: &Options, compared: &[Compared]) -> String {
    let mut text = String::new();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let Options { rounds, seconds, warm_up, accounts, .. } = options;
    writeln!(
        text,
        "# What it costs to know who asks\n\nWritten by `cargo xtask bench auth`: the same requests with an API key, \
         and without one where `authentication.mode` is `off`, in turns on two services. Medians of {rounds} rounds of \
         {seconds} s after {warm_up} s of warm-up, with the ratios of the slowest and the fastest round. Service, \
         database and load share {cores} cores; {accounts} accounts.\n"
    )
    .expect("texts can be written");
    header(
        &mut text,
        [
            "database",
            "request",
            "connections",
            "with a key: requests/s",
            "p50 ms",
            "p99 ms",
            "off: requests/s",
            "p50 ms",
            "p99 ms",
            "a key ÷ off",
            "round by round",
            "must be",
            "",
        ],
    );
    for Compared { database, connections, asked, figures: [key, off] } in compared {
        let per_second = |round: &Round| round.per_second;
        let (ratio, spread) = key.over(off, per_second);
        let of = |figures: &Figures| {
            let medians: [fn(&Round) -> f64; 3] =
                [|round| round.per_second, |round| round.p50_ms, |round| round.p99_ms];
            medians.map(|figure| Figure(figures.median(figure)))
        };
        let ([key_rate, key_p50, key_p99], [off_rate, off_p50, off_p99]) = (of(key), of(off));
        row(
            &mut text,
            &[
                &format!("{database:?}"),
                asked,
                connections,
                &key_rate,
                &key_p50,
                &key_p99,
                &off_rate,
                &off_p50,
                &off_p99,
                &format!("{ratio:.3}"),
                &Spread(spread),
                &BOUND,
                &BOUND.verdict(ratio),
            ],
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::{Compared, Database, Options, report};

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        options: Options,
    }

    #[test]
    fn the_report_has_a_row_for_each_comparison() {
        let options = Command::parse_from(["auth", "--rounds", "3"]).options;
        assert!(options.starts_postgres());
        let compared = [Compared {
            database: Database::Sqlite,
            connections: 64,
            asked: "GET …/accounts/{address}",
            figures: Default::default(),
        }];
        let text = report(&options, &compared);
        let rows: Vec<_> = text.lines().filter(|line| line.starts_with('|')).collect();
        assert_eq!(rows.len(), 3, "{text}");
        assert!(rows.iter().all(|row| row.matches('|').count() == 14), "{text}");
        assert!(rows[2].contains("| Sqlite | GET …/accounts/{address} | 64 |"), "{text}");
    }
}
