//! The section `authentication`: whether callers have to say who they are.

/// Whether callers have to say who they are.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[pavex::config(key = "authentication", include_if_unused)]
pub struct AuthenticationConfig {
    /// Whether requests need an API key: `required` or `off`. Default `required`; `PX_AUTHENTICATION__MODE`.
    pub mode: AuthenticationMode,
}

/// Whether requests need an API key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AuthenticationMode {
    /// They do.
    Required,
    /// Anybody who reaches the service may do everything.
    Off,
}
