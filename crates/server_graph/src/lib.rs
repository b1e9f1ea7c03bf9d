//! The graph of `server` as a library, for tests that run it in their own process: the same generated code, and the same
//! `server/src/graph.rs`.

// Generated code has a style of its own; these hold for it alone.
#![allow(dead_code, missing_docs, unreachable_pub, unused_imports, unused_mut, unused_variables)]
#![allow(clippy::all, clippy::pedantic)]

include!(concat!(env!("OUT_DIR"), "/graph.rs"));

#[path = "../../../server/src/graph.rs"]
#[warn(dead_code, missing_docs, unused_imports, unused_mut, unused_variables)]
#[deny(unreachable_pub)]
#[warn(clippy::all, clippy::pedantic)]
pub mod graph;
