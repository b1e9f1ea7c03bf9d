//! pgbench, PostgreSQL's own load generator, and what its log says. Its figures are taken as ours are: every
//! transaction's time, from the end of the warm-up on.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};

use crate::bench::cluster::Cluster;
use crate::bench::figures::{Round, Spent};
use crate::bench::latencies::Latencies;
use crate::bench::processor;
use crate::process;

/// What pgbench is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::bench) enum Workload {
    /// Its own, of seven statements, on so many branches.
    TpcB { scale: u32 },
    /// Moves money between any two accounts: two updates and an insert in one transaction.
    Uniform,
    /// The same, with one and the same account on one side.
    Hot,
    /// Inserts a row.
    Insert,
    /// Moves money with one statement.
    Statement,
}

impl Workload {
    pub(in crate::bench) fn name(self) -> String {
        match self {
            Self::TpcB { scale } => format!("TPC-B-like, scale {scale}"),
            Self::Uniform => "transfer, uniform".to_owned(),
            Self::Hot => "transfer, one hot account".to_owned(),
            Self::Insert => "one statement: an insert".to_owned(),
            Self::Statement => "one statement: a transfer".to_owned(),
        }
    }

    fn script(self) -> Option<&'static str> {
        match self {
            Self::TpcB { .. } => None,
            Self::Uniform => Some(include_str!("scripts/transfer_uniform.sql")),
            Self::Hot => Some(include_str!("scripts/transfer_hot.sql")),
            Self::Insert => Some(include_str!("scripts/insert.sql")),
            Self::Statement => Some(include_str!("scripts/transfer_in_one_statement.sql")),
        }
    }
}

/// The databases that pgbench works on.
pub(in crate::bench) struct Databases {
    transfers: String,
    by_scale: Vec<(u32, String)>,
}

impl Databases {
    /// Makes and fills them.
    pub(in crate::bench) fn make(cluster: &Cluster, scales: &[u32]) -> anyhow::Result<Self> {
        let transfers = cluster.database("transfers")?;
        for statement in include_str!("scripts/schema.sql").split_inclusive(';') {
            cluster.execute(&transfers, statement)?;
        }
        let mut by_scale = Vec::new();
        for &scale in scales {
            eprintln!("pgbench --initialize --scale={scale} …");
            let database = cluster.database(&format!("tpc_b_{scale}"))?;
            let mut initialize = Command::new(cluster.program("pgbench"));
            initialize.args(["--initialize", "--quiet", &format!("--scale={scale}"), &database]);
            process::capture(&mut initialize)?;
            by_scale.push((scale, database));
        }
        Ok(Self { transfers, by_scale })
    }

    fn of(&self, workload: Workload) -> anyhow::Result<&str> {
        let Workload::TpcB { scale } = workload else { return Ok(&self.transfers) };
        let found = self.by_scale.iter().find(|(made, _)| *made == scale);
        found.map(|(_, database)| database.as_str()).context("a scale without a database")
    }
}

/// Runs pgbench for one round.
pub(in crate::bench) fn measure(
    cluster: &Cluster,
    databases: &Databases,
    workload: Workload,
    clients: usize,
    warm_up: Duration,
    duration: Duration,
) -> anyhow::Result<Round> {
    let folder = tempfile::tempdir()?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut pgbench = Command::new(cluster.program("pgbench"));
    pgbench
        .args(["--protocol=prepared", "--log"])
        .arg(format!("--log-prefix={}", folder.path().join("log").display()))
        .arg(format!("--client={clients}"))
        .arg(format!("--jobs={}", clients.min(cores)))
        .arg(format!("--time={}", (warm_up + duration).as_secs()));
    if let Some(script) = workload.script() {
        let file = folder.path().join("script.sql");
        std::fs::write(&file, script)?;
        pgbench.arg("--no-vacuum").arg("--file").arg(file);
    }
    let until_now = || {
        let server = cluster.spent()?;
        anyhow::Ok(Spent {
            service: f64::NAN,
            postgres: server.processor,
            load: processor::of_ended_children(),
            wal_bytes: server.wal_bytes,
            commands: f64::NAN,
            batches: f64::NAN,
        })
    };
    let before = until_now()?;
    process::capture(pgbench.arg(databases.of(workload)?))?;
    round(&read_logs(folder.path())?, warm_up, until_now()? - before)
}

