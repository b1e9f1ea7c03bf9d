//! The binary `server`: the graph that the Pavex compiler generated, compiled in here so that the server's own loop can
//! call its router, which is private, and what a service does around it.
//!
//! It stands in the binary and in no library: of a library's generated code the compiler would write down what others
//! can use of it, which takes as long as a third of everything else. Tests that need a graph in their own process have
//! `crates/server_graph/`.
//!
//! It is at the root because generated code says `crate::`.

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
    service::run::<graph::Graph>(&Program::new("server", env!("CARGO_PKG_VERSION"), graph::Graph::api()))
}
