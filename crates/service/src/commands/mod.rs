//! One function for each sub-command but `serve`, and what they have in common.

mod admin;
mod backup;
mod export;
mod import;
mod migrate;
mod progress;
mod verify;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Context as _;
use app_base::graph::Graph;
use clap::{CommandFactory as _, FromArgMatches as _};
use tokio::runtime::{Builder, Runtime};

use crate::arguments::{Arguments, Command};
use crate::configuration::Configuration;
use crate::program::Program;
use crate::serve;

/// The exit status of a command that could not do what it was asked for.
const FAILED: u8 = 1;
/// The same for those whose 1 is an answer: something does not hold, or is missing.
const NOT_FOUND_OUT: u8 = 2;

/// Does what the command line says, with a graph. What goes wrong is told in one line.
#[must_use]
pub fn run<G: Graph>(program: &Program) -> ExitCode {
    let matches = program.command(Arguments::command()).get_matches();
    let arguments = Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    run_command::<G>(program, arguments)
}

fn run_command<G: Graph>(program: &Program, arguments: Arguments) -> ExitCode {
    let command = arguments.command.unwrap_or_default();
    let failed = match &command {
        Command::Verify(_) | Command::Import(_) => NOT_FOUND_OUT,
        Command::Migrate(migrate) if migrate.check => NOT_FOUND_OUT,
        _ => FAILED,
    };
    let done = match &command {
        Command::Openapi => openapi(program),
        command => Configuration::read::<G>(program, arguments.profile)
            .map_err(anyhow::Error::from)
            .and_then(|configuration| run_with::<G>(program, command, &configuration)),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {}", program.named(&format!("{error:#}")));
        ExitCode::from(failed)
    })
}

fn run_with<G: Graph>(
    program: &Program,
    command: &Command,
    configuration: &Configuration<G::Config>,
) -> anyhow::Result<ExitCode> {
    if let Command::Config = command {
        print(&configuration.to_string())?;
    }
    let checked = configuration.checked()?;
    let config = &checked.florin;
    match command {
        Command::Serve => serve::serve::<G>(program, checked),
        Command::Migrate(migrate) => {
            runtime()?.block_on(migrate::migrate(program, &config.database, migrate))
        }
        Command::Export(export) => runtime()?.block_on(export::export(&config.database, export)),
        Command::Import(import) => runtime()?.block_on(import::import(&config.database, import)),
        Command::Backup(backup) => runtime()?.block_on(backup::backup(&config.database, backup)),
        Command::Admin { command } => runtime()?.block_on(admin::admin(config, command)),
        Command::Verify(verify) => runtime()?.block_on(verify::verify(&config.database, verify)),
        Command::Config | Command::Openapi => Ok(ExitCode::SUCCESS),
    }
}

fn openapi(program: &Program) -> anyhow::Result<ExitCode> {
    let document = app_base::api::document(&program.api);
    print(&format!("{document:#}\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// Prints to standard output. That nobody reads on is not worth an error.
fn print(text: &str) -> anyhow::Result<()> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error).context("standard output"),
        _ => Ok(()),
    }
}

fn runtime() -> anyhow::Result<Runtime> {
    Builder::new_current_thread().enable_all().build().context("cannot start a runtime")
}
