//! The section `mail`: how mails are sent, and where what they link to is found.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use mail::{OutboxOptions, Sender, SmtpOptions, SmtpTls};
use pavex::http::Uri;

use super::{Check, InvalidValue};

/// After how long a mail that could not be sent is tried again; after three times as long next time.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_mins(10);

/// How mails are sent, and where what they link to is found.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[pavex::config(key = "mail", include_if_unused)]
pub struct MailConfig {
    /// Where mails go: `smtp`, `folder`, `off`. Default `off`, in dev `folder`; `PX_MAIL__TRANSPORT`.
    pub transport: MailTransport,
    /// Who they come from: `florin@example.com` or `Florin <florin@example.com>`. Default `florin@localhost`;
    /// `PX_MAIL__FROM`.
    pub from: String,
    /// Where people reach this service: what mailed links begin with. Default none, in dev `http://127.0.0.1:8000`;
    /// `PX_MAIL__PUBLIC_URL`.
    pub public_url: String,
    /// The folder that they are left in, as `.eml` files. Default none, in dev `data/mail`; `PX_MAIL__FOLDER`.
    pub folder: String,
    /// The server that takes them. Default none; `PX_MAIL__SMTP_HOST`.
    pub smtp_host: String,
    /// Its port. Default what is usual: 465, 587 or 25; `PX_MAIL__SMTP_PORT`.
    pub smtp_port: Option<u16>,
    /// How the connection is encrypted: `implicit`, `starttls`, `off`. Default `starttls`; `PX_MAIL__SMTP_TLS`.
    pub smtp_tls: MailTls,
    /// The user to sign in as. Default none; `PX_MAIL__SMTP_USER`.
    pub smtp_user: String,
    /// Their password; a secret. Default none; `PX_MAIL__SMTP_PASSWORD`.
    pub smtp_password: SmtpPassword,
    /// A PEM file of certificates to trust beside the system's. Default none; `PX_MAIL__SMTP_TRUSTED`.
    pub smtp_trusted: String,
    /// How many mails may wait to be sent. Default 1000; `PX_MAIL__WAITING_MAX`.
    pub waiting_max: usize,
    /// How often a mail is tried. Default 6; `PX_MAIL__ATTEMPTS_MAX`.
    pub attempts_max: u32,
    /// How long one attempt may take, in milliseconds. Default 30000; `PX_MAIL__TIMEOUT_MS`.
    pub timeout_ms: u64,
}

/// Where mails go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTransport {
    /// To a mail server.
    Smtp,
    /// Into a folder.
    Folder,
    /// Nowhere: none are sent.
    Off,
}

/// How the connection to the mail server is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTls {
    /// From the first byte on.
    Implicit,
    /// After a word in the clear, and not without.
    StartTls,
    /// Not at all.
    Off,
}

/// A password, as it is configured. It shows itself to nobody.
#[derive(Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(transparent)]
pub struct SmtpPassword(String);

impl fmt::Debug for SmtpPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "\"\"" } else { "***" })
    }
}

impl MailConfig {
    /// Lists the values that are out of bounds.
    #[must_use]
    pub fn problems(&self) -> Vec<InvalidValue> {
        let mut check = Check::section("mail")
            .range("waiting_max", self.waiting_max, 1..=100_000)
            .range("attempts_max", self.attempts_max, 1..=20)
            .range("timeout_ms", self.timeout_ms, 100..=300_000);
        if Sender::parse(&self.from).is_err() {
            let message = format!("{:?} is no mail address, like Florin <florin@example.com>", self.from);
            check.refuse("from", message);
        }
        let links = self.transport != MailTransport::Off;
        if !(self.public_url.is_empty() && !links || is_public_url(&self.public_url)) {
            let message = format!(
                "{:?} does not say where links lead: it takes http or https, a host and maybe a port and a path, \
                 without a slash at its end, like https://florin.example",
                self.public_url
            );
            check.refuse("public_url", message);
        }
        if self.transport == MailTransport::Folder && self.folder.is_empty() {
            check.refuse("folder", "mails go into a folder, and there is none".to_owned());
        }
        if self.transport == MailTransport::Smtp {
            if !is_host(&self.smtp_host) {
                check.refuse("smtp_host", format!("{:?} is no host", self.smtp_host));
            }
            if self.smtp_port == Some(0) {
                check.refuse("smtp_port", "0 is no port of a server".to_owned());
            }
            if self.smtp_user.is_empty() != self.smtp_password.0.is_empty() {
                check.refuse("smtp_user", "a user takes a password, and a password a user".to_owned());
            }
            if self.smtp_tls == MailTls::Off && !self.smtp_password.0.is_empty() {
                check.refuse(
                    "smtp_tls",
                    "without encryption, anybody on the way could read the password".to_owned(),
                );
            }
        }
        check.done()
    }

