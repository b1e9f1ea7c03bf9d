//! `cargo xtask`: one command for each thing a contributor wants done that plain cargo does not do.
//! It never changes what the service does, and the service never depends on it.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod bench;
mod dev;
mod differential;
mod fuzz;
mod graph;
mod interrupt;
mod process;
mod readme;
mod release;
mod scaffold;
mod schemathesis;
mod setup;
mod sqlx_prepare;
mod torture;
mod workspace;

/// What a contributor needs beyond `cargo run` and `cargo test`.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Measures: each benchmark compares within one run and prints ratios beside figures.
    #[command(subcommand)]
    Bench(Box<bench::Bench>),
    Dev(dev::Options),
    Differential(differential::Options),
    Fuzz(fuzz::Options),
    Graph(graph::Options),
    NewEndpoint(scaffold::NewEndpoint),
    NewFeature(scaffold::NewFeature),
    /// Follow the README: start the service as it says, run its commands, compare the replies, stop the service
    Readme,
    Release(release::Options),
    Schemathesis(schemathesis::Options),
    Setup(setup::Arguments),
    SqlxPrepare(sqlx_prepare::Arguments),
    Torture(torture::Options),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Bench(bench) => bench::run(&bench),
        Task::Dev(options) => dev::run(&options),
        Task::Differential(options) => differential::run(&options),
        Task::Fuzz(options) => fuzz::run(&options),
        Task::Graph(options) => graph::run(&options),
        Task::NewEndpoint(arguments) => scaffold::new_endpoint(&arguments),
        Task::NewFeature(arguments) => scaffold::new_feature(&arguments),
        Task::Readme => readme::run(),
        Task::Release(options) => release::run(&options),
        Task::Schemathesis(options) => schemathesis::run(&options),
        Task::Setup(arguments) => setup::run(&arguments),
        Task::SqlxPrepare(arguments) => sqlx_prepare::run(&arguments),
        Task::Torture(options) => torture::run(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
