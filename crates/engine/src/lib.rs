//! The engine: turns a stream of commands into durable batches, and answers reads.
//!
//! It owns the [`Store`](port::Store) port and names no concrete store. It never acknowledges a command
//! before the store said that its batch is committed, and it never decides: that is
//! [`ledger::decide`]'s alone.

pub mod access;
mod account_reads;
mod as_of;
mod batch;
mod clock;
pub mod codec;
pub mod companion;
mod engine;
mod expiry;
pub mod idempotency;
pub mod import;
mod lane;
pub mod mailed_links;
mod memory;
mod metrics;
mod packed;
pub mod pair;
pub mod port;
pub mod query;
mod queue;
mod random;
mod rehearsal;
pub mod schedules;
pub mod second_factors;
pub mod sessions;
pub mod shifted;
pub mod statement;
mod submission;
pub mod tokens;
pub mod users;
pub mod verify;

pub use as_of::balances_before;
pub use engine::{Engine, EngineOptions};
pub use expiry::EXPIRY_INTERVAL;
pub use metrics::EngineMetrics;
pub use rehearsal::Rehearsal;
pub use submission::{
    CreateLedgerError, CreatedLedger, Outcome, SharedSource, Submission, SubmitError, Submitted,
};
