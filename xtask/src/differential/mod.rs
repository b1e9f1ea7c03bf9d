//! `cargo xtask differential`: random histories over HTTP to the release build, each reply held against the reference
//! model. It ends at the first difference, says how to see it again, and fails.

#[cfg(feature = "differential")]
mod report;
#[cfg(feature = "differential")]
mod run;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::process;

/// Play random commands to the service and compare every reply with the reference model
///
/// Starts the release build on a new database of each kind, plays histories of some hundred commands each in ledgers of
/// their own, many at once, reads back all that can be read of each, and has `server verify` look at the whole database.
/// A difference is shown with the seed and the number of commands that show it again, and fails the command.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How many commands to play on each database
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..))]
    commands: u64,
    /// On which database
    #[arg(long, value_enum, default_value_t = Choice::Both)]
    database: Choice,
    /// The seed of the first history; each after it takes the next number
    #[arg(long)]
    seed: Option<u64>,
    /// How many commands a history has
    #[arg(long, default_value_t = 250, value_parser = clap::value_parser!(u64).range(1..=5000))]
    history: u64,
    /// How many ledgers are played at once
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1024))]
    ledgers_at_once: u16,
    /// The service's program; without it, the release binary is built and taken
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// An empty PostgreSQL database to fill; without it, a server is started for it
    #[arg(long, value_name = "URL")]
    postgres_url: Option<String>,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Choice {
    Sqlite,
    Postgres,
    Both,
}

impl Options {
    fn starts_postgres(&self) -> bool {
        self.database != Choice::Sqlite && self.postgres_url.is_none()
    }
}

/// Plays, in an optimised build of this program: the model shares the machine with the service, and counts all that
/// ever moved each time anew.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let lacks_postgres = options.starts_postgres() && cfg!(not(feature = "postgres"));
    if cfg!(debug_assertions) || cfg!(not(feature = "differential")) || lacks_postgres {
        let mut again = cargo_command::cargo();
        let features = if options.starts_postgres() { "differential,postgres" } else { "differential" };
        again.args(["run", "--quiet", "--release", "--package", "xtask", "--features", features, "--"]);
        return process::stream(again.args(std::env::args_os().skip(1)));
    }
    #[cfg(feature = "differential")]
    run::run(options)?;
    Ok(())
}
