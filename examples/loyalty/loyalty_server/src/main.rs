//! The binary `loyalty_server`: Florin, with points beside it. The graph that the Pavex compiler generated is compiled in
//! here so that the service can call its router.

// Generated code has a style of its own; these hold for it alone.
#![allow(dead_code, missing_docs, unreachable_pub, unused_imports, unused_mut, unused_variables)]
#![allow(clippy::all, clippy::pedantic)]

use std::process::ExitCode;

use service::Program;

include!(concat!(env!("OUT_DIR"), "/graph.rs"));

#[warn(dead_code, missing_docs, unused_imports, unused_mut, unused_variables)]
#[warn(clippy::all, clippy::pedantic)]
mod graph;

fn main() -> ExitCode {
    let program = Program::new("loyalty_server", env!("CARGO_PKG_VERSION"), loyalty_app::api())
        .about("Points for purchases, on a ledger")
        .configuration(include_str!("../defaults.yml"))
        .schema(points::schema());
    service::run::<graph::Graph>(&program)
}
