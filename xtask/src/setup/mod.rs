//! `cargo xtask setup`: brings what `cargo px` needs, step by step, and says what is missing when it cannot.
//! It never touches the toolchain that the service is built with: stable Rust stays all that needs.

use std::path::Path;

use anyhow::bail;
use clap::Args;

mod library_docs;
mod library_rebuild;
mod source_page;
mod toolchain;
mod tools;

/// Bring what `cargo px build` and `cargo px run` need to generate code.
///
/// Building, running and testing the service needs none of this: the generated code is committed.
/// Only a change to the blueprint, to a route or to a constructor calls for the code generator, which reads the
/// JSON documentation of every crate. So it needs three things: the two tools at the versions this project is
/// pinned to, a nightly toolchain to write that documentation with, and the documentation of the standard library.
/// What is already there is left as it is: the command may be run at any time.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Change nothing: report what is there, and exit with a failure if something is missing.
    #[arg(long)]
    check: bool,
}

/// What the toolchain that documents crates is called on every machine.
pub(crate) const DOCS_TOOLCHAIN: &str = toolchain::NAME;

/// One thing that has to be there.
enum Step {
    /// It is there already; the text says what was found.
    Ready(String),
    /// It is not; the text says what, and what brings it.
    Missing(String),
}

/// Runs the set-up, or with `--check` only reports.
///
/// # Errors
/// A step could not be completed; with `--check`, something is missing.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut missing = 0;
    for (number, tool) in tools::ALL.iter().enumerate() {
        title(number + 1, &format!("{} {}: {}", tool.package, tool.version, tool.purpose));
        missing += step(arguments, || tools::inspect(tool), || tools::install(tool))?;
    }

    title(
        3,
        &format!("a toolchain to write documentation with, named `{}` on every machine", toolchain::NAME),
    );
    missing += step(arguments, toolchain::inspect, toolchain::bring)?;

    title(4, "the JSON documentation of core, alloc and std, in that toolchain");
    if let Some(root) = toolchain::linked_root() {
        missing += step(arguments, || library_docs::inspect(&root), || library_docs::bring(&root))?;
    } else {
        println!("     MISSING: it waits for the toolchain");
        missing += 1;
    }

    if missing > 0 {
        bail!("{missing} of 4 things are missing: `cargo xtask setup` brings them");
    }
    println!(
        "\nReady: `cargo px build` generates server_sdk, `cargo px run` does so and starts the service."
    );
    Ok(())
}

fn title(number: usize, text: &str) {
    println!("{number}/4  {text}");
}

/// Looks, acts if something is missing and it may, then looks again. Returns how many things stay missing.
fn step(
    arguments: &Arguments,
    inspect: impl Fn() -> anyhow::Result<Step>,
    bring: impl FnOnce() -> anyhow::Result<()>,
) -> anyhow::Result<usize> {
    let mut found = inspect()?;
    if let (Step::Missing(what), false) = (&found, arguments.check) {
        println!("     {what}");
        bring()?;
        found = inspect()?;
    }
    match found {
        Step::Ready(what) => {
            println!("     {what}");
            Ok(0)
        }
        Step::Missing(what) if arguments.check => {
            println!("     MISSING: {what}");
            Ok(1)
        }
        Step::Missing(what) => bail!("still not in place: {what}"),
    }
}

/// A path as people read it.
fn shown(path: &Path) -> std::path::Display<'_> {
    path.display()
}
