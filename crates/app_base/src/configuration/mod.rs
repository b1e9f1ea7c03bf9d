//! The configuration that the service takes: one type per section, with the bounds of its values.
//!
//! Nothing in here reads a file or the environment. Every key, its unit, its default and its environment
//! variable stand in `configuration/base.yml`; the defaults live there and nowhere else.

mod authentication;
mod cors;
mod database;
mod database_url;
mod engine;
mod limits;
mod mail;
mod oidc;
mod server;
mod telemetry;

use std::fmt::Display;
use std::ops::RangeInclusive;

pub use authentication::*;
pub use cors::*;
pub use database::*;
pub use database_url::DatabaseUrl;
pub use engine::*;
pub use limits::*;
pub use mail::*;
pub use oidc::*;
pub use server::*;
pub use telemetry::*;

/// What the configuration says in the sections that are Florin's. The graph takes it by section, as its components ask;
/// whoever runs the graph, as this.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct FlorinConfig {
    /// Who gets in, and with what.
    pub authentication: AuthenticationConfig,
    /// Which pages of others may read replies.
    pub cors: CorsConfig,
    /// Where the ledgers are kept.
    pub database: DatabaseConfig,
    /// How commands are taken.
    pub engine: EngineConfig,
    /// How often somebody may ask.
    pub limits: LimitsConfig,
    /// How mails are sent.
    pub mail: MailConfig,
    /// How requests are served.
    pub server: ServerConfig,
    /// What is logged.
    pub telemetry: TelemetryConfig,
}

impl FlorinConfig {
    /// Lists the values that are out of bounds.
    #[must_use]
    pub fn problems(&self) -> Vec<InvalidValue> {
        let mut found = self.server.problems();
        found.extend(self.limits.problems());
        found.extend(self.cors.problems());
        found.extend(self.authentication.problems());
        found.extend(self.database.problems());
        found.extend(self.engine.problems());
        found.extend(self.mail.problems());
        found.extend(self.telemetry.problems());
        found
    }
}

/// A value that its key does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidValue {
    /// The key, with its section: `server.workers`.
    pub key: String,
    /// What is wrong, and what would be right. Holds no secret.
    pub message: String,
}

/// Collects what is wrong with a section.
struct Check {
    section: &'static str,
    found: Vec<InvalidValue>,
}

impl Check {
    fn section(section: &'static str) -> Self {
        Self { section, found: Vec::new() }
    }

    fn range<T: PartialOrd + Display>(mut self, key: &str, value: T, allowed: RangeInclusive<T>) -> Self {
        if !allowed.contains(&value) {
            let message = format!("{value} is not within {} and {}", allowed.start(), allowed.end());
            self.refuse(key, message);
        }
        self
    }

    fn refuse(&mut self, key: &str, message: String) {
        self.found.push(InvalidValue { key: format!("{}.{key}", self.section), message });
    }

    fn done(self) -> Vec<InvalidValue> {
        self.found
    }
}
