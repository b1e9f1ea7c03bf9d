//! The report: what was seen, in Markdown, and beside what must hold whether it did.

use std::fmt::Write as _;

use super::Options;
use super::pgbench::Workload;
use crate::bench::cluster::Cluster;
use crate::bench::figures::{Figures, Round};
use crate::bench::load::{Keys, Traffic};
use crate::bench::table::{Bound, Figure, Spread, counted, row};

/// What was posted to the service.
pub(super) struct Posted {
    pub(super) traffic: Traffic,
    pub(super) connections: usize,
    pub(super) figures: Figures,
}

/// What pgbench ran.
pub(super) struct Ran {
    pub(super) workload: Workload,
    pub(super) clients: usize,
    pub(super) figures: Figures,
}

pub(super) fn traffic_name(traffic: Traffic) -> &'static str {
    match traffic {
        Traffic::Deposits => "from `world` to any account",
        Traffic::Uniform => "uniform",
        Traffic::Hot => "one hot account",
        Traffic::Reads => "reads",
    }
}

/// Writes the whole report.
pub(super) fn compared(
    cluster: &Cluster,
    options: &Options,
    undisturbed: bool,
    posted: &[Posted],
    ran: &[Ran],
) -> anyhow::Result<String> {
    let Options { seconds, warm_up, rounds, accounts, keys, .. } = options;
    let version_of_keys = match keys {
        Keys::Random => 4,
        Keys::Ordered => 7,
    };
    let rounds = counted(*rounds as usize, "round");
    let checkpoints = if undisturbed { "No checkpoint" } else { "**A checkpoint**" };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let (version, file_system) = (cluster.version()?, cluster.file_system());
    let settings =
        cluster.settings.iter().map(|setting| format!("`{setting}`")).collect::<Vec<_>>().join(", ");
    let mut text = String::new();
    writeln!(
        text,
        "# Writing on PostgreSQL\n\n\
         Written by `cargo xtask bench write`: the service and pgbench in turns on one new server. Medians of {rounds} \
         of {seconds} s after {warm_up} s of warm-up, with the slowest and the fastest round. Server, service \
         and load share {cores} cores; both sides connect over TCP.\n\n\
         {version} on {file_system}: {settings}. {checkpoints} fell into a measurement; the files of the log \
         were there beforehand, as on a server that has run for a while.\n\n\
         ## What must hold\n\n\
         One client alone is held to one statement that does what a transfer has to do, two updates and an insert. \
         A statement that only inserts a row moves no money: it shows where the floor is.\n"
    )?;
    text.push_str(&must_hold(posted, ran));
    writeln!(
        text,
        "\n## The service\n\n\
         `POST …/transactions` with one posting between {accounts} accounts and an `Idempotency-Key` of its own each \
         (a UUID of version {version_of_keys}), answered when it is on disk. One request at a time on each connection.\n"
    )?;
    text.push_str(&self::posted(posted));
    text.push_str(
        "\n## pgbench\n\n\
         `--protocol=prepared`, one database transaction for each. A transfer is two updates and an insert; the hot \
         account is updated last, to be locked for as short as can be.\n\n",
    );
    text.push_str(&self::ran(ran));
    Ok(text)
}

/// Writes the table of what was posted to the service.
pub(super) fn posted(posted: &[Posted]) -> String {
    let mut text = String::from(
        "| accounts | connections | transfers/s | slowest to fastest round | p50 ms | p99 ms | transfers a batch \
         | WAL bytes each | CPU ms for 1000: service | PostgreSQL | load |\n\
         |---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for Posted { traffic, connections, figures } in posted {
        let figure = |figure: fn(&Round) -> f64| Figure(figures.median(figure));
        row(
            &mut text,
            &[
                &traffic_name(*traffic),
                connections,
                &figure(|round| round.per_second),
                &Spread(figures.spread(|round| round.per_second)),
                &figure(|round| round.p50_ms),
                &figure(|round| round.p99_ms),
                &figure(|round| round.batch),
                &figure(|round| round.wal_bytes),
                &figure(|round| round.processor.service),
                &figure(|round| round.processor.postgres),
                &figure(|round| round.processor.load),
            ],
        );
    }
    text
}

/// Writes the table of what pgbench ran.
fn ran(ran: &[Ran]) -> String {
    let mut text = String::from(
        "| transaction | clients | transactions/s | slowest to fastest round | p50 ms | p99 ms | WAL bytes each \
         | CPU ms for 1000: PostgreSQL | pgbench |\n|---|---|---|---|---|---|---|---|---|\n",
    );
    for Ran { workload, clients, figures } in ran {
        let figure = |figure: fn(&Round) -> f64| Figure(figures.median(figure));
        row(
            &mut text,
            &[
                &workload.name(),
                clients,
                &figure(|round| round.per_second),
                &Spread(figures.spread(|round| round.per_second)),
                &figure(|round| round.p50_ms),
                &figure(|round| round.p99_ms),
                &figure(|round| round.wal_bytes),
                &figure(|round| round.processor.postgres),
                &figure(|round| round.processor.load),
            ],
        );
    }
    text
}

