//! `bench peers`: the same job on other frameworks, side by side with the service on the same databases. What is asked of
//! everybody is in `bench/`; here it is built, held against the service's answers, driven, and reported.

#[cfg(any(test, feature = "peers"))]
mod check;
#[cfg(any(test, feature = "peers"))]
mod contestant;
#[cfg(any(test, feature = "peers"))]
mod data;
#[cfg(any(test, feature = "peers"))]
mod generator;
#[cfg(any(test, feature = "peers"))]
mod job;
#[cfg(any(test, feature = "peers"))]
mod losses;
#[cfg(any(test, feature = "peers"))]
mod machine;
#[cfg(any(test, feature = "peers"))]
mod oha;
#[cfg(any(test, feature = "peers"))]
mod plan;
#[cfg(any(test, feature = "peers"))]
mod plots;
#[cfg(any(test, feature = "peers"))]
mod programs;
#[cfg(any(test, feature = "peers"))]
mod report;
#[cfg(any(test, feature = "peers"))]
mod results;
#[cfg(any(test, feature = "peers"))]
mod run;
#[cfg(any(test, feature = "peers"))]
mod running;
#[cfg(any(test, feature = "peers"))]
mod scenario;
#[cfg(any(test, feature = "peers"))]
mod wrk;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Measures the service and the same job on other frameworks, side by side
///
/// Builds the service and the peers in `bench/`, fills a ledger on each database and gives everybody a copy, checks that all
/// of them answer alike to the byte, and only then has a load generator ask them, in turns A B C A B C: an account with its balances, a
/// transfer of two postings that is on disk before it is answered, and a text that never changes. Shown are medians and
/// their spread, percentiles, the processor time of service, database and load for each request, memory and size of program.
/// Results go into a file as JSON, into a report in Markdown, and into plots. As it comes it takes some ten minutes after
/// building. `oha` has to be installed (`cargo install oha --locked`), and PostgreSQL unless
/// --stores says sqlite.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Who takes part
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Contestant::value_variants().iter().copied())]
    contestants: Vec<Contestant>,
    /// On which databases
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Store::Postgres, Store::Sqlite])]
    stores: Vec<Store>,
    /// What is asked
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Job::value_variants().iter().copied())]
    jobs: Vec<Job>,
    /// What makes the load. Fixed rates are oha's alone
    #[arg(long, value_enum, default_value_t = Generator::Oha)]
    generator: Generator,
    /// How long one measurement takes, in seconds
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=3600))]
    seconds: u32,
    /// How long to ask before each measurement, in milliseconds
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(0..=600_000))]
    warm_up_ms: u32,
    /// Rounds: everybody has a turn in each
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// Connections that read, each of these numbers in turn
    #[arg(long, value_delimiter = ',', default_value = "64", value_parser = clap::value_parser!(u32).range(1..=4096))]
    connections: Vec<u32>,
    /// Connections that post
    #[arg(long, value_delimiter = ',', default_value = "256", value_parser = clap::value_parser!(u32).range(1..=4096))]
    write_connections: Vec<u32>,
    /// Fixed rates in requests a second at which accounts are read and transfers posted, beside as many as everybody can
    /// answer: a late answer counts from when its request was due; 0 for none
    #[arg(long, value_delimiter = ',', default_value = "2000", value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    rates: Vec<u32>,
    /// Entries of the ledger; further numbers are measured for --growth-contestants only
    #[arg(long, value_delimiter = ',', default_value = "10000", value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    entries: Vec<u64>,
    /// Accounts of the ledger; further numbers as with --entries
    #[arg(long, value_delimiter = ',', default_value = "10000", value_parser = clap::value_parser!(u32).range(16..=10_000_000))]
    accounts: Vec<u32>,
    /// Who is measured on further numbers of entries and accounts
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Contestant::Florin, Contestant::Hyper])]
    growth_contestants: Vec<Contestant>,
    /// Connections that each peer has to its database; the service as it is configured
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100))]
    pool_size: u32,
    /// Clients of pgbench, on the same server in the same run; 0 for none
    #[arg(long, value_delimiter = ',', default_value = "8,32", value_parser = clap::value_parser!(u32).range(0..=100))]
    pgbench_clients: Vec<u32>,
    /// Ends once everybody has answered alike, and measures nothing
    #[arg(long)]
    check_only: bool,
    /// The service's program; without it, the release binary is built and taken
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// A folder with the peers' programs, `peer_axum` and so on; without it, they are built
    #[arg(long, value_name = "FOLDER")]
    peers: Option<PathBuf>,
    /// Where databases are made; the system's temporary folder where it is not given. It has to be on a real disk
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// A further setting of the PostgreSQL server, as in postgresql.conf; can be given several times
    #[arg(long = "set", value_name = "NAME=VALUE")]
    settings: Vec<String>,
    /// Where the results go, as JSON
    #[arg(long, value_name = "FILE", default_value = "target/bench-peers.json")]
    results: PathBuf,
    /// Where the report goes, with its plots in a folder of that name beside it; without it, it is printed
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Measures nothing, and writes the report of results that are there
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
}

/// Who takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum)]
#[cfg_attr(any(test, feature = "peers"), derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(any(test, feature = "peers"), serde(rename_all = "kebab-case"))]
pub(crate) enum Contestant {
    Florin,
    Hyper,
    Axum,
    ActixWeb,
    Rocket,
    Warp,
    Poem,
    Salvo,
    Ntex,
    Loco,
    Pavex,
}

/// Where the ledger is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum)]
#[cfg_attr(any(test, feature = "peers"), derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(any(test, feature = "peers"), serde(rename_all = "kebab-case"))]
pub(crate) enum Store {
    Postgres,
    Sqlite,
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum)]
#[cfg_attr(any(test, feature = "peers"), derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(any(test, feature = "peers"), serde(rename_all = "kebab-case"))]
pub(crate) enum Job {
    /// A JSON text that never changes
    Static,
    /// Any account with its balances
    Account,
    /// Transfers between any accounts, of two postings each
    Transfer,
    /// Transfers that all reach one account
    HotTransfer,
}

/// What makes the load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Generator {
    /// oha
    Oha,
    /// wrk, which takes less of the machine from what it measures
    Wrk,
}

impl Options {
    /// Returns whether any rate is fixed.
    #[cfg(any(test, feature = "peers"))]
    fn has_rates(&self) -> bool {
        self.rates.iter().any(|rate| *rate > 0)
    }

    /// Returns whether these options ask for a PostgreSQL server.
    pub(crate) fn starts_postgres(&self) -> bool {
        self.from.is_none() && self.stores.contains(&Store::Postgres)
    }
}

/// Runs the benchmark and writes what it has seen.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    #[cfg(any(test, feature = "peers"))]
    return run::run(options);
    #[cfg(not(any(test, feature = "peers")))]
    anyhow::bail!("this program was compiled without the feature `peers` ({options:?})")
}
