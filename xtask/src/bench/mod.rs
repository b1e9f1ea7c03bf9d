//! Benchmarks: each is one command, compares within one run, and prints ratios beside figures.

pub(crate) mod alloc;
mod auth;
mod cluster;
mod codegen;
mod figures;
mod latencies;
pub(crate) mod load;
mod measure;
mod peers;
mod processor;
mod resident;
pub(crate) mod service;
mod size;
mod smoke;
mod soak;
mod table;
mod write;

use clap::Subcommand;

use crate::process;

/// What to measure.
#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// Posts transfers over 1, 8, 64 and 256 connections on SQLite, in batches and one SQL transaction each.
    Smoke(smoke::Options),
    Write(write::Options),
    Alloc(alloc::Options),
    Auth(auth::Options),
    Codegen(codegen::Options),
    Size(size::Options),
    Soak(soak::Options),
    Peers(peers::Options),
}

/// The features that this program has.
const BUILT_WITH: &[&str] = &[
    #[cfg(feature = "alloc")]
    "alloc",
    #[cfg(feature = "peers")]
    "peers",
    #[cfg(feature = "postgres")]
    "postgres",
    #[cfg(feature = "size")]
    "size",
];

impl Bench {
    /// Returns the features that this program has to have.
    fn features(&self) -> Vec<&'static str> {
        match self {
            Self::Write(options) if options.starts_postgres() => vec!["postgres"],
            Self::Alloc(options) if options.starts_postgres() => vec!["alloc", "postgres"],
            Self::Alloc(_) => vec!["alloc"],
            Self::Auth(options) if options.starts_postgres() => vec!["postgres"],
            Self::Soak(options) if options.starts_postgres() => vec!["postgres"],
            Self::Smoke(_) | Self::Write(_) | Self::Auth(_) | Self::Soak(_) | Self::Codegen(_) => vec![],
            Self::Size(options) if options.starts_postgres() => vec!["size", "postgres"],
            Self::Size(_) => vec!["size"],
            Self::Peers(options) if options.starts_postgres() => vec!["peers", "postgres"],
            Self::Peers(_) => vec!["peers"],
        }
    }
}

/// Runs a benchmark, in an optimised build of this program: the load shares the machine with what it
/// measures, and has to be cheap.
pub(crate) fn run(bench: &Bench) -> anyhow::Result<()> {
    let features = bench.features();
    let lacks_one = features.iter().any(|feature| !BUILT_WITH.contains(feature));
    // They wait for cargo or valgrind, and put no load on anything themselves.
    let only_waits = matches!(bench, Bench::Codegen(_) | Bench::Alloc(_));
    if (cfg!(debug_assertions) && !only_waits) || lacks_one {
        let mut again = cargo_command::cargo();
        again.args(["run", "--quiet", "--package", "xtask"]);
        if !only_waits {
            again.arg("--release");
        }
        if !features.is_empty() {
            again.args(["--features", &features.join(",")]);
        }
        return process::stream(again.arg("--").args(std::env::args_os().skip(1)));
    }
    match bench {
        Bench::Smoke(options) => smoke::run(options),
        Bench::Write(options) => write::run(options),
        Bench::Alloc(options) => alloc::run(options),
        Bench::Auth(options) => auth::run(options),
        Bench::Codegen(options) => codegen::run(options),
        Bench::Size(options) => size::run(options),
        Bench::Soak(options) => soak::run(options),
        Bench::Peers(options) => peers::run(options),
    }
}
