//! The configuration that the service takes.

/// Where the ledgers are kept.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[pavex::config(key = "database", include_if_unused)]
pub struct DatabaseConfig {
    /// x
    pub url: String,
}
