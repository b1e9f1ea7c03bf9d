//! Keeps ledgers in one SQLite file.
//!
//! One connection writes, a few others read; every statement is checked against the schema when the
//! crate is compiled. It never decides on a command, never writes row by row, and never tells of
//! anything that is not committed.

mod access;
mod accounts;
mod after_commit;
mod append;
mod at_head;
mod audit;
mod backup;
mod batch;
mod batch_rows;
mod changes;
mod checkpoints;
mod companion;
mod entries;
mod failure;
mod groups;
mod holds;
mod json;
mod known_ledgers;
mod ledgers;
mod log;
mod mailed_links;
mod migrate;
mod movements;
mod number;
mod options;
mod past;
mod rows;
mod schedules;
mod second_factors;
mod sessions;
mod signing_keys;
mod snapshot;
mod spans;
mod statement;
mod store;
mod sums;
mod transaction_changes;
mod transactions;
mod users;
mod writer;

pub use backup::{Backup, BackupError, Copied};
pub use companion::connection;
pub use options::SqliteOptions;
pub use sql_rows::{MigrateError, OwnSteps, SchemaState, SchemaStep};
pub use sqlx::SqliteConnection;
pub use sqlx::migrate::Migrator;

/// A connection that reads, until it is dropped.
pub type Reading = sqlx::pool::PoolConnection<sqlx::Sqlite>;
pub use store::{OpenError, SqliteStore};
