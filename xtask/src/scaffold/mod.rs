//! `cargo xtask new-feature` and `cargo xtask new-endpoint`: features and endpoints that work from the first minute on.
//!
//! Everything is worked out before anything is written; what was written is taken back where a later step fails. Lines are
//! added to shared lists, and none is ever changed or taken away, so that teams do not get into each other's way.

mod endpoint;
mod feature;
mod generate;
mod house;
mod imports;
mod lists;
mod name;
mod plan;
mod taken;
mod template;
#[cfg(test)]
mod tests;

use std::process::Command;

use anyhow::{Context, Result};

use self::house::Method;
use self::name::Name;
use self::plan::Plan;
use crate::process::capture;
use crate::workspace::root;

/// Write a feature that works: routes, rights, its table in every store, tests and a page; then generate what follows
#[derive(clap::Args)]
pub(crate) struct NewFeature {
    /// What it is called, in snake case and for many, as in `payees`.
    name: String,
    /// What one of them is called; guessed where left out.
    #[arg(long)]
    singular: Option<String>,
    #[command(flatten)]
    how: How,
}

/// Write an endpoint of a feature that answers, with its operation, its right and a test; then generate what follows
#[derive(clap::Args)]
pub(crate) struct NewEndpoint {
    /// The feature, a folder of app/src.
    feature: String,
    /// What it is called, a verb and a noun, as in `get_payee_balance`.
    verb_noun: String,
    /// Its method; the verb says, where left out.
    #[arg(long)]
    method: Option<Method>,
    /// Its path; beside the feature's others, where left out.
    #[arg(long)]
    path: Option<String>,
    /// The handler of the feature whose right it takes; one that does likewise, where left out.
    #[arg(long)]
    like: Option<String>,
    #[command(flatten)]
    how: How,
}

/// How far to go.
#[derive(clap::Args)]
struct How {
    /// Only shows the files and the lines.
    #[arg(long)]
    dry_run: bool,
    /// Writes the sources only, and says what is to be run.
    #[arg(long)]
    no_generate: bool,
}

/// Writes a feature.
///
/// # Errors
/// The name is not to be had, a list is not where it should be, or a step fails: nothing is changed then.
pub(crate) fn new_feature(arguments: &NewFeature) -> Result<()> {
    let name = Name::parse(&arguments.name, arguments.singular.as_deref())?;
    let time = capture(Command::new("date").args(["-u", "+%Y%m%d%H%M%S"])).context("what time is it?")?;
    let plan = feature::plan(root(), &name, &time)?;
    carry_out(&plan, &arguments.how, true)?;
    if !arguments.how.dry_run {
        let Name { many, one } = &name;
        println!("Try it, with a new admin key, since one from before lacks the new scopes (`rm -r data`):");
        println!("  cargo run\n  curl -s -H \"Authorization: Bearer $(cat data/admin-key)\" \\");
        println!("    -H 'Content-Type: application/json' \\");
        println!("    -d '{{\"name\": \"first\"}}' http://127.0.0.1:8000/v1/ledgers/main/{many}");
        println!("Test it:\n  cargo test -p server --test http {many}");
        println!("  cargo test -p store_sqlite -p store_postgres -p store_memory --test contract {many}");
        println!(
            "Then make it yours: docs/adding-a-feature.md says what each file is for. One is called `{one}`."
        );
    }
    Ok(())
}

/// Writes an endpoint.
///
/// # Errors
/// The name or the path is not to be had, or a step fails: nothing is changed then.
pub(crate) fn new_endpoint(arguments: &NewEndpoint) -> Result<()> {
    let NewEndpoint { feature, verb_noun, method, path, like, how } = arguments;
    let wanted = endpoint::Wanted {
        feature,
        verb_noun,
        method: *method,
        path: path.as_deref(),
        like: like.as_deref(),
    };
    let plan = endpoint::plan(root(), &wanted)?;
    carry_out(&plan, how, false)
}

fn carry_out(plan: &Plan, how: &How, has_queries: bool) -> Result<()> {
    print!("{}", plan.show());
    if how.dry_run {
        return Ok(());
    }
    if !how.no_generate {
        generate::is_set_up()?;
    }
    let mut written = plan.apply()?;
    if how.no_generate {
        println!("Run, in this order:");
        for command in generate::commands(has_queries) {
            println!("  {command}");
        }
        return Ok(());
    }
    let generated =
        written.also_of(root(), generate::WRITTEN).and_then(|()| generate::run(root(), has_queries));
    if let Err(error) = generated {
        written.undo().with_context(|| format!("after: {error:#}"))?;
        return Err(error.context("everything is as it was before"));
    }
    Ok(())
}