    /// Returns who mails come from; `None` where [`Self::problems`] does not let it pass.
    #[must_use]
    pub fn sender(&self) -> Option<Sender> {
        Sender::parse(&self.from).ok()
    }

    /// Returns the folder that mails are left in.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        PathBuf::from(&self.folder)
    }

    /// Returns how to reach the mail server, with the certificates of [`Self::smtp_trusted`].
    #[must_use]
    pub fn smtp(&self, trusted: Option<Vec<u8>>) -> SmtpOptions {
        let tls = match self.smtp_tls {
            MailTls::Implicit => SmtpTls::Implicit,
            MailTls::StartTls => SmtpTls::StartTls,
            MailTls::Off => SmtpTls::Off,
        };
        let signs_in = !self.smtp_user.is_empty();
        SmtpOptions {
            host: self.smtp_host.clone(),
            port: self.smtp_port,
            tls,
            credentials: signs_in.then(|| (self.smtp_user.clone(), self.smtp_password.0.clone().into())),
            trusted,
            hello: self.sender().map_or_else(|| "localhost".to_owned(), |sender| sender.domain().to_owned()),
            timeout: Duration::from_millis(self.timeout_ms),
        }
    }

    /// Returns the bounds of what waits.
    #[must_use]
    pub fn outbox(&self) -> OutboxOptions {
        OutboxOptions {
            waiting_max: self.waiting_max,
            attempts_max: self.attempts_max,
            first_pause: FIRST_PAUSE,
            longest_pause: LONGEST_PAUSE,
            timeout: Duration::from_millis(self.timeout_ms),
        }
    }
}

fn is_host(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 253
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte))
}

/// Says whether links can begin with it: nothing that would become a query or a fragment, no user, no slash at the end.
fn is_public_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    matches!(scheme, "http" | "https")
        && text.len() <= 500
        && !rest.contains(['?', '#', '@'])
        && !rest.ends_with('/')
        && text.parse::<Uri>().is_ok_and(|uri| uri.host().is_some_and(|host| !host.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> MailConfig {
        MailConfig {
            transport: MailTransport::Smtp,
            from: "Florin <florin@example.com>".to_owned(),
            public_url: "https://florin.example".to_owned(),
            folder: String::new(),
            smtp_host: "mail.example.com".to_owned(),
            smtp_port: None,
            smtp_tls: MailTls::StartTls,
            smtp_user: "florin".to_owned(),
            smtp_password: SmtpPassword("hunter2".to_owned()),
            smtp_trusted: String::new(),
            waiting_max: 1000,
            attempts_max: 6,
            timeout_ms: 30_000,
        }
    }

    fn keys(config: &MailConfig) -> Vec<String> {
        config.problems().into_iter().map(|problem| problem.key).collect()
    }

    #[test]
    fn what_could_not_send_a_mail_is_refused() {
        assert_eq!(config().problems(), []);
        let none = || SmtpPassword(String::new());
        for (key, config) in [
            ("mail.from", MailConfig { from: "florin".to_owned(), ..config() }),
            ("mail.public_url", MailConfig { public_url: String::new(), ..config() }),
            ("mail.folder", MailConfig { transport: MailTransport::Folder, ..config() }),
            ("mail.smtp_host", MailConfig { smtp_host: "a b".to_owned(), ..config() }),
            ("mail.smtp_port", MailConfig { smtp_port: Some(0), ..config() }),
            ("mail.smtp_user", MailConfig { smtp_password: none(), ..config() }),
            ("mail.smtp_tls", MailConfig { smtp_tls: MailTls::Off, ..config() }),
            ("mail.waiting_max", MailConfig { waiting_max: 0, ..config() }),
            ("mail.attempts_max", MailConfig { attempts_max: 21, ..config() }),
            ("mail.timeout_ms", MailConfig { timeout_ms: 1, ..config() }),
        ] {
            assert_eq!(keys(&config), [key]);
        }
        let off = MailConfig { transport: MailTransport::Off, public_url: String::new(), ..config() };
        assert_eq!(off.problems(), []);
    }

    #[test]
    fn links_begin_with_an_address_that_they_can_be_appended_to() {
        for text in ["http://127.0.0.1:8000", "https://florin.example", "https://example.com/florin"] {
            assert!(is_public_url(text), "{text}");
        }
        for text in [
            "",
            "florin.example",
            "https://",
            "https://a/",
            "https://a?b",
            "https://a#b",
            "https://u@a",
            "ftp://a",
        ] {
            assert!(!is_public_url(text), "{text}");
        }
    }

    #[test]
    fn the_password_is_shown_to_nobody() {
        let config = MailConfig { smtp_tls: MailTls::Off, ..config() };
        let shown = format!("{config:?}{:?}{:?}", config.problems(), config.smtp(None));
        assert!(!shown.contains("hunter2"), "{shown}");
        assert_eq!(config.smtp(None).credentials.unwrap().1.as_str(), "hunter2");
    }
}
