//! Sending over SMTP: a connection for each mail, encrypted unless it stays on a network of one's own.

use std::fmt;
use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, Tokio1Executor};
use zeroize::Zeroizing;

/// How the connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpTls {
    /// From the first byte on (RFC 8314). Port 465.
    Implicit,
    /// After a word in the clear, and not without: a server that does not offer it gets no mail. Port 587.
    StartTls,
    /// Not at all: for a relay on this machine or on a network of one's own. Port 25.
    Off,
}

/// The server that takes mails.
#[derive(Clone)]
pub struct SmtpOptions {
    /// Its name, which its certificate has to have.
    pub host: String,
    /// Its port; what is usual, where left out.
    pub port: Option<u16>,
    /// How the connection is encrypted.
    pub tls: SmtpTls,
    /// User and password, where it asks for them.
    pub credentials: Option<(String, Zeroizing<String>)>,
    /// Certificates in PEM that are trusted beside the system's.
    pub trusted: Option<Vec<u8>>,
    /// What this side calls itself: a domain.
    pub hello: String,
    /// How long one command may take.
    pub timeout: Duration,
}

impl fmt::Debug for SmtpOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, tls, .. } = self;
        f.debug_struct("SmtpOptions")
            .field("host", host)
            .field("port", port)
            .field("tls", tls)
            .finish_non_exhaustive()
    }
}

/// The options cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SmtpError {
    /// The certificates that are to be trusted are none, or TLS cannot be set up for the host.
    #[error("TLS cannot be set up")]
    Tls(#[source] lettre::transport::smtp::Error),
}

pub(crate) type Smtp = AsyncSmtpTransport<Tokio1Executor>;

/// Prepares to send. Opens no connection.
pub(crate) fn prepare(options: SmtpOptions) -> Result<Smtp, SmtpError> {
    let SmtpOptions { host, port, tls, credentials, trusted, hello, timeout } = options;
    let parameters = || {
        let mut parameters = TlsParameters::builder(host.clone());
        if let Some(pem) = &trusted {
            parameters = parameters.add_root_certificate(Certificate::from_pem(pem)?);
        }
        parameters.build_rustls()
    };
    let (usual, tls) = match tls {
        SmtpTls::Implicit => (465, Tls::Wrapper(parameters().map_err(SmtpError::Tls)?)),
        SmtpTls::StartTls => (587, Tls::Required(parameters().map_err(SmtpError::Tls)?)),
        SmtpTls::Off => (25, Tls::None),
    };
    let mut transport = Smtp::builder_dangerous(host)
        .port(port.unwrap_or(usual))
        .tls(tls)
        .hello_name(ClientId::Domain(hello))
        .timeout(Some(timeout));
    if let Some((user, password)) = credentials {
        transport = transport.credentials(Credentials::new(user, password.to_string()));
    }
    Ok(transport.build())
}
