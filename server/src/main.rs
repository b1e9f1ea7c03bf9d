//! The binary `server`: Florin's own graph, and what a service does around it.

use std::process::ExitCode;

use server_graph::graph::Graph;
use service::Program;

fn main() -> ExitCode {
    service::run::<Graph>(&Program::new("server", env!("CARGO_PKG_VERSION"), Graph::api()))
}
