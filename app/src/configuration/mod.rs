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
