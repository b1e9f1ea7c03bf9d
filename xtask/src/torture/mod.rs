//! `cargo xtask torture`: runs the tests of faults again and again, each time with another seed, and sums up what
//! they saw. It judges nothing by itself: a test that finds anything wrong fails, and with it all of this.

mod binaries;
mod sums;

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};

use self::binaries::{Binaries, Ended};
use self::sums::Sums;
use crate::interrupt::Interrupt;

/// How many random moments each run of a test has.
const KILL_ROUNDS: u64 = 20;

/// Kill the service, and what it stands on, again and again; sum up what came of it
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How long to go on with each database at least, in minutes
    #[arg(long, default_value_t = 20)]
    minutes: u64,
    /// On which database
    #[arg(long, value_enum, default_value_t = Choice::Both)]
    database: Choice,
    /// The seed of the first run; each run after it takes the next number
    #[arg(long)]
    seed: Option<u64>,
    /// How many times the service is killed at random moments on each database at least
    #[arg(long, default_value_t = 200)]
    kills: u64,
    /// Optimise what is tested, which takes minutes to build
    #[arg(long)]
    release: bool,
    /// Write the summary to this file, too
    #[arg(long)]
    report: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Choice {
    Sqlite,
    Postgres,
    Both,
}

/// A database, by the name that the tests' counts carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Database {
    Sqlite,
    Postgres,
}

impl Choice {
    fn databases(self) -> &'static [Database] {
        match self {
            Self::Sqlite => &[Database::Sqlite],
            Self::Postgres => &[Database::Postgres],
            Self::Both => &[Database::Sqlite, Database::Postgres],
        }
    }
}

impl Database {
    fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }

    /// Which tests are of this database: those of SQLite say so in their names.
    fn filter(self) -> &'static [&'static str] {
        match self {
            Self::Sqlite => &["sqlite"],
            Self::Postgres => &["--skip", "sqlite"],
        }
    }
}

/// How one run of a test binary went wrong, and how to see it again.
struct Failure {
    command: String,
    log: PathBuf,
}

/// Everything that a run of this command keeps.
struct Torture<'a> {
    options: &'a Options,
    binaries: Binaries,
    interrupt: Interrupt,
    next_seed: u64,
    sums: Sums,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let began = Instant::now();
    let interrupt = Interrupt::listen()?;
    let first_seed = options.seed.unwrap_or_else(|| fastrand::u32(..).into());
    let binaries = Binaries::build(options.release)?;
    let mut torture = Torture { options, binaries, interrupt, next_seed: first_seed, sums: Sums::default() };
    let mut took = String::new();
    let mut failure = None;
    for database in options.database.databases() {
        let started = Instant::now();
        failure = torture.torment(*database)?;
        write!(took, "{} on {}, ", minutes(started.elapsed()), database.name())?;
        if failure.is_some() || torture.interrupt.came() {
            break;
        }
    }
    let mut summary = torture.summary(first_seed);
    writeln!(summary, "\nIt took {took}{} with building.", minutes(began.elapsed()))?;
    if torture.interrupt.came() {
        writeln!(summary, "\nIt was interrupted.")?;
    }
    if let Some(Failure { command, .. }) = &failure {
        writeln!(summary, "\nThe last run failed. To repeat it: `{command}`")?;
    }
    println!("\n{summary}");
    if let Some(path) = &options.report {
        fs::write(path, &summary).with_context(|| format!("cannot write {}", path.display()))?;
    }
    if let Some(Failure { command, log }) = failure {
        bail!("a test failed; it said {}; to repeat it: {command}", log.display());
    }
    Ok(())
}

