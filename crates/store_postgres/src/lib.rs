//! Keeps ledgers in a PostgreSQL database that several processes may share.
//!
//! A ledger's head row is the only lock. Connections are held, never tested before use, and replaced when they
//! break; every statement is checked against the schema when the crate is compiled. It never decides on a
//! command, never writes row by row, and never tells of anything that is not committed.

mod access;
mod accounts;
mod at_head;
mod audit;
mod batch;
mod changes;
mod columns;
mod companion;
mod connections;
mod entries;
mod groups;
mod holds;
mod ledgers;
mod load;
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
mod session;
mod sessions;
mod signing_keys;
mod snapshot;
mod spans;
mod statement;
mod store;
mod transaction_changes;
mod transactions;
mod users;
mod write;
mod write_one;

pub use companion::connection;
pub use options::{PostgresOptions, UrlError};
pub use sql_rows::{MigrateError, OwnSteps, SchemaState, SchemaStep};
pub use sqlx::PgConnection;
pub use sqlx::migrate::Migrator;
pub use store::{OpenError, PostgresStore, Reading};
