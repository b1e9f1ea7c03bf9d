//! The engine: turns a stream of commands into durable batches, and answers reads.
//!
//! It owns the [`Store`](port::Store) port and names no concrete store. It never acknowledges a command
//! before the store said that its batch is committed, and it never decides: that is
//! [`ledger::decide`]'s alone.

pub mod codec;
pub mod idempotency;
pub mod port;
pub mod query;
