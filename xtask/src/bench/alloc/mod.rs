//! `bench alloc`: what one request costs whatever the machine is: how often it allocates, how many bytes, and how many
//! instructions it takes, route by route. The service is not changed for it: valgrind looks on from outside.

#[cfg(any(test, feature = "alloc"))]
mod counts;
#[cfg(any(test, feature = "alloc"))]
mod databases;
#[cfg(any(test, feature = "alloc"))]
mod page;
#[cfg(any(test, feature = "alloc"))]
mod routes;
#[cfg(any(test, feature = "alloc"))]
mod run;

#[cfg(any(test, feature = "alloc"))]
pub(crate) use self::counts::version;
#[cfg(any(test, feature = "alloc"))]
pub(crate) use self::databases::Home;
#[cfg(any(test, feature = "alloc"))]
pub(crate) use self::routes::ACCOUNTS;
#[cfg(any(test, feature = "alloc"))]
pub(crate) use self::run::{SETTINGS, send_all};

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Counts what one request allocates, and the instructions it takes, by route and database
///
/// Runs the release build under valgrind's dhat, with one thread that serves and one connection, once with N requests of a
/// route and once with 2 N: the difference, over N, is what a request costs, without what starting and stopping cost. Counts
/// hardly move from run to run, whatever else the machine does. It takes some five minutes after building. valgrind has to
/// be installed, and PostgreSQL unless --stores says sqlite.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// On which databases
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Store::Postgres, Store::Sqlite])]
    stores: Vec<Store>,
    /// How many requests to take the difference of
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(10..=1_000_000))]
    requests: u32,
    /// Only requests whose name has this in it, as in the page
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true,
        conflicts_with = "report"
    )]
    only: String,
    /// The service's program; without it, the release binary is built and taken
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// Writes the table into this page, with bounds a little above what was counted
    #[arg(long, value_name = "FILE", conflicts_with = "check")]
    report: Option<PathBuf>,
    /// Compares with the bounds of the committed page, and fails where a route is above one
    #[arg(long)]
    check: bool,
}

/// Where the ledger is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Store {
    Postgres,
    Sqlite,
}

#[cfg(any(test, feature = "alloc"))]
impl Store {
    /// All of them.
    pub(crate) const ALL: [Self; 2] = [Self::Postgres, Self::Sqlite];

    /// Returns its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Sqlite => "SQLite",
        }
    }
}

impl Options {
    /// Returns whether these options ask for a PostgreSQL server.
    pub(crate) fn starts_postgres(&self) -> bool {
        self.stores.contains(&Store::Postgres)
    }
}

/// Counts, and prints or writes or compares what was counted.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    #[cfg(any(test, feature = "alloc"))]
    return run::run(options);
    #[cfg(not(any(test, feature = "alloc")))]
    anyhow::bail!("this program was compiled without the feature `alloc` ({options:?})")
}