impl Torture<'_> {
    /// Goes on with one database until it has had enough of both, time and kills.
    fn torment(&mut self, database: Database) -> anyhow::Result<Option<Failure>> {
        let started = Instant::now();
        let enough = Duration::from_mins(self.options.minutes);
        let tests = self.binaries.with_tests(database.filter())?;
        let mut tests: Vec<_> = tests.into_iter().map(|name| (Duration::ZERO, name)).collect();
        while !self.interrupt.came() {
            let kills = self.sums.count(database.name(), "random kills", "kills");
            if started.elapsed() >= enough && tests.iter().all(|(had, _)| !had.is_zero()) {
                if kills >= self.options.kills {
                    break;
                }
                tests.retain(|(_, name)| *name == binaries::KILLS);
            }
            // Each gets the same time.
            let Some((had, name)) = tests.iter_mut().min() else {
                bail!("there is no test that kills the service on {}", database.name());
            };
            let (seed, run) = (self.next_seed, Instant::now());
            self.next_seed = self.next_seed.wrapping_add(1);
            if let Some(failure) = self.run_once(database, name, seed)? {
                return Ok(Some(failure));
            }
            *had += run.elapsed();
            let (posts, wrongs) = self.sums.posts_and_wrongs(database.name());
            eprintln!(
                "{}: {} of {}, {} of {} kills at random moments, {posts} posts, {wrongs} wrong (seed {seed}, {name})",
                database.name(),
                minutes(started.elapsed()),
                minutes(enough),
                self.sums.count(database.name(), "random kills", "kills"),
                self.options.kills,
            );
        }
        Ok(None)
    }

    fn run_once(&mut self, database: Database, name: &str, seed: u64) -> anyhow::Result<Option<Failure>> {
        let log = self.binaries.log(&format!("{}-{name}-{seed}.log", database.name()));
        // A database that is not there must not pass for one that withstood.
        let settings = [
            ("FLORIN_SEED", seed.to_string()),
            ("FLORIN_KILL_ROUNDS", KILL_ROUNDS.to_string()),
            ("FLORIN_REQUIRE_POSTGRES", "1".to_owned()),
        ];
        let ended = self.binaries.run(name, database.filter(), &settings, &log, &self.interrupt)?;
        if matches!(ended, Ended::Interrupted) {
            return Ok(None);
        }
        let said = fs::read_to_string(&log).with_context(|| format!("cannot read {}", log.display()))?;
        let tests = self.sums.add(&said)?;
        if matches!(ended, Ended::Failed) {
            let command = format!(
                "FLORIN_SEED={seed} FLORIN_KILL_ROUNDS={KILL_ROUNDS} cargo test --package server --test {name}{} -- {}",
                if self.options.release { " --release" } else { "" },
                database.filter().join(" ")
            );
            return Ok(Some(Failure { command, log }));
        }
        if tests == 0 {
            bail!("{name} passed without a word on what it saw: see {}", log.display());
        }
        fs::remove_file(&log)?;
        Ok(None)
    }

    fn summary(&self, first_seed: u64) -> String {
        let Options { minutes, database, kills, release, .. } = self.options;
        let database = database.to_possible_value().expect("none is hidden");
        let command = format!(
            "cargo xtask torture --minutes {minutes} --database {} --kills {kills} --seed {first_seed}{}",
            database.get_name(),
            if *release { " --release" } else { "" },
        );
        let last_seed = self.next_seed.wrapping_sub(1);
        format!(
            "# What it withstood\n\n\
             `{command}`: the tests of faults, again and again, each run with a seed of its own, {first_seed} to \
             {last_seed}; on each database for {minutes} min at least, and until the service had been killed \
             {kills} times at random moments.\n\n\
             A run of a test has the service, or the database under it, killed, cut off or held up while clients \
             post. Posts were acknowledged, rejected because funds were short, answered otherwise (failed), or not \
             answered at all. Those of the last two kinds were settled by sending them again under their keys. \
             Then everything was compared: acknowledged posts that were not in the log as they were asked for \
             (lost), entries that nobody asked for or that were there twice (doubled), numbers left out (gaps), \
             balances that were not what the log adds up to, and findings of `server verify` (drifts), and entries \
             after which an account had less than it may (overdrawn).\n\n{}",
            self.sums.table()
        )
    }
}

fn minutes(time: Duration) -> String {
    format!("{}:{:02} min", time.as_secs() / 60, time.as_secs() % 60)
}
