//! `bench size`: does the service stay as fast when its ledger is large? A database with ten million entries and one with
//! ten thousand take turns, and every list is asked on the large one.
//!
//! The large one is filled through the service like any other, and may be kept for later runs.

#[cfg(any(test, feature = "size"))]
mod chances;
#[cfg(any(test, feature = "size"))]
mod commands;
#[cfg(any(test, feature = "size"))]
mod databases;
#[cfg(any(test, feature = "size"))]
mod fill;
#[cfg(any(test, feature = "size"))]
mod known;
#[cfg(any(test, feature = "size"))]
mod lists;
#[cfg(any(test, feature = "size"))]
mod reading;
#[cfg(any(test, feature = "size"))]
mod report;
#[cfg(any(test, feature = "size"))]
mod run;
#[cfg(any(test, feature = "size"))]
mod surroundings;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::load::Keys;

/// Fills a large ledger, posts to it and to a small one in turns, and asks every list of the large one
///
/// The marks: at 10 million entries and 1 million accounts at least 0.8 of the transfers a second that there are at 10
/// thousand, and a page of every list within 20 ms in 99 of 100 cases. Prints a report in Markdown, and fails where a mark
/// is missed. The large databases take some 10 GB each and half an hour to fill; with --folder they are kept, and a later
/// run goes on where the filling got to. The load runs on the same machine and its processor time is shown, too.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// On which database
    #[arg(long, value_enum, default_value_t = Choice::Both)]
    database: Choice,
    /// Entries of the large ledger
    #[arg(long, default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    entries: u64,
    /// Accounts of the large ledger
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(2..=100_000_000))]
    accounts: u32,
    /// Entries of the small ledger, and its accounts
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    small_entries: u32,
    /// Rounds in which both are posted to
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// How long each is posted to in one round, in seconds
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// How long to post before anything counts, in seconds
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(0..=600))]
    warm_up: u64,
    /// How long to post to the large ledger before the first round, in seconds: as on a service that has run for a while,
    /// nearly every balance is remembered then, and PostgreSQL has written the pages that change into its log as a whole
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u64).range(0..=3600))]
    run_in: u64,
    /// Connections that post
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u16).range(1..=4000))]
    connections: u16,
    /// What idempotency keys look like
    #[arg(long, value_enum, default_value_t = Keys::Random)]
    keys: Keys,
    /// Pages asked of each list; those of the largest limit are a fifth of that
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    requests: u32,
    /// How long to ask for pages of one kind at most, in seconds
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds_a_list: u64,
    /// Where to keep the filled databases; without it, they lie in the system's temporary folder and are removed
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// A further setting of the PostgreSQL server, as in postgresql.conf; can be given several times
    #[arg(long = "set", value_name = "NAME=VALUE")]
    settings: Vec<String>,
    /// The service's program; without it, the release binary is built and taken
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// Writes the report into this file as well
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Choice {
    Sqlite,
    Postgres,
    Both,
}

impl Options {
    /// Returns whether these options ask for a PostgreSQL server.
    pub(crate) fn starts_postgres(&self) -> bool {
        self.database != Choice::Sqlite
    }
}

/// Runs the benchmark, prints its report, and fails where a mark is missed.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    #[cfg(any(test, feature = "size"))]
    return run::run(options);
    #[cfg(not(any(test, feature = "size")))]
    anyhow::bail!("this program was compiled without the feature `size` ({options:?})")
}
