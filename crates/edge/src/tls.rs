//! TLS on accepted connections: one certificate at a time, which can be replaced while connections are open.
//!
//! It never serves a certificate that it could not check: files that cannot be used are refused at the start, and
//! leave the certificate before them in place afterwards. It knows no client certificates.

mod files;

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::UnixTime;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use self::files::{Fingerprint, Loaded};
pub use self::files::{TlsError, TlsFile, TlsProblem};
use crate::metrics::TlsMetrics;

/// What is spoken inside TLS, the first that the client knows (RFC 7301).
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// The files that hold a certificate and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, then those that lead from it towards a root; PEM.
    pub certificate: PathBuf,
    /// The certificate's private key; PEM.
    pub key: PathBuf,
}

/// A certificate with its key, and what TLS needs beyond them.
#[derive(Debug)]
pub struct Tls {
    files: TlsFiles,
    current: Arc<Current>,
    config: Arc<ServerConfig>,
    metrics: TlsMetrics,
    /// What the files looked like when they were last read, whatever came of it.
    read: Mutex<Fingerprint>,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// When a file cannot be read, is not what it should be, the key is another certificate's, or the certificate is
    /// not valid at the moment.
    ///
    /// # Panics
    /// Never: the provider of cryptography knows the versions of TLS that are asked for.
    pub fn load(files: TlsFiles, metrics: TlsMetrics) -> Result<Self, TlsError> {
        let read = Fingerprint::of(&files);
        let Loaded { key, expires } = files::load(&files, UnixTime::now())?;
        metrics.expires.set(expires);
        let current = Arc::new(Current(RwLock::new(Arc::new(key))));
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider knows TLS 1.2 and 1.3")
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&current) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        Ok(Self { files, current, config: Arc::new(config), metrics, read: Mutex::new(read) })
    }

    /// Reads the files again. Connections from now on get what is in them; where it cannot be used, the certificate
    /// stays that was there before.
    ///
    /// # Errors
    /// As for [`Self::load`].
    pub fn reload(&self) -> Result<(), TlsError> {
        // Before they are read: what is written meanwhile is seen the next time.
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) = Fingerprint::of(&self.files);
        match files::load(&self.files, UnixTime::now()) {
            Ok(Loaded { key, expires }) => {
                *self.current.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(key);
                self.metrics.expires.set(expires);
                self.metrics.reloaded(true);
                Ok(())
            }
            Err(error) => {
                self.metrics.reloaded(false);
                Err(error)
            }
        }
    }

    /// Tells whether the files look different from how they did when they were last read.
    #[must_use]
    pub fn has_changed(&self) -> bool {
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) != Fingerprint::of(&self.files)
    }

    /// Sets a connection up. Sets no deadline.
    pub(crate) async fn accept(&self, tcp: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        TlsAcceptor::from(Arc::clone(&self.config)).accept(tcp).await
    }

    /// Counts how setting a connection up went.
    pub(crate) fn count(&self, handshake: Handshake) {
        self.metrics.shook_hands(handshake);
    }
}

/// How setting a connection up went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handshake {
    /// It is there.
    Completed,
    /// The client and the service could not agree, or what came was not TLS.
    Failed,
    /// The client left before it was there.
    Abandoned,
    /// It took too long.
    TimedOut,
}

impl Handshake {
    /// Tells why it is not there.
    pub(crate) fn failed(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe => Self::Abandoned,
            _ => Self::Failed,
        }
    }
}

/// The first byte of all that a TLS client sends first: a record of the handshake (RFC 8446, 5.1).
pub(crate) const HANDSHAKE_RECORD: u8 = 22;

/// The certificate that connections get at the moment.
#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _client: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}
