//! Benchmarks: each is one command, compares within one run, and prints ratios beside figures.

mod load;
mod service;
mod smoke;

use std::process::Command;

use clap::Subcommand;

use crate::process;

/// What to measure.
#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// Posts transfers over 1, 8, 64 and 256 connections on SQLite, in batches and one SQL transaction each.
    Smoke(smoke::Options),
}

/// Runs a benchmark, in an optimised build of this program: the load shares the machine with what it
/// measures, and has to be cheap.
pub(crate) fn run(bench: &Bench) -> anyhow::Result<()> {
    if cfg!(debug_assertions) {
        let mut optimised = Command::new(env!("CARGO"));
        optimised.args(["run", "--quiet", "--release", "--package", "xtask", "--"]);
        return process::stream(optimised.args(std::env::args_os().skip(1)));
    }
    match bench {
        Bench::Smoke(options) => smoke::run(options),
    }
}
