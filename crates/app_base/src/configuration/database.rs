//! The section `database`: where the ledgers are kept.

use std::time::Duration;

use super::{Check, DatabaseUrl, InvalidValue};

/// Where the ledgers are kept.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[pavex::config(key = "database", include_if_unused)]
pub struct DatabaseConfig {
    /// The database: `sqlite://path`, or `postgres://user:password@host:port/database`. No default but in
    /// dev, `sqlite://data/florin.db`; `PX_DATABASE__URL`.
    pub url: DatabaseUrl,
    /// The largest number of connections that read. Default 4; `PX_DATABASE__READERS`.
    pub readers: u32,
    /// The largest number of connections that write, on PostgreSQL; SQLite has one. Default 2;
    /// `PX_DATABASE__WRITERS`.
    pub writers: u32,
    /// How long to wait for another process that holds the lock, in milliseconds: the file's on SQLite, a
    /// ledger's on PostgreSQL. Default 5000; `PX_DATABASE__BUSY_TIMEOUT_MS`.
    pub busy_timeout_ms: u64,
    /// How long a statement may take on PostgreSQL, and how long to wait for a connection, in milliseconds.
    /// Default 10000; `PX_DATABASE__STATEMENT_TIMEOUT_MS`.
    pub statement_timeout_ms: u64,
    /// Whether `serve` brings the database's schema up to date before it starts. Default no, in dev yes;
    /// `PX_DATABASE__MIGRATE_ON_START`.
    pub migrate_on_start: bool,
}

impl DatabaseConfig {
    /// Returns how long to wait for another process that holds the database's lock.
    #[must_use]
    pub fn busy_timeout(&self) -> Duration {
        Duration::from_millis(self.busy_timeout_ms)
    }

    /// Returns how long a statement may take.
    #[must_use]
    pub fn statement_timeout(&self) -> Duration {
        Duration::from_millis(self.statement_timeout_ms)
    }

    /// Lists the values that are out of bounds.
    #[must_use]
    pub fn problems(&self) -> Vec<InvalidValue> {
        let mut check = Check::section("database")
            .range("readers", self.readers, 1..=64)
            .range("writers", self.writers, 1..=64)
            .range("busy_timeout_ms", self.busy_timeout_ms, 0..=600_000)
            .range("statement_timeout_ms", self.statement_timeout_ms, 10..=600_000);
        if self.url.is_empty() {
            let message = "it is not set: say where the ledgers are kept, for example \
                           PX_DATABASE__URL=sqlite:///var/lib/florin/florin.db";
            check.refuse("url", message.to_owned());
        }
        check.done()
    }
}
