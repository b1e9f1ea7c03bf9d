//! The section `authentication`: whether callers have to say who they are, and where the first key comes from.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use engine::tokens::TokenOptions;
use identity::{KeyText, ServiceSecret};
use issuers::IssuerOptions;

use super::oidc::{ISSUERS_MAX, OidcConfig};
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
    pub admin_key: SecretValue,
    /// The file in which `serve` leaves a new admin key where the database has none. Default none, in dev
    /// `data/admin-key`; `PX_AUTHENTICATION__CREATE_ADMIN_KEY_IN`.
    pub create_admin_key_in: String,
    /// The secret with which the service seals what it stores and has to read back; all replicas share it. Default none;
    /// `PX_AUTHENTICATION__SECRET`.
    pub secret: SecretValue,
    /// The file in which `serve` leaves a new secret where the configuration has none. Default none, in dev `data/secret`;
    /// `PX_AUTHENTICATION__CREATE_SECRET_IN`.
    pub create_secret_in: String,
    /// How much memory the digest of a password takes, in KiB. Default 19456; `PX_AUTHENTICATION__PASSWORD_MEMORY_KIB`.
    pub password_memory_kib: u32,
    /// How often a digest goes through all of its memory. Default 2; `PX_AUTHENTICATION__PASSWORD_ITERATIONS`.
    pub password_iterations: u32,
    /// Into how many lanes the memory is split; one thread goes through all of them. Default 1;
    /// `PX_AUTHENTICATION__PASSWORD_LANES`.
    pub password_lanes: u32,
    /// How many digests are made at a time. Default 2; `PX_AUTHENTICATION__PASSWORD_CONCURRENT_MAX`.
    pub password_concurrent_max: usize,
    /// How many more may wait; beyond that, the answer is 503. Default 100;
    /// `PX_AUTHENTICATION__PASSWORD_WAITING_MAX`.
    pub password_waiting_max: usize,
    /// Whom access tokens are from and for: the address under which clients reach the service, without a slash at its end.
    /// Default none, where tokens say `florin`; `PX_AUTHENTICATION__ISSUER`.
    pub issuer: String,
    /// How long an access token is good, in milliseconds; whole seconds. Default 300000; `PX_AUTHENTICATION__ACCESS_TOKEN_MS`.
    pub access_token_ms: u64,
    /// How long a key signs access tokens before the next one does, in milliseconds. Default 2592000000, 30 days;
    /// `PX_AUTHENTICATION__SIGNING_KEY_ROTATION_MS`.
    pub signing_key_rotation_ms: u64,
    /// Other issuers whose tokens are taken, at most 8. Default none; `PX_AUTHENTICATION__OIDC`.
    pub oidc: Vec<OidcConfig>,
    /// After how long without a request a session is over, in milliseconds. Default 1800000;
    /// `PX_AUTHENTICATION__SESSION_IDLE_MS`.
    pub session_idle_ms: u64,
    /// How long a session lasts, however much it is used, in milliseconds. Default 43200000;
    /// `PX_AUTHENTICATION__SESSION_MAX_MS`.
    pub session_max_ms: u64,
}

/// The least memory, and the least memory times iterations, of all that OWASP recommends for Argon2id (Password Storage
/// Cheat Sheet).
const PASSWORD_MEMORY_KIB_MIN: u32 = 7168;
const PASSWORD_WORK_MIN: u64 = 5 * 7168;

/// Whether requests need an API key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AuthenticationMode {
    /// They do.
    Required,
    /// Anybody who reaches the service may do everything.
    Off,
}

/// A value that is a secret, empty where there is none. It shows itself to nobody.
#[derive(Clone, serde::Deserialize)]
#[serde(transparent)]
pub struct SecretValue(String);

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "\"\"" } else { "***" })
    }
}

impl From<&AuthenticationConfig> for engine::users::PasswordOptions {
    fn from(config: &AuthenticationConfig) -> Self {
        Self {
            memory_kib: config.password_memory_kib,
            iterations: config.password_iterations,
            lanes: config.password_lanes,
            concurrent_max: config.password_concurrent_max,
            waiting_max: config.password_waiting_max,
        }
    }
}

/// An hour in milliseconds, which is the longest time of a token too.
const HOUR_MS: u64 = 60 * 60 * 1000;
const TOKEN_MS_MAX: u64 = HOUR_MS;

