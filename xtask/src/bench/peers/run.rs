//! The course of the benchmark: build, fill, start everybody, check that all answer alike, ask in turns, report.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;

use super::data::Home;
use super::generator::Load;
use super::job::Bodies;
use super::plan::{self, Ledger};
use super::programs::Programs;
use super::results::{self, Case, Measurement, Memory, Pgbench, Results, Round, SCHEMA, Settings, known};
use super::running::{self, Running};
use super::{Contestant, Options, Store, check, machine, report, scenario};
use crate::bench::cluster::Cluster;
use crate::bench::load::{self, Client};
use crate::bench::processor;
use crate::bench::resident::resident_bytes;
use crate::bench::write::pgbench::{self, Databases, Workload};

/// So many files of 16 MB of the server's log are there before anything is measured.
const WAL_FILES: u64 = 128;

/// Connections that the server allows in every benchmark.
const USUAL_CONNECTIONS: u32 = 200;

/// Connections for the service, pgbench and what looks after them.
const SPARE_CONNECTIONS: u32 = 80;

/// What pgbench does: the transfers that databases are compared with.
const PGBENCH: [Workload; 2] = [Workload::Uniform, Workload::Hot];

pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    if let Some(from) = &options.from {
        let text = std::fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
        return report::write(options, &serde_json::from_slice(&text)?);
    }
    if !options.check_only {
        options.generator.version(options.has_rates())?;
    }
    allow_connections();
    let programs = Programs::build(options)?;
    let (folder, _removed) = folder(options)?;
    let start_cluster = || Cluster::start(Some(&folder.join("postgres")), &settings(options));
    let cluster = options.starts_postgres().then(start_cluster).transpose()?;
    let home = Home::new(&folder, cluster.as_ref());
    let ledgers = plan::ledgers(options);
    if options.check_only {
        for ledger in &ledgers {
            let mut filled = home.fill(ledger, programs.of(Contestant::Florin)?)?;
            start(options, &programs, ledger, |contestant| filled.copy(contestant))?;
        }
        return Ok(());
    }
    let seconds = plan::estimate_seconds(options, &ledgers);
    eprintln!("measuring takes some {} min {} s", seconds / 60, seconds % 60);
    let machine = machine::describe(cluster.as_ref(), options.generator.version(options.has_rates())?)?;
    if let Some(cluster) = &cluster {
        cluster.prepare_wal(WAL_FILES)?;
    }
    let mut seen = Results {
        schema: SCHEMA,
        machine,
        settings: Settings {
            seconds: options.seconds,
            warm_up_ms: options.warm_up_ms,
            rounds: options.rounds,
            pool_size: options.pool_size,
            built_before: options.peers.is_some(),
            postgres: cluster.as_ref().map(|cluster| cluster.settings.clone()).unwrap_or_default(),
        },
        programs: programs.described(options)?,
        memory: Vec::new(),
        measurements: Vec::new(),
        pgbench: Vec::new(),
    };
    for ledger in &ledgers {
        let mut filled = home.fill(ledger, programs.of(Contestant::Florin)?)?;
        let mut field = start(options, &programs, ledger, |contestant| filled.copy(contestant))?;
        measure(options, ledger, &folder, cluster.as_ref(), &mut field, &mut seen)?;
    }
    if let Some(cluster) = &cluster {
        seen.pgbench = run_pgbench(options, cluster)?;
    }
    let text = serde_json::to_vec_pretty(&seen)?;
    std::fs::write(&options.results, text)
        .with_context(|| format!("cannot write {}", options.results.display()))?;
    eprintln!("the results are in {}", options.results.display());
    report::write(options, &seen)
}

/// Lets this program, and with it everybody that it starts, have as many connections as the system allows: many systems
/// allow 1024 unless they are asked.
fn allow_connections() {
    use rustix::process::{Resource, getrlimit, setrlimit};

    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // Where it is refused, whoever needs more says so.
    let _ = setrlimit(Resource::Nofile, limit);
}

/// Returns the further settings of the PostgreSQL server: everybody's connections are there at once.
fn settings(options: &Options) -> Vec<String> {
    let peers = u32::try_from(options.contestants.len()).unwrap_or(u32::MAX);
    let connections = peers.saturating_mul(options.pool_size).saturating_add(SPARE_CONNECTIONS);
    let mut settings = Vec::new();
    if connections > USUAL_CONNECTIONS {
        settings.push(format!("max_connections = {connections}"));
    }
    settings.extend_from_slice(&options.settings);
    settings
}

/// Returns a folder for databases, and what removes it.
fn folder(options: &Options) -> anyhow::Result<(PathBuf, tempfile::TempDir)> {
    let mut builder = tempfile::Builder::new();
    let folder = match &options.folder {
        Some(folder) => builder.prefix("florin-peers-").tempdir_in(folder.canonicalize()?)?,
        None => builder.prefix("florin-peers-").tempdir()?,
    };
    // The user that the PostgreSQL server runs as has to get to its own folder in there.
    #[cfg(unix)]
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    Ok((folder.path().to_owned(), folder))
}

