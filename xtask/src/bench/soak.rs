//! `bench soak`: does the service keep to its memory? Reads and transfers for hours, and what it has resident meanwhile.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;

use super::auth::Database;
use super::cluster::Cluster;
use super::figures::{median, spread};
use super::load::{Keys, Load, Traffic, fund, post_transfers};
use super::resident::resident_bytes;
use super::service::{Service, build};
use super::table::{Bound, Figure, header, megabytes, row};

/// Megabytes that the service may have resident before anybody has asked for anything.
const IDLE: Bound = Bound::AtMost(8.0);
/// Megabytes that it may have at any time.
const LOADED: Bound = Bound::AtMost(64.0);
/// What it has in the last quarter of the time, by what it has in the third. It is the noise of a median.
const GROWTH: Bound = Bound::AtMost(1.02);

/// How many pieces of the time the report has a row for.
const ROWS: usize = 12;

/// Reads accounts and posts transfers for an hour, and looks at the memory of the service
///
/// In each round reads and then transfers come over new connections; memory is read after each. A service has had enough
/// when both the time is over and the requests are done. Prints a report in Markdown.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How long it takes at least, in minutes
    #[arg(long, default_value_t = 60)]
    minutes: u64,
    /// How many requests it takes at least
    #[arg(long, default_value_t = 10_000_000)]
    requests: u64,
    /// How long reads, and transfers, are asked for in one round, in seconds
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// How long nothing is asked for after each round, in seconds: for a machine that has other work, too
    #[arg(long, default_value_t = 0)]
    pause: u64,
    /// Connections to the service
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    connections: u32,
    /// Accounts
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(2..))]
    accounts: u32,
    /// The database
    #[arg(long, default_value = "sqlite")]
    database: Database,
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
        self.database == Database::Postgres
    }
}

/// What the service had resident at one time.
#[derive(Debug, Clone, Copy)]
struct Sample {
    after: Duration,
    requests: u64,
    megabytes: f64,
}

/// Runs the benchmark and prints its report.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let binary = options.binary.clone().map_or_else(build, Ok)?;
    let (idle, samples) = soak(options, &binary)?;
    let report = report(options, idle, &samples);
    print!("{report}");
    if let Some(file) = &options.report {
        std::fs::write(file, report).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

/// Asks until it is enough. Returns what the service has before, in megabytes, and what it has from then on.
fn soak(options: &Options, binary: &Path) -> anyhow::Result<(f64, Vec<Sample>)> {
    let folder = tempfile::Builder::new().prefix("florin-bench-").tempdir_in("target")?;
    let cluster = (options.database == Database::Postgres).then(|| Cluster::start(None, &[])).transpose()?;
    let url = match &cluster {
        Some(cluster) => cluster.database("florin")?,
        None => format!("sqlite://{}", folder.path().join("soak.db").display()),
    };
    let service = Service::start(binary, &url, &[])?;
    // What it does at its start goes on for a moment after it has named its address.
    std::thread::park_timeout(Duration::from_secs(2));
    let resident = || resident_bytes(service.process_id()).map(megabytes);
    let idle = resident()?;
    fund(service.address, options.accounts)?;
    let (began, minutes) = (Instant::now(), Duration::from_mins(options.minutes));
    let (mut requests, mut told, mut samples) = (0, Instant::now(), Vec::new());
    while began.elapsed() < minutes || requests < options.requests {
        for traffic in [Traffic::Reads, Traffic::Uniform] {
            let load = Load {
                address: service.address,
                connections: options.connections as usize,
                traffic,
                keys: Keys::Random,
                accounts: options.accounts,
                is_authorized: true,
                warm_up: Duration::ZERO,
                duration: Duration::from_secs(options.seconds),
            };
            requests += post_transfers(&load)?.posts;
            samples.push(Sample { after: began.elapsed(), requests, megabytes: resident()? });
        }
        if let Some(sample) = samples.last().filter(|_| told.elapsed() >= Duration::from_mins(1)) {
            told = Instant::now();
            let minutes = sample.after.as_secs() / 60;
            eprintln!("{minutes} min, {requests} requests, {:.1} MB …", sample.megabytes);
        }
        std::thread::park_timeout(Duration::from_secs(options.pause));
    }
    Ok((idle, samples))
}

fn report(options: &Options, idle: f64, samples: &[Sample]) -> String {
    let mut text = String::new();
    let Options { seconds, pause, connections, accounts, database, .. } = options;
    let Some(last) = samples.last() else { return text };
    writeln!(
        text,
        "# What the service keeps to\n\nWritten by `cargo xtask bench soak`: GET of an account and POST of a transfer, \
         {seconds} s each in turns over {connections} new connections, then {pause} s of nothing; {accounts} accounts, \
         {database:?}. {} requests in {} minutes. Memory is what the service has resident, in megabytes of 1,000,000 \
         bytes.\n",
        last.requests,
        last.after.as_secs() / 60,
    )
    .expect("texts can be written");
    let resident = |samples: &[Sample]| samples.iter().map(|sample| sample.megabytes).collect::<Vec<_>>();
    let most = |samples: &[Sample]| spread(resident(samples).into_iter()).1;
    let quarter = |number: usize| {
        let place = |number: usize| samples.len() * number / 4;
        median(resident(&samples[place(number)..place(number + 1)]))
    };
    header(&mut text, ["what", "measured", "must be", ""]);
    for (what, measured, bound) in [
        ("idle, MB", idle, IDLE),
        ("most at any time, MB", most(samples), LOADED),
        ("last quarter of the time ÷ the third", quarter(3) / quarter(2), GROWTH),
    ] {
        row(&mut text, &[&what, &format!("{measured:.3}"), &bound, &bound.verdict(measured)]);
    }
    text.push('\n');
    header(&mut text, ["minutes", "requests", "median MB", "most MB"]);
    for piece in samples.chunks(samples.len().div_ceil(ROWS)) {
        let end = piece[piece.len() - 1];
        let minutes = Figure(end.after.as_secs_f64() / 60.0);
        row(&mut text, &[&minutes, &end.requests, &Figure(median(resident(piece))), &Figure(most(piece))]);
    }
    text
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        options: Options,
    }

    fn samples(megabytes: impl Fn(u16) -> f64) -> Vec<Sample> {
        let sample = |number: u16| Sample {
            after: Duration::from_mins(number.into()),
            requests: u64::from(number) * 1000,
            megabytes: megabytes(number),
        };
        (1..=60).map(sample).collect()
    }

    #[test]
    fn what_grows_is_told_from_what_has_levelled_off() {
        let options = Command::parse_from(["soak"]).options;
        let level = report(&options, 7.5, &samples(|minute| f64::from(minute.min(30)) + 20.0));
        assert_eq!(
            (level.matches("| met |").count(), level.matches("**not met**").count()),
            (3, 0),
            "{level}"
        );
        let grows = report(&options, 8.5, &samples(|minute| f64::from(minute) + 20.0));
        assert_eq!(grows.matches("**not met**").count(), 3, "{grows}");
        assert!(grows.contains("| 60.0 | 60000 |"), "{grows}");
    }

    #[test]
    fn a_short_soak_has_a_report_as_well() {
        let options = Command::parse_from(["soak", "--minutes", "0", "--requests", "1"]).options;
        let text = report(&options, 7.5, &samples(|_| 20.0)[..1]);
        assert!(text.contains("| 1.00 | 1000 | 20.0 | 20.0 |"), "{text}");
    }
}