/// Says whether a text can be the address of an issuer: one of HTTP, with neither query nor fragment, as it stands in
/// tokens.
pub(super) fn is_issuer(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        !rest.starts_with('/')
            && (1..=255).contains(&rest.len())
            && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~:/[]%".contains(&byte))
    }) && !text.ends_with('/')
}

impl AuthenticationConfig {
    /// Returns the issuers that are trusted, but for those that [`problems`](Self::problems) does not let pass.
    #[must_use]
    pub fn issuers(&self) -> Vec<IssuerOptions> {
        self.oidc.iter().filter_map(|config| config.options().ok()).collect()
    }

    /// Returns what access tokens are like.
    #[must_use]
    pub fn token_options(&self) -> TokenOptions {
        TokenOptions {
            issuer: if self.issuer.is_empty() { "florin".to_owned() } else { self.issuer.clone() },
            time: Duration::from_millis(self.access_token_ms),
            rotation: Duration::from_millis(self.signing_key_rotation_ms),
            keeps_keys: self.keeps_secret(),
        }
    }

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

    /// Returns the configured key; `None` where there is none, or none that [`problems`](Self::problems) lets pass.
    #[must_use]
    pub fn admin_key(&self) -> Option<KeyText> {
        KeyText::parse(&self.admin_key.0).ok()
    }

    /// Returns the configured secret; `None` where there is none, or none that [`problems`](Self::problems) lets pass.
    #[must_use]
    pub fn secret(&self) -> Option<ServiceSecret> {
        ServiceSecret::parse(&self.secret.0).ok()
    }

    /// Says whether the service has the same secret at its next start.
    #[must_use]
    pub fn keeps_secret(&self) -> bool {
        self.secret().is_some() || !self.create_secret_in.is_empty()
    }

