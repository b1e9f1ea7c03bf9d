//! `cargo xtask schemathesis`: has the API fuzzer of that name call every operation that `/openapi.json` describes, with
//! requests that fit the description and with others. It judges by the description alone; what it is to leave out, and
//! why, stands in `.config/schemathesis.toml`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use clap::Args;

use crate::bench::service::{ADMIN_KEY, Service};
use crate::{process, workspace};

/// The version that everybody runs: another one looks for other things.
const VERSION: &str = "4.32.5";
/// Where it is installed, beside the other tools in Python that CI takes.
const VENV: &str = "target/ci";
/// What it is to do, and what to leave out.
const CONFIG: &str = ".config/schemathesis.toml";

/// Call the service as its description says, and as it does not, and compare every reply with the description
///
/// Builds the service, starts it on a SQLite database of its own, and runs schemathesis on it,
/// which is installed into target/ci where it is not there. No reply may be a 5xx, or anything that is not described;
/// what the description refuses the service has to refuse. Each failure is shown with a command that repeats its
/// request; --seed repeats a whole run.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How many requests to draw for each operation
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    examples: u32,
    /// The seed of an earlier run
    #[arg(long)]
    seed: Option<u32>,
    /// The service's program; without it, the one for development is built and taken
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
}

/// Runs it.
///
/// # Errors
/// It cannot be installed, the service does not start, or a reply is not as described.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let program = install()?;
    let binary = match &options.binary {
        Some(binary) => binary.clone(),
        None => build()?,
    };
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let database = format!("sqlite://{}", folder.path().join("florin.db").display());
    let service = Service::start(&binary, &database, &[])?;
    let seed = options.seed.unwrap_or_else(|| fastrand::u32(..));
    println!(
        "seed {seed}: to repeat this run, cargo xtask schemathesis --examples {} --seed {seed}",
        options.examples
    );
    process::stream(&mut command(&program, service.address, options.examples, seed))
}

/// The command that calls the service. What every request has to bring, such as credentials, stands in the file that it
/// is configured with.
fn command(program: &Path, address: std::net::SocketAddr, examples: u32, seed: u32) -> Command {
    let mut command = Command::new(program);
    command
        .args(["--config-file", CONFIG, "run", "--no-color"])
        .args(["--max-examples", &examples.to_string(), "--seed", &seed.to_string()])
        .args(["--header", &format!("Authorization: Bearer {ADMIN_KEY}")])
        .arg(format!("http://{address}/openapi.json"));
    command
}

/// Returns the program, installing it where it is not there in this version.
fn install() -> anyhow::Result<PathBuf> {
    let program = Path::new(VENV).join("bin/schemathesis");
    let found = process::capture(Command::new(&program).arg("--version"));
    if found.is_ok_and(|found| found.ends_with(&format!(" {VERSION}"))) {
        return Ok(program);
    }
    println!("installing schemathesis {VERSION} into {VENV} …");
    process::stream(Command::new("python3").args(["-m", "venv", VENV]))
        .context("it needs Python 3 with its module venv: apt-get install python3-venv")?;
    let pip = Path::new(VENV).join("bin/pip");
    let package = format!("schemathesis=={VERSION}");
    process::stream(Command::new(pip).args(["install", "--quiet", "--disable-pip-version-check", &package]))?;
    Ok(program)
}

/// Builds the service as it is for development, with all its assertions.
fn build() -> anyhow::Result<PathBuf> {
    eprintln!("building the service …");
    process::stream(cargo_command::cargo().args(["build", "--quiet", "--package", "server"]))?;
    Ok(workspace::target().join("debug/server"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_told_all_that_repeats_it() {
        let address = std::net::SocketAddr::from(([127, 0, 0, 1], 8000));
        let command = command(Path::new("st"), address, 7, 42);
        let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy()).collect();
        let line = words.join(" ");
        assert!(line.contains("--max-examples 7 --seed 42 --header Authorization: Bearer florin_"), "{line}");
        assert!(line.ends_with(" http://127.0.0.1:8000/openapi.json"), "{line}");
        assert!(line.contains(CONFIG));
    }
}