/// Writes the table of ratios, those that the measurements allow.
fn must_hold(posted: &[Posted], ran: &[Ran]) -> String {
    let most = posted.iter().map(|posted| posted.connections).max().unwrap_or_default();
    let service = |traffic: Traffic, connections: usize| {
        let mut all = posted.iter();
        let found = all.find(|posted| posted.traffic == traffic && posted.connections == connections)?;
        Some((format!("{}, {}", traffic_name(traffic), counted(connections, "connection")), &found.figures))
    };
    let pgbench = |wanted: fn(Workload) -> bool| {
        let matching = ran.iter().filter(|ran| wanted(ran.workload));
        let rate = |ran: &Ran| ran.figures.median(|round| round.per_second);
        let best = matching.max_by(|one, other| rate(one).total_cmp(&rate(other)))?;
        let clients = counted(best.clients, "client");
        Some((format!("pgbench, {}, {clients}", best.workload.name()), &best.figures))
    };
    let rate: fn(&Round) -> f64 = |round| round.per_second;
    let p50: fn(&Round) -> f64 = |round| round.p50_ms;
    let uniform = service(Traffic::Uniform, most);
    let hot = service(Traffic::Hot, most);
    let alone = service(Traffic::Uniform, 1);
    let tpc_b = pgbench(|workload| matches!(workload, Workload::TpcB { .. }));
    let hot_row = pgbench(|workload| workload == Workload::Hot);
    let comparisons = [
        (&uniform, &tpc_b, "transfers/s", rate, Bound::AtLeast(5.0)),
        (&hot, &uniform, "transfers/s", rate, Bound::AtLeast(0.9)),
        (&hot, &hot_row, "transfers/s", rate, Bound::AtLeast(20.0)),
        (&alone, &pgbench(|workload| workload == Workload::Statement), "p50", p50, Bound::AtMost(1.5)),
        (&alone, &pgbench(|workload| workload == Workload::Insert), "p50", p50, Bound::None),
    ];
    let mut text = String::from(
        "| the service | compared with | in | must be | is | round by round | |\n|---|---|---|---|---|---|---|\n",
    );
    for (ours, theirs, unit, figure, bound) in comparisons {
        let (Some((our_name, ours)), Some((their_name, theirs))) = (ours, theirs) else { continue };
        let (ratio, spread) = ours.over(theirs, figure);
        let verdict = bound.verdict(ratio);
        row(&mut text, &[our_name, their_name, &unit, &bound, &Figure(ratio), &Spread(spread), &verdict]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Posted, Ran, must_hold};
    use crate::bench::figures::{Figures, Processor, Round};
    use crate::bench::load::Traffic;
    use crate::bench::write::pgbench::Workload;

    fn figures(per_second: f64, p50_ms: f64) -> Figures {
        let processor = Processor { service: 1.0, postgres: 1.0, load: 1.0 };
        let mut figures = Figures::default();
        figures.add(Round { per_second, p50_ms, p99_ms: 9.0, batch: 1.0, wal_bytes: 1.0, processor });
        figures
    }

    fn posted(traffic: Traffic, connections: usize, per_second: f64, p50_ms: f64) -> Posted {
        Posted { traffic, connections, figures: figures(per_second, p50_ms) }
    }

    fn ran(workload: Workload, clients: usize, per_second: f64, p50_ms: f64) -> Ran {
        Ran { workload, clients, figures: figures(per_second, p50_ms) }
    }

    #[test]
    fn each_ratio_says_whether_it_holds() {
        let posted = [
            posted(Traffic::Uniform, 1, 1000.0, 0.6),
            posted(Traffic::Uniform, 256, 50_000.0, 5.0),
            posted(Traffic::Hot, 256, 40_000.0, 5.0),
        ];
        let ran = [
            ran(Workload::Insert, 1, 3000.0, 0.3),
            ran(Workload::Statement, 1, 2000.0, 0.4),
            ran(Workload::TpcB { scale: 10 }, 8, 8000.0, 1.0),
            ran(Workload::TpcB { scale: 50 }, 32, 10_000.0, 3.0),
            ran(Workload::Hot, 32, 2000.0, 16.0),
        ];
        let table = must_hold(&posted, &ran);
        let rows: Vec<&str> = table.lines().skip(2).collect();
        let expected = [
            ("uniform, 256 connections | pgbench, TPC-B-like, scale 50, 32 clients", "≥ 5 | 5.00", "| met |"),
            ("one hot account, 256 connections | uniform, 256", "≥ 0.9 | 0.80", "| **not met** |"),
            ("one hot account, 256 connections | pgbench, transfer, one hot", "≥ 20 | 20.0", "| met |"),
            ("uniform, 1 connection | pgbench, one statement: a transfer", "≤ 1.5 | 1.50", "| met |"),
            ("uniform, 1 connection | pgbench, one statement: an insert", "– | 2.00", "| for comparison |"),
        ];
        assert_eq!(rows.len(), expected.len());
        for (row, (names, ratio, verdict)) in rows.iter().zip(expected) {
            assert!(row.contains(names) && row.contains(ratio) && row.ends_with(verdict), "{row}");
        }
    }

    #[test]
    fn what_was_not_measured_is_not_compared() {
        let posted = [posted(Traffic::Uniform, 8, 1000.0, 0.6)];
        let ran = [ran(Workload::Insert, 1, 3000.0, 0.3)];
        assert_eq!(must_hold(&posted, &ran).lines().count(), 2);
    }
}
