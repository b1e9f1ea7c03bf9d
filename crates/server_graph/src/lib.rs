//! The graph that the Pavex compiler generated, compiled in here so that the server's own loop can call
//! its router, which is private.
//!
//! It is a package of its own and does not build on `service`: both build on `app_base`, and after a change of that they
//! are compiled side by side; after one of `app`, this alone.
//!
//! It is the root of this crate because generated code says `crate::`. Nothing else belongs here but
//! [`graph`], which hands the router out.

// Generated code has a style of its own; these hold for it alone.
#![allow(dead_code, missing_docs, unreachable_pub, unused_imports, unused_mut, unused_variables)]
#![allow(clippy::all, clippy::pedantic)]

include!(concat!(env!("OUT_DIR"), "/graph.rs"));

#[warn(dead_code, missing_docs, unused_imports, unused_mut, unused_variables)]
#[deny(unreachable_pub)]
#[warn(clippy::all, clippy::pedantic)]
pub mod graph;
