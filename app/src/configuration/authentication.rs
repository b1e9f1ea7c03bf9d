//! The section `authentication`: whether callers have to say who they are, and where the first key comes from.

use std::fmt;
use std::time::Duration;

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
    /// After how long without a request a session is over, in milliseconds. Default 1800000;
    /// `PX_AUTHENTICATION__SESSION_IDLE_MS`.
    pub session_idle_ms: u64,
    /// How long a session lasts, however much it is used, in milliseconds. Default 43200000;
    /// `PX_AUTHENTICATION__SESSION_MAX_MS`.
    pub session_max_ms: u64,
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
    /// Returns after how long without a request a session is over.
    #[must_use]
    pub fn session_idle(&self) -> Duration {
        Duration::from_millis(self.session_idle_ms)
    }

    /// Returns how long a session lasts, however much it is used.
    #[must_use]
    pub fn session_max(&self) -> Duration {
        Duration::from_millis(self.session_max_ms)
    }

    /// Lists the values that are out of bounds.
    #[must_use]
    pub fn problems(&self) -> Vec<InvalidValue> {
        let mut check = Check::section("authentication")
            .range("session_idle_ms", self.session_idle_ms, 60_000..=86_400_000)
            .range("session_max_ms", self.session_max_ms, 60_000..=2_592_000_000);
        if self.session_idle_ms > self.session_max_ms {
            let message = format!("{} is more than session_max_ms", self.session_idle_ms);
            check.refuse("session_idle_ms", message);
        }
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
            session_idle_ms: 1_800_000,
            session_max_ms: 43_200_000,
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

    #[test]
    fn sessions_last_a_minute_at_least_and_idle_no_longer_than_they_last() {
        for (idle, max, keys) in [
            (60_000, 60_000, &[][..]),
            (59_999, 60_000, &["authentication.session_idle_ms"]),
            (60_001, 60_000, &["authentication.session_idle_ms"]),
            (60_000, 2_592_000_001, &["authentication.session_max_ms"]),
        ] {
            let config = AuthenticationConfig { session_idle_ms: idle, session_max_ms: max, ..config("") };
            let problems = config.problems();
            assert_eq!(problems.iter().map(|problem| &*problem.key).collect::<Vec<_>>(), keys);
        }
    }
}
