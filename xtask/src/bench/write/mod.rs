//! `bench write`: what does the service make of PostgreSQL? The same server, in turns: transfers posted to the
//! service, each acknowledged when it is on disk, and pgbench with one database transaction for each.
//!
//! A figure that is not what it should be is shown as such, and is no failure: machines are noisy.

pub(in crate::bench) mod pgbench;
mod report;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::Args;

use self::pgbench::{Databases, Workload};
use self::report::{Posted, Ran};
use super::cluster::Cluster;
use super::figures::Figures;
use super::load::{Keys, Load, Traffic, fund};
use super::measure::{ServerSpent, measure};
use super::processor;
use super::service::{Service, build};
use super::table::counted;

/// How many clients wait for each other on pgbench's hot row.
const HOT_CLIENTS: usize = 32;

/// Posts transfers to the service on PostgreSQL, and compares with pgbench on the same server
///
/// Starts a PostgreSQL server of its own in the system's temporary folder (TMPDIR), which has to be on a real disk
/// with some 20 GB free. In every round all measurements take turns, the service's with pgbench's; medians count.
/// Prints a report in Markdown. The load runs on the same machine and its processor time is shown, too.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How long each measurement takes in one round, in seconds
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// How long each measurement runs before anything counts, in seconds
    #[arg(long, default_value_t = 1)]
    warm_up: u64,
    /// Rounds
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Connections to the service
    #[arg(long, value_delimiter = ',', default_value = "1,8,64,256")]
    connections: Vec<usize>,
    /// Between which accounts money moves on the service
    #[arg(long, value_delimiter = ',', default_value = "uniform,hot")]
    traffic: Vec<Traffic>,
    /// What idempotency keys look like
    #[arg(long, value_enum, default_value_t = Keys::Random)]
    keys: Keys,
    /// Accounts on the service
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(2..))]
    accounts: u32,
    /// Clients of pgbench's TPC-B-like transactions
    #[arg(long, value_delimiter = ',', default_value = "1,8,32,64")]
    clients: Vec<usize>,
    /// Scales of pgbench's TPC-B-like transactions
    #[arg(long, value_delimiter = ',', default_value = "10,50")]
    scales: Vec<u32>,
    /// A further setting of the PostgreSQL server, as in postgresql.conf; can be given several times
    #[arg(long = "set", value_name = "NAME=VALUE")]
    settings: Vec<String>,
    /// The service's program; without it, the release binary is built and taken
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// Writes the report into this file as well
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Posts to a service that is running already, in its ledger `main`; starts nothing and leaves pgbench out
    #[arg(long, value_name = "IP:PORT", conflicts_with_all = ["binary", "clients", "scales", "settings"])]
    address: Option<SocketAddr>,
    /// With --address: the first process of its PostgreSQL server, to see what that uses
    #[arg(long, value_name = "PID", requires = "address")]
    postmaster: Option<u32>,
}

impl Options {
    /// Returns whether these options ask for a PostgreSQL server.
    pub(crate) fn starts_postgres(&self) -> bool {
        self.address.is_none()
    }

    fn warm_up(&self) -> Duration {
        Duration::from_secs(self.warm_up)
    }

