//! Benchmarks: each is one command, compares within one run, and prints ratios beside figures.

mod load;
mod service;
mod smoke;

use clap::Subcommand;

/// What to measure.
#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// Posts transfers over 1, 8, 64 and 256 connections on SQLite, in batches and one SQL transaction each.
    Smoke(smoke::Options),
}

/// Runs a benchmark.
pub(crate) fn run(bench: &Bench) -> anyhow::Result<()> {
    match bench {
        Bench::Smoke(options) => smoke::run(options),
    }
}