/// Reads what each thread of pgbench has logged.
fn read_logs(folder: &Path) -> anyhow::Result<String> {
    let mut logs = String::new();
    for file in std::fs::read_dir(folder)? {
        let file = file?;
        if file.file_name().to_string_lossy().starts_with("log") {
            logs.push_str(&std::fs::read_to_string(file.path())?);
        }
    }
    Ok(logs)
}

fn round(logs: &str, warm_up: Duration, spent: Spent) -> anyhow::Result<Round> {
    let transactions =
        logs.lines().map(parse).collect::<Option<Vec<_>>>().context("pgbench's log is unlike itself")?;
    let ended = || transactions.iter().map(|(ended, _)| *ended);
    let (Some(first), Some(last)) = (ended().min(), ended().max()) else { bail!("pgbench did nothing") };
    let counts_from = first + warm_up;
    let mut latencies = Latencies::default();
    for (_, took) in transactions.iter().filter(|(ended, _)| *ended >= counts_from) {
        latencies.add(*took);
    }
    let counted = f64::from(u32::try_from(latencies.count())?);
    let per_second = counted / last.saturating_sub(counts_from).as_secs_f64();
    Ok(Round::new(per_second, latencies, transactions.len() as u64, spent))
}

/// Reads a line of the log: when the transaction ended, since 1970, and how long it took.
fn parse(line: &str) -> Option<(Duration, Duration)> {
    let mut fields = line.split(' ').skip(2);
    let took = Duration::from_micros(fields.next()?.parse().ok()?);
    let seconds = Duration::from_secs(fields.nth(1)?.parse().ok()?);
    Some((seconds + Duration::from_micros(fields.next()?.parse().ok()?), took))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::round;
    use crate::bench::figures::Spent;

    const SPENT: Spent = Spent {
        service: f64::NAN,
        postgres: 0.004,
        load: 0.001,
        wal_bytes: 4000.0,
        commands: f64::NAN,
        batches: f64::NAN,
    };

    #[test]
    fn what_ends_after_the_warm_up_counts() {
        // Client, its transaction, microseconds, script, and when it ended, in seconds and microseconds.
        let log = "0 0 9000 0 100 0\n1 0 9000 0 100 900000\n0 1 1000 0 101 500000\n1 1 3000 0 103 0\n";
        let round = round(log, Duration::from_secs(1), SPENT).unwrap();
        let figures = [round.per_second, round.p50_ms, round.p99_ms, round.processor.postgres];
        assert_eq!(figures.map(|figure| format!("{figure}")), ["1", "1", "3", "1000"]);
    }

    #[test]
    fn a_log_that_cannot_be_read_is_no_figure() {
        for log in ["", "0 1 failed 0 101 500000\n", "0 1 1000 0 101\n"] {
            assert!(round(log, Duration::ZERO, SPENT).is_err(), "{log}");
        }
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn every_workload_runs_and_money_is_conserved() {
        use super::{Cluster, Databases, Workload, measure};

        let Ok(cluster) = Cluster::start(None, &[]) else { return };
        let databases = Databases::make(&cluster, &[1]).unwrap();
        let tpc_b = Workload::TpcB { scale: 1 };
        let all = [tpc_b, Workload::Uniform, Workload::Hot, Workload::Insert, Workload::Statement];
        std::thread::scope(|scope| {
            for workload in all {
                let (cluster, databases) = (&cluster, &databases);
                scope.spawn(move || {
                    let round =
                        measure(cluster, databases, workload, 2, Duration::ZERO, Duration::from_secs(1))
                            .unwrap();
                    assert!(
                        round.per_second > 0.0 && round.p50_ms <= round.p99_ms,
                        "{workload:?}: {round:?}"
                    );
                    assert!(round.wal_bytes > 0.0, "{workload:?}: {round:?}");
                });
            }
        });
        let query = |query: &str| cluster.query(&databases.transfers, query).unwrap();
        assert_ne!(query("SELECT count(*) FROM transfers WHERE (source, destination) = (1, 2)"), "0");
        assert_eq!(query("SELECT sum(balance) FROM accounts"), "10000000000000");
        // All but the bare inserts moved what they say.
        let drifted = "
            SELECT count(*) FROM accounts LEFT JOIN (
                SELECT account, sum(change) AS moved
                FROM transfers, LATERAL (VALUES (source, -amount), (destination, amount)) AS side (account, change)
                WHERE (source, destination) <> (1, 2) GROUP BY account
            ) AS sides ON account = id
            WHERE balance <> 1000000000 + COALESCE(moved, 0)";
        assert_eq!(query(drifted), "0");
    }
}