    fn duration(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    /// Returns how many files of 16 MB the server's log may need.
    fn wal_files(&self) -> u64 {
        let measurements = (self.connections.len() * self.traffic.len()) as u64 * u64::from(self.rounds);
        // 80 MB in every second of posting, and what pgbench needs.
        (measurements * (self.seconds + self.warm_up) * 5).clamp(64, 512)
    }

    fn posted(&self) -> Vec<Posted> {
        let each = |&connections: &usize| {
            let traffic = self.traffic.iter();
            traffic.map(move |&traffic| Posted { traffic, connections, figures: Figures::default() })
        };
        self.connections.iter().flat_map(each).collect()
    }

    fn ran(&self) -> Vec<Ran> {
        let tpc_b = self
            .scales
            .iter()
            .flat_map(|&scale| self.clients.iter().map(move |&clients| (Workload::TpcB { scale }, clients)));
        let alone = [(Workload::Insert, 1), (Workload::Statement, 1)];
        let transfers = [(Workload::Uniform, HOT_CLIENTS), (Workload::Hot, HOT_CLIENTS)];
        // In the order of what they are compared with: one client first, many last.
        let all = alone.into_iter().chain(tpc_b).chain(transfers);
        all.map(|(workload, clients)| Ran { workload, clients, figures: Figures::default() }).collect()
    }
}

/// Runs the benchmark and prints its report.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let report = match options.address {
        Some(address) => post_only(options, address),
        None => compare(options),
    }?;
    print!("{report}");
    if let Some(file) = &options.report {
        std::fs::write(file, report).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

/// Posts to a service that is there.
fn post_only(options: &Options, address: SocketAddr) -> anyhow::Result<String> {
    let mut posted = options.posted();
    fund(address, options.accounts)?;
    let server = || {
        let processor = options.postmaster.map_or(f64::NAN, processor::with_children);
        Ok(ServerSpent { processor, ..ServerSpent::UNKNOWN })
    };
    for round in 1..=options.rounds {
        for posted in &mut posted {
            post(options, posted, address, round, server)?;
        }
    }
    Ok(report::posted(&posted))
}

/// Posts to a service on a PostgreSQL server of its own, in turns with pgbench.
fn compare(options: &Options) -> anyhow::Result<String> {
    let binary = options.binary.clone().map_or_else(build, Ok)?;
    let cluster = Cluster::start(None, &options.settings)?;
    eprintln!("making room for the server's log …");
    cluster.prepare_wal(options.wal_files())?;
    let databases = Databases::make(&cluster, &options.scales)?;
    let service = Service::start(&binary, &cluster.database("florin")?, &[])?;
    fund(service.address, options.accounts)?;
    let (mut posted, mut ran) = (options.posted(), options.ran());
    let checkpoint = cluster.last_checkpoint()?;
    for round in 1..=options.rounds {
        for turn in turns(posted.len(), ran.len()) {
            match turn {
                Turn::Ours(at) => {
                    post(options, &mut posted[at], service.address, round, || cluster.spent())?;
                }
                Turn::Theirs(at) => {
                    let Ran { workload, clients, figures } = &mut ran[at];
                    eprintln!(
                        "round {round}: pgbench, {}, {} …",
                        workload.name(),
                        counted(*clients, "client")
                    );
                    figures.add(pgbench::measure(
                        &cluster,
                        &databases,
                        *workload,
                        *clients,
                        options.warm_up(),
                        options.duration(),
                    )?);
                }
            }
        }
    }
    let undisturbed = checkpoint == cluster.last_checkpoint()?;
    report::compared(&cluster, options, undisturbed, &posted, &ran)
}

fn post(
    options: &Options,
    posted: &mut Posted,
    address: SocketAddr,
    round: u32,
    server: impl Fn() -> anyhow::Result<ServerSpent>,
) -> anyhow::Result<()> {
    let Posted { traffic, connections, figures } = posted;
    let (name, connections_shown) = (report::traffic_name(*traffic), counted(*connections, "connection"));
    eprintln!("round {round}: the service, {name}, {connections_shown} …");
    let load = Load {
        address,
        connections: *connections,
        traffic: *traffic,
        keys: options.keys,
        accounts: options.accounts,
        is_authorized: true,
        warm_up: options.warm_up(),
        duration: options.duration(),
    };
    figures.add(measure(&load, server)?);
    Ok(())
}

/// Whose turn it is, and with which measurement.
#[derive(Debug, PartialEq, Eq)]
enum Turn {
    Ours(usize),
    Theirs(usize),
}

/// Spreads both sides' measurements evenly over a round.
fn turns(ours: usize, theirs: usize) -> Vec<Turn> {
    let mut turns = Vec::new();
    let (mut our, mut their) = (0, 0);
    while our < ours || their < theirs {
        // Whoever lags behind: (our + 1/2) / ours against (their + 1/2) / theirs.
        if our < ours && (their >= theirs || (2 * our + 1) * theirs <= (2 * their + 1) * ours) {
            turns.push(Turn::Ours(our));
            our += 1;
        } else {
            turns.push(Turn::Theirs(their));
            their += 1;
        }
    }
    turns
}

#[cfg(test)]
mod tests {
    use super::Turn::{Ours, Theirs};
    use super::turns;

    #[test]
    fn both_sides_take_turns_to_the_end() {
        assert_eq!(turns(2, 4), [Theirs(0), Ours(0), Theirs(1), Theirs(2), Ours(1), Theirs(3)]);
        assert_eq!(turns(2, 2), [Ours(0), Theirs(0), Ours(1), Theirs(1)]);
        assert_eq!(turns(0, 1), [Theirs(0)]);
        assert_eq!(turns(1, 0), [Ours(0)]);
    }
}
