//! Benchmarks: each is one command, compares within one run, and prints ratios beside figures.

mod figures;
mod latencies;
mod load;
mod measure;
mod processor;
pub(crate) mod service;
mod smoke;
mod write;

use std::process::Command;

use clap::Subcommand;

use crate::process;

/// What to measure.
#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// Posts transfers over 1, 8, 64 and 256 connections on SQLite, in batches and one SQL transaction each.
    Smoke(smoke::Options),
    Write(write::Options),
}

/// Runs a benchmark, in an optimised build of this program: the load shares the machine with what it
/// measures, and has to be cheap.
pub(crate) fn run(bench: &Bench) -> anyhow::Result<()> {
    let starts_postgres = matches!(bench, Bench::Write(options) if options.starts_postgres());
    let lacks_postgres = starts_postgres && cfg!(not(feature = "postgres"));
    if cfg!(debug_assertions) || lacks_postgres {
        let mut again = Command::new(env!("CARGO"));
        again.args(["run", "--quiet", "--release", "--package", "xtask"]);
        if starts_postgres {
            again.args(["--features", "postgres"]);
        }
        return process::stream(again.arg("--").args(std::env::args_os().skip(1)));
    }
    match bench {
        Bench::Smoke(options) => smoke::run(options),
        Bench::Write(options) => write::run(options),
    }
}
