//! The course of the benchmark: fill, post in turns, ask the lists, on one database after the other.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};

use super::databases::{Home, Small};
use super::fill::{self, Plan};
use super::known::Known;
use super::lists::lists;
use super::report::{self, Measured};
use super::{Choice, Options, reading};
use crate::bench::figures::{Figures, Round};
use crate::bench::load::{Load, Traffic};
use crate::bench::measure::measure;
use crate::bench::processor;
use crate::bench::service::{Service, build};

pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let binary = options.binary.clone().map_or_else(build, Ok)?;
    let mut measured = Vec::new();
    if options.database != Choice::Postgres {
        let (folder, _removed) = folder(options)?;
        measured.push(on(&Home::sqlite(&folder)?, &binary, options)?);
    }
    if options.database != Choice::Sqlite {
        let (folder, _removed) = folder(options)?;
        measured.push(on(&Home::postgres(&folder, options)?, &binary, options)?);
    }
    let report = report::report(options, &measured)?;
    print!("{report}");
    if let Some(file) = &options.report {
        std::fs::write(file, report).with_context(|| format!("cannot write {}", file.display()))?;
    }
    match measured.iter().flat_map(Measured::missed).next() {
        Some(missed) => bail!("a mark is missed: {missed}"),
        None => Ok(()),
    }
}

/// Returns the folder for a database, and what removes it where it is not kept.
fn folder(options: &Options) -> anyhow::Result<(PathBuf, Option<tempfile::TempDir>)> {
    if let Some(folder) = &options.folder {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        return Ok((folder.canonicalize()?, None));
    }
    let folder = tempfile::Builder::new().prefix("florin-bench-").tempdir()?;
    // The user that the PostgreSQL server runs as has to get to its own folder in there.
    #[cfg(unix)]
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    Ok((folder.path().to_owned(), Some(folder)))
}

fn on(home: &Home, binary: &Path, options: &Options) -> anyhow::Result<Measured> {
    let name = home.name();
    let large = Service::start(binary, &home.large()?, &[])?;
    eprintln!("{name}: filling the large ledger …");
    fill::fill(large.address, Plan { entries: options.entries, accounts: options.accounts })?;
    let smalls: Vec<Small<'_>> =
        (1..=options.rounds).map(|round| home.small(round)).collect::<Result<_, _>>()?;
    home.settle()?;
    if options.run_in > 0 {
        eprintln!("{name}: running the large ledger in …");
        post(&large, home, options, options.accounts, Duration::from_secs(options.run_in))?;
    }
    let checkpoint = home.last_checkpoint()?;
    let load_before = processor::load();
    let (mut small_figures, mut large_figures) = (Figures::default(), Figures::default());
    for (round, database) in (1..).zip(&smalls) {
        eprintln!("{name}, round {round}: filling and posting to a small ledger …");
        small_figures.add(small(home, database, binary, options)?);
        eprintln!("{name}, round {round}: posting to the large ledger …");
        large_figures.add(post(&large, home, options, options.accounts, seconds(options))?);
    }
    let load_between = processor::load();
    let undisturbed = checkpoint == home.last_checkpoint()?;
    let mut known = Known::read(large.address, options.accounts)?;
    let mut rows = Vec::new();
    for list in lists() {
        eprintln!("{name}: {}, {} …", list.operation, list.name);
        rows.push(reading::read(large.address, &list, &mut known, options)?);
    }
    Ok(Measured {
        database: name,
        about: home.about()?,
        bytes: home.size()?,
        entries: known.entries,
        undisturbed,
        loads: [load_before, load_between, processor::load()],
        small: small_figures,
        large: large_figures,
        rows,
    })
}

/// Fills a small ledger and posts to it.
fn small(home: &Home, database: &Small<'_>, binary: &Path, options: &Options) -> anyhow::Result<Round> {
    let service = Service::start(binary, &database.url, &[])?;
    let accounts = options.small_entries;
    fill::fill(service.address, Plan { entries: options.small_entries.into(), accounts })?;
    post(&service, home, options, accounts, seconds(options))
}

fn seconds(options: &Options) -> Duration {
    Duration::from_secs(options.seconds)
}

/// Posts to the ledger of a service for so long, after the warm-up.
fn post(
    service: &Service,
    home: &Home,
    options: &Options,
    accounts: u32,
    duration: Duration,
) -> anyhow::Result<Round> {
    let load = Load {
        address: service.address,
        connections: options.connections.into(),
        traffic: Traffic::Uniform,
        keys: options.keys,
        accounts,
        is_authorized: true,
        warm_up: Duration::from_secs(options.warm_up),
        duration,
    };
    measure(&load, || home.spent())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::{Home, Options, lists, on};
    use crate::bench::size::report::report;
    use crate::workspace;

    #[derive(Parser)]
    struct Arguments {
        #[command(flatten)]
        options: Options,
    }

    /// The service as tests have it, not optimised.
    fn binary() -> std::path::PathBuf {
        let mut cargo = cargo_command::cargo();
        let built =
            cargo.args(["build", "--quiet", "--package", "server"]).current_dir(workspace::root()).status();
        assert!(built.is_ok_and(|status| status.success()));
        workspace::target().join("debug/server")
    }

    fn runs(home: impl Fn(&std::path::Path, &Options) -> Home) {
        let small = "size --entries 3000 --accounts 300 --small-entries 200 --rounds 1 --seconds 1 --warm-up 0 --run-in 1 \
                     --connections 4 --requests 1 --seconds-a-list 5";
        let options = Arguments::parse_from(small.split_ascii_whitespace()).options;
        let (folder, binary) = (tempfile::tempdir_in("/tmp").expect("a folder"), binary());
        let home = home(folder.path(), &options);
        let measured = on(&home, &binary, &options).expect("it runs");
        assert!(measured.entries >= options.entries, "{}", measured.entries);
        for list in lists().iter().filter(|list| list.pages) {
            let mut rows = measured.rows.iter().filter(|row| row.operation == list.operation);
            assert!(rows.any(|row| row.first.items > 0.0), "{}", list.operation);
        }
        let report = report(&options, &[measured]).expect("a report");
        assert!(report.contains("| `list_runs` | a schedule |"), "{report}");
    }

    #[test]
    fn it_runs_on_sqlite() {
        runs(|folder, _| Home::sqlite(folder).expect("a folder"));
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn it_runs_on_postgresql() {
        runs(|folder, options| Home::postgres(folder, options).expect("a server"));
    }
}
