//! What is generated from sources: formatted code, what sqlx knows of the queries, `server_sdk`, the documents, the graph's
//! pictures. Each step is a command that a contributor can run alone.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::process::{capture, stream};

/// Where the steps write, beside the sources themselves.
pub(super) const WRITTEN: &[&str] = &[
    "Cargo.lock",
    "crates/store_postgres/.sqlx",
    "crates/store_sqlite/.sqlx",
    "docs/errors.md",
    "docs/graph",
    "docs/graph.md",
    "docs/openapi.json",
    "server_sdk",
    "server_sdk/src",
];

/// A step: what it is for, its command, and a variable of its environment.
struct Step {
    what: &'static str,
    command: &'static [&'static str],
    with: Option<(&'static str, &'static str)>,
}

const FORMAT: Step = Step { what: "formats the code", command: &["fmt", "--all"], with: None };
const QUERIES: Step =
    Step { what: "has both databases check the queries", command: &["xtask", "sqlx-prepare"], with: None };
// Named are the generated package, so that it is generated, and the program, which includes that package's code: all that
// is compiled here is what `cargo run` wants next.
const GRAPH: Step = Step {
    what: "has the Pavex compiler check the graph and write server_sdk, and builds the service",
    command: &["px", "build", "--package", "server_sdk", "--package", "server", "--bin", "server"],
    with: None,
};
const DOCUMENTS: Step = Step {
    what: "writes docs/openapi.json and docs/errors.md",
    command: &["test", "--quiet", "--package", "app", "--test", "documents"],
    with: Some(("UPDATE_DOCS", "1")),
};

// It shows what each route may answer, which is in the documents.
const PICTURES: Step =
    Step { what: "writes docs/graph.md and its pictures", command: &["xtask", "graph"], with: None };

/// Says whether the steps can run here, before anything is changed.
///
/// # Errors
/// The code generator is missing.
pub(super) fn is_set_up() -> Result<()> {
    for (program, argument) in [("pavexc", "--version"), ("cargo-px", "--version")] {
        let found = Command::new(program).arg(argument).output();
        if found.is_err() {
            bail!(
                "`{program}` is missing: run `cargo xtask setup`, or leave the generated files alone with `--no-generate`"
            );
        }
    }
    capture(Command::new("rustc").args(["+florin-docs", "--version"]))
        .map(drop)
        .context("the code generator is not set up: run `cargo xtask setup`")
}

/// Runs the steps; those about queries only where there are new ones.
///
/// # Errors
/// A step fails.
pub(super) fn run(root: &Path, has_queries: bool) -> Result<()> {
    let steps = steps(has_queries);
    for (number, step) in (1..).zip(&steps) {
        eprintln!("[{number}/{}] {}: {}", steps.len(), step.what, step.line());
        let began = Instant::now();
        let before = postgres_queries(root);
        stream(&mut step.to_run(root))?;
        if step.what == QUERIES.what && postgres_queries(root) == before {
            bail!(
                "PostgreSQL did not check the queries: its programs have to be installed (no server has to run)"
            );
        }
        eprintln!("      {:.0} s", began.elapsed().as_secs_f64());
    }
    Ok(())
}

/// The commands of the steps, as a person would type them.
pub(super) fn commands(has_queries: bool) -> Vec<String> {
    steps(has_queries).iter().map(Step::line).collect()
}

fn steps(has_queries: bool) -> Vec<Step> {
    let all = [FORMAT, QUERIES, GRAPH, DOCUMENTS, PICTURES];
    all.into_iter().filter(|step| has_queries || step.what != QUERIES.what).collect()
}

impl Step {
    fn line(&self) -> String {
        let with = self.with.map(|(name, value)| format!("{name}={value} ")).unwrap_or_default();
        format!("{with}cargo {}", self.command.join(" "))
    }

    fn to_run(&self, root: &Path) -> Command {
        let mut command = cargo_command::cargo();
        command.args(self.command).current_dir(root);
        command.envs(self.with);
        command
    }
}

/// How many queries are known to be good on PostgreSQL.
fn postgres_queries(root: &Path) -> usize {
    fs::read_dir(root.join("crates/store_postgres/.sqlx")).map_or(0, Iterator::count)
}
