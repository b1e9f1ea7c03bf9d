//! What a peer is told by whoever starts it: environment variables, and nothing else.

use std::net::SocketAddr;

use anyhow::Context;

/// How many connections to the database a peer has where it is not told: what sqlx gives a pool.
const POOL_SIZE: u32 = 10;

/// What a peer is told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where to listen: `ADDRESS`.
    pub address: SocketAddr,
    /// Where the database is: `DATABASE_URL`, `postgres://…` or `sqlite:…`.
    pub database_url: String,
    /// Connections to the database: `POOL_SIZE`, 10 where it is not given. On SQLite, those that read.
    pub pool_size: u32,
    /// The JSON text that never changes: `STATIC_REPLY`.
    pub static_reply: String,
}

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    /// A variable is not there, or holds nothing sensible.
    pub fn from_environment() -> anyhow::Result<Self> {
        let variable = |name: &str| std::env::var(name).with_context(|| format!("{name} is not set"));
        let pool_size = match std::env::var("POOL_SIZE") {
            Ok(size) => size.parse().context("POOL_SIZE is no number")?,
            Err(_) => POOL_SIZE,
        };
        Ok(Self {
            address: variable("ADDRESS")?.parse().context("ADDRESS is no IP:PORT")?,
            database_url: variable("DATABASE_URL")?,
            pool_size,
            static_reply: variable("STATIC_REPLY")?,
        })
    }
}
