//! The section `authentication`: whether callers have to say who they are, and where the first key comes from.

use std::fmt;

use identity::KeyText;

use super::{Check, InvalidValue};

/// Whether callers have to say who they are, and where the first key comes from.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[pavex::config(key = "authentication", include_if_unused)]
pub struct AuthenticationConfig {
    /// Whether requests need an API key: `required` or `off`. Default `required`; `PX_AUTHENTICATION__MODE`.
    pub mode: AuthenticationMode,
    /// The text of a key that may do everything, which `serve` creates where it is not there; a secret. Default none;
    /// `PX_AUTHENTICATION__ADMIN_KEY`.
    pub admin_key: AdminKey,
    /// The file in which `serve` leaves a new admin key where the database has none. Default none, in dev
    /// `data/admin-key`; `PX_AUTHENTICATION__CREATE_ADMIN_KEY_IN`.
    pub create_admin_key_in: String,
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

/// The text of a key, as it is configured. It shows itself to nobody.
#[derive(Clone, serde::Deserialize)]
#[serde(transparent)]
pub struct AdminKey(String);

impl AdminKey {
    /// Returns the key; `None` where there is none, or none that [`AuthenticationConfig::problems`] lets pass.
    #[must_use]
    pub fn text(&self) -> Option<KeyText> {
        KeyText::parse(&self.0).ok()
    }
}

impl fmt::Debug for AdminKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "\"\"" } else { "***" })
    }
}

impl AuthenticationConfig {
    /// Lists the values that are out of bounds.
    #[must_use]
    pub fn problems(&self) -> Vec<InvalidValue> {
        let mut check = Check::section("authentication");
        if !self.admin_key.0.is_empty() && self.admin_key.text().is_none() {
            let message = "it is no API key, or was mistyped: `server admin generate-key` prints a new one";
            check.refuse("admin_key", message.to_owned());
        }
        check.done()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(admin_key: &str) -> AuthenticationConfig {
        AuthenticationConfig {
            mode: AuthenticationMode::Required,
            admin_key: AdminKey(admin_key.to_owned()),
            create_admin_key_in: String::new(),
        }
    }

    #[test]
    fn a_key_that_is_none_is_refused_and_none_is_ever_shown() {
        let good = KeyText::from_random([1; 9], &[2; 32]);
        assert_eq!(config("").problems(), []);
        assert_eq!(config(good.expose()).problems(), []);
        let problems = config("hunter2").problems();
        assert_eq!(problems[0].key, "authentication.admin_key");
        assert!(!format!("{problems:?}").contains("hunter2"));
        assert!(!format!("{:?}", config(good.expose())).contains(good.expose()));
    }
}