/// Starts everybody on a copy of their own, and has all of them answer the same as the service.
fn start(
    options: &Options,
    programs: &Programs,
    ledger: &Ledger,
    mut copy: impl FnMut(Contestant) -> anyhow::Result<String>,
) -> anyhow::Result<Vec<Running>> {
    // Without the service there is nothing to compare with; it need not be measured.
    let service = running::service(programs.of(Contestant::Florin)?, &copy(Contestant::Florin)?)?;
    let static_reply = load::get(service.address, "/version")?;
    let requests = scenario::requests(ledger.accounts);
    let expected = check::ask(&mut Client::open(service.address)?, &requests)?;
    let mut service = Some(service);
    let mut field = Vec::new();
    for &contestant in &ledger.contestants {
        if contestant == Contestant::Florin {
            field.extend(service.take());
            continue;
        }
        let (program, database) = (programs.of(contestant)?, copy(contestant)?);
        let peer = running::peer(contestant, program, &database, options.pool_size, &static_reply)?;
        let answers = check::ask(&mut Client::open(peer.address)?, &requests)
            .with_context(|| format!("asking {}", contestant.name()))?;
        check::compare(contestant, &requests, &expected, &answers)
            .with_context(|| format!("on {}", ledger.store.name()))?;
        field.push(peer);
    }
    eprintln!("{}: all of {} answer {} requests alike", ledger.store.name(), field.len(), requests.len());
    Ok(field)
}

/// Asks everybody everything, in turns.
fn measure(
    options: &Options,
    ledger: &Ledger,
    folder: &Path,
    cluster: Option<&Cluster>,
    field: &mut [Running],
    seen: &mut Results,
) -> anyhow::Result<()> {
    let bodies = Bodies::write(folder, ledger.accounts)?;
    let (first, many) = (seen.measurements.len(), field.len());
    for &case in &ledger.cases {
        let new =
            |running: &Running| Measurement { case, contestant: running.contestant, rounds: Vec::new() };
        seen.measurements.extend(field.iter().map(new));
    }
    for round in 1..=options.rounds {
        for (number, &case) in ledger.cases.iter().enumerate() {
            for (place, running) in field.iter_mut().enumerate() {
                let name = running.contestant.name();
                let turn =
                    turn(options, case, &bodies, cluster.filter(|_| case.store == Store::Postgres), running)
                        .with_context(|| format!("{}, {name}", report::describe(case)))?;
                eprintln!(
                    "round {round} of {}, {} of {}: {}: {name} {:.0}/s, p99 {:.2} ms{}",
                    options.rounds,
                    number + 1,
                    ledger.cases.len(),
                    report::describe(case),
                    turn.per_second,
                    turn.p99_ms.unwrap_or(f64::NAN),
                    if turn.failures > 0 { format!(", {} FAILED", turn.failures) } else { String::new() }
                );
                seen.measurements[first + number * many + place].rounds.push(turn);
            }
        }
    }
    for running in field {
        seen.memory.push(Memory {
            contestant: running.contestant,
            store: ledger.store,
            idle_bytes: running.idle_bytes,
            loaded_bytes: resident_bytes(running.process)?,
            requests: running.requests,
        });
    }
    Ok(())
}

/// One turn of one contestant.
fn turn(
    options: &Options,
    case: Case,
    bodies: &Bodies,
    cluster: Option<&Cluster>,
    running: &mut Running,
) -> anyhow::Result<Round> {
    let target = bodies.target(case.job, running.address, case.accounts);
    let ask = |duration: Duration| {
        let (connections, rate) = (case.connections, case.rate);
        options.generator.run(&Load { target: &target, connections, rate, duration })
    };
    if options.warm_up_ms > 0 {
        running.requests += ask(Duration::from_millis(options.warm_up_ms.into()))?.requests;
    }
    let spent = || {
        let database = cluster.map(|cluster| anyhow::Ok(cluster.spent()?.processor)).transpose()?;
        let service = processor::with_children(running.process);
        anyhow::Ok([service, database.unwrap_or(f64::NAN), processor::of_ended_children()])
    };
    let before = spent()?;
    let seen = ask(Duration::from_secs(options.seconds.into()))?;
    let after = spent()?;
    running.requests += seen.requests;
    // A turn has fewer requests than a float can count.
    #[expect(clippy::cast_precision_loss)]
    let requests = seen.requests as f64;
    let each = |place: usize| known((after[place] - before[place]) * 1e6 / requests);
    Ok(Round {
        per_second: seen.per_second,
        p50_ms: known(seen.p50_ms),
        p90_ms: known(seen.p90_ms),
        p99_ms: known(seen.p99_ms),
        p999_ms: known(seen.p999_ms),
        slowest_ms: known(seen.slowest_ms),
        requests: seen.requests,
        failures: seen.failures,
        service_us: each(0),
        database_us: each(1),
        load_us: each(2),
    })
}

/// Has pgbench move money on the same server, one transaction of the database for each transfer.
fn run_pgbench(options: &Options, cluster: &Cluster) -> anyhow::Result<Vec<Pgbench>> {
    let clients: Vec<u32> = options.pgbench_clients.iter().copied().filter(|clients| *clients > 0).collect();
    if clients.is_empty() {
        return Ok(Vec::new());
    }
    let databases = Databases::make(cluster, &[])?;
    let mut seen = Vec::new();
    for workload in PGBENCH {
        for &clients in &clients {
            let mut rounds = Vec::new();
            for round in 1..=options.rounds {
                eprintln!(
                    "round {round} of {}: pgbench, {}, {clients} clients …",
                    options.rounds,
                    workload.name()
                );
                let (warm_up, duration) =
                    (Duration::from_secs(1), Duration::from_secs(options.seconds.into()));
                rounds.push(pgbench::measure(
                    cluster,
                    &databases,
                    workload,
                    clients as usize,
                    warm_up,
                    duration,
                )?);
            }
            let median = |figure: fn(&crate::bench::figures::Round) -> f64| {
                crate::bench::figures::median(rounds.iter().map(figure).collect())
            };
            seen.push(results::Pgbench {
                workload: workload.name(),
                clients,
                per_second: median(|round| round.per_second),
                p50_ms: median(|round| round.p50_ms),
                p99_ms: median(|round| round.p99_ms),
                database_us: median(|round| round.processor.postgres),
            });
        }
    }
    Ok(seen)
}
