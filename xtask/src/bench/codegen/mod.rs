//! `bench codegen`: how long does a change take, from the file that was written to the service that answers with it?
//! With as many routes as wanted, in a workspace made for it, and with today's, in a copy of this one.

mod changes;
mod report;
mod steps;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use clap::Args;
use synthetic_graph::{SERVER, Workspace};

use self::changes::{Edited, Today};
use self::steps::{Steps, answers};
use crate::workspace;

/// How long a change takes until it answers
///
/// Writes a workspace with synthetic routes, and a copy of this one, changes bodies of handlers and what the Pavex
/// compiler sees, builds, starts the service and asks it. The ways take turns in every round; medians count. Prints a
/// report in Markdown. The first run compiles all dependencies once; later ones find them.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Routes
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(10..=2000))]
    routes: u32,
    /// Rounds
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Leaves out what is measured with today's routes
    #[arg(long)]
    without_today: bool,
    /// Writes the report into this file as well
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// Seconds that one kind of change took, round by round.
#[derive(Debug, Default)]
pub(crate) struct Seconds(Vec<f64>);

/// What was measured.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    /// A body was changed; code is generated whatever has changed: `cargo px build`, start, answer.
    plain: Seconds,
    /// A body was changed; code is generated where it has to be.
    body: Seconds,
    /// The same, as `cargo xtask dev` builds.
    dev: Seconds,
    /// Nothing was changed: `cargo px build`.
    unchanged: Seconds,
    /// A path was changed.
    graph: Seconds,
    /// A body was changed, with today's routes, as `cargo xtask dev` builds.
    today: Seconds,
    /// Lines of generated code: synthetic, and today's.
    lines: [usize; 2],
}

/// Runs the benchmark and prints its report.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let checkout = workspace::root();
    let folder = checkout.join("target/codegen");
    let target = folder.join("target");
    let mut measured = Measured::default();
    synthetic(options, checkout, &folder, &target, &mut measured)?;
    if !options.without_today {
        today(options, checkout, &folder, &target, &mut measured)?;
    }
    let report = report::report(options, &measured);
    print!("{report}");
    if let Some(file) = &options.report {
        std::fs::write(file, report).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

fn synthetic(
    options: &Options,
    checkout: &Path,
    folder: &Path,
    target: &Path,
    measured: &mut Measured,
) -> anyhow::Result<()> {
    let routes = usize::try_from(options.routes)?;
    let workspace = Workspace::write(checkout, &folder.join("routes"), routes)?;
    let steps = Steps::new(workspace, target, synthetic_graph::SDK, synthetic_graph::APP, SERVER);
    let mut edited = Edited::new(&steps.workspace)?;
    eprintln!("{routes} routes: a first build, which may have to compile and to document dependencies …");
    steps.build_with_px()?;
    steps.build_what_dev_has()?;
    measured.lines[0] = steps.generated_lines()?;
    let binary = &steps.binary();
    for round in 1..=options.rounds {
        let timed = |what: &str, seconds: &mut Seconds, way: &mut dyn FnMut() -> anyhow::Result<()>| {
            eprintln!("round {round}: {what} …");
            let started = Instant::now();
            way()?;
            seconds.0.push(started.elapsed().as_secs_f64());
            anyhow::Ok(())
        };
        timed("a body, generated whatever has changed", &mut measured.plain, &mut || {
            let says = edited.body(&steps.workspace)?;
            steps.forget()?;
            steps.build_with_px()?;
            answers(binary, &edited.path, &says)
        })?;
        timed("a body", &mut measured.body, &mut || {
            let says = edited.body(&steps.workspace)?;
            steps.build_with_px()?;
            answers(binary, &edited.path, &says)
        })?;
        timed("a body, as dev builds", &mut measured.dev, &mut || {
            let says = edited.body(&steps.workspace)?;
            steps.build_as_dev()?;
            answers(binary, &edited.path, &says)
        })?;
        timed("nothing", &mut measured.unchanged, &mut || steps.build_with_px())?;
        timed("a path", &mut measured.graph, &mut || {
            let says = edited.path(&steps.workspace)?;
            steps.build_with_px()?;
            answers(binary, &edited.path, &says)
        })?;
    }
    Ok(())
}

fn today(
    options: &Options,
    checkout: &Path,
    folder: &Path,
    target: &Path,
    measured: &mut Measured,
) -> anyhow::Result<()> {
    let workspace = changes::copy(checkout, &folder.join("workspace"))?;
    let steps = Steps::new(workspace, target, "server_sdk", "app", "server");
    let mut today = Today::new(&steps.workspace)?;
    eprintln!("today's routes: a first build …");
    steps.build_what_dev_has()?;
    steps.build_as_dev()?;
    measured.lines[1] = steps.generated_lines()?;
    for round in 1..=options.rounds.max(3) {
        eprintln!("round {round}: a body, with today's routes …");
        let started = Instant::now();
        let says = today.body(&steps.workspace)?;
        steps.build_as_dev()?;
        answers(&steps.binary(), changes::LIVE, &says)?;
        measured.today.0.push(started.elapsed().as_secs_f64());
    }
    today.undo(&steps.workspace)
}
