//! The program around the graph, as a function of the library: what is generic over the graph is compiled there, with the
//! graph, and the binary is left with nothing to compile.

use std::process::ExitCode;

use service::Program;

use crate::graph::Graph;

/// Does what the command line says.
#[must_use]
pub fn run() -> ExitCode {
    service::run::<Graph>(&Program::florin(env!("CARGO_PKG_VERSION")))
}
