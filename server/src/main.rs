//! The binary `server`: reads the command line and the configuration and does what they say.
//!
//! What it prints to standard output is what was asked for; everything else goes to standard error.

mod arguments;
mod commands;
mod configuration;
mod refusals;
mod serve;
mod telemetry;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::Arguments;

fn main() -> ExitCode {
    commands::run(Arguments::parse())
}
