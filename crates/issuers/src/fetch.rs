//! Gets a document: one request on a connection of its own, within a time, up to a size, and from nowhere else than the
//! address.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, HOST, USER_AGENT};
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Empty, LengthLimitError, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::address::Address;

/// The longest time from the first byte to the last.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The most bytes of a document.
pub(crate) const DOCUMENT_BYTES_MAX: usize = 256 * 1024;

/// Why a document could not be had.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// It did not come in time.
    #[error("it did not answer in time")]
    TimedOut,
    /// There is no connection.
    #[error("there is no connection")]
    Connect(#[source] io::Error),
    /// What comes is no HTTP, or breaks off.
    #[error("the answer is no HTTP, or broke off")]
    Http(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It answered with another status than 200. Redirects are not followed.
    #[error("it answered {0}")]
    Status(StatusCode),
    /// The document is too large.
    #[error("the answer has more than {DOCUMENT_BYTES_MAX} bytes")]
    TooLarge,
    /// The document does not say what it has to.
    #[error("the answer does not say what it has to: {0}")]
    Document(&'static str),
    /// It was asked a moment ago, in vain.
    #[error("it was asked a moment ago, in vain")]
    AskedBefore,
}

/// Gets documents.
pub(crate) struct Fetcher {
    tls: Option<TlsConnector>,
}

impl Fetcher {
    /// Prepares for addresses of HTTPS where there are any: the certificates that the system trusts are trusted.
    pub(crate) fn new(secure: bool) -> Self {
        let tls = secure.then(|| {
            let mut roots = RootCertStore::empty();
            let found = rustls_native_certs::load_native_certs();
            let (taken, _) = roots.add_parsable_certificates(found.certs);
            if taken == 0 {
                tracing::error!(
                    "the system trusts no certificate: no issuer of tokens can be asked over https"
                );
            }
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let config = ClientConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .expect("ring has what these versions take")
                .with_root_certificates(roots)
                .with_no_client_auth();
            TlsConnector::from(Arc::new(config))
        });
        Self { tls }
    }

    /// Gets a document.
    ///
    /// # Errors
    /// [`FetchError`].
    pub(crate) async fn get(&self, address: &Address) -> Result<Bytes, FetchError> {
        timeout(TIMEOUT, self.ask(address)).await.unwrap_or(Err(FetchError::TimedOut))
    }

    async fn ask(&self, address: &Address) -> Result<Bytes, FetchError> {
        let socket =
            TcpStream::connect((address.host(), address.port())).await.map_err(FetchError::Connect)?;
        if !address.is_secure() {
            return send(socket, address).await;
        }
        let invalid = |message| FetchError::Connect(io::Error::new(io::ErrorKind::InvalidInput, message));
        let tls = self.tls.as_ref().ok_or_else(|| invalid("there is no TLS"))?;
        let name =
            ServerName::try_from(address.host().to_owned()).map_err(|_| invalid("no name of a host"))?;
        send(tls.connect(name, socket).await.map_err(FetchError::Connect)?, address).await
    }
}

async fn send<S>(socket: S, address: &Address) -> Result<Bytes, FetchError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let broken = |error: hyper::Error| FetchError::Http(error.into());
    let (mut sender, connection) = http1::handshake(TokioIo::new(socket)).await.map_err(broken)?;
    let uri = address.uri();
    let request = Request::get(uri.path_and_query().map_or("/", |it| it.as_str()))
        .header(HOST, uri.authority().map_or("", |it| it.as_str()))
        .header(ACCEPT, "application/json")
        .header(USER_AGENT, "florin")
        .body(Empty::<Bytes>::new())
        .map_err(|error| FetchError::Http(error.into()))?;
    let reading = async {
        let response = sender.send_request(request).await.map_err(broken)?;
        if response.status() != StatusCode::OK {
            return Err(FetchError::Status(response.status()));
        }
        let collected = Limited::new(response.into_body(), DOCUMENT_BYTES_MAX).collect().await;
        collected.map(http_body_util::Collected::to_bytes).map_err(|error| {
            if error.is::<LengthLimitError>() { FetchError::TooLarge } else { FetchError::Http(error) }
        })
    };
    // The connection is driven for as long as the reply takes, and no longer.
    let driving = async {
        match connection.await {
            Ok(()) => std::future::pending().await,
            Err(error) => broken(error),
        }
    };
    tokio::select! {
        biased;
        read = reading => read,
        error = driving => Err(error),
    }
}
