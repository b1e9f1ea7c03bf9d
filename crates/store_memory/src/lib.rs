//! The reference of all stores: ledgers in memory, kept in the plainest way there is.
//!
//! A ledger is its log and nothing else. Every read is worked out from all of it, by the same naive evaluation
//! that the contract of stores is checked with, so that what other stores make of indices and projections can be
//! held against something that has none. It keeps nothing beyond the process and is as slow as it looks: it is
//! for tests, and nothing that is shipped may depend on it.

mod access;
mod batch;
mod database;
mod features;
mod mailed_links;
mod pages;
mod rows;
mod schedules;
mod second_factors;
mod sessions;
mod signing_keys;
mod snapshot;
mod store;
mod users;

pub use database::MemoryDatabase;
pub use rows::{MemoryRows, connection};
pub use store::MemoryStore;
