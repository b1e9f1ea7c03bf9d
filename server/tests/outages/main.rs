//! What PostgreSQL and the way to it can do to the service, each on a server of its own, under load: never a wrong
//! success, nothing acknowledged lost, nothing doubled, and the service recovers by itself.
//!
//! `FLORIN_SEED` repeats a run, as far as threads allow.

#[path = "../harness/mod.rs"]
mod harness;

mod crowd;
mod database;
mod disk;
mod failover;
mod load;
mod network;
mod outcomes;
mod posts;
mod probes;
mod proxy;
mod restarts;
mod trial;