    /// Lists the values that are out of bounds.
    #[must_use]
    pub fn problems(&self) -> Vec<InvalidValue> {
        let (memory, iterations) = (self.password_memory_kib, self.password_iterations);
        let mut check = Check::section("authentication")
            .range("password_memory_kib", memory, PASSWORD_MEMORY_KIB_MIN..=1_048_576)
            .range("password_iterations", iterations, 1..=100)
            .range("password_lanes", self.password_lanes, 1..=16)
            .range("password_concurrent_max", self.password_concurrent_max, 1..=64)
            .range("access_token_ms", self.access_token_ms, 1000..=TOKEN_MS_MAX)
            .range("signing_key_rotation_ms", self.signing_key_rotation_ms, HOUR_MS..=365 * 24 * HOUR_MS)
            .range("password_waiting_max", self.password_waiting_max, 0..=10_000)
            .range("session_idle_ms", self.session_idle_ms, 60_000..=86_400_000)
            .range("session_max_ms", self.session_max_ms, 60_000..=2_592_000_000);
        if self.session_idle_ms > self.session_max_ms {
            let message = format!("{} is more than session_max_ms", self.session_idle_ms);
            check.refuse("session_idle_ms", message);
        }
        if memory >= PASSWORD_MEMORY_KIB_MIN && u64::from(memory) * u64::from(iterations) < PASSWORD_WORK_MIN
        {
            let message = format!(
                "with {memory} KiB, {} or more are needed for a password to be worth digesting",
                PASSWORD_WORK_MIN.div_ceil(u64::from(memory))
            );
            check.refuse("password_iterations", message);
        }
        if !self.issuer.is_empty() && !is_issuer(&self.issuer) {
            let message = format!(
                "{:?} is no address like https://ledger.example.org, without a slash at its end",
                self.issuer
            );
            check.refuse("issuer", message);
        }
        if !self.admin_key.0.is_empty() && self.admin_key().is_none() {
            let message = "it is no API key, or was mistyped: `server admin generate-key` prints a new one";
            check.refuse("admin_key", message.to_owned());
        }
        if !self.secret.0.is_empty() && self.secret().is_none() {
            let message = "it is no secret of a service, or was mistyped: `server admin generate-secret` prints a new one";
            check.refuse("secret", message.to_owned());
        }
        let mut named = BTreeSet::new();
        for (index, config) in self.oidc.iter().enumerate() {
            if let Err(message) = config.options() {
                check.refuse("oidc", format!("of number {index}, {message}"));
            }
            if !named.insert(&config.issuer) || config.issuer == self.issuer {
                check.refuse("oidc", format!("of number {index}, issuer: it is there twice"));
            }
        }
        if self.oidc.len() > ISSUERS_MAX {
            check.refuse("oidc", format!("there are more than {ISSUERS_MAX} issuers"));
        }
        check.done()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_digested_as_owasp_recommends_or_dearer() {
        for (memory, iterations) in
            [(47_104, 1), (19_456, 2), (12_288, 3), (9_216, 4), (7_168, 5), (65_536, 3)]
        {
            let config = AuthenticationConfig {
                password_memory_kib: memory,
                password_iterations: iterations,
                ..config("", "")
            };
            assert_eq!(config.problems(), [], "{memory}, {iterations}");
        }
        for (memory, iterations, key) in [
            (7_167, 10, "authentication.password_memory_kib"),
            (2_000_000, 1, "authentication.password_memory_kib"),
            (7_168, 4, "authentication.password_iterations"),
            (19_456, 1, "authentication.password_iterations"),
            (19_456, 0, "authentication.password_iterations"),
            (19_456, 101, "authentication.password_iterations"),
        ] {
            let config = AuthenticationConfig {
                password_memory_kib: memory,
                password_iterations: iterations,
                ..config("", "")
            };
            assert_eq!(config.problems()[0].key, key, "{memory}, {iterations}");
        }
    }

    fn config(admin_key: &str, secret: &str) -> AuthenticationConfig {
        AuthenticationConfig {
            mode: AuthenticationMode::Required,
            admin_key: SecretValue(admin_key.to_owned()),
            create_admin_key_in: String::new(),
            secret: SecretValue(secret.to_owned()),
            create_secret_in: String::new(),
            password_memory_kib: 19_456,
            password_iterations: 2,
            password_lanes: 1,
            password_concurrent_max: 2,
            password_waiting_max: 100,
            issuer: String::new(),
            access_token_ms: 300_000,
            signing_key_rotation_ms: HOUR_MS,
            oidc: Vec::new(),
            session_idle_ms: 1_800_000,
            session_max_ms: 43_200_000,
        }
    }

    #[test]
    fn secrets_that_are_none_are_refused_and_none_is_ever_shown() {
        let (key, secret) = (KeyText::from_random([1; 9], &[2; 32]), ServiceSecret::from_random(&[3; 32]));
        assert_eq!(config("", "").problems(), []);
        let good = config(key.expose(), secret.expose());
        assert_eq!(good.problems(), []);
        let problems = config("hunter2", "hunter3").problems();
        assert_eq!(problems[0].key, "authentication.admin_key");
        assert_eq!(problems[1].key, "authentication.secret");
        assert!(!format!("{problems:?}").contains("hunter"));
        assert!(
            !format!("{good:?}").contains(key.expose()) && !format!("{good:?}").contains(secret.expose())
        );
    }

    #[test]
    fn times_and_addresses_of_tokens_are_in_bounds() {
        let with = |issuer: &str, access_token_ms, signing_key_rotation_ms| {
            let issuer = issuer.to_owned();
            let config =
                AuthenticationConfig { issuer, access_token_ms, signing_key_rotation_ms, ..config("", "") };
            config.problems().into_iter().map(|problem| problem.key).collect::<Vec<_>>()
        };
        assert!(with("https://ledger.example.org", 1000, HOUR_MS).is_empty());
        assert!(with("http://[::1]:8000/florin", HOUR_MS, 365 * 24 * HOUR_MS).is_empty());
        assert_eq!(with("", 999, HOUR_MS), ["authentication.access_token_ms"]);
        assert_eq!(with("", HOUR_MS + 1, HOUR_MS), ["authentication.access_token_ms"]);
        assert_eq!(with("", 1000, HOUR_MS - 1), ["authentication.signing_key_rotation_ms"]);
        for issuer in
            ["florin", "https://", "https:///a", "https://a/", "https://a?b", "https://a b", "ftp://a"]
        {
            assert_eq!(with(issuer, 1000, HOUR_MS), ["authentication.issuer"], "{issuer}");
        }
    }

    #[test]
    fn sessions_last_a_minute_at_least_and_idle_no_longer_than_they_last() {
        for (idle, max, keys) in [
            (60_000, 60_000, &[][..]),
            (59_999, 60_000, &["authentication.session_idle_ms"]),
            (60_001, 60_000, &["authentication.session_idle_ms"]),
            (60_000, 2_592_000_001, &["authentication.session_max_ms"]),
        ] {
            let config =
                AuthenticationConfig { session_idle_ms: idle, session_max_ms: max, ..config("", "") };
            let problems = config.problems();
            assert_eq!(problems.iter().map(|problem| &*problem.key).collect::<Vec<_>>(), keys);
        }
    }
}
